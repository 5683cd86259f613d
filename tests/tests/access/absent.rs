//! What may not be seen and what is not there are answered alike, byte for byte, but for the id that was asked for.

use reqwest::Method;
use serde_json::{Value, json};
use tests::app::{Client, TestApp};
use tests::world::client_key;
use uuid::Uuid;

use super::ask::{Stage, wide};
use super::doors::without_ids;
use super::oracle::Oracle;
use super::streams::Listener;
use super::world::District;
use super::{chance, questions};
use crate::faults::Chance;

/// Of each hidden thing so many requests are compared.
const REQUESTS: usize = 9;

/// A thing that somebody may not see.
struct Hidden<'w> {
    district: &'w District,
    kind: &'static str,
    id: Uuid,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_be_seen_is_answered_as_what_is_not_there_byte_for_byte() {
    let mut chance = chance("hidden and absent");
    let app = TestApp::empty_with(wide()).await;
    let stage = Stage::set(&app, &mut chance).await;
    let wanted = (questions() / 1_000).max(20);
    let mut compared = 0;
    for _ in 0..wanted * 20 {
        let (oracle, client) = stage.somebody(&mut chance);
        if oracle.person.is_some_and(|person| person.expired) {
            continue;
        }
        let Some(hidden) = hidden(oracle, &mut chance) else { continue };
        compare(client, &hidden, oracle, &mut chance).await;
        compared += 1;
        if compared == wanted {
            return;
        }
    }
    panic!("{compared} hidden things were found; {wanted} were wanted");
}

fn hidden<'w>(oracle: Oracle<'w>, chance: &mut Chance) -> Option<Hidden<'w>> {
    let district = chance.pick(&oracle.world.districts);
    if chance.one_in(3) {
        let home = chance.pick(&district.households);
        let seen = oracle.sees_household(district, home);
        return (!seen).then_some(Hidden { district, kind: "household", id: home.id });
    }
    let incident = chance.pick(&district.incidents);
    let seen = oracle.sees_incident(district, incident);
    (!seen).then_some(Hidden { district, kind: "incident", id: incident.id })
}

/// Asks of the hidden thing and of one that is not there, in the same words.
async fn compare(client: &Client, hidden: &Hidden<'_>, oracle: Oracle<'_>, chance: &mut Chance) {
    // As new as the hidden one, so that it is not told by its age.
    let absent = chance.id();
    for request in 0..REQUESTS {
        let mut answers = Vec::new();
        for id in [hidden.id, absent] {
            let answer = answer(client, request, hidden, id).await;
            answers.push(without_ids(&answer, hidden.district.id, hidden.kind, id));
        }
        assert_eq!(answers[0], answers[1], "request {request} for {} as {:?}", hidden.kind, oracle.person);
    }
}

/// The status, the headers and the body of an answer about an id.
async fn answer(client: &Client, request: usize, hidden: &Hidden<'_>, id: Uuid) -> String {
    let id = super::expect::global_id(hidden.kind, hidden.district.id, id);
    let fields = match hidden.kind {
        "incident" => "... on Incident { id text version history { by note } cell { code } }",
        _ => "... on Household { id address position { lon lat } cell { code } building { id } }",
    };
    let node = "query($id: ID!) { node(id: $id) { __typename id } again: node(id: $id) { id } }";
    let by_post = |query: &str, variables: Value| {
        client.request(Method::POST, "/graphql").json(&json!({ "query": query, "variables": variables }))
    };
    let by_id = json!({ "id": id });
    let request = match request {
        0 => by_post(node, by_id),
        1 => by_post(&format!("query($id: ID!) {{ node(id: $id) {{ {fields} }} }}"), by_id),
        2 => by_post(&format!("{{ node(id: {id:?}) {{ {fields} }} viewer {{ role }} }}"), json!({})),
        3 => client
            .request(Method::GET, "/graphql")
            .query(&[("query", node.to_owned()), ("variables", by_id.to_string())]),
        4 => {
            let mut listener =
                Listener::over_socket(client, &format!("{{ node(id: {id:?}) {{ {fields} }} }}")).await;
            return listener.message().await.unwrap_or_default();
        }
        5 => by_post(CHANGE, change(&id, 1, json!({ "close": { "note": "done" } }))),
        6 => by_post(CHANGE, change(&id, 7, json!({ "dispatch": {} }))),
        7 => {
            let input = change(&id, 1, json!({ "dispatch": { "note": "go" } }))["input"].clone();
            by_post(APPLY, json!({ "operations": [{ "changeIncident": input }] }))
        }
        _ => by_post(
            "query($d: String!, $id: ID!) { incidents(district: $d, area: { cell: $id }) { totalCount } }",
            json!({ "d": hidden.district.code, "id": id }),
        ),
    };
    let response = request.send().await.expect("an answer");
    // But the time, and what tells requests apart; headers have no order.
    let of_this_request = |name: &str| matches!(name, "date" | "x-request-id");
    let headers = response.headers().iter().filter(|(name, _)| !of_this_request(name.as_str()));
    let mut head: Vec<String> = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
    head.sort();
    let status = response.status();
    let body = response.text().await.expect("a body");
    format!("{status}\n{}\n{body}", head.join("\n"))
}

const CHANGE: &str = "mutation($input: ChangeIncidentInput!) { changeIncident(input: $input) {
    incident { id version text } problems { code message path params { name value } } replayed } }";
const APPLY: &str = "mutation($operations: [OperationInput!]!) { applyOperations(operations: $operations) {
    index problems { code message path } payload { __typename
        ... on ChangeIncidentPayload { incident { id } problems { code message } replayed } } } }";

fn change(id: &str, version: i32, action: Value) -> Value {
    json!({ "input": { "clientKey": client_key(), "id": id, "expectedVersion": version, "action": action } })
}
