//! What is logged and counted: nothing of a person, and nothing that a terminal obeys.
//!
//! A process of its own logs as a server does, since what one process logs is set once. Everything personal that goes
//! through its doors carries a marker, and the markers are looked for in all that it has said.

use std::process::Command;

use api::config::{LogFormat, Overrides, Settings};
use api::service::admin::{AdminAnswer, AdminCommand, NewUser};
use api::service::import::Progress;
use domain::viewer::Role;
use futures_util::{SinkExt, StreamExt};
use reqwest::Method;
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};
use tests::app::{Client, TestApp};
use tests::world::{DISTRICT, report_input, token_of};
use tokio_tungstenite::tungstenite::Message;

const FORM: &str = "GRIDWARD_TEST_LOG_FORM";
/// What the process says beside its log.
const FIGURES: &str = "these are its figures";

const NAME: &str = "Marisol Canario";
const PHONE: &str = "13955501234";
const ADDRESS: &str = "Canary Wharf 4711, door 8";
const TEXT: &str = "the canary in the cellar coughs";
const TOKEN: &str = "canary-token-0123456789";
/// It breaks a line and forges another, colours it, and clears the screen.
const CONTROL: &str = "canary\nERROR forged\r\u{1b}[2J\u{1b}[31m\u{202e}";
const LON: f64 = 120.983_713_7;
const LAT: f64 = 14.583_173_1;
/// As much of each as no other number has.
const MARKERS: [&str; 11] = [
    "Canario",
    "13955501234",
    "Wharf",
    "canary",
    "Canary",
    "120.9837137",
    "1209837137",
    "14.5831731",
    "145831731",
    "token-of-the",
    "ERROR forged",
];

/// What is logged of everything: the program's own steps in full, and of what it stands on all that has been asked for to
/// find a fault. Not what a client says that runs in this process only because this is a test.
const FILTER: &str = "debug,api=trace,domain=trace,hyper=off,hyper_util=off,reqwest=off,tungstenite=off,\
    tokio_tungstenite=off,rustls=off";

#[test]
fn nothing_of_a_person_and_nothing_that_a_terminal_obeys_is_in_logs_or_figures() {
    for form in ["text", "json"] {
        let program = std::env::current_exe().expect("this test");
        let child = Command::new(program)
            .args([
                "--exact",
                "http::logs::everything_personal_goes_through_every_door",
                "--ignored",
                "--nocapture",
            ])
            .env(FORM, form)
            .env_remove("RUST_LOG")
            .output()
            .expect("a process");
        let log = String::from_utf8(child.stderr).expect("UTF-8");
        let said = String::from_utf8(child.stdout).expect("UTF-8");
        assert!(child.status.success(), "{form}: {said}\n{log}");
        let (_, figures) = said.split_once(FIGURES).expect("its figures");
        assert!(figures.contains("http_requests_total"), "{figures}");
        // Of all that was to be logged, something was: steps, statements, and what failed.
        for expected in ["Answered POST /graphql with 200", "SELECT", "failed unexpectedly", "no such table"]
        {
            assert!(log.contains(expected), "{form}: nothing says {expected:?}");
        }
        for (what, text) in [("log", log.as_str()), ("figures", figures)] {
            for marker in MARKERS {
                let line = text.lines().find(|line| line.contains(marker));
                assert_eq!(line, None, "the {what} as {form} tells {marker:?}");
            }
        }
        for line in log.lines() {
            assert!(!line.chars().any(char::is_control), "{form}: {line:?}");
            if form == "json" {
                let event: Value =
                    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
                assert!(event["level"].is_string(), "{line}");
            }
        }
    }
}

