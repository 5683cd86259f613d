//! What a scope admits in memory is what it admits in SQL.

use std::collections::HashSet;
use std::sync::Arc;

use api::store::{Area, IncidentOrder, IncidentQuery};
use domain::access::{Audience, Row, Scope, household_scope, incident_scope};
use domain::district::District;
use domain::household::{Household, HouseholdDraft};
use domain::ids::{CellId, HouseholdId, IncidentId, UserId};
use domain::page::PageSize;
use domain::plan::Plan;
use domain::staff::User;
use domain::text::{Address, StaffName};
use domain::viewer::{Role, Viewer};
use geo_tools::Position;

use super::world::{EAST, NORTH, Seeded, TOWNSHIP, TestStore, WEST, at, done, noon, plan};

super::on_both_databases!(a_scope_admits_the_same_rows_in_memory_and_in_sql_in_random_worlds);

async fn a_scope_admits_the_same_rows_in_memory_and_in_sql_in_random_worlds(test: TestStore) {
    let seed = crate::access::seed("a_scope_admits_the_same_rows_in_memory_and_in_sql_in_random_worlds");
    let worlds = random_worlds(&test, seed).await;

    let mut compared = 0;
    let all_incidents: Vec<IncidentId> = worlds.iter().flat_map(|world| world.2.clone()).collect();
    let all_households: Vec<HouseholdId> = worlds.iter().flat_map(|world| world.3.clone()).collect();
    for viewer in viewers(&test, &worlds[0].0, &worlds[1].0) {
        for (district, plan, incidents, households) in &worlds {
            let lineage = |cell: Option<CellId>| cell.map(|cell| plan.lineage(cell)).unwrap_or_default();
            let scope = incident_scope(&viewer, district.id);
            let stored = test.store.incidents_by_id(&Scope::system(district.id), incidents).await;
            let admitted = stored.expect("a statement").into_iter().filter(|incident| {
                scope.admits(&Row {
                    district: incident.district,
                    lineage: &lineage(incident.assignment.cell),
                    audience: incident.audience,
                })
            });
            let admitted: HashSet<IncidentId> = admitted.map(|incident| incident.id).collect();
            assert_eq!(incidents_in(&test, &scope, &all_incidents).await, admitted, "{viewer:?} {scope:?}");

            let scope = household_scope(&viewer, district.id);
            let stored = test.store.households_by_id(&Scope::system(district.id), households).await;
            let admitted_homes = stored.expect("a statement").into_iter().filter(|household| {
                scope.admits(&Row {
                    district: household.district,
                    lineage: &lineage(household.assignment.cell),
                    audience: Audience::Staff,
                })
            });
            let admitted_homes: HashSet<HouseholdId> = admitted_homes.map(|household| household.id).collect();
            let found = test.store.households_by_id(&scope, &all_households).await.expect("a statement");
            let found: HashSet<HouseholdId> = found.into_iter().map(|household| household.id).collect();
            assert_eq!(found, admitted_homes, "{viewer:?} {scope:?}");
            let counted = test.store.household_count(&scope, &Area::Everywhere).await.expect("a statement");
            assert_eq!(counted as usize, admitted_homes.len());
            compared += admitted.len() + admitted_homes.len();
        }
    }
    assert!(compared > 500, "enough rows were admitted to mean something: {compared}");
}

type World = (District, Arc<Plan>, Vec<IncidentId>, Vec<HouseholdId>);

async fn random_worlds(test: &TestStore, seed: u64) -> Vec<World> {
    const WORLDS: u128 = 8;
    let mut random = Seeded(seed);
    let mut worlds = Vec::new();
    for world in 0..WORLDS {
        let district = test.with_district(100 + world, &format!("world-{world}")).await;
        let first = test.publish(&district, None, plan(&district, 1, cut(&mut random))).await;
        let mut incidents = Vec::new();
        let mut households = Vec::new();
        for index in 0..30 {
            let (mut incident, step) = test.report(&district, &first, place(&mut random));
            incident.audience = if random.below(2) == 0 { Audience::Everybody } else { Audience::Staff };
            incidents.push(test.store_report(&incident, &step).await.0.id);
            let draft = HouseholdDraft {
                address: Address::parse(&format!("Rizal Street {index}")).expect("an address"),
                position: (random.below(5) > 0).then(|| place(&mut random)),
                member_count: Some(3),
            };
            let id = HouseholdId(test.new_id());
            let household =
                Household::register(draft, None, &district, &first, id, noon()).expect("a good household");
            let outcome = test.store.insert_household(&household, &test.attempt()).await;
            households.push(done(outcome.expect("a transaction")).0.id);
        }
        // What was located in the first plan is looked at through the second.
        let second = test.publish(&district, Some(1), plan(&district, 2, cut(&mut random))).await;
        worlds.push((district, second, incidents, households));
    }
    worlds
}

/// Where the border between west and east runs.
fn cut(random: &mut Seeded) -> f64 {
    120.981 + random.below(18_000) as f64 / 1e6
}

/// In a cell more often than not.
fn place(random: &mut Seeded) -> Position {
    let where_about = random.below(6);
    let mut along = |from: f64, units: u64| from + random.below(units) as f64 / 1e7;
    match where_about {
        0 | 1 => at(along(120.975, 300_000), along(14.598, 300_000)),
        2 => at(along(120.985, 100_000), along(14.620, 50_000)),
        _ => at(along(120.980, 200_000), along(14.600, 50_000)),
    }
}

/// By list and by id: both must say the same.
async fn incidents_in(test: &TestStore, scope: &Scope, all: &[IncidentId]) -> HashSet<IncidentId> {
    let query = IncidentQuery { order: IncidentOrder::Place, ..IncidentQuery::default() };
    let size = PageSize::new(PageSize::MAX).expect("a size");
    let page = test.store.incidents(scope, &query, None, size).await.expect("a statement");
    let listed: HashSet<IncidentId> = page.rows.into_iter().map(|(key, _)| key.id).collect();
    let by_id = test.store.incidents_by_id(scope, all).await.expect("a statement");
    assert_eq!(by_id.into_iter().map(|incident| incident.id).collect::<HashSet<_>>(), listed);
    listed
}

fn viewers(test: &TestStore, first: &District, second: &District) -> Vec<Viewer> {
    let mut viewers = vec![Viewer::public()];
    for role in Role::ALL {
        for cell in [None, Some(TOWNSHIP), Some(WEST), Some(EAST), Some(NORTH), Some(CellId(test.new_id()))] {
            for district in [first, second] {
                viewers.push(Viewer::staff(&User {
                    id: UserId(test.new_id()),
                    district: district.id,
                    name: StaffName::parse("Li Na").expect("a name"),
                    role,
                    cell,
                }));
            }
        }
    }
    viewers
}
