//! GraphQL over WebSocket (the protocol `graphql-transport-ws`, on actix-ws) and over server-sent events ([`events`]).
//!
//! One task a socket reads, writes and keeps the deadlines ([`socket`]); one task an operation runs it and puts its
//! answers into the socket's bounded queue ([`operations`]). They wait there until the connection asks for more
//! ([`outlet`]), and are written if what they were made under still holds. A socket that takes nothing for [`Patience::write`] is
//! dropped, and with it what it asked: its app comes back and resumes at its cursor.
//!
//! Invariant: nothing is executed before `connection_init` was acknowledged, or after the token has expired.
//! Invariant: of what a subscription was told before its viewer's rights changed, nothing is written after.
//! Invariant: what one socket can hold is bounded: operations, queued answers, bytes of a message.

mod events;
mod operations;
mod outlet;
mod places;
mod protocol;
mod socket;

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::SEC_WEBSOCKET_PROTOCOL;
use actix_web::{HttpRequest, HttpResponse, web};

use super::State;
use super::address::Address;
use super::body::BodyPace;
use super::connections::Connection;
use super::error::HttpError;
use outlet::Outlet;
use places::Place;

pub(super) use events::stream;
pub(super) use places::OpenSockets;

const PROTOCOL: &str = "graphql-transport-ws";
/// Answers that wait for the socket; beyond, operations wait.
const QUEUED_ANSWERS: usize = 32;

/// How long the server waits for the other side: of a connection, a socket, a stream of events.
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
    /// For the head of a request.
    pub head: Duration,
    /// For the next request on a connection.
    pub idle: Duration,
    /// For the body of a request of GraphQL.
    pub body: BodyPace,
    /// For the body of an import.
    pub import_body: BodyPace,
    /// For an operation's turn, before it is told to come later.
    pub queue: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            init: Duration::from_secs(3),
            write: Duration::from_secs(10),
            ping: Duration::from_secs(20),
            silence: Duration::from_secs(60),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(15),
            body: BodyPace { grace: Duration::from_secs(10), bytes_per_s: 4_096 },
            import_body: BodyPace { grace: Duration::from_secs(30), bytes_per_s: 4_096 },
            queue: Duration::from_secs(5),
        }
    }
}

/// A place for one more socket or stream of events.
fn enter(request: &HttpRequest, state: &State) -> Result<Place, HttpError> {
    let address = Address::of(request.peer_addr(), request.headers(), &state.settings.trusted_proxies);
    state.sockets.enter(address, &state.settings.limits).ok_or_else(|| {
        state.figures.refused("sockets");
        HttpError::TooManySockets
    })
}

/// Leaves the connection to the deadlines of this module.
fn let_go(request: &HttpRequest) {
    if let Some(connection) = request.conn_data::<Arc<Connection>>() {
        connection.let_go();
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
    let place = enter(&request, &state)?;
    let upgraded = actix_ws::handle_with_protocols(&request, body, &[PROTOCOL]);
    let (response, session, stream) = upgraded.map_err(|error| HttpError::BadRequest(error.to_string()))?;
    let message_bytes = state.settings.limits.message_bytes;
    let stream = stream.max_frame_size(message_bytes).aggregate_continuations();
    let stream = stream.max_continuation_size(message_bytes);
    let_go(&request);
    let address = Address::of(request.peer_addr(), request.headers(), &state.settings.trusted_proxies);
    let outlet = Outlet::new();
    let response = response.map_body(|_, body| outlet.watch(body)).map_into_boxed_body();
    actix_web::rt::spawn(socket::Socket::new(state, session, outlet, place, address).run(stream));
    Ok(response)
}
