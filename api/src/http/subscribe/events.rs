//! GraphQL over server-sent events: one subscription a request, by POST, for who cannot have a WebSocket.
//!
//! The form is the "distinct connections mode" of GraphQL over SSE: events `next` and `complete`. The id of an event is the
//! cursor of its batch, whatever of the batch was selected, so a client that comes back with `Last-Event-ID` goes on there.
//!
//! Invariant: `complete` says that the subscription is over. Where the stream only breaks off (the token has expired, the
//! server stops), it is not said, and a client comes back.
//! Invariant: what one stream can hold is bounded: it waits for its reader, and one that takes nothing for
//! [`Patience::write`] is dropped.

use std::convert::Infallible;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ContentEncoding};
use actix_web::{HttpRequest, HttpResponse, web};
use async_graphql::parser::types::OperationType;
use async_graphql::{Response, ServerError};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::StreamExt;
use futures_util::stream::{BoxStream, unfold};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

use super::operations::{are_good, stamps_of};
use super::{Patience, Place, let_go};
use crate::graphql::answer;
use crate::graphql::context::{self, Resumption};
use crate::graphql::error::{Code, Executed, executed, request_error};
use crate::http::error::HttpError;
use crate::http::graphql::{self, executable};
use crate::http::negotiate::{self, AnswerForm, EVENT_STREAM};
use crate::http::viewer::Caller;
use crate::http::{State, Stopping};
use crate::live::{Passes, Stamp};

const LAST_EVENT_ID: &str = "last-event-id";
/// An event that waits for the connection; what comes after it can still be held back.
const QUEUED_EVENTS: usize = 1;
const COMPLETE: &str = "event: complete\ndata:\n\n";
/// Says nothing; proxies and the other side see that somebody is there.
const COMMENT: &str = ":\n\n";

