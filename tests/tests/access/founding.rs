//! Makes a described world real: the grid and the staff as an operator would, all else through the doors.

use std::collections::HashMap;

use api::store::plans::Publication;
use api::store::{Attempt, Outcome, Store};
use chrono::{DateTime, TimeDelta, Utc};
use domain::cell::{Cell, CellCode, CellKind, CellSetting};
use domain::district::{District as Founded, DistrictCode};
use domain::event::EventNumber;
use domain::ids::{CellId, DistrictId, PlanVersion, PostingId, UserId};
use domain::level::LevelRank;
use domain::plan::{Plan, PlanParts};
use domain::rules::Rules;
use domain::staff::{Posting, PostingRole, User};
use domain::text::{LocalTexts, StaffName};
use domain::viewer::Role;
use geo_tools::coverage::{Area, BuildOptions, build};
use geo_tools::{Polygon, Position};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tests::app::{Client, TestApp, answered};
use tests::world::client_key;
use uuid::Uuid;

use super::expect::uuid_in;
use super::world::{District, Grid, Incident, Person, STEP, Spot, World};

/// Founds everything; afterwards the ids that the server gave are in the world.
pub(crate) async fn found(app: &TestApp, world: &mut World) {
    let begin = app.clock.now();
    for district in &world.districts {
        found_district(&app.store, district, begin).await;
    }
    let end = world.now;
    for person in &world.people {
        found_person(&app.store, &world.districts[person.district], person, begin, end).await;
    }
    for (number, district) in world.districts.iter().enumerate() {
        hold_postings(&app.store, district, &world.people, begin).await;
        bring_homes(app, district, &world.people, number).await;
    }
    report_incidents(app, world).await;
    app.clock.advance(world.now - app.clock.now());
    for district in &world.districts {
        publish(&app.store, district, &district.grids[1], Some(1), world.now).await;
        let events = app.services.events_after(DistrictId(district.id), EventNumber(0), 1_000).await;
        assert!(!events.expect("events").is_empty());
    }
    for number in 0..world.districts.len() {
        learn_ids(app, world, number).await;
    }
}

/// The client of somebody.
pub(crate) fn client(app: &TestApp, person: Option<&Person>) -> Client {
    person.map_or_else(|| app.public(), |person| app.with_token(&person.token))
}

async fn found_district(store: &Store, district: &District, now: DateTime<Utc>) {
    let founded = Founded {
        id: DistrictId(district.id),
        code: DistrictCode::parse(&district.code).expect("a code"),
        ..tests::world::district()
    };
    assert!(store.insert_district(&founded, Rules::DEFAULT_TEXT).await.expect("a statement"));
    publish(store, district, &district.grids[0], None, now).await;
}

async fn publish(store: &Store, district: &District, grid: &Grid, base: Option<i32>, now: DateTime<Utc>) {
    let plan = plan(district, grid, now);
    let publication =
        Publication { plan: &plan, base: base.map(PlanVersion), nearest_within_m: 25.0, note: None };
    let published = store.publish_plan(&publication, &Attempt::by_system(now)).await.expect("a transaction");
    assert_eq!(published, Outcome::Done(PlanVersion(grid.version)));
}

fn plan(district: &District, grid: &Grid, now: DateTime<Utc>) -> Plan {
    let corner = |column: i32, row: i32| position(grid.west + column * STEP, grid.south + row * STEP);
    let square = |square: usize| {
        let (column, row) = (square as i32 % grid.columns, square as i32 / grid.columns);
        let exterior = vec![
            corner(column, row),
            corner(column + 1, row),
            corner(column + 1, row + 1),
            corner(column, row + 1),
        ];
        Area { name: square.to_string(), polygons: vec![Polygon { exterior, holes: Vec::new() }] }
    };
    let areas: Vec<Area> = (0..grid.squares.len()).map(square).collect();
    let coverage = build(&areas, &BuildOptions::default()).coverage.expect("squares that share sides");
    let cell = |cell: &super::world::Cell| Cell {
        id: CellId(cell.id),
        code: CellCode::parse(&cell.code).expect("a code"),
        rank: LevelRank(cell.rank),
        names: LocalTexts::new([("en", format!("Grid {}", cell.code).as_str())]).expect("a name"),
        parent: cell.parent.map(|parent| CellId(grid.cells[parent].id)),
        kind: CellKind::Base,
        setting: CellSetting::Urban,
        since: PlanVersion(grid.version),
    };
    Plan::assemble(PlanParts {
        district: DistrictId(district.id),
        version: PlanVersion(grid.version),
        in_force_since: now,
        cells: grid.cells.iter().map(cell).collect(),
        leaf_cells: grid.squares.iter().map(|&leaf| CellId(grid.cells[leaf].id)).collect(),
        coverage,
    })
    .expect("a plan")
}

