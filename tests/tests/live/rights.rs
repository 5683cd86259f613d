//! A role that is taken while a reader is slow.

use std::time::Duration;

use api::bus::Bus;
use api::config::ServerSecret;
use api::live::{BatchKind, Hub, Pace};
use api::service::ServiceError;
use api::service::cells::Area;
use api::service::incidents::IncidentFilter;
use domain::viewer::{Role, Viewer};
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::BoxStream;
use sha2::{Digest, Sha256};
use tests::app::TestApp;
use tests::world::{self, make_the_head, report};
use tokio::time::timeout;

const NEVER: Duration = Duration::from_secs(3_600);
/// Nothing comes by time: what is told is told by events.
const BY_EVENTS: Pace = Pace { heads: NEVER, figures: NEVER, bookmarks: NEVER, rights: NEVER };
/// What is told is what the epoch says, looked at before each batch.
const BY_EPOCH: Pace = Pace { rights: Duration::ZERO, ..BY_EVENTS };

#[derive(Clone, Copy, Debug)]
enum Followed {
    Incidents,
    Figures,
}

type Batches = BoxStream<'static, Result<(BatchKind, bool), ServiceError>>;

fn hub(app: &TestApp, bus: &Bus, pace: Pace) -> Hub {
    Hub::start(app.services.clone(), bus, ServerSecret::new("of the tests"), pace)
}

async fn follow(hub: &Hub, viewer: &Viewer, followed: Followed) -> Result<Batches, ServiceError> {
    let area = Area::Everywhere;
    Ok(match followed {
        Followed::Incidents => {
            let filter = IncidentFilter::default();
            let followed = hub.incident_changes(viewer, world::DISTRICT, area, filter, None).await?;
            followed.batches.map(|batch| batch.map(|batch| (batch.kind, batch.last))).boxed()
        }
        Followed::Figures => {
            let followed = hub.cell_counts(viewer, world::DISTRICT, area, None).await?;
            followed.batches.map(|batch| batch.map(|batch| (batch.kind, batch.last))).boxed()
        }
    })
}

/// Who the user of a role is by now.
async fn viewer(app: &TestApp, role: Role) -> Viewer {
    let hash: [u8; 32] = Sha256::digest(world::token_of(role).as_bytes()).into();
    app.services.viewer_by_token(&hash).await.expect("a statement").expect("they have a token").viewer
}

/// What comes next; it is to come at once.
async fn next_of(batches: &mut Batches) -> Result<(BatchKind, bool), ServiceError> {
    let next = timeout(Duration::from_secs(20), batches.next()).await.expect("something comes");
    next.expect("it has not ended")
}

/// Passes over batches to the error that ends a subscription.
async fn end_of(batches: &mut Batches, who: &str) -> ServiceError {
    for _ in 0..10 {
        let next = timeout(Duration::from_secs(20), batches.next()).await;
        let next = next.unwrap_or_else(|_| panic!("{who} is not told that the role was taken"));
        if let Err(error) = next.expect("an error comes before the end") {
            return error;
        }
    }
    panic!("{who} hears on");
}

/// Takes the head's role, or gives it back.
async fn change_the_role(app: &TestApp, now: &Viewer) {
    let role = if now.role() == Role::Head { Role::Observer } else { Role::Head };
    make_the_head(app, role, Some("T1-SW")).await;
}

/// More than one batch of incidents in the cells of the head.
async fn crowded() -> TestApp {
    let app = TestApp::start().await;
    let dispatcher = app.staff(Role::Dispatcher);
    for _ in 0..10 {
        join_all((0..25).map(|_| report(&dispatcher, 0, "noise"))).await;
    }
    app
}

/// Somebody who has read the first batch of a snapshot, and not yet the second.
async fn slow_reader(hub: &Hub, viewer: &Viewer) -> Batches {
    let mut batches = follow(hub, viewer, Followed::Incidents).await.expect("a subscription");
    let first = batches.next().await.expect("a batch").expect("a batch");
    assert_eq!(first, (BatchKind::Snapshot, false));
    batches
}

#[tokio::test]
async fn what_waits_for_a_slow_reader_does_not_go_out_once_the_event_tells_that_the_role_is_taken() {
    let app = crowded().await;
    let (hub, head) = (hub(&app, app.services.bus(), BY_EVENTS), viewer(&app, Role::Head).await);
    let mut slow = slow_reader(&hub, &head).await;
    let mut witness = follow(&hub, &head, Followed::Figures).await.expect("a subscription");
    change_the_role(&app, &head).await;
    end_of(&mut witness, "who follows the figures").await;
    let next = next_of(&mut slow).await;
    assert!(matches!(next, Err(ServiceError::AccessChanged)), "{next:?}");
}

#[tokio::test]
async fn what_waits_for_a_slow_reader_does_not_go_out_where_no_event_comes_through() {
    let app = crowded().await;
    // Nobody rings this bus, and the hub does not look by itself.
    let (hub, head) = (hub(&app, &Bus::local(), BY_EPOCH), viewer(&app, Role::Head).await);
    let mut slow = slow_reader(&hub, &head).await;
    change_the_role(&app, &head).await;
    let next = next_of(&mut slow).await;
    assert!(matches!(next, Err(ServiceError::AccessChanged)), "{next:?}");
}

#[tokio::test]
async fn what_waits_is_read_anew_where_somebody_elses_rights_or_the_tree_may_have_changed() {
    let app = crowded().await;
    let hub = hub(&app, &Bus::local(), BY_EPOCH);
    let dispatcher = viewer(&app, Role::Dispatcher).await;
    let mut slow = slow_reader(&hub, &dispatcher).await;
    change_the_role(&app, &viewer(&app, Role::Head).await).await;
    let mut kinds = Vec::new();
    for _ in 0..3 {
        kinds.push(next_of(&mut slow).await.expect("the same rights"));
    }
    let (resync, snapshot) = (BatchKind::Resync, BatchKind::Snapshot);
    assert_eq!(kinds, [(resync, true), (snapshot, false), (snapshot, true)]);
}
