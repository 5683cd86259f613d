//! Incidents: written once, changed by whoever saw the last version, read in pages.

use std::collections::HashSet;

use api::service::incidents as service;
use api::store::{Area, Attempt, IncidentFilter, IncidentKey, IncidentOrder, IncidentQuery, Outcome};
use chrono::TimeDelta;
use domain::access::Scope;
use domain::event::IncidentFacts;
use domain::ids::IncidentId;
use domain::incident::Incident;
use domain::page::PageSize;
use domain::rules::StageKey;
use geo_tools::Bounds;

use super::world::{EAST, Seeded, TOWNSHIP, TestStore, WEST, at, closing, done, minutes, noon};

super::on_both_databases!(
    an_incident_and_its_history_come_back_as_they_were_written,
    a_retry_with_the_same_key_does_nothing_and_answers_as_before,
    a_key_used_with_another_input_is_refused_and_one_of_another_user_is_not_touched,
    of_many_tries_with_one_key_at_once_one_is_done,
    a_change_of_an_old_version_answers_with_the_current_one,
    an_incident_that_the_scope_does_not_admit_is_absent,
    every_order_and_area_pages_through_each_incident_once,
    a_filter_says_the_same_as_the_incidents_themselves,
    a_filter_lets_the_same_incidents_through_in_memory_and_in_sql,
    counts_and_clusters_say_the_same_as_the_incidents_themselves,
);

async fn an_incident_and_its_history_come_back_as_they_were_written(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let reported = test.stored(&district, &plan, at(120.991, 14.602)).await;

    let closed = test.closed(&district, &reported, noon() + minutes(5)).await;

    let scope = Scope::system(district.id);
    assert_eq!(test.store.incident(&scope, closed.id).await.expect("a statement"), Some(closed.clone()));
    let steps = test.store.incident_steps(&scope, &[closed.id]).await.expect("a statement");
    let told: Vec<_> = steps.iter().map(|(_, step)| (step.action.as_str(), step.version)).collect();
    assert_eq!(told, [("report", 1), ("close", 2)]);
    assert_eq!(steps[1].1.note.as_ref().map(|note| note.as_str()), Some("mended"));
}

async fn a_retry_with_the_same_key_does_nothing_and_answers_as_before(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let attempt = test.attempt();
    let (first, step) = test.report(&district, &plan, at(120.991, 14.602));
    done(test.store.insert_incident(&first, &step, &attempt).await.expect("a transaction"));
    let (second, step) = test.report(&district, &plan, at(120.991, 14.602));

    let retried = test.store.insert_incident(&second, &step, &attempt).await.expect("a transaction");

    match retried {
        Outcome::Replayed(answer) => assert_eq!((answer.subject, answer.version), (first.id.0, 1)),
        other => panic!("not replayed: {other:?}"),
    }
    let scope = Scope::system(district.id);
    assert_eq!(test.store.incident_count(&scope, &IncidentQuery::default()).await.expect("a statement"), 1);
    assert_eq!(
        test.store.heads().await.expect("a statement")[0].number.0,
        3,
        "one event more than the plan's"
    );
}

async fn a_key_used_with_another_input_is_refused_and_one_of_another_user_is_not_touched(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let attempt = test.attempt();
    let (incident, step) = test.report(&district, &plan, at(120.991, 14.602));
    done(test.store.insert_incident(&incident, &step, &attempt).await.expect("a transaction"));
    let (next, step) = test.report(&district, &plan, at(120.991, 14.602));

    let other_input = Attempt { input_hash: [2; 32], ..attempt.clone() };
    let refused = test.store.insert_incident(&next, &step, &other_input).await.expect("a transaction");
    let other_user = Attempt { actor: Some(domain::ids::UserId(test.new_id())), ..attempt };
    let passed = test.store.insert_incident(&next, &step, &other_user).await.expect("a transaction");

    assert_eq!(refused, Outcome::KeyReused);
    assert!(matches!(passed, Outcome::Done(_)), "{passed:?}");
}