/// The process of its own.
#[tokio::test]
#[ignore = "the test above runs it as a process of its own"]
async fn everything_personal_goes_through_every_door() {
    let Ok(form) = std::env::var(FORM) else { return };
    let log_format = Some(if form == "json" { LogFormat::Json } else { LogFormat::Text });
    let given = Overrides { log: Some(FILTER.to_owned()), log_format, ..Overrides::default() };
    api::telemetry::start_logging(&Settings::from_overrides(given).expect("settings"));
    let app = TestApp::start().await;
    for role in Role::ALL {
        let told = ask_all(&app.staff(role)).await;
        if role == Role::Admin {
            // What never ran has gone through no door behind the first.
            for body in &told {
                assert!(body["data"].is_object(), "{body}");
            }
            let seen = told.iter().any(|body| body.to_string().contains(TEXT));
            assert!(seen, "an admin sees what was written");
        }
        import_all(&app.staff(role)).await;
    }
    ask_all(&app.with_token(TOKEN)).await;
    ask_oddly(&app).await;
    over_socket(&app).await;
    by_operator(&app).await;
    // What is not expected is logged with its cause.
    let url = format!("sqlite://{}", app.folder().join("gridward.db").display());
    let database = Database::connect(url).await.expect("the database opens");
    for table in ["incidents", "households"] {
        database
            .execute_unprepared(&format!("ALTER TABLE {table} RENAME TO lost_{table}"))
            .await
            .expect("renamed");
    }
    ask_all(&app.staff(Role::Admin)).await;
    import_all(&app.staff(Role::Admin)).await;
    let figures = app.public().get("/metrics").await.text().await.expect("a body");
    println!("{FIGURES}\n{figures}");
}

fn position() -> Value {
    json!({ "lon": LON, "lat": LAT, "datum": "WGS84", "accuracyM": 12.0 })
}

fn report(text: &str) -> Value {
    let mut input = report_input(0, "noise");
    input["text"] = json!(text);
    input["position"] = position();
    input
}

fn household(address: &str) -> Value {
    json!({
        "clientKey": report_input(0, "noise")["clientKey"], "district": DISTRICT, "address": address,
        "position": position(), "memberCount": 4,
    })
}

const REPORT: &str = "mutation($input: ReportIncidentInput!) { reportIncident(input: $input) {
    incident { id version text } problems { code message path params { name value } } replayed } }";
const REGISTER: &str = "mutation($input: RegisterHouseholdInput!) { registerHousehold(input: $input) {
    household { id address position { lon lat } } problems { code message path params { name value } } replayed } }";
const CHANGE: &str = "mutation($input: ChangeIncidentInput!) { changeIncident(input: $input) {
    incident { id version } problems { code message path params { name value } } replayed } }";
const APPLY: &str = "mutation($operations: [OperationInput!]!) { applyOperations(operations: $operations) {
    index problems { code message path } payload { ... on ReportIncidentPayload { replayed problems { message } }
    ... on RegisterHouseholdPayload { household { address } problems { message } } } } }";

/// Every mutation and every query that takes a text or a place, right and wrong; answers what the right ones are told.
async fn ask_all(client: &Client) -> Vec<Value> {
    let ask = async |query: &str, variables: Value| {
        client.post(json!({ "query": query, "variables": variables })).await.body
    };
    let mut right = Vec::new();
    let texts =
        [TEXT.to_owned(), format!("{NAME}, {PHONE}"), CONTROL.to_owned(), TEXT.repeat(200), String::new()];
    for text in &texts {
        let input = report(text);
        let first = ask(REPORT, json!({ "input": input })).await;
        ask(REPORT, json!({ "input": input })).await;
        let mut other = input.clone();
        other["text"] = json!(format!("{text} {NAME}"));
        ask(REPORT, json!({ "input": other })).await;
        let household = household(&format!("{ADDRESS} {text}"));
        right.push(ask(REGISTER, json!({ "input": household })).await);
        let id = first["data"]["reportIncident"]["incident"]["id"].clone();
        for (expected, id) in [(1, id), (7, json!(TEXT))] {
            let key = report_input(0, "noise")["clientKey"].clone();
            let action = json!({ "dispatch": { "note": format!("{NAME} {text}") } });
            let id = if id.is_null() { json!(NAME) } else { id };
            let change = json!({ "clientKey": key, "id": id, "expectedVersion": expected, "action": action });
            right.push(ask(CHANGE, json!({ "input": change })).await);
        }
        let operations =
            [json!({ "reportIncident": report(text) }), json!({ "registerHousehold": household })];
        right.push(ask(APPLY, json!({ "operations": operations })).await);
        right.push(first);
        for field in ["category", "district", "clientKey", "channel", "position", NAME] {
            let mut wrong = report(text);
            wrong[field] = json!(format!("{NAME} {text}"));
            ask(REPORT, json!({ "input": wrong })).await;
        }
        for query in [
            "query($t: String!) { search(district: \"410184\", text: $t) { __typename } }",
            "query($t: String!) { district(code: $t) { code } }",
            "query($t: String!) { cells(district: \"410184\", after: $t) { totalCount } }",
            "query($t: String!) { households(district: \"410184\", after: $t) { totalCount } }",
            "query($t: ID!) { node(id: $t) { id } }",
            "query($t: String!) { canary(t: $t) }",
            "query($t: Int!) { viewer { role } }",
        ] {
            ask(query, json!({ "t": text })).await;
        }
        client.post(json!({ "query": format!("# {NAME}\n{{ canary_{} }}", PHONE) })).await;
        client.post(json!({ "query": format!("query Canary {{ node(id: \"{NAME} {TEXT}\") {{ id }} "), "operationName": NAME })).await;
    }
    let locate = "query($p: PositionInput!) { locate(district: \"410184\", position: $p) { method } }";
    ask(locate, json!({ "p": position() })).await;
    for lon in [json!(-LON * 3.0), json!(format!("{LON}")), json!(null)] {
        let mut wrong = position();
        wrong["lon"] = lon;
        ask(locate, json!({ "p": wrong })).await;
    }
    ask("{ households(district: \"410184\") { nodes { address position { lon lat } } } }", json!({})).await;
    let incidents =
        "{ incidents(district: \"410184\") { nodes { text position { lon lat } history { note } } } }";
    right.push(ask(incidents, json!({})).await);
    right
}

