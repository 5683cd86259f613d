//! Field workers who report and report, and send a thing again under its key until somebody says that it is done.

use std::sync::Mutex;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::world;
use tokio::sync::watch;

use super::books::Books;
use super::server::Door;

pub(crate) const REPORT: &str = "mutation($input: ReportIncidentInput!) { reportIncident(input: $input) {
    incident { id version stage { key } cell { code } } receipt { code dueAt } problems { code } replayed } }";

/// Somebody who reports, and what they have not been told about yet.
#[derive(Debug)]
pub(crate) struct Writer {
    name: usize,
    count: usize,
    pending: Option<Value>,
    /// The last report that was acknowledged, with its answer, to be asked for again.
    last: Option<(Value, Value)>,
}

/// What came of sending something once.
#[derive(Debug)]
pub(crate) enum Sent {
    /// The payload of the mutation.
    Told(Value),
    /// The server said with this code that its database takes nothing now.
    Later(String),
    /// Nobody answered.
    Cut,
}

impl Writer {
    pub(crate) fn named(name: usize) -> Self {
        Self { name, count: 0, pending: None, last: None }
    }

    /// Sends what is pending, or something new, until it is told what became of it or nobody answers.
    pub(crate) async fn report_once(&mut self, door: &Door, books: &Mutex<Books>) -> Sent {
        if self.pending.is_none() {
            self.count += 1;
            let mut input = world::report_input((self.name + self.count) % 4, "street-light");
            input["text"] = json!(format!("writer {}, report {}", self.name, self.count));
            self.pending = Some(input);
        }
        let input = self.pending.clone().expect("something is pending");
        let sent = send(door, &input).await;
        if let Sent::Told(payload) = &sent {
            assert_eq!(payload["problems"], json!([]), "{payload:#}");
            assert!(payload["receipt"]["code"].is_string(), "{payload:#}");
            books.lock().expect("no panic").acknowledge(input["text"].as_str().expect("a text"));
            self.pending = None;
            self.last = Some((input, payload.clone()));
        }
        sent
    }

    /// Reports until nobody answers, or the pen is taken away.
    pub(crate) async fn report_on(
        &mut self,
        door: &Door,
        books: &Mutex<Books>,
        first: &watch::Sender<bool>,
        stop: &watch::Receiver<bool>,
    ) {
        while !*stop.borrow() {
            match self.report_once(door, books).await {
                Sent::Told(_) => drop(first.send_replace(true)),
                Sent::Later(code) => {
                    assert_eq!(code, "UNAVAILABLE");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                Sent::Cut => return,
            }
        }
    }

    /// Sends the last acknowledged report again: the first answer comes, and says that it is one.
    pub(crate) async fn ask_again(&self, door: &Door) {
        let Some((input, first)) = &self.last else { return };
        match send(door, input).await {
            Sent::Told(mut again) => {
                assert_eq!(again["replayed"], true, "{again:#}");
                again["replayed"] = first["replayed"].clone();
                assert_eq!(&again, first, "the retry gets the first answer");
            }
            sent => panic!("nothing is broken now: {sent:?}"),
        }
    }
}

/// Sends a report once.
pub(crate) async fn send(door: &Door, input: &Value) -> Sent {
    let body = json!({ "query": REPORT, "variables": { "input": input } });
    let request = door.request(Method::POST, "/graphql").timeout(Duration::from_secs(40));
    let Ok(response) = request.json(&body).send().await else { return Sent::Cut };
    let Ok(text) = response.text().await else { return Sent::Cut };
    let answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}"));
    // Where not even the token can be looked up, the whole request is refused.
    if answer.get("errors").is_some() || answer.get("code").is_some() {
        let of_field = answer["errors"][0]["extensions"]["code"].as_str();
        let code = of_field.or(answer["code"].as_str()).unwrap_or_default().to_owned();
        assert!(["UNAVAILABLE", "STORAGE_FULL"].contains(&code.as_str()), "{answer:#}");
        return Sent::Later(code);
    }
    Sent::Told(answer["data"]["reportIncident"].clone())
}