fn position(lon: i32, lat: i32) -> Position {
    Position::from_e7(lon, lat).expect("in range")
}

/// A token that has run out ran out a second before the end; the others last.
async fn found_person(
    store: &Store,
    district: &District,
    person: &Person,
    begin: DateTime<Utc>,
    end: DateTime<Utc>,
) {
    let user = User {
        id: UserId(person.id),
        district: DistrictId(district.id),
        name: StaffName::parse(&person.name).expect("a name"),
        role: Role::parse(person.role).expect("a role"),
        cell: person.root.map(CellId),
    };
    let attempt = Attempt::by_system(begin);
    assert!(store.insert_user(&user, &attempt).await.expect("a user"));
    let hash: [u8; 32] = Sha256::digest(person.token.as_bytes()).into();
    let until = if person.expired { end - TimeDelta::seconds(1) } else { end + TimeDelta::days(30) };
    store.insert_token(&user, &hash, until, &attempt).await.expect("a token");
}

async fn hold_postings(store: &Store, district: &District, people: &[Person], now: DateTime<Utc>) {
    const ROLES: [PostingRole; 8] = [
        PostingRole::Head,
        PostingRole::Worker,
        PostingRole::Supervisor,
        PostingRole::Commander,
        PostingRole::Informant,
        PostingRole::Volunteer,
        PostingRole::DepartmentOfficer,
        PostingRole::Substitute,
    ];
    for posting in &district.postings {
        let holder = &people[posting.person];
        let held = Posting {
            id: PostingId(Uuid::new_v4()),
            cell: CellId(posting.cell),
            user: UserId(holder.id),
            name: StaffName::parse(&holder.name).expect("a name"),
            role: ROLES[posting.role],
            since: posting.since,
            until: None,
        };
        let id = DistrictId(district.id);
        store.insert_posting(id, &held, &Attempt::by_system(now)).await.expect("a posting");
    }
}

/// The admin of all of a district.
pub(crate) fn admin(people: &[Person], number: usize) -> &Person {
    people.iter().find(|person| person.district == number).expect("the first is the admin")
}

async fn bring_homes(app: &TestApp, district: &District, people: &[Person], number: usize) {
    let admin = client(app, Some(admin(people, number)));
    let mut table = "id,lon,lat,address,dwellings\n".to_owned();
    for building in &district.buildings {
        let (lon, lat) = building.spot.degrees();
        let row =
            format!("{},{lon:.7},{lat:.7},{},{}\n", building.source, building.address, building.dwellings);
        table.push_str(&row);
    }
    let path = format!("/d/{}/import/households?map=dwellings%3Ddwellings", district.code);
    let import = admin.request(Method::POST, &path).header("content-type", "text/csv").body(table);
    let report = answered(import).await;
    assert_eq!(report.status, 200, "{:#}", report.body);
    let register = "mutation($input: RegisterHouseholdInput!) { registerHousehold(input: $input) { problems { message } } }";
    for home in district.households.iter().filter(|home| home.building.is_none()) {
        let mut input = json!({
            "clientKey": client_key(), "district": district.code, "address": home.address,
            "memberCount": home.members,
        });
        if let Some(spot) = home.spot {
            input["position"] = place(spot);
        }
        let answer = admin.ask(register, json!({ "input": input })).await;
        assert_eq!(answer["registerHousehold"]["problems"], json!([]));
    }
}

