//! What is read and written once for many subscribers.

use std::sync::Arc;

use api::config::ServerSecret;
use api::live::{BatchKind, Hub, ToldIncident};
use api::service::ServiceError;
use api::service::cells::Area;
use api::service::incidents::IncidentFilter;
use domain::viewer::{Role, Viewer};
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::BoxStream;
use serde_json::json;
use tests::app::{PACE, TestApp};
use tests::subscriber::{Subscriber, texts};
use tests::town;
use tests::world::{self, report};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_who_see_the_same_share_one_reading_whatever_their_area_and_filter_and_others_do_not() {
    let app = TestApp::start().await;
    let hub = Hub::start(app.services.clone(), app.services.bus(), ServerSecret::new("of the tests"), PACE);
    let viewer = async |role| {
        if role == Role::Public {
            return Viewer::public();
        }
        let users = app.store.users(world::DISTRICT_ID).await.expect("a statement");
        Viewer::staff(users.iter().find(|user| user.role == role).expect("one of each role"))
    };
    let areas = [Area::Everywhere, Area::Subtree(world::TOWNSHIP), Area::Cell(world::cell_id(0))];
    let mut by_role = Vec::new();
    for role in [Role::Dispatcher, Role::Observer, Role::Public] {
        let viewer = viewer(role).await;
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
