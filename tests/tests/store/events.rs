//! The stream: numbers without gaps in the order of commits, snapshots that stand still, statements that are counted.

use std::collections::HashSet;

use api::store::{IncidentQuery, SqlCount, sql_count};
use domain::access::Scope;
use domain::event::EventNumber;
use domain::ids::DistrictId;
use domain::page::PageSize;
use uuid::Uuid;

use super::world::{TestStore, at, minutes, noon};

super::on_both_databases!(
    writers_at_once_leave_no_gap_and_a_reader_of_the_tail_misses_nothing,
    a_snapshot_shows_nothing_that_was_committed_after_it,
    old_events_are_forgotten_from_the_oldest_on_and_only_of_one_district,
    statements_of_a_request_are_counted_also_in_a_task_of_its_own,
);

async fn writers_at_once_leave_no_gap_and_a_reader_of_the_tail_misses_nothing(test: TestStore) {
    const WRITERS: usize = 8;
    const WRITES: usize = 20;
    const ALL: usize = WRITERS * WRITES + 2;
    let (district, plan) = test.with_plan().await;
    let write = async |_: usize| {
        for _ in 0..WRITES {
            test.stored(&district, &plan, at(120.991, 14.602)).await;
        }
    };
    let read = async {
        let mut met = Vec::new();
        // Each look costs a round trip to the database; far fewer are needed.
        for _ in 0..1_000_000 {
            let last = EventNumber(met.last().copied().unwrap_or_default());
            let page = test.store.events_after(district.id, last, 50).await.expect("a statement");
            met.extend(page.iter().map(|event| event.number.0));
            if met.len() >= ALL {
                break;
            }
            tokio::task::yield_now().await;
        }
        met
    };

    let (_, met) =
        futures_util::future::join(futures_util::future::join_all((0..WRITERS).map(write)), read).await;

    assert_eq!(met, (1..=ALL as i64).collect::<Vec<_>>());
}

async fn old_events_are_forgotten_from_the_oldest_on_and_only_of_one_district(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    for _ in 0..7 {
        test.stored(&district, &plan, at(120.991, 14.602)).await;
    }
    let left = async || {
        let events = test.store.events_after(district.id, EventNumber(0), 100).await.expect("a statement");
        events.iter().map(|event| event.number.0).collect::<Vec<_>>()
    };
    let before = left().await;
    let last = *before.last().expect("events");
    assert_eq!(before, (1..=last).collect::<Vec<_>>());
    let forget = async |district, until, at_most| {
        test.store.forget_events(district, EventNumber(until), at_most).await.expect("a statement")
    };
    assert_eq!(forget(DistrictId(Uuid::from_u128(77)), last, 100).await, 0, "another district");
    assert_eq!(left().await.len(), before.len());

    assert_eq!(forget(district.id, last - 2, 3).await, 3, "no more at once than was allowed");
    assert_eq!(left().await, (4..=last).collect::<Vec<_>>());
    assert_eq!(forget(district.id, last - 2, 100).await, last as u64 - 5);
    assert_eq!(left().await, [last - 1, last]);
    assert_eq!(forget(district.id, last - 2, 100).await, 0);

    test.stored(&district, &plan, at(120.991, 14.602)).await;
    assert_eq!(left().await, [last - 1, last, last + 1], "numbers go on");
}

async fn a_snapshot_shows_nothing_that_was_committed_after_it(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let first = test.stored(&district, &plan, at(120.991, 14.602)).await;
    let scope = Scope::system(district.id);
    let snapshot = test.store.snapshot(district.id).await.expect("a statement");

    test.stored(&district, &plan, at(120.991, 14.602)).await;
    test.closed(&district, &first, noon() + minutes(1)).await;

    let size = PageSize::new(10).expect("a size");
    let page = snapshot.incidents(&scope, &IncidentQuery::default(), None, size).await.expect("a statement");
    let rows: Vec<_> = page.rows.into_iter().map(|(_, incident)| incident).collect();
    assert_eq!((snapshot.head().number, rows), (EventNumber(3), vec![first.clone()]));
    drop(snapshot);
    let now = test.store.snapshot(district.id).await.expect("a statement");
    assert_eq!(now.head().number, EventNumber(5));
}

async fn statements_of_a_request_are_counted_also_in_a_task_of_its_own(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let incident = test.stored(&district, &plan, at(120.991, 14.602)).await;
    let scope = Scope::system(district.id);
    let count = SqlCount::default();

    count
        .scope(async {
            test.store.incident(&scope, incident.id).await.expect("a statement");
            let store = test.store.clone();
            let task = sql_count::spawn(async move { store.incident_steps(&scope, &[incident.id]).await });
            task.await.expect("the task ends").expect("a statement");
        })
        .await;
    test.store.heads().await.expect("a statement");

    let statements = count.statements();
    assert_eq!(statements.len(), 2, "{statements:#?}");
    let tables: HashSet<&str> = ["\"incidents\"", "\"incident_steps\""].into();
    assert!(tables.iter().all(|table| statements.iter().any(|sql| sql.contains(table))));
    for sql in &statements {
        assert!(sql.contains("\"district_id\" = "), "every statement filters by the district: {sql}");
    }
}
