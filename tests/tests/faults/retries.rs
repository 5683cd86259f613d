//! Things sent again and again, in any order and at once: each is done once. And of those who change one thing at once, one
//! wins, and the others are told how it is now.

use std::collections::HashMap;
use std::sync::Mutex;

use api::config::{Overrides, Secret};
use api::store::audit::AuditChain;
use domain::event::EventNumber;
use domain::rules::Rules;
use domain::viewer::Role;
use sea_orm::{ConnectionTrait, Database, Statement};
use serde_json::{Value, json};
use tests::app::{Client, TestApp};
use tests::postgres::Postgres;
use tests::world;

use super::{Chance, chance, times};

/// How many things one request carries: a phone's day without a connection.
const AT_ONCE: usize = 50;
const SENDERS: usize = 4;
const APPLY: &str = "mutation($operations: [OperationInput!]!) { applyOperations(operations: $operations) {
    problems { code message }
    payload {
        ... on ReportIncidentPayload { incident { id } receipt { code dueAt stage { key } } problems { code } replayed }
        ... on ChangeIncidentPayload { incident { id version stage { key } } problems { code } replayed }
        ... on RegisterHouseholdPayload { household { id } problems { code } replayed }
    } } }";
const CHANGE: &str = "mutation($input: ChangeIncidentInput!) { changeIncident(input: $input) {
    incident { version stage { key } } problems { code params { name value } } replayed } }";

mod sqlite {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn things_sent_up_to_twenty_times_are_each_done_once() {
        send_again_and_again(TestApp::start().await, chance("retries, SQLite")).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_those_who_change_an_incident_at_once_one_wins_and_the_others_see_how_it_is_now() {
        race(TestApp::empty().await).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_change_that_is_sent_again_while_it_is_done_is_answered_as_done() {
        send_at_once(TestApp::empty().await).await;
    }
}

mod postgres {
    use super::*;

