//! Somebody who subscribes over a WebSocket and reads batches.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::app::{Client, Socket};

/// A subscription that stands.
#[derive(Debug)]
pub struct Subscriber {
    socket: Socket,
    field: &'static str,
}

impl Subscriber {
    /// Subscribes to the incidents of the test's district.
    pub async fn to_incidents(client: &Client, variables: Value) -> Self {
        let query = "subscription($area: AreaInput, $filter: IncidentFilter, $after: String) {
            incidentChanges(district: \"410184\", area: $area, filter: $filter, after: $after) {
                cursor kind last upserts { id version text stage { key } } left { id version reason } } }";
        Self::start(client, "incidentChanges", query, variables).await
    }

    /// Subscribes to the figures of its cells.
    pub async fn to_counts(client: &Client, variables: Value) -> Self {
        let query = "subscription($area: AreaInput, $after: String) {
            cellCounts(district: \"410184\", area: $area, after: $after) {
                cursor kind last counts { code counts { open due overdue closed } } } }";
        Self::start(client, "cellCounts", query, variables).await
    }

    async fn start(client: &Client, field: &'static str, query: &str, variables: Value) -> Self {
        let mut socket = client.socket().await;
        let payload = json!({ "query": query, "variables": variables });
        for message in [
            json!({ "type": "connection_init", "payload": { "token": client.token() } }),
            json!({ "id": "1", "type": "subscribe", "payload": payload }),
        ] {
            socket.send(Message::text(message.to_string())).await.expect("sent");
        }
        Self { socket, field }
    }

    /// The next batch, bookmarks included.
    ///
    /// # Panics
    /// Where none comes within thirty seconds, or an error comes instead.
    pub async fn any_batch(&mut self) -> Value {
        match self.message().await {
            Ok(payload) => {
                let batch = payload["data"][self.field].clone();
                assert!(batch.is_object(), "{payload:#}");
                batch
            }
            Err(problem) => panic!("{problem:#}"),
        }
    }

    /// The next batch that is no bookmark.
    pub async fn batch(&mut self) -> Value {
        for _ in 0..100 {
            let batch = self.any_batch().await;
            if batch["kind"] != "BOOKMARK" {
                return batch;
            }
        }
        panic!("a hundred bookmarks and nothing else")
    }

    /// The error that ends the subscription; batches before it are passed over.
    pub async fn error(&mut self) -> Value {
        for _ in 0..100 {
            match self.message().await {
                Ok(payload) if payload.get("errors").is_some() => return payload["errors"].clone(),
                Ok(_) => {}
                Err(problem) => return problem,
            }
        }
        panic!("a hundred batches and no error")
    }

    async fn message(&mut self) -> Result<Value, Value> {
        let wait = async {
            loop {
                let frame = self.socket.next().await.expect("the socket stays open").expect("a frame");
                let Message::Text(text) = frame else { continue };
                let message: Value = serde_json::from_str(&text).expect("JSON");
                match message["type"].as_str() {
                    Some("next") => return Ok(message["payload"].clone()),
                    Some("error" | "complete") => return Err(message["payload"].clone()),
                    _ => {}
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), wait).await.expect("a message within thirty seconds")
    }
}

/// The texts of the incidents that a batch brings, in its order.
///
/// # Panics
/// Where it has no list of them.
pub fn texts(batch: &Value) -> Vec<&str> {
    let upserts = batch["upserts"].as_array().expect("a list");
    upserts.iter().filter_map(|incident| incident["text"].as_str()).collect()
}
