//! Documents of many questions, the doors they go through, and the verdict on what comes back.

use std::cell::Cell;

use api::config::{LimitOverrides, Overrides, Secret};
use futures_util::{FutureExt, StreamExt};
use reqwest::Method;
use serde_json::{Value, json};
use tests::app::{Client, TestApp, limited};
use tests::postgres::Postgres;

use super::doors;
use super::expect::difference;
use super::founding::{client, found};
use super::oracle::{Oracle, Secrets};
use super::roots::{Asking, Expected, Question};
use super::streams::Listener;
use super::world::{Person, World};
use super::{chance, questions, random};
use crate::faults::Chance;

/// Documents that are under way at once.
const AT_ONCE: usize = 4;
/// So many worlds share the questions.
const WORLDS: usize = 4;

/// What one document asks.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    text: String,
    questions: Vec<Question>,
}

/// Where a document goes in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Door {
    Post,
    Get,
    Socket,
}

/// A running world, with a client for everybody in it; the public is the last.
pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) secrets: Secrets,
    clients: Vec<Client>,
}

impl Stage {
    pub(crate) async fn set(app: &TestApp, chance: &mut Chance) -> Self {
        let mut world = random::world(chance, app.clock.now());
        found(app, &mut world).await;
        let secrets = Secrets::of(&world);
        let everybody = world.people.iter().map(Some).chain([None]);
        let clients = everybody.map(|person| client(app, person)).collect();
        Self { world, secrets, clients }
    }

    /// Everybody, each with their client.
    pub(crate) fn everybody(&self) -> impl Iterator<Item = (Oracle<'_>, &Client)> {
        (0..self.clients.len()).map(|index| self.one(index))
    }

    /// Somebody by chance, with their client.
    pub(crate) fn somebody(&self, chance: &mut Chance) -> (Oracle<'_>, &Client) {
        self.one(chance.below(self.clients.len() as u64) as usize)
    }

    fn one(&self, index: usize) -> (Oracle<'_>, &Client) {
        (Oracle { world: &self.world, person: self.world.people.get(index) }, &self.clients[index])
    }
}

/// Caps that questions by chance do not meet.
pub(crate) fn wide() -> Overrides {
    let most = Some(100_000_000);
    limited(LimitOverrides {
        max_user_requests: most,
        max_address_requests: most,
        max_complexity: most,
        max_document_bytes: Some(1_000_000),
        max_document_tokens: Some(200_000),
        max_document_nesting: Some(100),
        max_document_depth: Some(60),
        max_document_fields: Some(100_000),
        max_document_aliases: Some(10_000),
        max_document_directives: Some(10_000),
        max_document_fragments: Some(200),
        max_message_bytes: Some(1_000_000),
        ..LimitOverrides::default()
    })
}

mod sqlite {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nobody_is_told_what_they_may_not_see_nor_denied_what_they_may() {
        let mut chance = chance("questions, SQLite");
        for _ in 0..WORLDS {
            ask_around(&TestApp::empty_with(wide()).await, &mut chance, questions() / WORLDS).await;
        }
    }
}

mod postgres {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nobody_is_told_what_they_may_not_see_nor_denied_what_they_may() {
        let Some(postgres) = Postgres::shared() else { return };
        let database_url = Some(Secret::new(postgres.new_database().await));
        let app = TestApp::empty_with(Overrides { database_url, ..wide() }).await;
        ask_around(&app, &mut chance("questions, PostgreSQL"), questions() / 10).await;
    }
}

/// Asks so many questions of a new world.
async fn ask_around(app: &TestApp, chance: &mut Chance, count: usize) {
    let stage = Stage::set(app, chance).await;
    if let Err(wrong) = doors::every_question(&stage).await {
        panic!("{wrong}");
    }
    let asked = Cell::new(0);
    let documents = std::iter::from_fn(|| {
        let left = count.checked_sub(asked.get()).filter(|left| *left > 0)?;
        let (oracle, client) = stage.somebody(chance);
        // One of many requests is a tile, a file or a subscription.
        if chance.one_in(4) {
            asked.set(asked.get() + 1);
            return Some(doors::question(&stage, oracle, client, chance));
        }
        let door = *chance.pick(&[Door::Post, Door::Post, Door::Post, Door::Get, Door::Socket]);
        let most = if door == Door::Get { 3 } else { 100 };
        let wanted = 1 + chance.below(most) as usize;
        let document = Document::random(oracle, chance, wanted.min(left));
        asked.set(asked.get() + document.questions.len());
        Some(judge(&stage.secrets, oracle, client, door, document).boxed_local())
    });
    let mut verdicts = futures_util::stream::iter(documents).buffer_unordered(AT_ONCE);
    while let Some(verdict) = verdicts.next().await {
        if let Err(wrong) = verdict {
            panic!("{wrong}");
        }
    }
    drop(verdicts);
    assert!(asked.get() >= count);
}

