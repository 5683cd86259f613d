//! Plans: published once, loaded as they were, nothing slipping between.

use api::store::Outcome;
use domain::access::Scope;
use domain::event::{Change, Event};
use domain::ids::{IncidentId, PlanVersion};
use domain::plan::Plan;
use geo_tools::Position;
use sea_orm::{ConnectionTrait, Statement};

use super::world::{EAST, FIRST_CUT, NEAREST_WITHIN_M, NORTH, TOWNSHIP, TestStore, WEST, at, district, plan};

super::on_both_databases!(
    a_district_comes_back_as_it_was_added,
    a_plan_comes_back_as_it_was_published,
    what_a_publication_does_not_change_keeps_its_row,
    a_publication_over_a_newer_version_is_refused,
    a_publication_gives_incidents_to_the_cells_they_lie_in_now,
    of_many_publications_at_once_one_passes,
    a_thousand_reports_race_a_change_of_the_plan_and_none_is_stored_under_another_version,
);

async fn a_district_comes_back_as_it_was_added(test: TestStore) {
    let added = test.with_district(9, "410184").await;

    let found = test.store.district_by_code("410184").await.expect("a statement").expect("it is there");

    assert_eq!(format!("{found:?}"), format!("{added:?}"));
    let again = test.store.insert_district(&district(10, "410184"), "").await.expect("a statement");
    assert!(!again, "a code is given once");
    assert!(test.store.district_by_code("410185").await.expect("a statement").is_none());
}

async fn load(test: &TestStore, of: &Plan, version: i32) -> Plan {
    let parts = test.store.load_plan(of.district(), PlanVersion(version)).await.expect("a statement");
    Plan::assemble(parts.expect("it is there")).expect("it is a plan")
}

async fn a_plan_comes_back_as_it_was_published(test: TestStore) {
    let (_, published) = test.with_plan().await;

    let loaded = load(&test, &published, 1).await;

    assert_eq!(loaded.cells(), published.cells());
    for cell in published.cells() {
        assert_eq!(loaded.polygons(cell.id), published.polygons(cell.id), "{:?}", cell.code);
    }
    assert_eq!(loaded.in_force_since(), published.in_force_since());
    assert_eq!(loaded.lineage(EAST), [EAST, TOWNSHIP]);
    assert!(test.store.load_plan(published.district(), PlanVersion(2)).await.expect("a statement").is_none());
}

async fn what_a_publication_does_not_change_keeps_its_row(test: TestStore) {
    let (district, first) = test.with_plan().await;

    let second = test.publish(&district, Some(1), plan(&district, 2, 120.992)).await;

    let began = |table: &str, version: i32| {
        count(&test, format!("SELECT COUNT(*) FROM {table} WHERE since_version = {version}"))
    };
    assert_eq!((began("cells", 1).await, began("cells", 2).await), (4, 0), "no cell changed its attributes");
    assert_eq!(began("cell_tree", 2).await, 0);
    let kept = count(&test, "SELECT COUNT(*) FROM borders WHERE until_version IS NULL AND since_version = 1");
    assert_eq!(kept.await, 1, "only the outline of the cell in the north stayed as it was");
    for (version, published) in [(1, &first), (2, &second)] {
        let loaded = load(&test, published, version).await;
        for cell in [WEST, EAST, NORTH, TOWNSHIP] {
            assert_eq!(loaded.polygons(cell), published.polygons(cell), "plan {version}");
        }
    }
}

async fn count(test: &TestStore, sql: impl Into<String>) -> i64 {
    let beside = test.beside().await;
    let statement = Statement::from_string(beside.get_database_backend(), sql.into());
    let row = beside.query_one_raw(statement).await.expect("a statement").expect("a row");
    row.try_get_by_index(0).expect("a number")
}

async fn a_publication_over_a_newer_version_is_refused(test: TestStore) {
    let (district, _) = test.with_plan().await;
    test.publish(&district, Some(1), plan(&district, 2, 120.991)).await;

    let late = test.try_publish(Some(1), &plan(&district, 2, 120.992)).await;

    assert_eq!(late, Outcome::PlanMoved(PlanVersion(2)));
    let first_again = test.try_publish(None, &plan(&district, 3, 120.992)).await;
    assert_eq!(first_again, Outcome::PlanMoved(PlanVersion(2)));
    let heads = test.store.heads().await.expect("a statement");
    assert_eq!(heads[0].number.0, 4, "two publications, two events each");
}

async fn a_publication_gives_incidents_to_the_cells_they_lie_in_now(test: TestStore) {
    let (district, first) = test.with_plan().await;
    let moved = test.stored(&district, &first, at(120.9905, 14.602)).await;
    let stays = test.stored(&district, &first, at(120.9995, 14.602)).await;
    let outside = test.stored(&district, &first, at(121.5, 14.602)).await;
    let before = test.store.authorisation_epoch(district.id).await.expect("a statement");

    test.publish(&district, Some(1), plan(&district, 2, 120.992)).await;

    let scope = Scope::system(district.id);
    let now = async |id: IncidentId| {
        test.store.incident(&scope, id).await.expect("a statement").expect("it is there")
    };
    let found = now(moved.id).await;
    assert_eq!((moved.assignment.cell, found.assignment.cell), (Some(EAST), Some(WEST)));
    assert_eq!((found.assignment.plan_version, found.version), (PlanVersion(2), 2));
    assert_eq!(now(stays.id).await, stays);
    assert_eq!(now(outside.id).await, outside);
    let after = test.store.authorisation_epoch(district.id).await.expect("a statement");
    assert_eq!(after, before + 1, "what may be seen follows the plan");
}

