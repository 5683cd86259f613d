//! Asking again under the same client key: the first answer, as far as the viewer may still see it.

use api::service::admin::{AdminAnswer, AdminCommand, NewUser};
use api::service::import::Progress;
use domain::viewer::Role;
use serde_json::{Value, json};
use tests::app::{Client, TestApp};
use tests::town::{self, Town};
use tests::world;

const SEEN: &str = "id version text stage { key } closedAt dueAt cell { code } planVersion allowedActions
    history { action note }";

fn key(number: u64) -> String {
    uuid::Builder::from_unix_timestamp_millis(1_780_286_400_000 + number, &[3; 10]).into_uuid().to_string()
}

async fn report(client: &Client, number: u64) -> Value {
    let at = world::middle_of(0);
    let input = json!({
        "clientKey": key(number), "district": world::DISTRICT, "category": "noise", "text": "东门太吵",
        "position": { "lon": at.lon(), "lat": at.lat(), "datum": "WGS84" },
    });
    let document = format!(
        "mutation($i: ReportIncidentInput!) {{ reportIncident(input: $i) {{
            incident {{ {SEEN} }} receipt {{ code stage {{ key }} }} problems {{ code }} replayed }} }}"
    );
    client.ask(&document, json!({ "i": input })).await["reportIncident"].clone()
}

/// A change by one of the two actions, as an answer with its errors.
async fn change(client: &Client, number: u64, id: &Value, version: u64, action: Value) -> Value {
    let input = json!({ "clientKey": key(number), "id": id, "expectedVersion": version, "action": action });
    let query = format!(
        "mutation($i: ChangeIncidentInput!) {{ changeIncident(input: $i) {{
            incident {{ {SEEN} }} problems {{ code }} replayed }} }}"
    );
    client.post(json!({ "query": query, "variables": { "i": input } })).await.body
}

/// The first answer, as it comes a second time.
fn again(mut first: Value) -> Value {
    first["replayed"] = json!(true);
    first
}

/// Makes the user of a role something else.
async fn make(app: &TestApp, user: Role, role: Role, cell: Option<&str>) {
    let change = NewUser {
        name: format!("The {}", user.as_str()),
        district: world::DISTRICT.to_owned(),
        role: role.as_str().to_owned(),
        cell: cell.map(str::to_owned),
    };
    let answer = app.services.run_command(AdminCommand::ChangeUser(change), &Progress::silent()).await;
    assert!(matches!(answer, AdminAnswer::Done { .. }), "{answer:?}");
}

#[tokio::test]
async fn a_report_or_change_that_comes_again_gets_its_first_answer_whatever_happened_since() {
    let app = TestApp::start().await;
    let head = app.staff(Role::Head);
    let (dispatch, close) =
        (json!({ "dispatch": { "note": "去看看" } }), json!({ "close": { "note": "好了" } }));
    let reported = report(&head, 1).await;
    let id = reported["incident"]["id"].clone();
    let sent_on = change(&head, 2, &id, 1, dispatch.clone()).await;
    let closed = change(&head, 3, &id, 2, close.clone()).await;
    assert_eq!(closed["data"]["changeIncident"]["incident"]["stage"]["key"], "closed", "{closed}");

    app.advance(chrono::TimeDelta::hours(1));
    assert_eq!(report(&head, 1).await, again(reported));
    let replayed = change(&head, 2, &id, 1, dispatch).await["data"]["changeIncident"].clone();
    assert_eq!(replayed, again(sent_on["data"]["changeIncident"].clone()));
    assert_eq!(
        replayed["incident"]["history"].as_array().map(Vec::len),
        Some(2),
        "not the step that came after"
    );
    let replayed = change(&head, 3, &id, 2, close).await["data"]["changeIncident"].clone();
    assert_eq!(replayed, again(closed["data"]["changeIncident"].clone()));
}