async fn of_many_tries_with_one_key_at_once_one_is_done(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let attempt = test.attempt();
    let report = async |_: usize| {
        let (incident, step) = test.report(&district, &plan, at(120.991, 14.602));
        test.store.insert_incident(&incident, &step, &attempt).await.expect("a transaction")
    };

    let outcomes = futures_util::future::join_all((0..12).map(report)).await;

    let done: Vec<IncidentId> = outcomes
        .iter()
        .filter_map(|outcome| match outcome {
            Outcome::Done((incident, _)) => Some(incident.id),
            _ => None,
        })
        .collect();
    assert_eq!(done.len(), 1);
    for outcome in &outcomes {
        match outcome {
            Outcome::Done(_) => {}
            Outcome::Replayed(answer) => assert_eq!(answer.subject, done[0].0),
            other => panic!("neither done nor replayed: {other:?}"),
        }
    }
}

async fn a_change_of_an_old_version_answers_with_the_current_one(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let reported = test.stored(&district, &plan, at(120.991, 14.602)).await;
    let current = test.closed(&district, &reported, noon() + minutes(5)).await;
    let (after, step) = closing(&district, &reported, noon() + minutes(6));

    let scope = Scope::system(district.id);
    let outcome = test.store.change_incident(&scope, &reported, &after, &step, &test.attempt()).await;

    assert_eq!(outcome.expect("a transaction"), Outcome::Conflict(current));
    assert_eq!(test.store.incident_steps(&scope, &[reported.id]).await.expect("a statement").len(), 2);
}

async fn an_incident_that_the_scope_does_not_admit_is_absent(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let other = test.with_district(10, "410185").await;
    let reported = test.stored(&district, &plan, at(120.991, 14.602)).await;
    let (after, step) = closing(&district, &reported, noon());

    let foreign = Scope::system(other.id);
    let outcome = test.store.change_incident(&foreign, &reported, &after, &step, &test.attempt()).await;

    assert_eq!(outcome.expect("a transaction"), Outcome::Absent);
    assert_eq!(test.store.incident(&foreign, reported.id).await.expect("a statement"), None);
    assert_eq!(test.store.incident_steps(&foreign, &[reported.id]).await.expect("a statement"), []);
}

/// Sixty incidents at random places; several share a position and a time; every third is closed.
async fn sixty(test: &TestStore) -> (domain::district::District, Vec<Incident>) {
    let (district, plan) = test.with_plan().await;
    let mut random = Seeded(20_261_122);
    let mut all = Vec::new();
    for index in 0..60 {
        let place = if index % 7 == 0 { at(120.991, 14.602) } else { random.position() };
        let now = noon() - minutes(random.below(40) as i64 * 60);
        let (incident, step) = test.report_at(&district, &plan, place, now);
        let mut incident = test.store_report(&incident, &step).await.0;
        if index % 3 == 0 {
            incident = test.closed(&district, &incident, now + minutes(1)).await;
        }
        all.push(incident);
    }
    (district, all)
}

fn east_half() -> Bounds {
    Bounds::new(at(120.9905, 14.600), at(121.002, 14.615)).expect("the right way round")
}

fn lies_in(incident: &Incident, area: &Area) -> bool {
    let cell = incident.assignment.cell;
    match area {
        Area::Everywhere => true,
        Area::Within(bounds) => bounds.contains(incident.position),
        Area::Cell(wanted) => cell == Some(*wanted),
        Area::Subtree(root) => {
            cell == Some(*root) || (*root == TOWNSHIP && (cell == Some(WEST) || cell == Some(EAST)))
        }
    }
}

async fn every_order_and_area_pages_through_each_incident_once(test: TestStore) {
    let (district, all) = sixty(&test).await;
    let scope = Scope::system(district.id);
    let areas = [
        Area::Everywhere,
        Area::Within(east_half()),
        Area::Cell(EAST),
        Area::Subtree(TOWNSHIP),
        Area::Subtree(EAST),
    ];
    for area in areas {
        let expected: HashSet<IncidentId> =
            all.iter().filter(|incident| lies_in(incident, &area)).map(|incident| incident.id).collect();
        assert!(expected.len() > 5, "{area:?} has incidents to page through");
        for order in [IncidentOrder::Newest, IncidentOrder::Oldest, IncidentOrder::Due, IncidentOrder::Place]
        {
            let query = IncidentQuery { area, order, ..IncidentQuery::default() };

            let keys = walk(&test, &scope, &query).await;

            let met: HashSet<IncidentId> = keys.iter().map(|key| key.id).collect();
            assert_eq!((keys.len(), &met), (expected.len(), &expected), "{area:?} {order:?}");
            let mut sorted = keys.clone();
            sorted.sort_by_key(|key| (key.sort, key.id));
            if order == IncidentOrder::Newest {
                sorted.reverse();
            }
            assert_eq!(keys, sorted, "{area:?} {order:?}");
            let count = test.store.incident_count(&scope, &query).await.expect("a statement");
            assert_eq!(count as usize, expected.len());
        }
    }
}

