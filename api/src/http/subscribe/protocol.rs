//! The messages of `graphql-transport-ws`, and the codes that a socket is closed with.

use std::fmt::Write;

use actix_ws::{CloseCode, CloseReason};
use async_graphql::ServerError;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::http::graphql::{RequestMembers, unreadable};

/// What the app says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Said {
    ConnectionInit {
        #[serde(default)]
        payload: Option<Map<String, Value>>,
    },
    Ping {
        #[serde(default)]
        payload: Option<Map<String, Value>>,
    },
    Pong {},
    Subscribe {
        id: String,
        payload: RequestMembers,
    },
    Complete {
        id: String,
    },
    /// `subscribe` with an id that can be answered and a payload that cannot be read.
    #[serde(skip)]
    Unreadable {
        id: String,
        error: Box<ServerError>,
    },
}

/// `subscribe`, read as it streams by: so what is wrong with it has a line and column.
#[derive(Debug, Deserialize)]
struct Subscribe {
    #[serde(rename = "payload")]
    _payload: RequestMembers,
}

/// As much of a message as says which operation it is about.
#[derive(Debug, Deserialize)]
struct About {
    id: String,
    #[serde(rename = "type")]
    kind: String,
}

/// The longest id of an operation that is kept.
const MAX_ID_BYTES: usize = 100;

impl Said {
    /// Reads a message; the error is what the socket is closed with.
    pub(super) fn read(text: &str) -> Result<Self, Close> {
        let said = match serde_json::from_str(text) {
            Ok(said) => said,
            Err(problem) => Self::unreadable(text).ok_or_else(|| Close::malformed_at(&problem))?,
        };
        match &said {
            Self::Subscribe { id, .. } | Self::Complete { id } | Self::Unreadable { id, .. }
                if id.is_empty() || id.len() > MAX_ID_BYTES =>
            {
                Err(Close::Malformed { at: None })
            }
            _ => Ok(said),
        }
    }

    /// A message of which only the payload is wrong: an error of its operation, and the socket stays.
    fn unreadable(text: &str) -> Option<Self> {
        let About { id, kind } = serde_json::from_str(text).ok()?;
        let problem = serde_json::from_str::<Subscribe>(text).err()?;
        (kind == "subscribe").then(|| Self::Unreadable { id, error: Box::new(unreadable(&problem)) })
    }
}

/// Why a socket is closed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Close {
    /// A message that is not one of the protocol; where it stops being JSON, by line and column.
    Malformed { at: Option<(usize, usize)> },
    /// `subscribe` before `connection_ack`.
    Unauthorized,
    /// The token is not good, or has expired.
    Forbidden,
    /// No `connection_init` in time.
    InitLate,
    /// An id that is in use.
    IdTaken { id: String },
    /// `connection_init` a second time.
    InitTwice,
    /// More operations than allowed.
    TooManyOperations { allowed: usize },
    /// More sockets of one user than allowed.
    TooManySockets { allowed: usize },
    /// The other side is silent.
    Silent,
    /// A message that is too large.
    TooLarge,
    /// The server stops.
    GoingAway,
    /// The other side closed.
    Answered,
    /// The server failed.
    Failed,
}

impl Close {
    fn malformed_at(problem: &serde_json::Error) -> Self {
        Self::Malformed { at: (problem.line() > 0).then(|| (problem.line(), problem.column())) }
    }

    pub(super) fn reason(&self) -> CloseReason {
        let (code, description): (u16, String) = match self {
            Self::Malformed { at: None } => (4400, "the message is not one of graphql-transport-ws".into()),
            Self::Malformed { at: Some((line, column)) } => (
                4400,
                format!("the message is not one of graphql-transport-ws at line {line} column {column}"),
            ),
            Self::Unauthorized => (4401, "Unauthorized".into()),
            Self::Forbidden => (4403, "Forbidden".into()),
            Self::InitLate => (4408, "Connection initialisation timeout".into()),
            Self::IdTaken { id } => (4409, format!("Subscriber for {id} already exists")),
            Self::InitTwice => (4429, "Too many initialisation requests".into()),
            Self::TooManyOperations { allowed } => {
                (4429, format!("more than {allowed} operations on one socket"))
            }
            // "Try again later": apps come back after a while, which they do not after 4429.
            Self::TooManySockets { allowed } => (1013, format!("more than {allowed} sockets of one user")),
            Self::Silent => (1001, "no answer to pings".into()),
            Self::TooLarge => (1009, "the message is too large".into()),
            Self::GoingAway => (1001, "the server is going away".into()),
            Self::Answered => (1000, String::new()),
            Self::Failed => (1011, "an internal error".into()),
        };
        // A close frame holds 123 bytes of reason.
        let mut description = description;
        while description.len() > 120 {
            description.pop();
        }
        CloseReason { code: CloseCode::from(code), description: Some(description) }
    }
}

