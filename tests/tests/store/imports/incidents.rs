//! Imports of past incidents.

use api::store::imports::{Import, ImportKind, ImportSummary, StagedIncident};
use api::store::{IncidentQuery, Outcome, StoreError};
use domain::access::Scope;
use domain::district::District;
use domain::event::Change;
use domain::ids::{IncidentId, PlanVersion};
use domain::plan::Plan;
use sea_orm::{ConnectionTrait, Statement};

use super::super::on_both_databases;
use super::super::world::{Seeded, TestStore, closing, done, minutes, noon, plan};
use super::{CHUNK_ROWS, new_events, reports_during};

on_both_databases!(
    past_incidents_show_only_when_they_are_promoted_and_as_one_event,
    past_incidents_located_in_an_old_plan_are_turned_away_whole,
    past_incidents_whose_server_was_killed_after_staging_leave_nothing_and_come_in_anew,
    reports_commit_between_the_chunks_of_past_incidents,
);

/// So many incidents of the past, every other one closed.
fn pasts(test: &TestStore, district: &District, plan: &Plan, count: i64) -> Vec<StagedIncident> {
    let mut random = Seeded(11);
    let past = |number| {
        let at = noon() - minutes(number);
        let (reported, first) = test.report_at(district, plan, random.position(), at);
        let (incident, steps) = match number % 2 {
            0 => (reported, vec![first]),
            _ => {
                let (closed, second) = closing(district, &reported, at + minutes(30));
                (closed, vec![first, second])
            }
        };
        StagedIncident { source_id: format!("sr-{number}"), incident, steps }
    };
    (1..=count).map(past).collect()
}

async fn staged_pasts(test: &TestStore, district: &District, pasts: &[StagedIncident]) -> Import {
    let id = test.new_id();
    let import = test.store.begin_import(district.id, ImportKind::Incidents, id, noon()).await;
    let mut import = import.expect("a transaction");
    for chunk in pasts.chunks(500) {
        import.stage_incidents(chunk).await.expect("a transaction");
    }
    import
}

async fn incident_count(test: &TestStore, district: &District) -> u64 {
    let scope = Scope::system(district.id);
    test.store.incident_count(&scope, &IncidentQuery::default()).await.expect("a statement")
}

async fn past_incidents_show_only_when_they_are_promoted_and_as_one_event(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let pasts = pasts(&test, &district, &plan, 1200);
    let import = staged_pasts(&test, &district, &pasts).await;
    assert_eq!((incident_count(&test, &district).await, new_events(&test, &district).await), (0, vec![]));

    let outcome = import.promote_incidents(PlanVersion(1), &test.attempt()).await.expect("a transaction");

    assert_eq!(done(outcome), ImportSummary { inserted: 1200, updated: 0, unchanged: 0 });
    let told = Change::Imported { what: "incidents".into(), rows: 1200 };
    assert_eq!(new_events(&test, &district).await, [told]);
    let scope = Scope::system(district.id);
    let ids: Vec<IncidentId> = pasts.iter().map(|past| past.incident.id).collect();
    let mut found = test.store.incidents_by_id(&scope, &ids).await.expect("a statement");
    found.sort_by_key(|incident| std::cmp::Reverse(incident.reported_at));
    assert_eq!(found, pasts.iter().map(|past| past.incident.clone()).collect::<Vec<_>>());
    for past in pasts.iter().step_by(97) {
        let steps = test.store.incident_steps(&scope, &[past.incident.id]).await.expect("a statement");
        assert_eq!(steps.into_iter().map(|(_, step)| step).collect::<Vec<_>>(), past.steps);
    }
    let known = test.store.known_past_incidents(&scope, &pasts).await.expect("a statement");
    assert_eq!(known.len(), 1200);
}

async fn past_incidents_located_in_an_old_plan_are_turned_away_whole(test: TestStore) {
    let (district, first) = test.with_plan().await;
    let import = staged_pasts(&test, &district, &pasts(&test, &district, &first, 20)).await;
    test.publish(&district, Some(1), plan(&district, 2, 120.993)).await;

    let outcome = import.promote_incidents(PlanVersion(1), &test.attempt()).await.expect("a transaction");

    assert_eq!(outcome, Outcome::PlanMoved(PlanVersion(2)));
    assert_eq!(incident_count(&test, &district).await, 0);
}

async fn past_incidents_whose_server_was_killed_after_staging_leave_nothing_and_come_in_anew(
    test: TestStore,
) {
    let (district, plan) = test.with_plan().await;
    let pasts = pasts(&test, &district, &plan, 700);
    let killed = staged_pasts(&test, &district, &pasts).await;
    assert_eq!(hidden_rows(&test).await, 700 + 1050);
    assert_eq!(incident_count(&test, &district).await, 0, "nothing is half done");

    let import = staged_pasts(&test, &district, &pasts).await;

    assert_eq!(hidden_rows(&test).await, 700 + 1050, "what the first left is gone");
    let ended = killed.promote_incidents(PlanVersion(1), &test.attempt()).await;
    assert!(matches!(ended, Err(StoreError::ImportOvertaken { what: "incidents" })), "{ended:?}");
    let outcome = import.promote_incidents(PlanVersion(1), &test.attempt()).await.expect("a transaction");
    assert_eq!(done(outcome).inserted, 700);
    assert_eq!((incident_count(&test, &district).await, hidden_rows(&test).await), (700, 0));
}

/// Incidents that are not promoted, and their steps.
async fn hidden_rows(test: &TestStore) -> i64 {
    let beside = test.beside().await;
    let hidden = "SELECT id FROM incidents WHERE since_import > \
        (SELECT incident_import FROM districts WHERE id = district_id)";
    let sql = format!(
        "SELECT (SELECT COUNT(*) FROM ({hidden}) AS hidden) \
         + (SELECT COUNT(*) FROM incident_steps WHERE incident_id IN ({hidden})) AS held"
    );
    let statement = Statement::from_string(beside.get_database_backend(), sql);
    let row = beside.query_one_raw(statement).await.expect("a statement").expect("a row");
    row.try_get("", "held").expect("a number")
}

async fn reports_commit_between_the_chunks_of_past_incidents(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let pasts = pasts(&test, &district, &plan, 5 * CHUNK_ROWS as i64 / 2);
    let id = test.new_id();
    let import = test.store.begin_import(district.id, ImportKind::Incidents, id, noon()).await;
    let mut import = import.expect("a transaction");

    let staged = import.stage_incidents(&pasts);
    let (committed, staged) = reports_during(&test, &district, &plan, staged).await;

    staged.expect("a transaction");
    assert!(committed >= 3, "{committed} reports were committed between five chunks");
    // Those, and the one that was under way at the end; the import's own show only when it is promoted.
    assert_eq!(incident_count(&test, &district).await, committed + 1);
    let outcome = import.promote_incidents(PlanVersion(1), &test.attempt()).await.expect("a transaction");
    assert_eq!(done(outcome).inserted, pasts.len() as u64);
}
