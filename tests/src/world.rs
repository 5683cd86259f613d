//! A small district near Manila: one township of four cells in a square, staff of every role.

use std::sync::Arc;

use api::service::admin::{AdminAnswer, AdminCommand, NewUser};
use api::service::import::Progress;
use api::store::plans::Publication;
use api::store::{Attempt, Outcome, Store};
use chrono::{DateTime, TimeDelta, Utc};
use domain::cell::{Cell, CellCode, CellKind, CellSetting};
use domain::district::{District, DistrictCode};
use domain::ids::{CellId, DistrictId, PlanVersion, UserId};
use domain::level::LevelRank;
use domain::plan::{Plan, PlanParts};
use domain::rules::Rules;
use domain::staff::User;
use domain::text::{LocalTexts, StaffName};
use domain::viewer::Role;
use geo_tools::coverage::{Area, BuildOptions, build};
use geo_tools::{Polygon, Position};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::app::{Client, TestApp};

/// The district's code.
pub const DISTRICT: &str = "410184";
/// The district's id.
pub const DISTRICT_ID: DistrictId = DistrictId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0009));
/// The township; its code is `T1`.
pub const TOWNSHIP: CellId = CellId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0001));
/// The cells' codes: south-west, south-east, north-west, north-east.
pub const CELLS: [&str; 4] = ["T1-SW", "T1-SE", "T1-NW", "T1-NE"];
/// The south-western corner of the square.
pub const WEST: f64 = 120.980;
/// The southern edge of the square.
pub const SOUTH: f64 = 14.580;
/// How wide and high each cell is, in degrees: about 1.1 km.
pub const STEP: f64 = 0.010;

/// When the tests begin.
pub fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_286_400, 0).unwrap_or_default()
}

/// The id of the cell with an index into [`CELLS`].
pub fn cell_id(index: usize) -> CellId {
    CellId(Uuid::from_u128(TOWNSHIP.0.as_u128() + 1 + index as u128))
}

/// The middle of the cell with an index into [`CELLS`].
pub fn middle_of(index: usize) -> Position {
    let (column, row) = (index % 2, index / 2);
    at(WEST + STEP * (column as f64 + 0.5), SOUTH + STEP * (row as f64 + 0.5))
}

/// A position of the tests' own.
///
/// # Panics
/// Where the numbers are out of range.
pub fn at(lon: f64, lat: f64) -> Position {
    Position::new(lon, lat).expect("in range")
}

/// The token of a role's user.
pub fn token_of(role: Role) -> String {
    format!("token-of-the-{}", role.as_str())
}

/// The district without its plan.
pub fn district() -> District {
    District {
        id: DISTRICT_ID,
        code: DistrictCode::parse(DISTRICT).expect("a code"),
        names: LocalTexts::new([("zh", "新密市"), ("en", "Xinmi")]).expect("names"),
        time_zone: chrono_tz::Asia::Shanghai,
        exercise: false,
        attribution: Some("Invented for tests".into()),
        plan_version: None,
        basemap_version: 0,
        rules: Arc::new(Rules::default()),
    }
}

/// The first plan.
pub fn plan() -> Plan {
    plan_cut_at(PlanVersion(1), WEST + STEP)
}

/// A plan whose cells in the west and in the east meet at a longitude.
///
/// # Panics
/// Where that lies outside the square.
pub fn plan_cut_at(version: PlanVersion, cut: f64) -> Plan {
    let columns = [WEST, cut, WEST + STEP * 2.0];
    let corner = |column: usize, row: usize| at(columns[column], SOUTH + STEP * row as f64);
    let square = |index: usize| {
        let (column, row) = (index % 2, index / 2);
        let exterior = vec![
            corner(column, row),
            corner(column + 1, row),
            corner(column + 1, row + 1),
            corner(column, row + 1),
        ];
        Area { name: CELLS[index].to_owned(), polygons: vec![Polygon { exterior, holes: Vec::new() }] }
    };
    let areas: Vec<Area> = (0..4).map(square).collect();
    let built = build(&areas, &BuildOptions::default());
    let coverage = built.coverage.unwrap_or_else(|| panic!("{:?}", built.problems));
    let cell = |id: CellId, code: &str, rank: u8, parent: Option<CellId>| Cell {
        id,
        code: CellCode::parse(code).expect("a code"),
        rank: LevelRank(rank),
        names: LocalTexts::new([("en", code)]).expect("a name"),
        parent,
        kind: CellKind::Base,
        setting: CellSetting::Urban,
        since: PlanVersion(1),
    };
    let mut cells = vec![cell(TOWNSHIP, "T1", 0, None)];
    cells.extend((0..4).map(|index| cell(cell_id(index), CELLS[index], 2, Some(TOWNSHIP))));
    let parts = PlanParts {
        district: DISTRICT_ID,
        version,
        in_force_since: noon(),
        cells,
        leaf_cells: (0..4).map(cell_id).collect(),
        coverage,
    };
    Plan::assemble(parts).expect("a plan")
}

