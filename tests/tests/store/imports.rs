//! Imports: nothing shows until it is promoted, a second one changes nothing, nobody waits long for one.

use std::time::{Duration, Instant};

use api::store::basemap::{Footprint, Road};
use api::store::imports::{Import, ImportKind, ImportSummary, StagedIncident};
use api::store::{Area, IncidentQuery, Outcome, StoreError};
use domain::access::Scope;
use domain::district::District;
use domain::event::{Change, EventNumber};
use domain::household::{Building, Household};
use domain::ids::{BuildingId, HouseholdId, IncidentId, PlanVersion};
use domain::page::PageSize;
use domain::plan::Plan;
use domain::text::Address;
use geo_tools::{Bounds, Polygon, Position};
use sea_orm::{ConnectionTrait, Statement};

use super::world::{EAST, Seeded, TestStore, WEST, at, closing, done, minutes, noon, plan};

super::on_both_databases!(
    an_import_shows_only_when_it_is_promoted_and_as_one_event,
    a_second_import_of_the_same_rows_changes_nothing_and_tells_nothing,
    a_changed_row_is_updated_and_keeps_its_id_and_its_building,
    an_import_located_in_an_old_plan_is_turned_away_whole,
    a_later_import_takes_over_and_the_earlier_one_ends,
    a_row_without_source_id_is_refused,
    rows_that_are_not_promoted_show_nowhere_and_leave_with_their_import,
    dwellings_that_are_counted_at_the_end_are_those_of_new_buildings_and_of_old_ones,
    a_base_map_replaces_the_one_before_and_an_equal_one_changes_nothing,
    a_base_map_that_broke_off_leaves_nothing_behind,
    no_report_waits_a_second_for_an_import_of_twenty_thousand,
    past_incidents_show_only_when_they_are_promoted_and_as_one_event,
    past_incidents_located_in_an_old_plan_are_turned_away_whole,
    past_incidents_whose_server_was_killed_after_staging_leave_nothing_and_come_in_anew,
    no_report_waits_a_second_for_an_import_of_twenty_five_thousand_past_incidents,
);

/// What a file holds: every third building has two dwellings.
struct File {
    buildings: Vec<Building>,
    households: Vec<Household>,
}

fn file(test: &TestStore, district: &District, plan: &Plan, building_count: usize) -> File {
    let mut random = Seeded(7);
    let mut file = File { buildings: Vec::new(), households: Vec::new() };
    for number in 0..building_count {
        let building = Building {
            id: BuildingId(test.new_id()),
            district: district.id,
            source_id: Some(format!("way/{number}")),
            address: Some(Address::parse(&format!("Rizal Street {number}")).expect("an address")),
            position: random.position(),
            dwellings: if number % 3 == 0 { 2 } else { 1 },
        };
        for dwelling in 0..building.dwellings {
            file.households.push(Household {
                id: HouseholdId(test.new_id()),
                district: district.id,
                version: 1,
                source_id: Some(format!("way/{number}/{dwelling}")),
                building: Some(building.id),
                address: building.address.clone(),
                position: Some(building.position),
                member_count: None,
                assignment: plan.assign(building.position, 25.0),
                registered_at: noon(),
            });
        }
        file.buildings.push(building);
    }
    file
}

async fn staged(test: &TestStore, district: &District, file: &File) -> Import {
    let id = test.new_id();
    let import = test.store.begin_import(district.id, ImportKind::Households, id, noon()).await;
    let mut import = import.expect("a transaction");
    import.stage_buildings(&file.buildings).await.expect("a transaction");
    import.stage_households(&file.households).await.expect("a transaction");
    import
}

async fn imported(test: &TestStore, district: &District, file: &File) -> ImportSummary {
    let import = staged(test, district, file).await;
    done(import.promote_households(PlanVersion(1), &test.attempt()).await.expect("a transaction"))
}