async fn of_many_publications_at_once_one_passes(test: TestStore) {
    let (district, _) = test.with_plan().await;
    let plans: Vec<Plan> = (0..8).map(|index| plan(&district, 2, 120.991 + f64::from(index) / 1e4)).collect();

    let outcomes =
        futures_util::future::join_all(plans.iter().map(|plan| test.try_publish(Some(1), plan))).await;

    let passed = outcomes.iter().filter(|outcome| **outcome == Outcome::Done(PlanVersion(2))).count();
    let refused = outcomes.iter().filter(|outcome| **outcome == Outcome::PlanMoved(PlanVersion(2))).count();
    assert_eq!((passed, refused), (1, 7), "{outcomes:?}");
}

async fn a_thousand_reports_race_a_change_of_the_plan_and_none_is_stored_under_another_version(
    test: TestStore,
) {
    const REPORTERS: usize = 20;
    const REPORTS_EACH: usize = 50;
    const PUBLICATIONS: i32 = 12;
    let (district, first) = test.with_plan().await;
    // Each version cuts elsewhere, and every report lies where that decides.
    let cut = |version: i32| FIRST_CUT + f64::from(version % 2) / 1e3 - 1e-3;
    let spot = at(FIRST_CUT - 5e-4, 14.602);
    let plans: Vec<Plan> =
        (2..2 + PUBLICATIONS).map(|version| plan(&district, version, cut(version))).collect();
    let all: Vec<&Plan> = std::iter::once(&*first).chain(&plans).collect();

    let publish = async {
        for next in &plans {
            let outcome = test.try_publish(Some(next.version().0 - 1), next).await;
            assert_eq!(outcome, Outcome::Done(next.version()));
        }
    };
    let report = async |_: usize| {
        let mut turned_away = 0;
        for _ in 0..REPORTS_EACH {
            let mut version = 1;
            loop {
                let (incident, step) = test.report(&district, all[version as usize - 1], spot);
                let outcome = test.store.insert_incident(&incident, &step, &test.attempt()).await;
                match outcome.expect("a transaction") {
                    Outcome::Done(_) => break,
                    Outcome::PlanMoved(PlanVersion(now)) => {
                        assert_ne!(now, version, "the plan in force is another one");
                        version = now;
                        turned_away += 1;
                    }
                    other => panic!("neither stored nor turned away: {other:?}"),
                }
            }
        }
        turned_away
    };
    let ((), turned_away) =
        futures_util::future::join(publish, futures_util::future::join_all((0..REPORTERS).map(report))).await;

    let events = events_of(&test, &district).await;
    let (stored, in_force) = judged(&events, &all, spot);
    assert_eq!((stored, in_force), (REPORTERS * REPORTS_EACH, PlanVersion(1 + PUBLICATIONS)));
    let numbers: Vec<i64> = events.iter().map(|event| event.number.0).collect();
    assert_eq!(numbers, (1..=numbers.len() as i64).collect::<Vec<_>>(), "no gap, nothing twice");
    assert!(turned_away.iter().sum::<u32>() > 0, "the race was one");
    // Whatever was stored before the last publication lies where the last plan says.
    let last = all[all.len() - 1];
    let wrong = format!(
        "SELECT COUNT(*) FROM incidents WHERE cell_id <> {}",
        literal(&test, last.assign(spot, NEAREST_WITHIN_M).cell.expect("inside").0)
    );
    assert_eq!(count(&test, wrong).await, 0);
}

/// How many reports were stored, each in the cell that the plan in force at its commit says; and the last plan.
fn judged(events: &[Event], plans: &[&Plan], spot: Position) -> (usize, PlanVersion) {
    let mut in_force = PlanVersion(0);
    let mut stored = 0;
    for event in events {
        match &event.change {
            Change::PlanPublished { version } => in_force = *version,
            Change::Incident { after, .. } => {
                let expected = plans[in_force.0 as usize - 1].assign(spot, NEAREST_WITHIN_M).cell;
                assert_eq!(after.cell, expected, "event {:?} under plan {in_force}", event.number);
                stored += 1;
            }
            _ => {}
        }
    }
    (stored, in_force)
}

fn literal(test: &TestStore, id: uuid::Uuid) -> String {
    if test.settings.sqlite_path().is_some() { format!("x'{}'", id.simple()) } else { format!("'{id}'") }
}

pub(super) async fn events_of(test: &TestStore, district: &domain::district::District) -> Vec<Event> {
    let all = test.store.events_after(district.id, domain::event::EventNumber(0), 100_000).await;
    all.expect("a statement")
}