/// Writes the district, its first plan and a user of every role with a token.
///
/// The worker and the head work in the south-western cell, all others in the whole district.
///
/// # Panics
/// Where the store refuses.
pub async fn found(store: &Store, now: DateTime<Utc>) {
    found_with_rules(store, now, Rules::DEFAULT_TEXT).await;
}

/// The same, under another rule file.
///
/// # Panics
/// Where the store refuses.
pub async fn found_with_rules(store: &Store, now: DateTime<Utc>, rules: &str) {
    assert!(store.insert_district(&district(), rules).await.expect("a district"));
    publish(store, now, &plan(), None).await;
    for (index, role) in Role::ALL.into_iter().enumerate().skip(1) {
        let cell = matches!(role, Role::Worker | Role::Head).then(|| cell_id(0));
        let user = User {
            id: UserId(Uuid::from_u128(DISTRICT_ID.0.as_u128() + 0x100 + index as u128)),
            district: DISTRICT_ID,
            name: StaffName::parse(&format!("The {}", role.as_str())).expect("a name"),
            role,
            cell,
        };
        hire(store, now, &user, &token_of(role)).await;
    }
}

/// Puts a plan in force that was made from another.
///
/// # Panics
/// Where the store refuses.
pub async fn publish(store: &Store, now: DateTime<Utc>, plan: &Plan, base: Option<PlanVersion>) {
    let publication = Publication { plan, base, nearest_within_m: 25.0, note: None };
    let published = store.publish_plan(&publication, &Attempt::by_system(now)).await.expect("a publication");
    assert_eq!(published, Outcome::Done(plan.version()));
}

/// Writes a user with a token that is good for 30 days.
///
/// # Panics
/// Where the store refuses.
pub async fn hire(store: &Store, now: DateTime<Utc>, user: &User, token: &str) {
    let attempt = Attempt::by_system(now);
    assert!(store.insert_user(user, &attempt).await.expect("a user"));
    let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    store.insert_token(user, &hash, now + TimeDelta::days(30), &attempt).await.expect("a token");
}

/// A client key that nobody has used.
///
/// # Panics
/// Never: a UUID has ten bytes.
pub fn client_key() -> Uuid {
    let random = Uuid::new_v4();
    let random = random.as_bytes()[..10].try_into().expect("ten bytes");
    uuid::Builder::from_unix_timestamp_millis(1_800_000_000_000, random).into_uuid()
}

/// What somebody reports in the middle of a cell, under a key of its own.
pub fn report_input(cell: usize, category: &str) -> Value {
    let at = middle_of(cell);
    json!({
        "clientKey": client_key(),
        "district": DISTRICT,
        "category": category,
        "text": format!("in {}", CELLS[cell]),
        "position": { "lon": at.lon(), "lat": at.lat(), "datum": "WGS84" },
    })
}

/// Reports an incident in the middle of a cell.
///
/// # Panics
/// Where it is refused.
pub async fn report(client: &Client, cell: usize, category: &str) {
    let mutation =
        "mutation($input: ReportIncidentInput!) { reportIncident(input: $input) { problems { message } } }";
    let answer = client.ask(mutation, json!({ "input": report_input(cell, category) })).await;
    assert_eq!(answer["reportIncident"]["problems"], json!([]));
}

/// Makes the test's head something else, as an operator would.
///
/// # Panics
/// Where that is refused.
pub async fn make_the_head(app: &TestApp, role: Role, cell: Option<&str>) {
    let change = NewUser {
        name: "The head".to_owned(),
        district: DISTRICT.to_owned(),
        role: role.as_str().to_owned(),
        cell: cell.map(str::to_owned),
    };
    let answer = app.services.run_command(AdminCommand::ChangeUser(change), &Progress::silent()).await;
    assert!(matches!(answer, AdminAnswer::Done { .. }), "{answer:?}");
}
