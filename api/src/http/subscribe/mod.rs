//! GraphQL over WebSocket (the protocol `graphql-transport-ws`, on actix-ws) and over server-sent events ([`events`]).
//!
//! One task a socket reads, writes and keeps the deadlines ([`socket`]); one task an operation runs it and puts its
//! answers into the socket's bounded queue ([`operations`]). A socket that takes nothing for [`Patience::write`] is
//! dropped, and with it what it asked: its app comes back and resumes at its cursor.
//!
//! Invariant: nothing is executed before `connection_init` was acknowledged, or after the token has expired.
//! Invariant: what one socket can hold is bounded: operations, queued answers, bytes of a message.

mod events;
mod operations;
mod protocol;
mod socket;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::http::header::SEC_WEBSOCKET_PROTOCOL;
use actix_web::{HttpRequest, HttpResponse, web};

use super::State;
use super::error::HttpError;

pub(super) use events::stream;

const PROTOCOL: &str = "graphql-transport-ws";
/// Answers that wait for the socket; beyond, operations wait.
const QUEUED_ANSWERS: usize = 32;

/// How long a socket or a stream of events waits for the other side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Patience {
    /// For `connection_init`.
    pub init: Duration,
    /// For a message to be taken.
    pub write: Duration,
    /// Until it asks whether the other side is there.
    pub ping: Duration,
    /// For any sign of life.
    pub silence: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            init: Duration::from_secs(3),
            write: Duration::from_secs(10),
            ping: Duration::from_secs(20),
            silence: Duration::from_secs(60),
        }
    }
}

/// How many sockets and streams of events are open.
#[derive(Debug, Default)]
pub(super) struct OpenSockets(AtomicUsize);

/// A place among the open sockets; given back when dropped.
#[derive(Debug)]
struct Place(Arc<OpenSockets>);

impl OpenSockets {
    pub(super) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn enter(self: &Arc<Self>, allowed: usize) -> Option<Place> {
        let place = Place(Arc::clone(self));
        let before = self.0.fetch_add(1, Ordering::Relaxed);
        (before < allowed).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// `GET /graphql/ws`.
pub(super) async fn upgrade(
    request: HttpRequest,
    body: web::Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, HttpError> {
    let offered = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).filter_map(|value| value.to_str().ok());
    if !offered.flat_map(|list| list.split(',')).any(|name| name.trim() == PROTOCOL) {
        return Err(HttpError::BadRequest(format!("the WebSocket must speak {PROTOCOL}")));
    }
    let place = state.sockets.enter(state.settings.limits.sockets).ok_or(HttpError::TooManySockets)?;
    let upgraded = actix_ws::handle_with_protocols(&request, body, &[PROTOCOL]);
    let (response, session, stream) = upgraded.map_err(|error| HttpError::BadRequest(error.to_string()))?;
    let message_bytes = state.settings.limits.message_bytes;
    let stream = stream.max_frame_size(message_bytes).aggregate_continuations();
    let stream = stream.max_continuation_size(message_bytes);
    actix_web::rt::spawn(async move {
        socket::Socket::new(state, session).run(stream).await;
        drop(place);
    });
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_among_the_open_sockets_is_given_back() {
        let sockets = Arc::new(OpenSockets::default());
        let first = sockets.enter(2).expect("a place");
        let _second = sockets.enter(2).expect("a place");
        assert!(sockets.enter(2).is_none());
        assert_eq!(sockets.count(), 2);
        drop(first);
        assert!(sockets.enter(2).is_some());
    }
}
