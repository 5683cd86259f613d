//! What is read and written once for many subscribers.

use std::sync::Arc;
use std::time::Duration;

use api::bus::Bus;
use api::config::ServerSecret;
use api::live::{BatchKind, CountBatch, Hub, Pace, ToldIncident};
use api::service::ServiceError;
use api::service::cells::Area;
use api::service::incidents::IncidentFilter;
use api::service::sql_count::SqlCount;
use domain::event::EventNumber;
use domain::ids::{PlanVersion, UserId};
use domain::staff::User;
use domain::text::StaffName;
use domain::viewer::{Role, Viewer};
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::BoxStream;
use serde_json::json;
use tests::app::{Client, TestApp};
use tests::subscriber::{Subscriber, texts};
use tests::town;
use tests::world::{self, report};
use uuid::Uuid;

const NEVER: Duration = Duration::from_secs(3_600);
/// Nothing comes by time alone.
const BY_EVENTS: Pace = Pace { heads: NEVER, figures: NEVER, bookmarks: NEVER, rights: Duration::ZERO };

type Batches = BoxStream<'static, Result<(BatchKind, Vec<Arc<ToldIncident>>), ServiceError>>;

async fn follow(hub: &Hub, viewer: &Viewer, area: Area, open: Option<bool>) -> Batches {
    let filter = IncidentFilter { open, ..IncidentFilter::default() };
    let followed = hub.incident_changes(viewer, world::DISTRICT, area, filter, None).await;
    let batches = followed.expect("a subscription").batches;
    batches.map(|batch| batch.map(|batch| (batch.kind, batch.upserts))).boxed()
}

/// The next incident that somebody is told as changed.
async fn told(batches: &mut Batches) -> Arc<ToldIncident> {
    for _ in 0..10 {
        let (kind, upserts) = batches.next().await.expect("it goes on").expect("a batch");
        if let (BatchKind::Changes, Some(first)) = (kind, upserts.first()) {
            return Arc::clone(first);
        }
    }
    panic!("nothing is told");
}

/// What comes next, as the texts of the incidents that are told as changed.
async fn told_texts(batches: &mut Batches) -> Vec<String> {
    let (kind, upserts) = batches.next().await.expect("it goes on").expect("a batch");
    assert_eq!(kind, BatchKind::Changes);
    upserts.iter().map(|incident| incident.seen.text().expect("it may be seen").to_owned()).collect()
}

/// Somebody of the staff, by their role.
async fn viewer(app: &TestApp, role: Role) -> Viewer {
    let users = app.store.users(world::DISTRICT_ID).await.expect("a statement");
    Viewer::staff(users.iter().find(|user| user.role == role).expect("one of each role"))
}

