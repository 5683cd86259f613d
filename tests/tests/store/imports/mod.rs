//! Imports: nothing shows until it is promoted, a second one changes nothing, others write while one is under way.

mod basemap;
mod households;
mod incidents;

use domain::district::District;
use domain::event::{Change, EventNumber};
use domain::plan::Plan;
use futures_util::future::{Either, select};

use super::world::{TestStore, at};

/// So many rows the store writes in one transaction; of incidents, with their steps, half as many.
const CHUNK_ROWS: usize = 4_000;

/// What was told of a district since its plan was published.
async fn new_events(test: &TestStore, district: &District) -> Vec<Change> {
    let events = test.store.events_after(district.id, EventNumber(2), 1000).await.expect("a statement");
    events.into_iter().map(|event| event.change).collect()
}

/// Files one report after the other while something is under way; gives how many were committed before it ended.
async fn reports_during<T>(
    test: &TestStore,
    district: &District,
    plan: &Plan,
    work: impl Future<Output = T>,
) -> (u64, T) {
    let mut work = std::pin::pin!(work);
    let mut committed = 0;
    loop {
        let report = std::pin::pin!(test.stored(district, plan, at(120.991, 14.602)));
        match select(report, work.as_mut()).await {
            Either::Left(_) => committed += 1,
            Either::Right((done, last)) => {
                last.await;
                return (committed, done);
            }
        }
    }
}
