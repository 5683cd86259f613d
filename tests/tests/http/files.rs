//! Files over HTTP: who may send and take them, and what is answered.

use api::config::LimitOverrides;
use domain::viewer::Role;
use reqwest::Method;
use serde_json::{Value, json};
use tests::app::{Answer, Client, TestApp, answered, limited};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

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
    assert!(table.contains(",,,,,T1-SW,inside,,,\n"), "{table}");
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
    let level = send(&planner, "/d/410184/import/cells?level=village", "text/csv", HOMES).await;
    assert_eq!((level.status, &level.body["code"]), (400, &json!("UNKNOWN_LEVEL")), "as GraphQL answers");
    assert_eq!(planner.get("/d/410184/export/households?format=docx").await.status(), 400);
}

/// Sends the body in pieces, without saying how long it is; answers the status and the body.
async fn send_in_pieces(app: &TestApp, path: &str, body: &str) -> (u16, String) {
    let token = tests::world::token_of(Role::Planner);
    let mut stream = TcpStream::connect(app.address()).await.expect("the server listens");
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: gridward\r\nAuthorization: Bearer {token}\r\nContent-Type: text/csv\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    );
    let mut request = head.into_bytes();
    for piece in body.as_bytes().chunks(700) {
        request.extend([format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat());
    }
    request.extend(b"0\r\n\r\n");
    stream.write_all(&request).await.expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the server answers");
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("a status line"), answer)
}

#[tokio::test]
async fn a_body_above_the_cap_is_refused_and_nothing_of_it_is_stored() {
    let cap = 2000;
    let app = TestApp::start_with(limited(LimitOverrides {
        max_import_bytes: Some(cap as u64),
        ..LimitOverrides::default()
    }))
    .await;
    let planner = app.staff(Role::Planner);
    let path = "/d/410184/import/households";
    // What is too much are empty lines at the end: the rows before them are good.
    let too_large: &'static str = format!("{HOMES}{}", "\n".repeat(cap)).leak();
    let stored = async || {
        let table = planner.get("/d/410184/export/households?format=csv").await.text().await.expect("a body");
        table.lines().count() - 1
    };

    for path in [path.to_owned(), format!("{path}?skipBad=true")] {
        let declared = send(&planner, &path, "text/csv", too_large).await;
        assert_eq!((declared.status, &declared.body["code"]), (413, &json!("BODY_TOO_LARGE")), "{path}");
        let (status, answer) = send_in_pieces(&app, &path, too_large).await;
        assert_eq!(status, 413, "{path}: {answer}");
        assert!(answer.contains("BODY_TOO_LARGE") && answer.contains("2000 bytes"), "{answer}");
        assert_eq!(stored().await, 0, "{path}");
    }
    let (status, answer) = send_in_pieces(&app, path, HOMES).await;
    assert_eq!((status, stored().await), (200, 2), "{answer}");
    assert_eq!(send(&app.public(), path, "text/csv", too_large).await.status, 413);
}
