//! What comes by time comes also where something happens all the time.

use chrono::TimeDelta;
use domain::viewer::Role;
use serde_json::json;
use tests::app::{Client, TestApp};
use tests::subscriber::Subscriber;
use tests::world::report;

/// Waits for something while one report after the other is filed.
async fn among_reports<T>(client: &Client, category: &str, something: impl Future<Output = T>) -> T {
    let reports = async {
        loop {
            report(client, 0, category).await;
        }
    };
    tokio::select! {
        found = something => found,
        never = reports => never,
    }
}

#[tokio::test]
async fn bookmarks_and_clocks_that_run_out_are_told_while_other_things_happen() {
    let app = TestApp::start().await;
    let dispatcher = app.staff(Role::Dispatcher);
    report(&dispatcher, 0, "noise").await;
    let mut subscriber =
        Subscriber::to_incidents(&dispatcher, json!({ "filter": { "overdue": true } })).await;
    assert_eq!(subscriber.any_batch().await["kind"], "SNAPSHOT");
    let bookmark = among_reports(&dispatcher, "noise", subscriber.any_batch()).await;
    assert_eq!(bookmark["kind"], "BOOKMARK");
    app.advance(TimeDelta::hours(25));
    let changes = among_reports(&dispatcher, "noise", subscriber.batch()).await;
    assert_eq!(changes["kind"], "CHANGES");
    assert!(changes["upserts"].as_array().is_some_and(|upserts| !upserts.is_empty()), "{changes}");
}

#[tokio::test]
async fn figures_get_bookmarks_while_things_happen_that_the_viewer_may_not_see() {
    let app = TestApp::start().await;
    let mut public = Subscriber::to_counts(&app.public(), json!({})).await;
    assert_eq!(public.any_batch().await["kind"], "SNAPSHOT");
    let told = among_reports(&app.staff(Role::Dispatcher), "dispute", public.any_batch()).await;
    assert_eq!(told["kind"], "BOOKMARK");
}
