//! The demo's second district: the generated town.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use api::service::admin::{AdminAnswer, AdminCommand};
use api::service::demo::{DEMO_CODE, DemoScale, Tell};
use api::service::export::{ExportFormat, ExportKind};
use api::service::import::Progress;
use chrono::{DateTime, Utc};
use domain::viewer::Viewer;
use geo_tools::Position;
use geo_tools::generate::{Day, Town, TownOptions};
use geo_tools::locator::Locator;
use serde_json::{Value, json};
use tests::app::{Client, TestApp};

const TOWN: &str = "demo-cn";
/// The clock of the tests shows noon of 1 June 2026 in China: the history ends the day before.
const UNTIL: &str = "2026-05-31";
const REDRAWN: &str = "2026-04-01T01:00:00Z";

fn generated() -> Town {
    let until = Day::parse(UNTIL).expect("a day");
    Town::generate(&TownOptions::town_cn(56, 1, until)).expect("the town of the demo")
}

fn silent() -> Tell {
    Arc::new(|_| ())
}

async fn with_town() -> TestApp {
    let app = TestApp::empty().await;
    app.services.open_generated_town(None, &silent()).await.expect("the town is made");
    app
}

async fn exported(app: &TestApp, kind: ExportKind) -> Vec<HashMap<String, String>> {
    exported_of(app, TOWN, kind).await
}

/// The rows of an export, each by its columns.
async fn exported_of(app: &TestApp, district: &str, kind: ExportKind) -> Vec<HashMap<String, String>> {
    let path = app.folder().join("export.csv");
    let command = AdminCommand::Export {
        district: district.to_owned(),
        kind,
        format: ExportFormat::Csv,
        path: path.clone(),
    };
    let answer = app.services.run_command(command, &Progress::silent()).await;
    assert!(matches!(answer, AdminAnswer::Done { .. }), "{answer:?}");
    let mut table = csv::Reader::from_path(path).expect("the export is there");
    table.deserialize().map(|row| row.expect("a row")).collect()
}

fn position(row: &HashMap<String, String>) -> Position {
    let number = |column: &str| row[column].parse().expect("a number");
    Position::new(number("lon"), number("lat")).expect("in range")
}

async fn signed_in(app: &TestApp, role: &str) -> Client {
    let sign_ins = app.services.demo_sign_ins(TOWN).await.expect("there is staff");
    let roles: Vec<&str> = sign_ins.iter().map(|sign_in| sign_in.role.as_str()).collect();
    assert_eq!(roles, ["admin", "planner", "dispatcher", "head", "worker", "observer"]);
    let chosen = sign_ins.iter().find(|sign_in| sign_in.role.as_str() == role).expect("each role has one");
    app.with_token(chosen.token.expose())
}

#[tokio::test]
async fn the_generated_town_has_the_figures_of_the_contract() {
    let app = with_town().await;
    let town = generated();
    let cells = exported(&app, ExportKind::Cells).await;
    let of_level = |level: &str| cells.iter().filter(|row| row["level"] == level).count();
    assert_eq!([of_level("township"), of_level("community"), of_level("cell")], [1, 17, 56]);
    assert!(cells.iter().all(|row| !row["name_zh"].is_ascii() && row["name_en"].is_ascii()));
    let households = exported(&app, ExportKind::Households).await;
    assert_eq!(households.len(), 8_857);
    let cell_of: HashMap<&str, &str> = town
        .buildings
        .iter()
        .map(|building| (building.code.as_str(), town.cells[building.cell.index()].code.as_str()))
        .collect();
    let astray = households.iter().find(|row| cell_of[row["building"].as_str()] != row["cell"]);
    assert_eq!(astray, None, "a household in another cell than the one that its building was put into");
}