/// A head beside the one that the world has, of another cell.
async fn other_head(app: &TestApp, cell: usize) -> Client {
    let user = User {
        id: UserId(Uuid::from_u128(world::DISTRICT_ID.0.as_u128() + 0x200)),
        district: world::DISTRICT_ID,
        name: StaffName::parse("The other head").expect("a name"),
        role: Role::Head,
        cell: Some(world::cell_id(cell)),
    };
    world::hire(&app.store, world::noon(), &user, "token-of-the-other-head").await;
    app.with_token("token-of-the-other-head")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_see_the_same_share_one_reading_whatever_their_area_and_filter_and_others_do_not() {
    let app = TestApp::start().await;
    let hub =
        Hub::start(app.services.clone(), app.services.bus(), ServerSecret::new("of the tests"), BY_EVENTS);
    let areas = [Area::Everywhere, Area::Subtree(world::TOWNSHIP), Area::Cell(world::cell_id(0))];
    let mut by_role = Vec::new();
    for role in [Role::Dispatcher, Role::Observer, Role::Public] {
        let viewer = if role == Role::Public { Viewer::public() } else { viewer(&app, role).await };
        let mut subscribers = Vec::new();
        for number in 0..12 {
            let open = (number % 2 == 0).then_some(true);
            subscribers.push(follow(&hub, &viewer, areas[number % areas.len()], open).await);
        }
        by_role.push(subscribers);
    }
    report(&app.staff(Role::Dispatcher), 0, "noise").await;

    let mut readings = Vec::new();
    for subscribers in &mut by_role {
        let all = join_all(subscribers.iter_mut().map(told)).await;
        assert!(all.iter().all(|incident| Arc::ptr_eq(incident, &all[0])), "twelve of a role share one");
        readings.push(Arc::clone(&all[0]));
    }
    let texts: Vec<_> = readings.iter().map(|incident| incident.seen.text()).collect();
    assert_eq!(texts, [Some("in T1-SW"), None, None], "the observer and the public read none");
    assert!(!Arc::ptr_eq(&readings[1], &readings[2]), "masked alike, but not of one role");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shared_is_told_to_each_as_they_selected_it_and_may_see_it() {
    let app = TestApp::start().await;
    let mut subscribers = Vec::new();
    for role in [Role::Dispatcher, Role::Public, Role::Dispatcher, Role::Observer, Role::Public] {
        let mut subscriber = Subscriber::to_incidents(&app.staff(role), json!({})).await;
        assert_eq!(subscriber.batch().await["kind"], "SNAPSHOT");
        subscribers.push((role, subscriber));
    }
    let dispatcher = app.staff(Role::Dispatcher);
    for cell in 0..4 {
        report(&dispatcher, cell, "noise").await;
        for (role, subscriber) in &mut subscribers {
            let batch = subscriber.batch().await;
            let in_cell = format!("in {}", world::CELLS[cell]);
            match role {
                Role::Dispatcher => assert_eq!(texts(&batch), [in_cell]),
                _ => assert_eq!(batch["upserts"][0]["text"], json!(null), "{role:?}"),
            }
            assert_eq!(batch["upserts"][0]["stage"]["key"], "collected");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_of_two_cells_who_select_the_same_are_each_told_of_their_own_cell_alone() {
    const OWN: [usize; 2] = [0, 3];
    let app = TestApp::start().await;
    let heads = [app.staff(Role::Head), other_head(&app, OWN[1]).await];
    let mut subscribers = Vec::new();
    for head in &heads {
        let mut incidents = Subscriber::to_incidents(head, json!({})).await;
        let mut counts = Subscriber::to_counts(head, json!({})).await;
        assert_eq!(incidents.batch().await["kind"], "SNAPSHOT");
        assert_eq!(counts.batch().await["kind"], "SNAPSHOT");
        subscribers.push((incidents, counts));
    }
    let dispatcher = app.staff(Role::Dispatcher);
    // Often enough that each is at times the first who reads what is not theirs.
    for round in 1..=5 {
        for (cell, (incidents, counts)) in OWN.into_iter().zip(&mut subscribers) {
            report(&dispatcher, cell, "noise").await;
            let code = world::CELLS[cell];
            assert_eq!(texts(&incidents.batch().await), [format!("in {code}")]);
            let told = counts.batch().await["counts"].clone();
            assert_eq!((&told[0]["code"], &told[1]), (&json!(code), &json!(null)));
            assert_eq!(told[0]["counts"]["open"], round);
        }
    }
}

#[tokio::test]
async fn those_who_count_the_same_cells_under_the_same_rights_cost_one_statement() {
    let app = TestApp::start().await;
    let hub =
        Hub::start(app.services.clone(), app.services.bus(), ServerSecret::new("of the tests"), BY_EVENTS);
    let dispatcher = viewer(&app, Role::Dispatcher).await;
    let follow = async |number: usize| {
        let viewer = if number.is_multiple_of(2) { dispatcher.clone() } else { Viewer::public() };
        let area = if number < 6 { Area::Everywhere } else { Area::Subtree(world::TOWNSHIP) };
        hub.cell_counts(&viewer, world::DISTRICT, area, None).await.expect("a subscription").batches.boxed()
    };
    // A batch each, and how many statements counted for all of them together.
    let counted = async |batches: &mut [BoxStream<'static, Result<CountBatch, ServiceError>>]| {
        let sql = SqlCount::default();
        let all = join_all(batches.iter_mut().map(async |batches| {
            let batch = batches.next().await.expect("it goes on").expect("a batch");
            (batch.kind, batch.counts.iter().map(|count| count.counts.open).sum::<u64>())
        }));
        let told = sql.scope(all).await;
        assert!(told.iter().all(|batch| *batch == told[0]), "{told:?}");
        let counting = sql.statements().iter().filter(|sql| sql.contains("all_count")).count();
        (told[0], counting)
    };
    let mut subscribers = join_all((0..12).map(follow)).await;
    assert_eq!(counted(&mut subscribers).await.0, (BatchKind::Snapshot, 0));
    for number in 1..=3 {
        report(&app.staff(Role::Dispatcher), 0, "noise").await;
        let told = (BatchKind::Changes, 2 * number);
        assert_eq!(
            counted(&mut subscribers).await,
            (told, 2),
            "the cell and its township, for staff and public"
        );
    }
}

#[tokio::test]
async fn what_one_has_read_is_not_handed_to_another_once_the_plan_is_drawn_anew() {
    let app = TestApp::start().await;
    // Only this test rings: what is told after the plan is drawn anew is what the epoch says.
    let bus = Bus::local();
    let hub = Hub::start(app.services.clone(), &bus, ServerSecret::new("of the tests"), BY_EVENTS);
    let head = viewer(&app, Role::Head).await;
    let mut quick = follow(&hub, &head, Area::Everywhere, None).await;
    let mut slow = follow(&hub, &head, Area::Everywhere, None).await;
    for batches in [&mut quick, &mut slow] {
        let (kind, _) = batches.next().await.expect("it begins").expect("a batch");
        assert_eq!(kind, BatchKind::Snapshot);
    }
    let middle = world::middle_of(0).lon();
    for (lon, text) in [(middle, "goes to the cell in the east"), (middle - 0.004, "stays")] {
        let mut input = world::report_input(0, "noise");
        (input["position"]["lon"], input["text"]) = (json!(lon), json!(text));
        let mutation = "mutation($input: ReportIncidentInput!) { reportIncident(input: $input) { problems { message } } }";
        let answer = app.staff(Role::Dispatcher).ask(mutation, json!({ "input": input })).await;
        assert_eq!(answer["reportIncident"]["problems"], json!([]));
    }
    bus.ring(world::DISTRICT_ID, EventNumber(0));
    assert_eq!(told_texts(&mut quick).await, ["goes to the cell in the east", "stays"]);

    let plan = world::plan_cut_at(PlanVersion(2), middle - 0.002);
    world::publish(&app.store, world::noon(), &plan, Some(PlanVersion(1))).await;

    assert_eq!(told_texts(&mut slow).await, ["stays"], "the other is not in the head's cell any more");
}

#[tokio::test]
async fn cells_that_were_written_before_are_answered_alike_however_they_are_selected() {
    let town = town::Town::start().await;
    let ask = async |fields: &str| {
        let document = format!("{{ cells(district: \"{}\") {{ {fields} }} }}", town::DISTRICT);
        town.ask(Role::Public, &document, json!({})).await.data()["cells"].clone()
    };
    let geometry = "nodes { code geometry names { language text } bounds { west } parent { code } }";
    let first = ask(geometry).await;
    assert_eq!(first["nodes"].as_array().map(Vec::len), Some(7));
    assert!(first["nodes"][6]["geometry"]["coordinates"].is_array(), "{first}");
    assert_eq!(ask(geometry).await, first, "as it was kept");
    // Beside a field that changes, nothing is kept; the rest is as before.
    let beside = ask(&geometry.replace("code geometry", "code households geometry")).await;
    for (mut node, kept) in beside["nodes"]
        .as_array()
        .expect("a list")
        .iter()
        .cloned()
        .zip(first["nodes"].as_array().expect("a list"))
    {
        assert!(node.as_object_mut().expect("an object").remove("households").is_some());
        assert_eq!(node, *kept);
    }
    // Two selections under one name are merged.
    let merged = ask("nodes { code } nodes { level } ... on CellConnection { nodes { kind } }").await;
    assert_eq!(merged["nodes"][0], json!({ "code": "T1", "level": "township", "kind": "BASE" }));
    let renamed = ask("nodes { code: level level: code }").await;
    assert_eq!(renamed["nodes"][0], json!({ "code": "township", "level": "T1" }));
    assert_eq!(ask("nodes { code level }").await["nodes"][0], json!({ "code": "T1", "level": "township" }));
    // A fragment on another type leaves out its fields, for who asked with it and for nobody else.
    let foreign = ask("nodes { ... on Node { ... on Incident { id } } code kind }").await;
    assert_eq!(foreign["nodes"][0], json!({ "code": "T1", "kind": "BASE" }));
    let whole = ask("nodes { id code kind }").await;
    assert!(whole["nodes"][0]["id"].is_string(), "{whole}");
}
