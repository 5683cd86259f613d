//! The messages of `graphql-transport-ws`, and the codes that a socket is closed with.

use std::fmt::Write;

use actix_ws::{CloseCode, CloseReason};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::http::graphql::RequestMembers;

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
}

/// The longest id of an operation that is kept.
const MAX_ID_BYTES: usize = 100;

impl Said {
    /// Reads a message; the error is what the socket is closed with.
    pub(super) fn read(text: &str) -> Result<Self, Close> {
        match serde_json::from_str(text) {
            Ok(Self::Subscribe { id, .. } | Self::Complete { id })
                if id.is_empty() || id.len() > MAX_ID_BYTES =>
            {
                Err(Close::Malformed)
            }
            Ok(said) => Ok(said),
            Err(_) => Err(Close::Malformed),
        }
    }
}

/// Why a socket is closed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Close {
    /// A message that is not one of the protocol.
    Malformed,
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
    pub(super) fn reason(&self) -> CloseReason {
        let (code, description): (u16, String) = match self {
            Self::Malformed => (4400, "the message is not one of graphql-transport-ws".into()),
            Self::Unauthorized => (4401, "Unauthorized".into()),
            Self::Forbidden => (4403, "Forbidden".into()),
            Self::InitLate => (4408, "Connection initialisation timeout".into()),
            Self::IdTaken { id } => (4409, format!("Subscriber for {id} already exists")),
            Self::InitTwice => (4429, "Too many initialisation requests".into()),
            Self::TooManyOperations { allowed } => {
                (4429, format!("more than {allowed} operations on one socket"))
            }
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
            r#"{"id":"1","type":"subscribe"}"#,
            r#"{"id":1,"type":"subscribe","payload":{"query":"{ a }"}}"#,
            r#"{"id":"1","type":"subscribe","payload":{"query":1}}"#,
            r#"{"id":"","type":"complete"}"#,
            long.as_str(),
        ];
        for text in others {
            assert_eq!(Said::read(text).err(), Some(Close::Malformed), "{text}");
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