async fn household_count(test: &TestStore, district: &District) -> u64 {
    let scope = Scope::system(district.id);
    test.store.household_count(&scope, &Area::Everywhere).await.expect("a statement")
}

async fn new_events(test: &TestStore, district: &District) -> Vec<Change> {
    let events = test.store.events_after(district.id, EventNumber(2), 1000).await.expect("a statement");
    events.into_iter().map(|event| event.change).collect()
}

async fn an_import_shows_only_when_it_is_promoted_and_as_one_event(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let file = file(&test, &district, &plan, 1500);
    let import = staged(&test, &district, &file).await;
    assert_eq!((household_count(&test, &district).await, new_events(&test, &district).await), (0, vec![]));

    let outcome = import.promote_households(PlanVersion(1), &test.attempt()).await.expect("a transaction");

    assert_eq!(done(outcome), ImportSummary { inserted: 3500, updated: 0, unchanged: 0 });
    assert_eq!(household_count(&test, &district).await, 2000);
    assert_eq!(
        new_events(&test, &district).await,
        [Change::Imported { what: "households".into(), rows: 3500 }]
    );
    let scope = Scope::system(district.id);
    for household in file.households.iter().step_by(97) {
        let found = test.household(&scope, household.id).await;
        assert_eq!(found.as_ref(), Some(household));
    }
    let found = test.store.buildings_by_id(district.id, &[file.buildings[3].id]).await.expect("a statement");
    assert_eq!(found, [file.buildings[3].clone()]);
    let counts = test.store.household_counts(district.id).await.expect("a statement");
    let west = file.households.iter().filter(|household| household.assignment.cell == Some(WEST)).count();
    assert_eq!((counts[&Some(WEST)] as usize, counts.values().sum::<u32>()), (west, 2000));
}

async fn a_second_import_of_the_same_rows_changes_nothing_and_tells_nothing(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    imported(&test, &district, &file(&test, &district, &plan, 300)).await;

    // The same file read again: every id is made anew, every source id is the same.
    let again = imported(&test, &district, &file(&test, &district, &plan, 300)).await;

    assert_eq!(again, ImportSummary { inserted: 0, updated: 0, unchanged: 700 });
    assert_eq!(new_events(&test, &district).await.len(), 1, "only the first import told");
    assert_eq!(household_count(&test, &district).await, 400);
}

async fn a_changed_row_is_updated_and_keeps_its_id_and_its_building(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let first = file(&test, &district, &plan, 10);
    imported(&test, &district, &first).await;
    let mut second = file(&test, &district, &plan, 11);
    second.households[0].member_count = Some(4);
    second.households[1].address = None;

    let summary = imported(&test, &district, &second).await;

    assert_eq!(summary, ImportSummary { inserted: 2, updated: 2, unchanged: 22 });
    let scope = Scope::system(district.id);
    let found = test.household(&scope, first.households[0].id).await;
    let found = found.expect("it kept its id");
    assert_eq!((found.member_count, found.version), (Some(4), 2));
    assert_eq!(found.building, Some(first.buildings[0].id), "the building's own id, not the staged one");
}

async fn an_import_located_in_an_old_plan_is_turned_away_whole(test: TestStore) {
    let (district, first) = test.with_plan().await;
    let import = staged(&test, &district, &file(&test, &district, &first, 20)).await;
    test.publish(&district, Some(1), plan(&district, 2, 120.993)).await;

    let outcome = import.promote_households(PlanVersion(1), &test.attempt()).await.expect("a transaction");

    assert_eq!(outcome, Outcome::PlanMoved(PlanVersion(2)));
    assert_eq!(household_count(&test, &district).await, 0);
    let address = Address::parse("rizal street 3").expect("an address");
    let building = test.store.building_by_address(district.id, &address).await.expect("a statement");
    assert_eq!(building, None);
}