async fn walk(test: &TestStore, scope: &Scope, query: &IncidentQuery) -> Vec<IncidentKey> {
    let mut keys = Vec::new();
    let mut after = None;
    for _ in 0..100 {
        let size = PageSize::new(7).expect("a size");
        let page = test.store.incidents(scope, query, after, size).await.expect("a statement");
        keys.extend(page.rows.iter().map(|(key, _)| *key));
        after = keys.last().copied();
        if !page.has_more {
            return keys;
        }
        assert_eq!(page.rows.len(), 7, "a page is full where more follow");
    }
    panic!("the pages do not end");
}

async fn a_filter_says_the_same_as_the_incidents_themselves(test: TestStore) {
    let (district, all) = sixty(&test).await;
    let scope = Scope::system(district.id);
    let (now, earlier) = (noon(), noon() - minutes(20 * 60));
    type Says<'a> = Box<dyn Fn(&Incident) -> bool + 'a>;
    let filter = IncidentFilter::default;
    let cases: Vec<(IncidentFilter, Says<'_>)> = vec![
        (IncidentFilter { open: Some(true), ..filter() }, Box::new(|i| i.closed_at.is_none())),
        (IncidentFilter { open: Some(false), ..filter() }, Box::new(|i| i.closed_at.is_some())),
        (IncidentFilter { overdue: Some((true, now)), ..filter() }, Box::new(|i| i.is_overdue(now))),
        (IncidentFilter { overdue: Some((false, now)), ..filter() }, Box::new(|i| !i.is_overdue(now))),
        (IncidentFilter { reported_from: Some(earlier), ..filter() }, Box::new(|i| i.reported_at >= earlier)),
        (
            IncidentFilter { reported_before: Some(earlier), ..filter() },
            Box::new(|i| i.reported_at < earlier),
        ),
        (
            IncidentFilter { stages: vec![StageKey("closed".into())], ..filter() },
            Box::new(|i| i.stage.0 == "closed"),
        ),
        (IncidentFilter { categories: vec!["ufo' OR 1=1 --".into()], ..filter() }, Box::new(|_| false)),
        (
            IncidentFilter { categories: vec!["noise".into(), "street-light".into()], ..filter() },
            Box::new(|_| true),
        ),
    ];
    for (filter, says) in cases {
        let query = IncidentQuery { filter, ..IncidentQuery::default() };

        let found: HashSet<IncidentId> = walk(&test, &scope, &query).await.iter().map(|key| key.id).collect();

        let expected: HashSet<IncidentId> = all.iter().filter(|i| says(i)).map(|i| i.id).collect();
        assert_eq!(found, expected, "{:?}", query.filter);
    }
}

/// Half of the filters ask nothing of a field; the others ask for what some incidents have, to the microsecond and beside.
fn random_filter(random: &mut Seeded, all: &[Incident]) -> service::IncidentFilter {
    let mut list = |words: &[&str]| {
        let wanted = words.iter().filter(|_| random.below(2) == 0).map(|&word| word.to_owned());
        let wanted: Vec<String> = wanted.collect();
        (random.below(2) == 0).then_some(wanted)
    };
    let stages = list(&["collected", "dispatched", "closed"]);
    let categories = list(&["street-light", "noise", "dispute"]);
    let mut flag = || [None, None, Some(true), Some(false)][random.below(4) as usize];
    let (open, overdue) = (flag(), flag());
    let mut time = || {
        let near = all[random.below(all.len() as u64) as usize].reported_at;
        let beside = [0, 1, 500, 1_000, -1, -500, -1_000][random.below(7) as usize];
        (random.below(2) == 0).then(|| near + TimeDelta::nanoseconds(beside))
    };
    let (reported_after, reported_before) = (time(), time());
    service::IncidentFilter { stages, categories, open, overdue, reported_after, reported_before }
}