fn place(spot: Spot) -> Value {
    let (lon, lat) = spot.degrees();
    json!({ "lon": lon, "lat": lat, "datum": "WGS84" })
}

/// Everything that happened, in its order, each at its time.
async fn report_incidents(app: &TestApp, world: &World) {
    let mut happened: Vec<(DateTime<Utc>, usize, usize, usize)> = Vec::new();
    for (number, district) in world.districts.iter().enumerate() {
        for (index, incident) in district.incidents.iter().enumerate() {
            let steps = incident.steps.iter().enumerate();
            happened.extend(steps.map(|(step, done)| (done.at, number, index, step)));
        }
    }
    happened.sort();
    let mut ids: HashMap<(usize, usize), Value> = HashMap::new();
    for (at, number, index, step) in happened {
        app.clock.advance(at - app.clock.now());
        let district = &world.districts[number];
        let incident = &district.incidents[index];
        let done = &incident.steps[step];
        let actor = client(app, done.by.map(|person| &world.people[person]));
        if step == 0 {
            report(&actor, district, incident).await;
            let newest =
                format!("{{ incidents(district: {:?}, first: 1) {{ nodes {{ id text }} }} }}", district.code);
            let admin = client(app, Some(admin(&world.people, number)));
            let known = admin.ask(&newest, json!({})).await["incidents"]["nodes"][0].clone();
            assert_eq!(known["text"], json!(incident.text));
            ids.insert((number, index), known["id"].clone());
        } else {
            change(&actor, &ids[&(number, index)], incident, step).await;
        }
    }
}

async fn report(reporter: &Client, district: &District, incident: &Incident) {
    let mutation =
        "mutation($input: ReportIncidentInput!) { reportIncident(input: $input) { problems { message } } }";
    let input = json!({
        "clientKey": client_key(), "district": district.code, "category": incident.category.code,
        "text": incident.text, "position": place(incident.spot),
    });
    let answer = reporter.ask(mutation, json!({ "input": input })).await;
    assert_eq!(answer["reportIncident"]["problems"], json!([]));
}

async fn change(actor: &Client, id: &Value, incident: &Incident, step: usize) {
    let mutation =
        "mutation($input: ChangeIncidentInput!) { changeIncident(input: $input) { problems { message } } }";
    let done = &incident.steps[step];
    let input = json!({
        "clientKey": client_key(), "id": id, "expectedVersion": step,
        "action": { done.action: { "note": done.note } },
    });
    let answer = actor.ask(mutation, json!({ "input": input })).await;
    assert_eq!(answer["changeIncident"]["problems"], json!([]));
}

/// The ids that the server gave, as the admin of all of the district reads them.
async fn learn_ids(app: &TestApp, world: &mut World, number: usize) {
    let code = world.districts[number].code.clone();
    let admin = client(app, Some(admin(&world.people, number)));
    let query = format!(
        "{{ incidents(district: {code:?}, first: 200) {{ totalCount nodes {{ id text }} }}
            households(district: {code:?}, first: 200) {{ totalCount nodes {{ id address building {{ id }} }} }} }}"
    );
    let known = admin.ask(&query, json!({})).await;
    let district = &mut world.districts[number];
    let incidents = &known["incidents"]["nodes"];
    assert_eq!(known["incidents"]["totalCount"], json!(district.incidents.len()));
    for incident in &mut district.incidents {
        let node =
            incidents.as_array().and_then(|nodes| nodes.iter().find(|node| node["text"] == incident.text));
        incident.id = uuid_in(&node.expect("it was reported")["id"]);
    }
    let mut homes = known["households"]["nodes"].as_array().cloned().expect("a list");
    assert_eq!(homes.len(), district.households.len());
    for home in &mut district.households {
        let at = homes.iter().position(|node| node["address"] == home.address).expect("it was registered");
        let node = homes.swap_remove(at);
        home.id = uuid_in(&node["id"]);
        if let Some(building) = home.building {
            district.buildings[building].id = uuid_in(&node["building"]["id"]);
        }
    }
}