async fn a_later_import_takes_over_and_the_earlier_one_ends(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let file = file(&test, &district, &plan, 20);
    let earlier = staged(&test, &district, &file).await;
    let later = staged(&test, &district, &file).await;

    let ended = earlier.promote_households(PlanVersion(1), &test.attempt()).await;
    let promoted = later.promote_households(PlanVersion(1), &test.attempt()).await.expect("a transaction");

    assert!(matches!(ended, Err(StoreError::ImportOvertaken { what: "households" })), "{ended:?}");
    assert_eq!(done(promoted).inserted, 47);
}

async fn a_row_without_source_id_is_refused(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let mut file = file(&test, &district, &plan, 2);
    file.households[1].source_id = None;
    let id = test.new_id();
    let import = test.store.begin_import(district.id, ImportKind::Households, id, noon()).await;

    let refused = import.expect("a transaction").stage_households(&file.households).await;

    assert!(matches!(refused, Err(StoreError::NoSourceId)), "{refused:?}");
}

/// What anybody can find of households and buildings.
async fn found(test: &TestStore, district: &District, file: &File) -> [usize; 7] {
    let store = &test.store;
    let scope = Scope::system(district.id);
    let households: Vec<HouseholdId> = file.households.iter().map(|household| household.id).collect();
    let buildings: Vec<BuildingId> = file.buildings.iter().map(|building| building.id).collect();
    let whole = Area::Within(around(at(120.0, 14.0), at(122.0, 15.0)));
    let size = PageSize::new(50).expect("few enough");
    let address = Address::parse("rizal street 3").expect("an address");
    [
        store.household_count(&scope, &Area::Everywhere).await.expect("a statement") as usize,
        store.household_counts(district.id).await.expect("a statement").values().sum::<u32>() as usize,
        store.households_by_id(&scope, &households).await.expect("a statement").len(),
        store.households(&scope, &whole, None, size).await.expect("a statement").rows.len(),
        store.buildings_by_id(district.id, &buildings).await.expect("a statement").len(),
        usize::from(store.building_by_address(district.id, &address).await.expect("a statement").is_some()),
        store.search(&scope, &scope, "rizal", 20).await.expect("a statement").len(),
    ]
}

async fn rows_that_are_not_promoted_show_nowhere_and_leave_with_their_import(test: TestStore) {
    let (district, first) = test.with_plan().await;
    let file = file(&test, &district, &first, 60);
    let import = staged(&test, &district, &file).await;
    assert_eq!(found(&test, &district, &file).await, [0; 7]);
    let moved = test.publish(&district, Some(1), plan(&district, 2, 120.993)).await;
    let outcome = import.promote_households(PlanVersion(1), &test.attempt()).await.expect("a transaction");
    assert_eq!(outcome, Outcome::PlanMoved(PlanVersion(2)));

    // The same ids come again: nothing of what was turned away is in their way.
    let again = staged(&test, &district, &file).await;
    again.clone().discard().await.expect("a transaction");
    let import = staged(&test, &district, &file).await;
    assert_eq!(found(&test, &district, &file).await, [0; 7]);
    let promoted = import.promote_households(moved.version(), &test.attempt()).await.expect("a transaction");

    assert_eq!(done(promoted).inserted, 140);
    assert_eq!(found(&test, &district, &file).await, [80, 80, 80, 50, 60, 1, 40]);
}

