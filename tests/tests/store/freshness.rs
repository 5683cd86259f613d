//! A write that was answered shows in every read that begins after it, whatever others do with their connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use api::store::{IncidentOrder, IncidentQuery};
use domain::access::Scope;
use domain::district::District;
use domain::page::PageSize;
use domain::plan::Plan;

use super::world::{Seeded, TestStore, at, minutes, noon};

super::on_both_databases!(a_read_after_a_write_shows_it_whoever_gave_up_meanwhile);

/// As many as there are connections that only read, and some more, so that each is asked.
const READS_AT_ONCE: usize = 8;
const REPORTS: i64 = 60;
const DISTURBERS: u64 = 4;
/// Longer than a transaction takes, so that one is given up at every place where it waits.
const GIVEN_UP_WITHIN_US: u64 = 4_000;

async fn a_read_after_a_write_shows_it_whoever_gave_up_meanwhile(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    for _ in 0..50 {
        test.stored(&district, &plan, at(120.991, 14.602)).await;
    }
    let test = Arc::new(test);
    let ended = Arc::new(AtomicBool::new(false));
    let disturbers: Vec<_> = (0..DISTURBERS)
        .map(|seed| {
            let (test, district, plan) = (Arc::clone(&test), district.clone(), Arc::clone(&plan));
            let ended = Arc::clone(&ended);
            tokio::spawn(async move { disturb(&test, &district, &plan, Seeded(seed), &ended).await })
        })
        .collect();

    let mut missed = Vec::new();
    for number in 0..REPORTS {
        let now = noon() + minutes(number + 1);
        let (incident, step) = test.report_at(&district, &plan, at(120.991, 14.602), now);
        test.store_report(&incident, &step).await;
        let reads = (0..READS_AT_ONCE).map(|_| newest(&test, &district));
        let shown = futures_util::future::join_all(reads).await;
        let without = shown.iter().filter(|first| **first != Some(incident.id)).count();
        if without > 0 {
            missed.push((number, without));
        }
    }
    ended.store(true, Ordering::Relaxed);
    for disturber in disturbers {
        disturber.await.expect("it ends");
    }

    assert!(missed.is_empty(), "(report, reads without it): {missed:?}");
}

/// Begins reads and writes and gives each up after a moment.
async fn disturb(test: &TestStore, district: &District, plan: &Plan, mut chance: Seeded, ended: &AtomicBool) {
    let scope = Scope::system(district.id);
    let query = IncidentQuery::default();
    while !ended.load(Ordering::Relaxed) {
        let patience = Duration::from_micros(chance.below(GIVEN_UP_WITHIN_US));
        let wanted = chance.below(3);
        let work = async {
            match wanted {
                0 => {
                    let (incident, step) = test.report(district, plan, at(120.991, 14.602));
                    drop(test.store.insert_incident(&incident, &step, &test.attempt()).await);
                }
                1 => {
                    let snapshot = test.store.snapshot(district.id).await.expect("a statement");
                    drop(snapshot.incidents(&scope, &query, None, PageSize::LARGEST).await);
                }
                _ => drop(test.store.incidents(&scope, &query, None, PageSize::LARGEST).await),
            }
        };
        drop(tokio::time::timeout(patience, work).await);
    }
}

async fn newest(test: &TestStore, district: &District) -> Option<domain::ids::IncidentId> {
    let query = IncidentQuery { order: IncidentOrder::Newest, ..IncidentQuery::default() };
    let size = PageSize::new(1).expect("a size");
    let page = test.store.incidents(&Scope::system(district.id), &query, None, size).await;
    page.expect("a statement").rows.first().map(|(_, incident)| incident.id)
}