/// `next`, around a payload that is JSON already.
pub(super) fn next(id: &str, payload: &str) -> String {
    enveloped("next", id, payload)
}

/// `error`, around a list of errors that is JSON already.
pub(super) fn error(id: &str, payload: &str) -> String {
    enveloped("error", id, payload)
}

pub(super) fn complete(id: &str) -> String {
    format!("{{\"id\":{},\"type\":\"complete\"}}", Value::from(id))
}

pub(super) fn pong(payload: Option<Map<String, Value>>) -> String {
    match payload {
        Some(payload) => format!("{{\"type\":\"pong\",\"payload\":{}}}", Value::Object(payload)),
        None => "{\"type\":\"pong\"}".to_owned(),
    }
}

pub(super) const CONNECTION_ACK: &str = "{\"type\":\"connection_ack\"}";

fn enveloped(kind: &str, id: &str, payload: &str) -> String {
    let mut text = String::with_capacity(payload.len() + id.len() + 48);
    // Writing to a String cannot fail.
    let _ = write!(text, "{{\"id\":{},\"type\":\"{kind}\",\"payload\":{payload}}}", Value::from(id));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_the_protocol_are_read_and_all_others_close_with_4400() {
        let fits = [
            r#"{"type":"connection_init"}"#,
            r#"{"type":"connection_init","payload":{"token":"a"}}"#,
            r#"{"type":"ping"}"#,
            r#"{"type":"pong","payload":{"a":1}}"#,
            r#"{"id":"1","type":"subscribe","payload":{"query":"{ a }"}}"#,
            r#"{"id":"1","type":"complete"}"#,
        ];
        for text in fits {
            Said::read(text).unwrap_or_else(|close| panic!("{text}: {close:?}"));
        }
        let long = format!(r#"{{"id":"{}","type":"complete"}}"#, "x".repeat(101));
        let others = [
            "",
            "null",
            "[]",
            "hello",
            r#"{"type":"connection_ack"}"#,
            r#"{"type":"subscribe","payload":{"query":"{ a }"}}"#,
            r#"{"id":1,"type":"subscribe","payload":{"query":"{ a }"}}"#,
            r#"{"id":"1","type":"subscribe","payload":{"query":"{ a }","variables":{"a":NaN}}}"#,
            r#"{"id":"","type":"subscribe","payload":{}}"#,
            r#"{"id":"","type":"complete"}"#,
            long.as_str(),
        ];
        for text in others {
            assert!(matches!(Said::read(text), Err(Close::Malformed { .. })), "{text}");
        }
        assert_eq!(Said::read("{,").err(), Some(Close::Malformed { at: Some((1, 2)) }));
    }

    #[test]
    fn a_subscribe_with_an_id_and_an_unreadable_payload_is_an_error_of_that_id_with_its_place() {
        for payload in [
            r#"{"query":1}"#,
            "{}",
            r#"{"query":"{ a }","variables":{"a":1,"a":2}}"#,
            r#"{"query":"{ a }","query":"{ b }"}"#,
            r#"{"query":"{ a }","variables":{"a":1e999}}"#,
        ] {
            let text = format!(r#"{{"id":"7","type":"subscribe","payload":{payload}}}"#);
            let Ok(Said::Unreadable { id, error }) = Said::read(&text) else { panic!("{text}") };
            assert_eq!(id, "7");
            assert!(error.message.contains(" at line 1 column "), "{error}");
        }
    }

    #[test]
    fn an_id_with_quotes_cannot_break_out_of_its_message() {
        let text = next("a\",\"type\":\"x", "{\"data\":null}");
        let read: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(read["id"], "a\",\"type\":\"x");
        assert_eq!(read["type"], "next");
    }
}