async fn dwellings_that_are_counted_at_the_end_are_those_of_new_buildings_and_of_old_ones(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    imported(&test, &district, &file(&test, &district, &plan, 3)).await;
    let mut second = file(&test, &district, &plan, 5);
    second.buildings.iter_mut().for_each(|building| building.dwellings = 1);
    let id = test.new_id();
    let import = test.store.begin_import(district.id, ImportKind::Households, id, noon()).await;
    let mut import = import.expect("a transaction");
    import.stage_uncounted_buildings(&second.buildings).await.expect("a transaction");
    let counts: Vec<(BuildingId, u32)> =
        second.buildings.iter().map(|building| building.id).zip([2, 7, 1, 4, 9]).collect();
    import.count_dwellings(&counts).await.expect("a transaction");

    let summary =
        done(import.promote_households(PlanVersion(1), &test.attempt()).await.expect("a transaction"));

    // The first has the two that it had, the second has more, the third the one that it had; two are new.
    assert_eq!(summary, ImportSummary { inserted: 2, updated: 1, unchanged: 2 });
    let mut dwellings = Vec::new();
    for number in 0..5 {
        let address = Address::parse(&format!("rizal street {number}")).expect("an address");
        let building = test.store.building_by_address(district.id, &address).await.expect("a statement");
        dwellings.push(building.expect("it is there").dwellings);
    }
    assert_eq!(dwellings, [2, 7, 1, 4, 9]);
}

fn roads(count: i32) -> Vec<Road> {
    let road = |number: i32| {
        let west = 120.98 + f64::from(number) / 1e4;
        Road {
            class: "residential".into(),
            importance: (number % 4) as u8,
            name: (number % 2 == 0).then(|| format!("Taft Avenue {}", number / 4)),
            line: vec![at(west, 14.6), at(west + 5e-5, 14.601), at(west, 14.602)],
        }
    };
    (0..count).map(road).collect()
}

fn footprints(count: i32) -> Vec<Footprint> {
    let footprint = |number: i32| {
        let west = 120.98 + f64::from(number) / 1e4;
        let exterior = vec![at(west, 14.6), at(west + 5e-5, 14.6), at(west, 14.60005)];
        Footprint { kind: "house".into(), area: vec![Polygon { exterior, holes: Vec::new() }] }
    };
    (0..count).map(footprint).collect()
}

async fn import_basemap(test: &TestStore, district: &District, count: i32) -> ImportSummary {
    let id = test.new_id();
    let import = test.store.begin_import(district.id, ImportKind::Basemap, id, noon()).await;
    let mut import = import.expect("a transaction");
    import.stage_roads(&roads(count)).await.expect("a transaction");
    import.stage_footprints(&footprints(count)).await.expect("a transaction");
    done(import.promote_basemap(&test.attempt()).await.expect("a transaction"))
}

async fn basemap_version(test: &TestStore, district: &District) -> i32 {
    let found = test.store.district(district.id).await.expect("a statement");
    found.expect("it is there").basemap_version
}

fn around(west: Position, east: Position) -> Bounds {
    Bounds::new(west, east).expect("the right way round")
}

async fn a_base_map_replaces_the_one_before_and_an_equal_one_changes_nothing(test: TestStore) {
    let (district, _) = test.with_plan().await;

    let first = import_basemap(&test, &district, 40).await;
    let version = basemap_version(&test, &district).await;
    let equal = import_basemap(&test, &district, 40).await;

    assert_eq!(first, ImportSummary { inserted: 80, updated: 0, unchanged: 0 });
    assert_eq!(equal, ImportSummary { inserted: 0, updated: 0, unchanged: 80 });
    assert_eq!(basemap_version(&test, &district).await, version, "an equal base map is not a new one");
    let box_ = around(at(120.9805, 14.599), at(120.98101, 14.603));
    let near = test.store.roads(district.id, version, &box_, 1).await.expect("a statement");
    let expected: Vec<Road> = roads(40)
        .into_iter()
        .enumerate()
        .filter(|(n, road)| (5..=10).contains(n) && road.importance < 2)
        .map(|(_, road)| road)
        .collect();
    assert_eq!(near, expected);
    let near = test.store.footprints(district.id, version, &box_).await.expect("a statement");
    assert_eq!(near, footprints(40)[5..=10]);

    let second = import_basemap(&test, &district, 30).await;

    assert_eq!(second, ImportSummary { inserted: 0, updated: 0, unchanged: 60 });
    let now = basemap_version(&test, &district).await;
    assert!(now > version);
    let whole = around(at(120.0, 14.0), at(122.0, 15.0));
    let all =
        async |version| test.store.footprints(district.id, version, &whole).await.expect("a statement").len();
    assert_eq!((all(version).await, all(now).await), (0, 30), "the one before is gone");
    let what: Vec<Change> = new_events(&test, &district).await;
    assert_eq!(what.len(), 2, "{what:?}");
}