    async fn on_postgres() -> Option<Overrides> {
        let database_url = Some(Secret::new(Postgres::shared()?.new_database().await));
        Some(Overrides { database_url, ..Overrides::default() })
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn things_sent_up_to_twenty_times_are_each_done_once() {
        let Some(overrides) = on_postgres().await else { return };
        send_again_and_again(TestApp::start_with(overrides).await, chance("retries, PostgreSQL")).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn of_those_who_change_an_incident_at_once_one_wins_and_the_others_see_how_it_is_now() {
        let Some(overrides) = on_postgres().await else { return };
        race(TestApp::empty_with(overrides).await).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_change_that_is_sent_again_while_it_is_done_is_answered_as_done() {
        let Some(overrides) = on_postgres().await else { return };
        send_at_once(TestApp::empty_with(overrides).await).await;
    }
}

async fn send_again_and_again(app: TestApp, mut chance: Chance) {
    let admin = app.staff(Role::Admin);
    let count = times("FAULT_OPERATIONS", 10_000);
    let [reports, registrations, dispatches] = [count - count / 5, count / 10, count / 10];
    let before = counts(&app).await;
    let mut operations: Vec<Value> = (0..reports).map(report).collect();
    operations.extend((0..registrations).map(registration));
    let first: Vec<Value> = (0..dispatches).map(|number| report(reports + number)).collect();
    for some in first.chunks(AT_ONCE) {
        let answers = apply(&admin, some).await;
        operations.extend(answers.iter().map(dispatch));
    }
    let keys = (count + dispatches) as i64;
    let mut sends: Vec<usize> = Vec::new();
    for index in 0..count {
        // 1 to 20 times, and fewer more often than not: a debug build answers some 300 in a second.
        let more = (0..3).map(|_| chance.below(20)).min().unwrap_or_default();
        let times = 1 + more as usize;
        sends.extend(std::iter::repeat_n(index, times));
    }
    chance.shuffle(&mut sends);

    let answers = Mutex::new(HashMap::<usize, Vec<Value>>::new());
    let queue: Mutex<Vec<&[usize]>> = Mutex::new(sends.chunks(AT_ONCE).collect());
    let sending = (0..SENDERS).map(async |_| {
        loop {
            let Some(some) = queue.lock().expect("no panic").pop() else { return };
            let asked: Vec<Value> = some.iter().map(|index| operations[*index].clone()).collect();
            let told = apply(&admin, &asked).await;
            let mut answers = answers.lock().expect("no panic");
            for (index, answer) in some.iter().zip(told) {
                answers.entry(*index).or_default().push(answer);
            }
        }
    });
    futures_util::future::join_all(sending).await;

    let answers = answers.into_inner().expect("no panic");
    assert_eq!(answers.len(), count);
    for (index, told) in answers {
        judge(&operations[index], told);
    }
    let after = counts(&app).await;
    let done = |name: &str| after[name] - before[name];
    assert_eq!(done("incidents"), (reports + dispatches) as i64);
    assert_eq!(done("incident_steps"), (reports + 2 * dispatches) as i64);
    assert_eq!(done("households"), registrations as i64);
    assert_eq!((done("idempotency"), done("events"), done("audit")), (keys, keys, keys));
    gapless(&app).await;
    eprintln!("{count} operations, sent {} times, done once each", sends.len());
}

/// All answers to one thing are the same, and one of them alone says that it was done just then.
fn judge(operation: &Value, mut told: Vec<Value>) {
    let fresh = told.iter().filter(|answer| answer["replayed"] == false).count();
    assert_eq!(fresh, 1, "{operation:#}\n{told:#?}");
    for answer in &mut told {
        assert_eq!(answer["problems"], json!([]), "{operation:#}");
        answer.as_object_mut().expect("a payload").remove("replayed");
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "{operation:#}\n{told:#?}");
}

async fn apply(client: &Client, operations: &[Value]) -> Vec<Value> {
    let answer = client.ask(APPLY, json!({ "operations": operations })).await;
    let results = answer["applyOperations"].as_array().expect("a list").clone();
    assert_eq!(results.len(), operations.len());
    let payload = |result: Value| {
        assert_eq!(result["problems"], json!([]), "{result:#}");
        result["payload"].clone()
    };
    results.into_iter().map(payload).collect()
}

fn report(number: usize) -> Value {
    let mut input = world::report_input(number % 4, "street-light");
    input["text"] = json!(format!("report {number}"));
    json!({ "reportIncident": input })
}

fn registration(number: usize) -> Value {
    let at = world::middle_of(number % 4);
    json!({ "registerHousehold": {
        "clientKey": world::client_key(),
        "district": world::DISTRICT,
        "address": format!("Mabini Street {number}"),
        "position": { "lon": at.lon(), "lat": at.lat(), "datum": "WGS84" },
    } })
}

async fn counts(app: &TestApp) -> HashMap<&'static str, i64> {
    let database = Database::connect(&app.database_url).await.expect("the database answers");
    let mut counts = HashMap::new();
    for table in ["incidents", "incident_steps", "households", "idempotency", "events", "audit"] {
        let sql = format!("SELECT COUNT(*) AS count FROM {table}");
        let statement = Statement::from_string(database.get_database_backend(), sql);
        let row = database.query_one_raw(statement).await.expect("a statement").expect("a row");
        counts.insert(table, row.try_get("", "count").expect("a number"));
    }
    counts
}

async fn gapless(app: &TestApp) {
    let mut last = 0;
    loop {
        let events = app.store.events_after(world::DISTRICT_ID, EventNumber(last), 1_000).await;
        let events = events.expect("a statement");
        let Some(newest) = events.last() else { break };
        for event in &events {
            last += 1;
            assert_eq!(event.number.0, last);
        }
        assert_eq!(newest.number.0, last);
    }
    let chain = app.store.verify_audit(world::DISTRICT_ID).await.expect("a statement");
    assert!(matches!(chain, AuditChain::Whole { .. }), "{chain:?}");
}

/// The default rules, under which an incident may be dispatched again and again.
fn rules() -> String {
    let rules = Rules::DEFAULT_TEXT.replacen(
        "from = [\"collected\"]\nto = \"dispatched\"",
        "from = [\"collected\", \"dispatched\"]\nto = \"dispatched\"",
        1,
    );
    assert_ne!(rules, Rules::DEFAULT_TEXT);
    rules
}

async fn race(app: TestApp) {
    const RUNNERS: usize = 4;
    world::found_with_rules(&app.store, world::noon(), &rules()).await;
    let races = times("FAULT_RACES", 1_000);
    let admin = app.staff(Role::Admin);
    let reported = admin.ask(super::writers::REPORT, json!({ "input": report(0)["reportIncident"] })).await;
    let id = &reported["reportIncident"]["incident"]["id"];
    for version in 1..=races {
        let running = (0..RUNNERS).map(async |_| {
            let input = json!({
                "clientKey": world::client_key(), "id": id, "expectedVersion": version,
                "action": { "dispatch": {} },
            });
            admin.ask(CHANGE, json!({ "input": input })).await["changeIncident"].clone()
        });
        let told = futures_util::future::join_all(running).await;
        let (won, lost): (Vec<_>, Vec<_>) =
            told.into_iter().partition(|answer| answer["problems"] == json!([]));
        assert_eq!(won.len(), 1, "race {version}: {won:#?}");
        for answer in won.iter().chain(&lost) {
            assert_eq!(answer["replayed"], false);
            assert_eq!(answer["incident"]["version"], version + 1, "as it is now: {answer:#}");
            assert_eq!(answer["incident"]["stage"]["key"], "dispatched");
        }
        for answer in &lost {
            assert_eq!(answer["problems"][0]["code"], "VERSION_CONFLICT", "{answer:#}");
            let current = json!({ "name": "current", "value": (version + 1).to_string() });
            assert!(
                answer["problems"][0]["params"].as_array().is_some_and(|params| params.contains(&current))
            );
        }
    }
    let counts = counts(&app).await;
    let expected = (races + 1) as i64;
    assert_eq!(
        (counts["incident_steps"], counts["idempotency"]),
        (expected, expected),
        "losers leave nothing"
    );
    gapless(&app).await;
    eprintln!("{races} races of {RUNNERS}, one winner each");
}

/// Each change comes several times at the same moment: whoever finds that it was done meanwhile is told what was done, not
/// that somebody else was first.
async fn send_at_once(app: TestApp) {
    const SENDS: usize = 8;
    world::found_with_rules(&app.store, world::noon(), &rules()).await;
    let changes = times("FAULT_RACES", 1_000) / 4;
    let admin = app.staff(Role::Admin);
    let reported = apply(&admin, &[report(0)]).await;
    for version in 1..=changes {
        let mut change = dispatch(&reported[0]);
        change["changeIncident"]["expectedVersion"] = json!(version);
        let one = std::slice::from_ref(&change);
        let told = futures_util::future::join_all((0..SENDS).map(|_| apply(&admin, one))).await;
        judge(&change, told.into_iter().flatten().collect());
    }
    eprintln!("{changes} changes, each sent {SENDS} times at once, done once each");
}

fn dispatch(answer: &Value) -> Value {
    json!({ "changeIncident": {
        "clientKey": world::client_key(), "id": answer["incident"]["id"], "expectedVersion": 1,
        "action": { "dispatch": { "note": "soon" } },
    } })
}