#[tokio::test]
async fn half_a_year_of_incidents_lies_in_the_cells_that_the_locator_finds() {
    let app = with_town().await;
    let town = generated();
    let incidents = exported(&app, ExportKind::Incidents).await;
    assert_eq!(incidents.len(), 56 * 24 + 48, "the history, and what waits");
    let locator = Locator::build(&town.coverage);
    // What happened at a house lies in the cell that the house was put into, whatever any locator says.
    let houses: HashMap<Position, &str> = town
        .buildings
        .iter()
        .map(|building| (building.position, town.cells[building.cell.index()].code.as_str()))
        .collect();
    let astray =
        incidents.iter().find(|row| houses.get(&position(row)).is_some_and(|cell| *cell != row["cell"]));
    assert_eq!(astray, None);
    assert!(incidents.iter().filter(|row| houses.contains_key(&position(row))).count() >= 56 * 24);
    for row in &incidents {
        // As far outside as the rules take for the nearest cell: corners of streets lie on the outline.
        let found =
            locator.locate(position(row), 25.0).leaf.map(|leaf| town.cells[leaf.index()].code.as_str());
        assert_eq!(found, Some(row["cell"].as_str()), "{row:?}");
        assert_eq!(row["closed_at"].is_empty(), row["stage"] != "closed", "{row:?}");
        assert!(row["closed_at"].is_empty() || row["closed_at"] > row["reported_at"], "{row:?}");
    }
    let reported: Vec<&str> = incidents.iter().map(|row| row["reported_at"].as_str()).collect();
    let (first, last) = (reported.iter().min(), reported.iter().max());
    assert!(first.is_some_and(|at| ("2025-11-30T23".."2025-12-02").contains(at)), "{first:?}");
    assert!(last.is_some_and(|at| at.starts_with("2026-06-01")), "{last:?}");
    let months = |month: &str| reported.iter().filter(|at| at.starts_with(month)).count();
    for month in ["2025-12", "2026-01", "2026-02", "2026-03", "2026-04", "2026-05"] {
        assert!((150..320).contains(&months(month)), "{} in {month}", months(month));
    }
    let open = incidents.iter().filter(|row| row["closed_at"].is_empty()).count();
    assert!((50..90).contains(&open), "{open} open");
}

#[tokio::test]
async fn the_grid_before_the_redraw_still_answers_and_history_stays_with_its_version() {
    let app = with_town().await;
    let town = generated();
    let (&split, &host) = town.split_from.first_key_value().expect("a cell was split off");
    let building = town.buildings.iter().find(|building| building.cell.index() == split).expect("inhabited");
    let place = json!({ "lon": building.position.lon(), "lat": building.position.lat(), "datum": "WGS84" });
    let locate = "query($d: String!, $p: PositionInput!, $at: At) {
        locate(district: $d, position: $p, at: $at) { cell { code } planVersion }
        cells(district: $d, level: \"cell\", at: $at) { totalCount }
    }";
    let seen = async |at: Value| {
        let answer = app.public().ask(locate, json!({ "d": TOWN, "p": place, "at": at })).await;
        let located = &answer["locate"];
        (
            located["cell"]["code"].clone(),
            located["planVersion"].clone(),
            answer["cells"]["totalCount"].clone(),
        )
    };
    let (now, before) = (json!(town.cells[split].code), json!(town.cells[host].code));
    assert_eq!(seen(json!(null)).await, (now.clone(), json!(2), json!(56)));
    assert_eq!(seen(json!({ "planVersion": 1 })).await, (before.clone(), json!(1), json!(54)));
    assert_eq!(seen(json!({ "time": "2026-04-01T00:59:59Z" })).await, (before, json!(1), json!(54)));
    assert_eq!(seen(json!({ "time": REDRAWN })).await, (now, json!(2), json!(56)));
    let document = "query($d: String!, $order: IncidentOrder!) {
        incidents(district: $d, orderBy: $order, first: 50) {
            nodes { planVersion reportedAt exercise stage { key } history { action at note } }
        }
    }";
    let admin = signed_in(&app, "admin").await;
    let incidents = async |order: &str| {
        let answer = admin.ask(document, json!({ "d": TOWN, "order": order })).await;
        answer["incidents"]["nodes"].as_array().cloned().unwrap_or_default()
    };
    for incident in incidents("OLDEST").await {
        assert_eq!(incident["stage"]["key"], "closed", "{incident}");
        let steps = incident["history"].as_array().expect("a history");
        assert_eq!(steps[1]["action"], "close", "{incident}");
        assert!(steps[1]["note"].as_str().is_some_and(|note| !note.is_ascii()), "{incident}");
        assert_eq!(incident["exercise"], true);
        // What lies where cells were split off belongs to the new ones now; everything else stays with its version.
        assert!([1, 2].map(Value::from).contains(&incident["planVersion"]));
    }
    let of_first = incidents("OLDEST").await.iter().filter(|incident| incident["planVersion"] == 1).count();
    assert!(of_first > 40, "{of_first} of the oldest 50 stay with version 1");
    assert!(incidents("NEWEST").await.iter().all(|incident| incident["planVersion"] == 2));
}

