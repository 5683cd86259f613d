//! Cells that come into force are told, whatever becomes of who brought them.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use api::bus::{Heard, Listener};
use api::service::admin::AdminAnswer;
use api::service::import::Progress;
use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};

use super::{Office, cells, import};

/// Callers leave at one of the last steps of an import; how many steps a whole one has differs from one to the next, so
/// that is learnt on the way.
const LAST_STEPS: usize = 6;
const ATTEMPTS: usize = 60;
/// So many that left between publishing and telling are enough.
const ENOUGH: usize = 4;
const SOON: Duration = Duration::from_secs(5);

/// A cell whose eastern border lies elsewhere in each file, so that each brings a new plan.
fn cell(number: usize) -> String {
    let east = format!("121.0{:03}", 100 + number);
    format!(
        r#"{{"type":"Feature","properties":{{"code":"c-1"}},"geometry":{{"type":"Polygon","coordinates":
[[[121.00,14.62],[{east},14.62],[{east},14.63],[121.00,14.63],[121.00,14.62]]]}}}}"#
    )
}

/// Lets a future take so many steps and then leaves it; what it answered if it came to its end, and after how many.
async fn steps<T>(future: impl Future<Output = T>, most: usize) -> (Option<T>, usize) {
    let mut future = pin!(future);
    let mut taken = 0;
    std::future::poll_fn(move |context| {
        if taken == most {
            return Poll::Ready((None, taken));
        }
        taken += 1;
        future.as_mut().poll(context).map(|answer| (Some(answer), taken))
    })
    .await
}

async fn head_of(office: &Office) -> i64 {
    let database = Database::connect(office.settings.database.url.expose()).await.expect("it answers");
    let statement =
        Statement::from_string(DbBackend::Sqlite, "SELECT coalesce(max(head), 0) AS head FROM streams");
    let row = database.query_one_raw(statement).await.expect("it answers").expect("one row");
    row.try_get("", "head").expect("a number")
}

/// Waits until somebody was told of the stream's head, where it moved; false where nobody was in time.
async fn is_told(listener: &mut Listener, head: i64) -> bool {
    let heard = tokio::time::timeout(SOON, async {
        loop {
            match listener.next().await {
                Heard::Ring(ring) if ring.head.0 >= head => return,
                Heard::Ring(_) | Heard::Missed => {}
                Heard::Closed => panic!("the bus is there"),
            }
        }
    });
    heard.await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cells_that_come_into_force_are_told_wherever_the_caller_leaves() {
    let office = Office::with_district("quezon").await;
    let run = async |number: usize, most: usize| {
        let path = office.file("cells.geojson", cell(number));
        let progress = Progress::silent();
        let command = import("quezon", &path, cells(&path, "cell", "code", None));
        steps(office.services.run_command(command, &progress), most).await
    };
    run(0, usize::MAX).await;
    let (_, mut whole) = run(1, usize::MAX).await;
    let mut left_halfway = 0;
    for number in 0..ATTEMPTS {
        let step = whole.saturating_sub(1 + number % LAST_STEPS).max(1);
        let before = head_of(&office).await;
        let mut listener = office.services.bus().listen();
        let (answer, taken) = run(2 + number, step).await;
        if let Some(answer) = &answer {
            // One that was left may come into force after all, before this one.
            let is_overtaken =
                matches!(answer, AdminAnswer::Refused { message, .. } if message.contains("try again"));
            assert!(matches!(answer, AdminAnswer::Done { .. }) || is_overtaken, "{answer:?}");
            whole = if is_overtaken { whole } else { taken };
        }
        // What runs on without the caller gets the time to come to its end.
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(10)).await;
            if head_of(&office).await > before {
                break;
            }
        }
        let after = head_of(&office).await;
        if after > before {
            left_halfway += usize::from(answer.is_none());
            assert!(is_told(&mut listener, after).await, "left after {step} steps, and nobody was told");
            if left_halfway == ENOUGH {
                return;
            }
        } else if answer.is_none() {
            whole += LAST_STEPS / 2;
        }
    }
    assert!(left_halfway > 0, "no caller left between publishing and telling");
}
