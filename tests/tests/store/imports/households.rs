//! Imports of households and buildings.

use api::store::imports::{Import, ImportKind, ImportSummary};
use api::store::{Area, Outcome, StoreError};
use domain::access::Scope;
use domain::district::District;
use domain::event::Change;
use domain::household::{Building, Household};
use domain::ids::{BuildingId, HouseholdId, PlanVersion};
use domain::page::PageSize;
use domain::plan::Plan;
use domain::text::Address;
use geo_tools::Bounds;
use sea_orm::ConnectionTrait;

use super::super::on_both_databases;
use super::super::world::{EAST, Seeded, TestStore, WEST, at, done, noon, plan};
use super::{CHUNK_ROWS, new_events, reports_during};

on_both_databases!(
    an_import_shows_only_when_it_is_promoted_and_as_one_event,
    a_second_import_of_the_same_rows_changes_nothing_and_tells_nothing,
    a_changed_row_is_updated_and_keeps_its_id_and_its_building,
    an_import_located_in_an_old_plan_is_turned_away_whole,
    a_later_import_takes_over_and_the_earlier_one_ends,
    a_row_without_source_id_is_refused,
    rows_that_are_not_promoted_show_nowhere_and_leave_with_their_import,
    dwellings_that_are_counted_at_the_end_are_those_of_new_buildings_and_of_old_ones,
    addresses_that_are_said_late_are_those_of_new_buildings_and_of_old_ones,
    addresses_that_buildings_had_of_their_households_are_forgotten,
    reports_commit_between_the_chunks_of_an_import,
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
    let whole = Area::Within(Bounds::new(at(120.0, 14.0), at(122.0, 15.0)).expect("the right way round"));
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
    import.stage_buildings(&second.buildings).await.expect("a transaction");
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

async fn addresses_that_are_said_late_are_those_of_new_buildings_and_of_old_ones(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    imported(&test, &district, &file(&test, &district, &plan, 4)).await;
    let mut second = file(&test, &district, &plan, 6);
    second.buildings.iter_mut().for_each(|building| building.address = None);
    let id = test.new_id();
    let import = test.store.begin_import(district.id, ImportKind::Households, id, noon()).await;
    let mut import = import.expect("a transaction");
    import.take_addresses(&[second.buildings[0].id, second.buildings[3].id]);
    import.stage_buildings(&second.buildings).await.expect("a transaction");
    let address = |number: usize| Address::parse(&format!("Quezon Street {number}")).expect("an address");
    let said = [0, 1, 4].map(|number| (second.buildings[number].id, address(number)));
    import.say_addresses(&said).await.expect("a transaction");

    let summary =
        done(import.promote_households(PlanVersion(1), &test.attempt()).await.expect("a transaction"));

    // The first has another for the one that it lost, the second for its own, the third has its own, the fourth lost it; two
    // are new.
    assert_eq!(summary, ImportSummary { inserted: 2, updated: 3, unchanged: 1 });
    let mut addresses = Vec::new();
    for number in 0..6 {
        let found = test.store.building_by_source(district.id, &format!("way/{number}")).await;
        let found = found.expect("a statement").expect("it is there");
        addresses.push(found.address.map(|address| address.as_str().to_owned()).unwrap_or_default());
    }
    let expected = ["Quezon Street 0", "Quezon Street 1", "Rizal Street 2", "", "Quezon Street 4", ""];
    assert_eq!(addresses, expected);
    for number in [0, 1, 4] {
        let found = test.store.building_by_address(district.id, &address(number)).await.expect("a statement");
        let source = found.and_then(|building| building.source_id);
        assert_eq!(source, Some(format!("way/{number}")), "it is found by it");
    }
}

/// A version before gave a building the address of the first household that named it.
async fn addresses_that_buildings_had_of_their_households_are_forgotten(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let mut file = file(&test, &district, &plan, 7);
    // Those with two dwellings came as rows of their own, and so did the second, which households with doors named since.
    let address = |text: &str| Some(Address::parse(text).expect("an address"));
    let second = file.households.iter_mut().find(|home| home.building == Some(file.buildings[1].id));
    second.expect("it has one").source_id = Some("way/1/1".to_owned());
    file.buildings[1].address = address("Rizal Street 1, unit 7");
    // The fifth is a row of its own where nobody lives.
    file.buildings[4].dwellings = 0;
    file.households.retain(|home| home.building != Some(file.buildings[4].id));
    // The last had its households taken out, given their doors and brought in again, the first of them with the number 1.
    file.buildings[6].address = address("Rizal Street 6, unit 1");
    for home in file.households.iter_mut().filter(|home| home.building == Some(file.buildings[6].id)) {
        let is_first = home.source_id.as_deref() == Some("way/6/1");
        home.address = address(if is_first { "Rizal Street 6, unit 1" } else { "Rizal Street 6, unit 2" });
    }
    imported(&test, &district, &file).await;
    let beside = test.beside().await;
    let before = "DELETE FROM seaql_migrations WHERE version LIKE '%_000010_%'";
    beside.execute_unprepared(before).await.expect("a statement");

    test.store.migrate().await.expect("the migration runs");

    let ids: Vec<BuildingId> = file.buildings.iter().map(|building| building.id).collect();
    let found = test.store.buildings_by_id(district.id, &ids).await.expect("a statement");
    let with_address: Vec<BuildingId> =
        found.iter().filter(|building| building.address.is_some()).map(|building| building.id).collect();
    assert_eq!(found.len(), 7);
    for (index, id) in ids.iter().enumerate() {
        assert_eq!(with_address.contains(id), [0, 3, 4].contains(&index), "building {index}: {found:?}");
    }
    for door in ["Rizal Street 1, unit 7", "Rizal Street 6, unit 1"] {
        let door = Address::parse(door).expect("an address");
        let hidden = test.store.building_by_address(district.id, &door).await.expect("a statement");
        assert_eq!(hidden, None, "nor is it found by it");
    }
}

async fn reports_commit_between_the_chunks_of_an_import(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let mut file = file(&test, &district, &plan, 5 * CHUNK_ROWS * 3 / 4);
    file.households.truncate(5 * CHUNK_ROWS);
    let id = test.new_id();
    let import = test.store.begin_import(district.id, ImportKind::Households, id, noon()).await;
    let mut import = import.expect("a transaction");
    import.stage_buildings(&file.buildings).await.expect("a transaction");

    let staged = import.stage_households(&file.households);
    let (committed, staged) = reports_during(&test, &district, &plan, staged).await;

    staged.expect("a transaction");
    assert!(committed >= 3, "{committed} reports were committed between five chunks");
    assert_eq!(household_count(&test, &district).await, 0, "the import is still under way");
    let outcome = import.promote_households(PlanVersion(1), &test.attempt()).await.expect("a transaction");
    assert_eq!(done(outcome).inserted, (file.buildings.len() + file.households.len()) as u64);
    let east = test.store.household_counts(district.id).await.expect("a statement")[&Some(EAST)];
    assert!(east > 1000);
}