/// `POST /graphql/sse`.
pub(in crate::http) async fn stream(
    request: HttpRequest,
    body: web::Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, HttpError> {
    if !negotiate::takes_events(request.headers()) {
        return Err(HttpError::NotAcceptable { offered: EVENT_STREAM });
    }
    let members = match graphql::members(&request, body, &state).await? {
        Ok(members) => members,
        Err(error) => return Ok(refused(&[error])),
    };
    let caller = match Caller::of_request(&request, &state).await {
        Ok(caller) => caller.ok_or(HttpError::Unauthenticated)?,
        Err(error) if error.is_about_load() => return Ok(error.as_graphql(AnswerForm::GraphqlResponse)),
        Err(error) => return Err(error),
    };
    let admitted = match members.admitted(&state.documents, &caller.viewer) {
        Ok(admitted) => admitted,
        Err(error) => return Ok(refused(&[error])),
    };
    if admitted.kind != OperationType::Subscription {
        let message = "only subscriptions are streamed; queries and mutations are sent to /graphql";
        return Ok(refused(&[request_error(Code::BadRequest, message.to_owned(), None)]));
    }
    let mut place = super::enter(&request, &state)?;
    if !place.claim(caller.viewer.user(), state.settings.limits.sockets_per_user) {
        state.figures.refused("user_sockets");
        return Err(HttpError::TooManySockets);
    }
    // A snapshot waits for its turn like a query; the place is not kept while the stream is quiet.
    match state.place_for_operation().await {
        Ok(turn) => drop(turn),
        Err(full) => return Ok(HttpError::from(full).as_graphql(AnswerForm::GraphqlResponse)),
    }
    let last_event_id = request.headers().get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    let resumption = Resumption::after(last_event_id.filter(|id| !id.is_empty()));
    let passes = Passes::default();
    let asked = context::for_viewer(executable(members, admitted), &state.services, caller.viewer);
    let mut answers = state.schema.execute_stream(asked.data(resumption.clone()).data(passes.clone()));
    // What never ran is refused with its status, so the first answer is awaited before the stream begins.
    let first = answers.next().await.map(executed);
    if let Some(Executed::Refused(errors)) = first {
        return Ok(refused(&errors));
    }
    let (events, queue) = mpsc::channel(QUEUED_EVENTS);
    let pump = Pump {
        answers,
        resumption,
        passes,
        events,
        patience: state.patience,
        expires_at: caller.expires_at,
        state: state.clone(),
    };
    actix_web::rt::spawn(pump.run(first));
    let_go(&request);
    Ok(streamed(queue, place))
}

fn refused(errors: &[ServerError]) -> HttpResponse {
    graphql::refusal(AnswerForm::GraphqlResponse, StatusCode::BAD_REQUEST, errors)
}

/// The answer whose body is what is queued, if what it was made under still holds when the connection asks for it; the place
/// is given back when the connection is gone.
fn streamed(queue: mpsc::Receiver<Event>, place: Place) -> HttpResponse {
    let body = unfold((queue, place), async |(mut queue, place)| {
        loop {
            let Event { text, stamps } = queue.recv().await?;
            if are_good(&stamps).await {
                return Some((Ok::<_, Infallible>(text), (queue, place)));
            }
        }
    });
    HttpResponse::Ok()
        .content_type(format!("{EVENT_STREAM}; charset=utf-8"))
        .insert_header((CACHE_CONTROL, "no-store"))
        // A compressor or a proxy would keep events until it has enough of them.
        .insert_header(ContentEncoding::Identity)
        .insert_header(("x-accel-buffering", "no"))
        .streaming(body)
}

/// What waits for the connection.
struct Event {
    text: Bytes,
    /// What it was made under.
    stamps: Vec<Stamp>,
}

/// The task of one stream.
struct Pump {
    answers: BoxStream<'static, Response>,
    resumption: Resumption,
    passes: Passes,
    events: mpsc::Sender<Event>,
    patience: Patience,
    /// `None` for the public.
    expires_at: Option<DateTime<Utc>>,
    state: web::Data<State>,
}

/// The stream is over: nobody reads it any more, or nothing more is said on it.
struct Over;

impl Pump {
    async fn run(mut self, first: Option<Executed>) {
        // Why it is over was said to the reader where there is one.
        let _ = self.tell_all(first).await;
    }

    async fn tell_all(&mut self, first: Option<Executed>) -> Result<(), Over> {
        let mut answer = first;
        loop {
            self.tell(answer.take()).await?;
            answer = self.next().await?.map(executed);
        }
    }

    /// The next answer, with comments until it comes; `None` where the subscription is over.
    async fn next(&mut self) -> Result<Option<Response>, Over> {
        let mut stopping = self.state.stopping.clone();
        loop {
            let quiet_until = Instant::now() + self.patience.ping;
            tokio::select! {
                biased;
                () = expired(&self.state, self.expires_at) => return Err(Over),
                _ = stopping.wait_for(|stopping| *stopping == Stopping::Yes) => return Err(Over),
                () = self.events.closed() => return Err(Over),
                answer = self.answers.next() => return Ok(answer),
                () = sleep_until(quiet_until) => {}
            }
            self.write(COMMENT.to_owned(), Vec::new()).await?;
        }
    }

    async fn tell(&self, answer: Option<Executed>) -> Result<(), Over> {
        let (payload, stamps) = match answer {
            None => {
                self.write(COMPLETE.to_owned(), Vec::new()).await?;
                return Err(Over);
            }
            Some(Executed::Ran(response)) => (answer::written(&response), stamps_of(&response, &self.passes)),
            Some(Executed::Refused(errors)) => {
                (serde_json::to_string(&serde_json::json!({ "errors": errors })), Vec::new())
            }
        };
        match payload {
            Ok(payload) => self.write(self.event(&payload), stamps).await,
            Err(problem) => {
                tracing::error!(error = %problem, "An answer could not be written as JSON");
                Err(Over)
            }
        }
    }

    /// The event `next`. JSON written by serde has no line breaks, and a cursor has none either.
    fn event(&self, payload: &str) -> String {
        match self.resumption.stands_at() {
            Some(cursor) => format!("event: next\nid: {cursor}\ndata: {payload}\n\n"),
            None => format!("event: next\ndata: {payload}\n\n"),
        }
    }

    async fn write(&self, text: String, stamps: Vec<Stamp>) -> Result<(), Over> {
        let event = Event { text: Bytes::from(text), stamps };
        match timeout(self.patience.write, self.events.send(event)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Over),
        }
    }
}

/// Waits until a token has expired; the public's never does.
async fn expired(state: &State, expires_at: Option<DateTime<Utc>>) {
    match expires_at {
        Some(expires_at) => state.clock.reach(expires_at).await,
        None => std::future::pending().await,
    }
}
