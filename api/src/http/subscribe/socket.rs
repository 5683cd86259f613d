//! One socket: what it reads, what it writes, and its deadlines.

use std::rc::Rc;

use actix_web::web;
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseReason, ProtocolError, Session};
use async_graphql::ServerError;
use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::operations::{Answer, Operations};
use super::outlet::Outlet;
use super::protocol::{self, CONNECTION_ACK, Close, Said};
use super::{Patience, Place, QUEUED_ANSWERS};
use crate::clock::Clock;
use crate::config::Secret;
use crate::graphql::error::{Code, request_error};
use crate::http::address::Address;
use crate::http::error::HttpError;
use crate::http::rate::Wait;
use crate::http::viewer::Caller;
use crate::http::{State, Stopping};

/// What a socket waits for.
#[derive(Debug)]
enum Next {
    End(Close),
    Stop,
    Message(Option<Result<AggregatedMessage, ProtocolError>>),
    Asked,
    Answer(Answer),
    Slow,
    Ping,
}

/// Whose socket it is. Each operation asks anew who the token belongs to: roles change while a socket is open.
#[derive(Clone, Debug)]
pub(super) enum Opened {
    /// No token was given.
    Public,
    /// The token that was given.
    Token(Secret),
}

/// When a socket is closed whatever is said on it.
#[derive(Clone, Copy, Debug)]
enum Ends {
    /// Where nobody says who they are.
    WithoutInit(Instant),
    /// When the token has expired.
    WithToken(DateTime<Utc>),
    /// The public has no token that could expire.
    Never,
}

pub(super) struct Socket {
    state: web::Data<State>,
    session: Session,
    outlet: Rc<Outlet>,
    operations: Operations,
    answers: mpsc::Receiver<Answer>,
    stopping: watch::Receiver<Stopping>,
    /// Who said `connection_init`; `None` before.
    opened: Option<Opened>,
    ends: Ends,
    patience: Patience,
    place: Place,
    /// Where it comes from, for the public's operations.
    address: Option<Address>,
    heard: Instant,
    next_ping: Instant,
}

impl Socket {
    pub(super) fn new(
        state: web::Data<State>,
        session: Session,
        outlet: Rc<Outlet>,
        place: Place,
        address: Option<Address>,
    ) -> Self {
        let (sender, answers) = mpsc::channel(QUEUED_ANSWERS);
        let now = Instant::now();
        let patience = state.patience;
        Self {
            operations: Operations::new(state.settings.limits.operations_per_socket, sender),
            stopping: state.stopping.clone(),
            state,
            session,
            outlet,
            answers,
            opened: None,
            ends: Ends::WithoutInit(now + patience.init),
            patience,
            place,
            address,
            heard: now,
            next_ping: now + patience.ping,
        }
    }

    pub(super) async fn run(mut self, mut stream: AggregatedMessageStream) {
        let close = loop {
            if let Err(close) = self.step(&mut stream).await {
                break close;
            }
        };
        let reason: Option<CloseReason> = (close != Close::Answered).then(|| close.reason());
        let closing = timeout(self.patience.write, self.session.close(reason));
        // Nobody is there to be told that closing failed.
        let _ = closing.await;
    }

    /// Waits for one thing and does it; the error is why the socket ends.
    async fn step(&mut self, stream: &mut AggregatedMessageStream) -> Result<(), Close> {
        let asks = self.outlet.asks();
        let next = tokio::select! {
            biased;
            close = self.ends.reached(&self.state.clock) => Next::End(close),
            _ = self.stopping.wait_for(|stopping| *stopping == Stopping::Yes) => Next::Stop,
            message = stream.recv() => Next::Message(message),
            () = self.outlet.asked(), if !asks => Next::Asked,
            () = sleep_until(self.outlet.look_at(self.patience.write)), if !asks => Next::Slow,
            Some(answer) = self.answers.recv(), if asks => Next::Answer(answer),
            () = sleep_until(self.next_ping) => Next::Ping,
        };
        match next {
            Next::End(close) => Err(close),
            Next::Stop => Err(Close::GoingAway),
            // Apart: a socket that is quiet has no room for what it rarely does.
            Next::Message(message) => Box::pin(self.hear(message)).await,
            Next::Asked => Ok(()),
            Next::Answer(answer) => match self.operations.accept(answer).await {
                Some(text) => self.write(text).await,
                None => Ok(()),
            },
            // A large answer may take longer; while it is taken, others come.
            Next::Slow if self.answers.len() < QUEUED_ANSWERS => {
                self.outlet.look();
                Ok(())
            }
            Next::Slow => Err(Close::Silent),
            Next::Ping => Box::pin(self.ping()).await,
        }
    }

