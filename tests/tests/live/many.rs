//! Many subscribers, some of whom take nothing.

use domain::viewer::Role;
use futures_util::future::join_all;
use serde_json::json;
use tests::app::TestApp;
use tests::subscriber::Subscriber;
use tests::world::report;

const SUBSCRIBERS: usize = 400;
const AT_ONCE: usize = 50;
const REPORTS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_hundreds_is_told_everything_in_order_while_a_tenth_takes_nothing() {
    let app = TestApp::start().await;
    let public = app.public();
    let mut subscribers = Vec::new();
    for _ in 0..SUBSCRIBERS / AT_ONCE {
        let begin = async || {
            let mut subscriber = Subscriber::to_incidents(&public, json!({})).await;
            assert_eq!(subscriber.batch().await["kind"], "SNAPSHOT");
            subscriber
        };
        subscribers.extend(join_all((0..AT_ONCE).map(|_| begin())).await);
    }
    // These are open, and nobody reads them any more.
    let stalled = subscribers.split_off(SUBSCRIBERS - SUBSCRIBERS / 10);
    let dispatcher = app.staff(Role::Dispatcher);
    for number in 0..REPORTS {
        report(&dispatcher, number % 4, "noise").await;
    }
    let all = join_all(subscribers.iter_mut().map(async |subscriber| {
        let mut ids = Vec::new();
        while ids.len() < REPORTS {
            let batch = subscriber.batch().await;
            assert_eq!(batch["kind"], "CHANGES");
            for incident in batch["upserts"].as_array().expect("a list") {
                assert_eq!(incident["version"], 1);
                ids.push(incident["id"].as_str().expect("an id").to_owned());
            }
        }
        ids
    }));
    let all = all.await;
    let listed = dispatcher
        .ask("{ incidents(district: \"410184\", orderBy: OLDEST, first: 100) { nodes { id } } }", json!({}));
    let listed = listed.await;
    let mut expected: Vec<&str> = listed["incidents"]["nodes"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|incident| incident["id"].as_str())
        .collect();
    assert_eq!(expected.len(), REPORTS);
    // The clock stands still, so that the list is in no order that tells; what was told was filed one after the other.
    for ids in &all {
        assert_eq!(ids, &all[0]);
    }
    let mut told: Vec<&str> = all[0].iter().map(String::as_str).collect();
    expected.sort_unstable();
    told.sort_unstable();
    assert_eq!(told, expected);
    drop(stalled);
}