async fn judge(
    secrets: &Secrets,
    oracle: Oracle<'_>,
    client: &Client,
    door: Door,
    document: Document,
) -> Result<(), String> {
    let (body, bytes) = document.sent(client, door).await;
    let verdict = match oracle.person {
        Some(Person { expired: true, .. }) => is_refused(&body),
        _ => document.verdict(&body),
    };
    let leak = secrets.leak(&oracle, &bytes).map(|leak| format!("a leak: {leak}"));
    match verdict.or(leak) {
        None => Ok(()),
        Some(wrong) => Err(format!("{door:?} as {:?}\n{}\n{wrong}\n{body:#}", oracle.person, document.text)),
    }
}

/// Whoever has a token that ran out is told that and nothing else.
fn is_refused(body: &Value) -> Option<String> {
    let code = &body["errors"][0]["extensions"]["code"];
    let said = code == "UNAUTHENTICATED" && body.get("data").is_none();
    (!said).then(|| "answered to a token that has run out".to_owned())
}

impl Document {
    pub(crate) fn random(oracle: Oracle<'_>, chance: &mut Chance, count: usize) -> Self {
        let mut fragments = Vec::new();
        let mut asking = Asking { oracle, chance, fragments: &mut fragments };
        let questions: Vec<Question> = (0..count).map(|number| asking.question(number)).collect();
        let texts: Vec<&str> = questions.iter().map(|question| question.text.as_str()).collect();
        let text = format!("{{\n{}\n}}\n{}", texts.join("\n"), fragments.join("\n"));
        Self { text, questions }
    }

    /// The answer, and all bytes of it.
    async fn sent(&self, client: &Client, door: Door) -> (Value, Vec<u8>) {
        let accept = "application/graphql-response+json";
        let request = match door {
            Door::Post => client.request(Method::POST, "/graphql").json(&json!({ "query": self.text })),
            Door::Get => client.request(Method::GET, "/graphql").query(&[("query", &self.text)]),
            Door::Socket => {
                let mut listener = Listener::over_socket(client, &self.text).await;
                let message = listener.message().await.unwrap_or_default();
                return (listener.payload(&message), message.into_bytes());
            }
        };
        let response = request.header("accept", accept).send().await.expect("an answer");
        let bytes = response.bytes().await.expect("a body").to_vec();
        (serde_json::from_slice(&bytes).unwrap_or_default(), bytes)
    }

    /// What is wrong with an answer.
    fn verdict(&self, body: &Value) -> Option<String> {
        /// An answer carries no more errors than these.
        const MOST_ERRORS: usize = 10;
        let none = Vec::new();
        let errors = body["errors"].as_array().unwrap_or(&none);
        let code_at = |alias: &str| {
            let error = errors.iter().find(|error| error["path"][0] == *alias)?;
            error["extensions"]["code"].as_str()
        };
        self.questions.iter().find_map(|question| {
            let Question { alias, expected, text } = question;
            let got = &body["data"][alias];
            let wrong = match (expected, code_at(alias)) {
                (Expected::Value(_), Some(code)) => Some(format!(": refused with {code}")),
                (Expected::Value(value), None) => difference(value, got),
                (Expected::Refused(_), None) if errors.len() >= MOST_ERRORS => difference(&Value::Null, got),
                (Expected::Refused(code), told) if told == Some(*code) => difference(&Value::Null, got),
                (Expected::Refused(code), told) => Some(format!(": expected {code}, got {told:?} and {got}")),
            };
            wrong.map(|wrong| format!("{text}\n{alias}{wrong}"))
        })
    }
}