    async fn hear(&mut self, message: Option<Result<AggregatedMessage, ProtocolError>>) -> Result<(), Close> {
        self.heard = Instant::now();
        match message {
            Some(Ok(AggregatedMessage::Text(text))) => self.obey(Said::read(&text)?).await,
            Some(Ok(AggregatedMessage::Ping(bytes))) => {
                let pong = timeout(self.patience.write, self.session.pong(&bytes)).await;
                pong.map_err(|_| Close::Silent)?.map_err(|_| Close::Answered)
            }
            Some(Ok(AggregatedMessage::Pong(_))) => Ok(()),
            Some(Ok(AggregatedMessage::Binary(_))) => Err(Close::Malformed { at: None }),
            Some(Ok(AggregatedMessage::Close(_))) | None => Err(Close::Answered),
            Some(Err(ProtocolError::Overflow)) => Err(Close::TooLarge),
            Some(Err(_)) => Err(Close::Malformed { at: None }),
        }
    }

    async fn obey(&mut self, said: Said) -> Result<(), Close> {
        match said {
            Said::ConnectionInit { .. } if self.opened.is_some() => Err(Close::InitTwice),
            Said::ConnectionInit { payload } => {
                let opened = match payload.as_ref().and_then(|payload| payload.get("token")) {
                    None | Some(serde_json::Value::Null) => Opened::Public,
                    Some(serde_json::Value::String(token)) => Opened::Token(Secret::new(token.clone())),
                    Some(_) => return Err(Close::Forbidden),
                };
                let caller = opened.caller(&self.state).await?;
                let allowed = self.state.settings.limits.sockets_per_user;
                if !self.place.claim(caller.viewer.user(), allowed) {
                    self.state.figures.refused("user_sockets");
                    return Err(Close::TooManySockets { allowed });
                }
                self.ends = caller.expires_at.map_or(Ends::Never, Ends::WithToken);
                self.opened = Some(opened);
                self.write(CONNECTION_ACK.to_owned()).await
            }
            Said::Ping { payload } => self.write(protocol::pong(payload)).await,
            Said::Pong {} => Ok(()),
            Said::Subscribe { id, payload } => {
                let caller = self.opened.as_ref().ok_or(Close::Unauthorized)?.caller(&self.state).await?;
                match self.count(&caller) {
                    Ok(()) => self.operations.start(&self.state, &caller.viewer, id, payload),
                    Err(wait) => {
                        let said = HttpError::RateLimited(wait).to_string();
                        self.refuse(&id, request_error(Code::RateLimited, said, None)).await
                    }
                }
            }
            Said::Unreadable { id, error } => {
                if self.opened.is_none() {
                    return Err(Close::Unauthorized);
                }
                self.refuse(&id, *error).await
            }
            Said::Complete { id } => {
                self.operations.stop(&id);
                Ok(())
            }
        }
    }

    /// Counts an operation of a user, or of the public at an address.
    fn count(&self, caller: &Caller) -> Result<(), Wait> {
        match caller.viewer.user() {
            Some(_) => self.state.count_user(&caller.viewer),
            None => self.state.count_address(self.address),
        }
    }

    /// Answers an operation that is not begun.
    async fn refuse(&mut self, id: &str, error: ServerError) -> Result<(), Close> {
        self.operations.is_free(id)?;
        let payload = serde_json::json!([error]).to_string();
        self.write(protocol::error(id, &payload)).await
    }

    async fn ping(&mut self) -> Result<(), Close> {
        if self.heard.elapsed() > self.patience.silence {
            return Err(Close::Silent);
        }
        self.next_ping = Instant::now() + self.patience.ping;
        let ping = timeout(self.patience.write, self.session.ping(b"")).await;
        ping.map_err(|_| Close::Silent)?.map_err(|_| Close::Answered)
    }

    async fn write(&mut self, text: String) -> Result<(), Close> {
        self.outlet.given();
        let written = timeout(self.patience.write, self.session.text(text)).await;
        written.map_err(|_| Close::Silent)?.map_err(|_| Close::Answered)
    }
}

impl Ends {
    /// Waits for the end; answers what the socket is closed with.
    async fn reached(self, clock: &Clock) -> Close {
        match self {
            Self::WithoutInit(deadline) => {
                sleep_until(deadline).await;
                Close::InitLate
            }
            Self::WithToken(expires_at) => {
                clock.reach(expires_at).await;
                Close::Forbidden
            }
            Self::Never => std::future::pending().await,
        }
    }
}

impl Opened {
    async fn caller(&self, state: &State) -> Result<Caller, Close> {
        let Self::Token(token) = self else { return Ok(Caller::public()) };
        match Caller::of_token(token.expose(), &state.services).await {
            Ok(caller) => caller.ok_or(Close::Forbidden),
            Err(error) => {
                tracing::error!(error = %error, "A token could not be looked up");
                Err(Close::Failed)
            }
        }
    }
}
