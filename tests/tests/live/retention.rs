//! Events that are no longer kept.

use api::config::LimitOverrides;
use domain::event::EventNumber;
use domain::viewer::Role;
use serde_json::json;
use tests::app::{TestApp, limited};
use tests::subscriber::{Subscriber, texts};
use tests::world::{DISTRICT_ID, report};

#[tokio::test]
async fn who_resumes_after_an_event_that_is_kept_hears_what_followed_and_who_comes_later_reads_anew() {
    let app = TestApp::start().await;
    let dispatcher = app.staff(Role::Dispatcher);
    let cursor = async || {
        let mut subscriber = Subscriber::to_incidents(&dispatcher, json!({})).await;
        subscriber.batch().await["cursor"].clone()
    };
    let forgotten = cursor().await;
    report(&dispatcher, 0, "noise").await;
    let kept = cursor().await;
    report(&dispatcher, 1, "noise").await;
    report(&dispatcher, 2, "noise").await;

    assert!(app.services.forget_events(2).await.expect("statements") > 0);

    let mut subscriber = Subscriber::to_incidents(&dispatcher, json!({ "after": kept })).await;
    let batch = subscriber.batch().await;
    assert_eq!((&batch["kind"], texts(&batch)), (&json!("CHANGES"), vec!["in T1-SE", "in T1-NW"]));
    let mut subscriber = Subscriber::to_incidents(&dispatcher, json!({ "after": forgotten })).await;
    assert_eq!(subscriber.batch().await["kind"], "RESYNC");
    assert_eq!(texts(&subscriber.batch().await).len(), 3);
    report(&dispatcher, 3, "noise").await;
    assert_eq!(texts(&subscriber.batch().await), ["in T1-NE"], "and hears on");
}

#[tokio::test]
async fn a_server_forgets_what_its_settings_do_not_keep() {
    let limits = LimitOverrides { max_kept_events: Some(1), ..LimitOverrides::default() };
    let app = TestApp::start_with(limited(limits)).await;
    // It looks when it begins: what founding the world told, but for the last of it.
    for _ in 0..1_000 {
        let events = app.store.events_after(DISTRICT_ID, EventNumber(0), 100).await.expect("a statement");
        let heads = app.store.heads().await.expect("a statement");
        assert!(heads[0].number.0 > 1, "there was something to forget");
        if events.len() == 1 {
            assert_eq!(events[0].number, heads[0].number);
            return;
        }
        // Each look gives it a turn.
        app.public().get("/health").await;
    }
    panic!("nothing is forgotten");
}