#[tokio::test]
async fn a_replay_shows_only_what_the_viewer_may_see_by_now() {
    let app = TestApp::start().await;
    let head = app.staff(Role::Head);
    let reported = report(&head, 1).await;
    assert_eq!(reported["incident"]["text"], "东门太吵");
    let id = reported["incident"]["id"].clone();
    let close = json!({ "close": { "note": "好了" } });
    change(&head, 2, &id, 1, close.clone()).await;

    make(&app, Role::Head, Role::Head, Some("T1-NE")).await;
    let elsewhere = report(&head, 1).await;
    assert_eq!((&elsewhere["incident"], &elsewhere["receipt"]), (&Value::Null, &reported["receipt"]));
    let hidden = change(&head, 2, &id, 1, close.clone()).await;
    assert_eq!(hidden["errors"][0]["extensions"]["code"], "NOT_FOUND", "{hidden}");

    make(&app, Role::Head, Role::Observer, Some("T1-SW")).await;
    for refused in
        [change(&head, 2, &id, 1, close).await, change(&head, 9, &id, 2, json!({ "dispatch": {} })).await]
    {
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
    }
}

#[tokio::test]
async fn who_may_no_longer_do_a_thing_is_refused_its_first_answer_too() {
    let app = TestApp::start().await;
    let head = app.staff(Role::Head);
    let at = world::middle_of(0);
    let place = json!({ "lon": at.lon(), "lat": at.lat(), "datum": "WGS84" });
    let report = json!({
        "query": "mutation($i: ReportIncidentInput!) { reportIncident(input: $i) {
            incident { id text } receipt { code } problems { code } replayed } }",
        "variables": { "i": {
            "clientKey": key(1), "district": world::DISTRICT, "category": "noise", "text": "东门太吵", "position": place,
        } },
    });
    let home = json!({
        "query": "mutation($i: RegisterHouseholdInput!) { registerHousehold(input: $i) {
            household { id address memberCount } problems { code } replayed } }",
        "variables": { "i": {
            "clientKey": key(2), "district": world::DISTRICT, "address": "人民路1号", "memberCount": 2, "position": place,
        } },
    });
    let (reported, registered) = (head.post(report.clone()).await.body, head.post(home.clone()).await.body);
    assert_eq!(reported["data"]["reportIncident"]["incident"]["text"], "东门太吵", "{reported}");
    assert_eq!(registered["data"]["registerHousehold"]["household"]["address"], "人民路1号", "{registered}");
    // Neither reads what people wrote or where they live: an answer must not tell them either.
    for role in [Role::Observer, Role::Planner] {
        make(&app, Role::Head, role, Some("T1-SW")).await;
        for request in [&report, &home] {
            let refused = head.post(request.clone()).await.body;
            assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{role:?} {refused}");
            let told = refused.to_string();
            assert!(!told.contains("东门") && !told.contains("人民路"), "{role:?} {told}");
        }
    }
}

#[tokio::test]
async fn who_reads_a_key_without_signing_in_gets_the_receipt_of_the_first_answer() {
    let app = TestApp::start().await;
    let first = report(&app.public(), 1).await;
    let id = first["incident"]["id"].clone();
    change(&app.staff(Role::Dispatcher), 2, &id, 1, json!({ "dispatch": {} })).await;
    let second = report(&app.public(), 1).await;
    assert_eq!((&second["incident"], &second["receipt"]), (&Value::Null, &first["receipt"]));
}

#[tokio::test]
async fn a_registration_that_comes_again_names_the_cell_of_its_first_answer() {
    let town = Town::start().await;
    let document = "mutation($i: RegisterHouseholdInput!) { registerHousehold(input: $i) {
        household { id version address memberCount cell { code } method planVersion } problems { code } replayed } }";
    let home = json!({
        "clientKey": town.client_key(), "district": town::DISTRICT, "address": "人民路1号",
        "position": town::position(0.7, 0.5), "memberCount": 2,
    });
    let register = async || {
        let answer = town.ask(Role::Admin, document, json!({ "i": home })).await;
        answer.data()["registerHousehold"].clone()
    };
    let first = register().await;
    assert_eq!(first["household"]["cell"]["code"], "C1-1");
    town.publish(2, Some(1), 0.5).await;
    town.learn().await;
    let now = "query($d: String!) { households(district: $d) { nodes { version cell { code } } } }";
    let now = town.ask(Role::Admin, now, json!({ "d": town::DISTRICT })).await.data()["households"].clone();
    assert_eq!(now["nodes"], json!([{ "version": 2, "cell": { "code": "C2-1" } }]), "the grid was redrawn");
    assert_eq!(register().await, again(first));
}