/// Files whose every cell is personal: good, with bad rows, broken off, of no kind that is known.
async fn import_all(client: &Client) {
    let quoted = CONTROL.replace('"', "");
    let good = format!(
        "id,lon,lat,address\nCanary-1,{LON},{LAT},\"{ADDRESS}\"\nCanary-2,{LON},{LAT},\"{quoted}\"\n"
    );
    let bad =
        format!("id,lon,lat,address\nCanary-3,{LAT},{LON},{NAME}\nCanary-3,{PHONE},{NAME},{TEXT}\n\"{TEXT}");
    let incidents = format!(
        "id,lon,lat,category,text,reported_at\nCanary-4,{LON},{LAT},noise,\"{TEXT} {NAME}\",2026-05-01T08:00:00Z\nCanary-5,{LON},{LAT},{NAME},{TEXT},{PHONE}\n"
    );
    let feature = json!({ "type": "Feature", "properties": { "id": "Canary-6", "address": ADDRESS, NAME: TEXT },
        "geometry": { "type": "Point", "coordinates": [LON, LAT] } });
    let feature = feature.to_string();
    let files = [
        ("households", "text/csv", good),
        ("households", "text/csv", bad),
        ("incidents", "text/csv", incidents),
        ("households", "application/geo+json", feature.clone()),
        ("incidents", "application/geo+json", feature.clone()),
        ("cells", "application/geo+json", feature.clone()),
        ("basemap", "application/geo+json", feature.clone()),
        ("households", "application/geo+json", feature[..feature.len() / 2].to_owned()),
        ("households", "application/vnd.flatgeobuf", format!("{TEXT} {NAME}")),
        ("households", "application/zip", format!("PK\u{3}\u{4}{TEXT} {NAME}")),
        ("households", "application/x-canary", TEXT.to_owned()),
    ];
    for (kind, content_type, body) in &files {
        for query in
            ["", "?dryRun=true", "?skipBad=true", "?level=cell&id=Canary", "?map=Canary%3Did&name=Canario"]
        {
            let path = format!("/d/{DISTRICT}/import/{kind}{query}");
            let post = client.request(Method::POST, &path).header("content-type", *content_type);
            // What came of it is others' business; here it is asked.
            drop(post.body(body.clone()).send().await.expect("an answer").bytes().await);
        }
    }
    for path in
        ["/d/410184/export/households", "/d/410184/export/incidents?format=csv", "/d/Canary/export/cells"]
    {
        // Where its table is gone, an export breaks off.
        if let Ok(response) = client.request(Method::GET, path).send().await {
            drop(response.bytes().await);
        }
    }
}