async fn a_filter_lets_the_same_incidents_through_in_memory_and_in_sql(test: TestStore) {
    const SEED: u64 = 20_261_123;
    const FILTERS: usize = 300;
    println!("seed {SEED}");
    let (district, all) = sixty(&test).await;
    let scope = Scope::system(district.id);
    let mut random = Seeded(SEED);
    let mut some_but_not_all = 0;
    for _ in 0..FILTERS {
        let filter = random_filter(&mut random, &all);
        // Often the very time at which a clock runs out.
        let due_at = all[random.below(all.len() as u64) as usize].due_at;
        let now = due_at + TimeDelta::microseconds(random.below(3) as i64 - 1);

        let asked = filter.checked(&district, now).expect("a filter of the district's own words");
        let query = IncidentQuery { filter: asked, ..IncidentQuery::default() };
        let size = PageSize::new(PageSize::MAX).expect("a size");
        let page = test.store.incidents(&scope, &query, None, size).await.expect("a statement");
        assert!(!page.has_more);
        let found: HashSet<IncidentId> = page.rows.iter().map(|(key, _)| key.id).collect();

        let passes =
            |incident: &&Incident| filter.lets_through(&IncidentFacts::of(incident), &district.rules, now);
        let through: HashSet<IncidentId> = all.iter().filter(passes).map(|incident| incident.id).collect();
        assert_eq!(through, found, "{filter:?} at {now:?}");
        some_but_not_all += usize::from(!found.is_empty() && found.len() < all.len());
    }
    assert!(some_but_not_all > FILTERS / 5, "enough filters tell incidents apart: {some_but_not_all}");
}

async fn counts_and_clusters_say_the_same_as_the_incidents_themselves(test: TestStore) {
    let (district, all) = sixty(&test).await;
    let scope = Scope::system(district.id);
    let (now, due_before) = (noon(), noon() + minutes(24 * 60));
    let filter = IncidentFilter::default();

    let counts =
        test.store.incident_counts(&scope, &filter, now, due_before, None).await.expect("a statement");
    let some = test.store.incident_counts(&scope, &filter, now, due_before, Some(&[EAST, WEST])).await;

    let cells: HashSet<_> = all.iter().map(|incident| incident.assignment.cell).collect();
    assert_eq!(counts.keys().copied().collect::<HashSet<_>>(), cells);
    for (cell, counted) in &counts {
        let of_cell: Vec<&Incident> = all.iter().filter(|i| i.assignment.cell == *cell).collect();
        let many = |says: &dyn Fn(&Incident) -> bool| of_cell.iter().filter(|i| says(i)).count() as u64;
        assert_eq!(counted.open, many(&|i| i.closed_at.is_none()));
        assert_eq!(counted.closed, many(&|i| i.closed_at.is_some()));
        assert_eq!(counted.overdue, many(&|i| i.is_overdue(now)));
        let due = |i: &Incident| i.closed_at.is_none() && i.due_at >= now && i.due_at < due_before;
        assert_eq!(counted.due, many(&due));
    }
    let some = some.expect("a statement");
    assert_eq!(some.len(), 2);
    assert_eq!(some[&Some(EAST)], counts[&Some(EAST)]);

    for (zoom, area) in [(3, Area::Everywhere), (14, Area::Within(east_half())), (24, Area::Everywhere)] {
        let clusters =
            test.store.incident_clusters(&scope, &area, &filter, zoom, now).await.expect("a statement");
        let wanted: Vec<&Incident> = all.iter().filter(|i| lies_in(i, &area)).collect();
        assert_eq!(clusters.iter().map(|cluster| cluster.count).sum::<u64>() as usize, wanted.len());
        let open = wanted.iter().filter(|i| i.closed_at.is_none()).count();
        assert_eq!(clusters.iter().map(|cluster| cluster.open_count).sum::<u64>() as usize, open);
        let overdue = wanted.iter().filter(|i| i.is_overdue(now)).count();
        assert_eq!(clusters.iter().map(|cluster| cluster.overdue_count).sum::<u64>() as usize, overdue);
        for cluster in &clusters {
            assert!(cluster.bounds.contains(cluster.position));
            assert_eq!(cluster.incident.is_some(), cluster.count == 1, "{cluster:?}");
        }
        let alone = clusters.iter().filter_map(|cluster| cluster.incident).collect::<HashSet<_>>();
        assert!(alone.iter().all(|id| wanted.iter().any(|incident| incident.id == *id)));
        assert!(zoom != 24 || alone.len() > 40, "far in, nearly every incident stands for itself");
    }
}