#[tokio::test]
async fn nobody_sees_the_town_before_it_is_whole_and_a_second_start_changes_nothing() {
    let app = TestApp::empty().await;
    app.services.hide_generated_town().await;
    let told = Arc::new(Mutex::new(Vec::new()));
    let hear = Arc::clone(&told);
    let tell: Tell = Arc::new(move |what| hear.lock().expect("unpoisoned").push(what.to_owned()));
    let services = app.services.clone();
    let making = tokio::spawn(async move { services.open_generated_town(None, &tell).await.map(drop) });
    let mut looked = 0;
    while !making.is_finished() {
        let listed = !app.services.districts(&Viewer::public()).await.expect("the list").is_empty();
        if listed {
            // Whoever sees it sees all of it; the incidents are what comes last.
            assert_eq!(exported(&app, ExportKind::Incidents).await.len(), 56 * 24 + 48, "seen half made");
            break;
        }
        looked += 1;
        tokio::task::yield_now().await;
    }
    making.await.expect("it ends").expect("the town is made");
    assert!(looked > 10, "looked {looked} times while it was being made");
    let listed = app.services.districts(&Viewer::public()).await.expect("the list");
    assert_eq!(listed.len(), 1);
    assert!(told.lock().expect("unpoisoned").iter().any(|what| what == "8857 households"));

    let all = async || {
        let mut rows = Vec::new();
        for kind in [ExportKind::Cells, ExportKind::Households, ExportKind::Incidents] {
            rows.push(exported(&app, kind).await);
        }
        let [district] = &app.services.districts(&Viewer::public()).await.expect("the list")[..] else {
            panic!("one district");
        };
        let heads = app.services.stream_heads().await.expect("heads");
        (rows, district.plan_version, district.basemap_version, heads.len(), heads[0].number)
    };
    let before = all().await;
    let later: DateTime<Utc> = DateTime::from_timestamp(1_780_286_400 + 86_400 * 3, 0).expect("a time");
    app.clock.advance(later - app.clock.now());
    app.services.open_generated_town(None, &silent()).await.expect("the town is there");
    assert!(all().await == before, "a second start has changed something");
    let refused = app.services.open_generated_town(Some(DemoScale::City), &silent()).await;
    let refused = refused.map(drop).expect_err("there is a small town already").to_string();
    assert!(refused.contains("another size") && refused.contains("--data-dir"), "{refused}");
    assert!(all().await == before);
}

#[tokio::test]
async fn a_stop_before_what_waits_is_made_good_by_the_next_start() {
    let app = TestApp::empty().await;
    let history = 56 * 24;
    let stop: Tell = Arc::new(move |made| assert!(!made.starts_with(&history.to_string()), "stopped"));
    let services = app.services.clone();
    let making = tokio::spawn(async move { services.open_generated_town(None, &stop).await.map(drop) });
    making.await.expect_err("it was stopped when the history was there");
    assert_eq!(exported(&app, ExportKind::Incidents).await.len(), history);

    app.services.open_generated_town(None, &silent()).await.expect("the rest is made");

    let incidents = exported(&app, ExportKind::Incidents).await;
    assert_eq!(incidents.len(), history + 48);
    let open = incidents.iter().filter(|row| row["closed_at"].is_empty()).count();
    assert!((50..90).contains(&open), "{open} open");
}

/// A folder of the demo from before there was a second district.
#[tokio::test]
async fn a_demo_without_the_town_gets_it_and_keeps_what_it_has() {
    let app = TestApp::empty().await;
    app.services.open_demo().await.expect("the demo is made");
    let sign_ins = app.services.demo_sign_ins(DEMO_CODE).await.expect("there is staff");
    let kept = async || {
        let mut rows = Vec::new();
        for kind in [ExportKind::Cells, ExportKind::Households, ExportKind::Incidents] {
            rows.push(exported_of(&app, DEMO_CODE, kind).await);
        }
        let districts = app.services.districts(&Viewer::public()).await.expect("the list");
        let demo =
            districts.into_iter().find(|district| district.code.as_str() == DEMO_CODE).expect("the demo");
        let heads = app.services.stream_heads().await.expect("heads");
        let head = heads.iter().find(|head| head.district == demo.id).map(|head| head.number);
        (rows, demo.plan_version, demo.basemap_version, head)
    };
    let before = kept().await;

    app.services.hide_generated_town().await;
    app.services.open_demo().await.expect("the demo is there");
    app.services.open_generated_town(None, &silent()).await.expect("the town is made");

    assert!(kept().await == before, "the first district has changed");
    assert_eq!(exported(&app, ExportKind::Incidents).await.len(), 56 * 24 + 48);
    let viewer = "{ viewer { role } }";
    for sign_in in sign_ins {
        let signed_in = app.with_token(sign_in.token.expose()).ask(viewer, json!({})).await;
        assert_eq!(signed_in["viewer"]["role"], sign_in.role.as_str().to_uppercase(), "links of before work");
    }
}