/// Addresses, headers and bodies that carry what they should not.
async fn ask_oddly(app: &TestApp) {
    let client = app.staff(Role::Head);
    for path in [
        "/Canario/13955501234",
        "/d/Canario/tiles.json",
        "/d/410184/tiles/Canary/1/0/0/0.mvt",
        "/d/410184/import/Canary?x=13955501234",
        "/graphql?query=%7B+canary%28a%3A+%22Canario%22%29+%7D&variables=%7B%22Canary%22%3A1%7D",
        "/graphql?operationName=Canary&query=%7B",
        "/?token=canary-token-0123456789",
    ] {
        for method in [Method::GET, Method::POST, Method::PUT] {
            drop(client.request(method, path).send().await.expect("an answer").bytes().await);
        }
    }
    for (name, value) in [
        ("authorization", "Basic Y2FuYXJ5 canary-token-0123456789"),
        ("authorization", "Bearer canary-token-0123456789"),
        ("cookie", "session=canary-token-0123456789"),
        ("user-agent", "Canary/4711"),
        ("referer", "https://canary.example/Canario"),
        ("origin", "https://canary.example"),
        ("traceparent", "00-canary-canary-01"),
        ("x-request-id", "canary"),
        ("x-forwarded-for", "canary"),
        ("content-type", "application/canary"),
        ("accept", "application/canary"),
        ("last-event-id", "canary"),
    ] {
        for path in ["/graphql", "/graphql/sse", "/d/410184/tiles.json"] {
            let post = app.public().request(Method::POST, path).header(name, value);
            let body =
                format!("{{\"query\":\"{{ canary }}\",\"{NAME}\":\"{TEXT}\",\"variables\":{{\"a\":{PHONE}");
            drop(post.body(body).send().await.expect("an answer").bytes().await);
        }
    }
    let follow = json!({ "query": "subscription($c: String) { incidentChanges(district: \"410184\", after: $c) { kind } }",
        "variables": { "c": TEXT } });
    let sse = client.request(Method::POST, "/graphql/sse").header("last-event-id", TOKEN).json(&follow);
    drop(sse.send().await.expect("an answer"));
}

async fn over_socket(app: &TestApp) {
    let follow =
        "subscription($a: String) { incidentChanges(district: \"410184\", after: $a) { upserts { text } } }";
    for token in [TOKEN.to_owned(), token_of(Role::Head)] {
        let mut socket = app.public().socket().await;
        for message in [
            json!({ "type": "connection_init", "payload": { "token": token, "name": NAME } }).to_string(),
            json!({ "id": "Canary-1", "type": "subscribe", "payload": { "query": follow, "variables": { "a": TEXT } } })
                .to_string(),
            json!({ "id": "Canary-2", "type": "subscribe", "payload": { "query": REPORT, "variables": { "input": report(TEXT) } } })
                .to_string(),
            json!({ "id": "Canary-3", "type": "subscribe", "payload": { "query": "{ canary(", "Canario": 1 } }).to_string(),
            format!("{{\"type\":\"{NAME}\",{CONTROL}"),
        ] {
            // The socket may be closed by now, for what was said before.
            drop(socket.send(Message::text(message)).await);
        }
        for _ in 0..10 {
            match tokio::time::timeout(std::time::Duration::from_secs(5), socket.next()).await {
                Ok(Some(Ok(Message::Close(_)) | Err(_)) | None) | Err(_) => break,
                Ok(Some(Ok(_))) => {}
            }
        }
    }
}

async fn by_operator(app: &TestApp) {
    for (name, cell) in [(NAME, None), (CONTROL, None), ("The head", Some(NAME))] {
        let user = NewUser {
            name: name.to_owned(),
            district: DISTRICT.to_owned(),
            role: "head".to_owned(),
            cell: cell.map(str::to_owned),
        };
        let command =
            if cell.is_some() { AdminCommand::ChangeUser(user) } else { AdminCommand::AddUser(user) };
        let answer = app.services.run_command(command, &Progress::silent()).await;
        assert!(!matches!(answer, AdminAnswer::Progress { .. }));
    }
}
