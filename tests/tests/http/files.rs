//! Files over HTTP: who may send and take them, and what is answered.

use domain::viewer::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tests::app::{Answer, Client, TestApp, answered};

const HOMES: &str =
    "id,lon,lat,address\nh-1,120.985,14.585,Kaliraya 12\nh-2,120.995,14.585,Victory Avenue 3\n";

async fn send(client: &Client, path: &str, content_type: &str, body: &'static str) -> Answer {
    answered(client.request(Method::POST, path).header("content-type", content_type).body(body)).await
}

#[tokio::test]
async fn a_planner_imports_and_exports_households_over_http() {
    let app = TestApp::start().await;
    let planner = app.staff(Role::Planner);
    let path = "/d/410184/import/households";
    let dry = send(&planner, &format!("{path}?dryRun=true"), "text/csv", HOMES).await;
    assert_eq!((dry.status, &dry.body["dry_run"]), (200, &json!(true)), "{}", dry.body);
    let first = send(&planner, path, "text/csv", HOMES).await;
    assert_eq!((first.status, &first.body["figures"]["rows"]["added"]), (200, &json!(2)), "{}", first.body);
    let second = send(&planner, path, "text/csv", HOMES).await;
    assert_eq!(
        (second.status, &second.body["figures"]["rows"]["added"]),
        (200, &json!(0)),
        "{}",
        second.body
    );
    let response = app.staff(Role::Admin).get("/d/410184/export/households?format=csv").await;
    assert_eq!(response.headers()["content-disposition"], "attachment; filename=\"households.csv\"");
    let table = response.text().await.expect("a body");
    assert!(table.contains("h-1,,Kaliraya 12,120.985,14.585,T1-SW,inside,"), "{table}");
    assert!(table.contains("h-2,,Victory Avenue 3,120.995,14.585,T1-SE,inside,"), "{table}");
}

#[tokio::test]
async fn a_planner_takes_households_out_without_whose_they_are() {
    let app = TestApp::start().await;
    send(&app.staff(Role::Admin), "/d/410184/import/households", "text/csv", HOMES).await;
    let response = app.staff(Role::Planner).get("/d/410184/export/households?format=csv").await;
    let table = response.text().await.expect("a body");
    assert!(table.contains(",,,,,T1-SW,inside,\n"), "{table}");
    for personal in ["Kaliraya", "120.985", "h-1"] {
        assert!(!table.contains(personal), "what the source calls a home can name its building: {table}");
    }
}

#[tokio::test]
async fn only_planners_and_admins_send_and_take_files() {
    let app = TestApp::start().await;
    for role in [Role::Observer, Role::Worker, Role::Head, Role::Dispatcher] {
        let sent = send(&app.staff(role), "/d/410184/import/households", "text/csv", HOMES).await;
        assert_eq!(sent.status, 403, "{role:?}");
        let taken = app.staff(role).get("/d/410184/export/incidents").await;
        assert_eq!(taken.status(), 403, "{role:?}");
    }
    assert_eq!(app.public().get("/d/410184/export/households").await.status(), 403);
    assert_eq!(app.with_token("wrong").get("/d/410184/export/households").await.status(), 401);
}

#[tokio::test]
async fn a_file_that_is_refused_answers_422_with_every_problem() {
    let app = TestApp::start().await;
    let planner = app.staff(Role::Planner);
    let bad = "id,lon,lat\nh-1,14.585,120.985\nh-2,120.985,north\n";
    let answer = send(&planner, "/d/410184/import/households", "text/csv", bad).await;
    assert_eq!(answer.status, 422);
    let places: Vec<(&Value, &Value)> = answer.body["problems"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|problem| (&problem["code"], &problem["line"]))
        .collect();
    assert_eq!(places, [(&json!("COORD_RANGE"), &json!(2)), (&json!("COORD_TYPE"), &json!(3))]);
    let table = planner.get("/d/410184/export/households?format=csv").await.text().await.expect("a body");
    assert_eq!(table.lines().count(), 1, "nothing is stored: {table}");
}

#[tokio::test]
async fn what_the_address_or_the_header_says_wrongly_is_refused() {
    let app = TestApp::start().await;
    let planner = app.staff(Role::Planner);
    let check = async |path: &str, content_type: &str, status: u16| {
        assert_eq!(
            send(&planner, path, content_type, HOMES).await.status,
            status,
            "{path} as {content_type}"
        );
    };
    check("/d/410184/import/households", "text/plain", 415).await;
    check("/d/410184/import/shops", "text/csv", 404).await;
    check("/d/nowhere/import/households", "text/csv", 404).await;
    check("/d/410184/import/households?rooms=3", "text/csv", 400).await;
    check("/d/410184/import/households?map=rooms%3Dr", "text/csv", 400).await;
    check("/d/410184/import/cells", "text/csv", 400).await;
    assert_eq!(planner.get("/d/410184/export/households?format=docx").await.status(), 400);
}
