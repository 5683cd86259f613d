//! The operations under way on one socket: each a task of its own that puts its answers into the socket's queue.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Response, ServerError, Value};
use domain::viewer::Viewer;
use futures_util::StreamExt;
use futures_util::future::{AbortHandle, Abortable};
use tokio::sync::mpsc;

use super::protocol::{self, Close};
use crate::graphql::error::{Code, Executed, executed, request_error};
use crate::graphql::{answer, context};
use crate::http::State;
use crate::http::error::HttpError;
use crate::http::graphql::{RequestMembers, executable};
use crate::live::{Passes, Stamp};

/// What an operation puts into the socket's queue.
#[derive(Debug)]
pub(super) enum Answer {
    /// A whole message, with what it was made under where it is part of a subscription.
    Message { serial: u64, text: String, stamps: Vec<Stamp> },
    /// The last message; the id is free again.
    Last { serial: u64, id: String, text: Option<String> },
}

/// The operations under way, by the id that the app gave them.
#[derive(Debug)]
pub(super) struct Operations {
    allowed: usize,
    by_id: HashMap<String, Operation>,
    next_serial: u64,
    answers: mpsc::Sender<Answer>,
}

#[derive(Debug)]
struct Operation {
    /// Tells this use of the id from earlier ones, whose answers may still be queued.
    serial: u64,
    abort: AbortHandle,
}

impl Drop for Operation {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

impl Operations {
    pub(super) fn new(allowed: usize, answers: mpsc::Sender<Answer>) -> Self {
        Self { allowed, by_id: HashMap::new(), next_serial: 0, answers }
    }

    /// Starts an operation; the error is what the socket is closed with.
    pub(super) fn start(
        &mut self,
        state: &State,
        viewer: &Viewer,
        id: String,
        members: RequestMembers,
    ) -> Result<(), Close> {
        self.is_free(&id)?;
        if self.by_id.len() >= self.allowed {
            return Err(Close::TooManyOperations { allowed: self.allowed });
        }
        let serial = self.next_serial;
        self.next_serial += 1;
        let (abort, registration) = AbortHandle::new_pair();
        let task = run(
            state,
            viewer.clone(),
            members,
            Sink { serial, id: id.clone(), answers: self.answers.clone() },
        );
        actix_web::rt::spawn(Abortable::new(task, registration));
        self.by_id.insert(id, Operation { serial, abort });
        Ok(())
    }

    /// Whether no operation has the id; the error is what the socket is closed with.
    pub(super) fn is_free(&self, id: &str) -> Result<(), Close> {
        if self.by_id.contains_key(id) { Err(Close::IdTaken { id: id.to_owned() }) } else { Ok(()) }
    }

    /// Ends an operation; what of it is still queued is left out.
    pub(super) fn stop(&mut self, id: &str) {
        self.by_id.remove(id);
    }

    /// The text to write for an answer; `None` where the operation was stopped meanwhile, or what its viewer may see has
    /// changed.
    pub(super) async fn accept(&mut self, answer: Answer) -> Option<String> {
        match answer {
            Answer::Message { serial, text, stamps } => {
                let is_wanted = self.by_id.values().any(|operation| operation.serial == serial);
                (is_wanted && are_good(&stamps).await).then_some(text)
            }
            Answer::Last { serial, id, text } => {
                if self.by_id.get(&id).is_none_or(|operation| operation.serial != serial) {
                    return None;
                }
                self.by_id.remove(&id);
                text
            }
        }
    }
}

/// Whether what was made under these may be written.
pub(super) async fn are_good(stamps: &[Stamp]) -> bool {
    for stamp in stamps {
        if !stamp.is_good().await {
            return false;
        }
    }
    true
}

/// What an answer was made under; an error that ends a subscription tells nothing that could be held back.
pub(super) fn stamps_of(response: &Response, passes: &Passes) -> Vec<Stamp> {
    if response.data == Value::Null { Vec::new() } else { passes.stamps() }
}

#[derive(Debug)]
struct Sink {
    serial: u64,
    id: String,
    answers: mpsc::Sender<Answer>,
}

impl Sink {
    async fn next(&self, payload: &str, stamps: Vec<Stamp>) {
        let text = protocol::next(&self.id, payload);
        // Fails only when the socket is gone, and then this task is being aborted.
        let _ = self.answers.send(Answer::Message { serial: self.serial, text, stamps }).await;
    }

    async fn last(self, text: String) {
        let last = Answer::Last { serial: self.serial, id: self.id, text: Some(text) };
        let _ = self.answers.send(last).await;
    }

    async fn refuse(self, errors: &[ServerError]) {
        let payload = serde_json::json!(errors).to_string();
        let text = protocol::error(&self.id, &payload);
        self.last(text).await;
    }
}

/// The task of one operation, with what it needs of the state taken out.
fn run(
    state: &State,
    viewer: Viewer,
    members: RequestMembers,
    sink: Sink,
) -> impl Future<Output = ()> + 'static {
    let (schema, services) = (state.schema.clone(), state.services.clone());
    let (places, figures) = (Arc::clone(&state.operations), state.figures.clone());
    let rules = Arc::clone(&state.documents);
    async move {
        let admitted = match members.admitted(&rules, &viewer) {
            Ok(admitted) => admitted,
            Err(error) => return sink.refuse(&[error]).await,
        };
        let kind = admitted.kind;
        let Ok(place) = places.enter().await else {
            figures.refused("operations");
            let said = HttpError::Overloaded.to_string();
            return sink.refuse(&[request_error(Code::Overloaded, said, None)]).await;
        };
        let passes = Passes::default();
        let request = context::for_viewer(executable(members, admitted), &services, viewer);
        let request = request.data(passes.clone());
        let mut responses = match kind {
            // Its snapshot waits for its turn like a query; the place is not kept while the stream is quiet.
            OperationType::Subscription => {
                drop(place);
                schema.execute_stream(request)
            }
            OperationType::Query | OperationType::Mutation => {
                let schema = schema.clone();
                futures_util::stream::once(async move {
                    let _place = place;
                    schema.execute(request).await
                })
                .boxed()
            }
        };
        while let Some(response) = responses.next().await {
            match executed(response) {
                Executed::Refused(errors) => return sink.refuse(&errors).await,
                Executed::Ran(response) => match answer::written(&response) {
                    Ok(payload) => sink.next(&payload, stamps_of(&response, &passes)).await,
                    Err(problem) => {
                        tracing::error!(error = %problem, "An answer could not be written as JSON");
                    }
                },
            }
        }
        let text = protocol::complete(&sink.id);
        sink.last(text).await;
    }
}