async fn a_base_map_that_broke_off_leaves_nothing_behind(test: TestStore) {
    let (district, _) = test.with_plan().await;
    import_basemap(&test, &district, 10).await;
    let in_place = basemap_version(&test, &district).await;
    let id = test.new_id();
    let mut broken =
        test.store.begin_import(district.id, ImportKind::Basemap, id, noon()).await.expect("one");
    broken.stage_roads(&roads(25)).await.expect("a transaction");

    let id = test.new_id();
    let next = test.store.begin_import(district.id, ImportKind::Basemap, id, noon()).await.expect("one");

    let whole = around(at(120.0, 14.0), at(122.0, 15.0));
    let all =
        async |version| test.store.roads(district.id, version, &whole, 9).await.expect("a statement").len();
    assert_eq!((all(in_place).await, all(in_place + 1).await), (10, 0));
    let overtaken = broken.promote_basemap(&test.attempt()).await;
    assert!(matches!(overtaken, Err(StoreError::ImportOvertaken { .. })), "{overtaken:?}");
    next.discard().await.expect("a transaction");
    assert_eq!(basemap_version(&test, &district).await, in_place);
}

async fn no_report_waits_a_second_for_an_import_of_twenty_thousand(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let file = file(&test, &district, &plan, 15_000);
    let import = async {
        let begun = Instant::now();
        let import = staged(&test, &district, &file).await;
        let promoting = Instant::now();
        let outcome =
            import.promote_households(PlanVersion(1), &test.attempt()).await.expect("a transaction");
        println!("staged in {:?}, promoted in {:?}", promoting - begun, promoting.elapsed());
        done(outcome)
    };

    let summary = while_reports_come_in(&test, &district, &plan, import).await;

    assert_eq!(summary.inserted, 35_000);
    let east = test.store.household_counts(district.id).await.expect("a statement")[&Some(EAST)];
    assert!(east > 1000);
}

/// Runs an import while one report after the other is filed, none of which may wait a second.
async fn while_reports_come_in<T>(
    test: &TestStore,
    district: &District,
    plan: &Plan,
    import: impl Future<Output = T>,
) -> T {
    let mut import = std::pin::pin!(import);
    let mut longest = Duration::ZERO;
    let mut reports = 0;
    let summary = loop {
        let report = async {
            let begun = Instant::now();
            test.stored(district, plan, at(120.991, 14.602)).await;
            begun.elapsed()
        };
        match futures_util::future::select(std::pin::pin!(report), import.as_mut()).await {
            futures_util::future::Either::Left((waited, _)) => {
                longest = longest.max(waited);
                reports += 1;
            }
            futures_util::future::Either::Right((summary, report)) => {
                longest = longest.max(report.await);
                break summary;
            }
        }
    };
    println!("{reports} reports; the longest took {longest:?}");
    assert!(reports > 10, "reports went through while it was staged");
    assert!(longest < Duration::from_secs(1), "a report waited {longest:?}");
    summary
}

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

async fn no_report_waits_a_second_for_an_import_of_twenty_five_thousand_past_incidents(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let pasts = pasts(&test, &district, &plan, 25_000);
    let import = async {
        let begun = Instant::now();
        let import = staged_pasts(&test, &district, &pasts).await;
        let promoting = Instant::now();
        let outcome = import.promote_incidents(PlanVersion(1), &test.attempt()).await.expect("a transaction");
        println!("staged in {:?}, promoted in {:?}", promoting - begun, promoting.elapsed());
        done(outcome)
    };

    let summary = while_reports_come_in(&test, &district, &plan, import).await;

    assert_eq!(summary.inserted, 25_000);
}
