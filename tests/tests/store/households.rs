//! Households: registered once, paged along the map, found by the beginning of a word.

use std::collections::HashSet;

use api::store::search::Found;
use api::store::{Area, Outcome};
use domain::access::{Scope, household_scope, incident_scope};
use domain::district::District;
use domain::household::{Household, HouseholdDraft};
use domain::ids::{HouseholdId, PlanVersion, UserId};
use domain::page::PageSize;
use domain::plan::Plan;
use domain::staff::User;
use domain::text::{Address, StaffName};
use domain::viewer::{Role, Viewer};
use geo_tools::{Bounds, Position};

use super::world::{EAST, Seeded, TOWNSHIP, TestStore, at, done, noon, plan};

super::on_both_databases!(
    a_household_comes_back_as_it_was_registered,
    a_household_located_in_an_old_plan_is_turned_away,
    households_are_paged_along_the_map_each_once,
    a_publication_gives_households_to_the_cells_they_lie_in_now,
    a_search_finds_beginnings_of_words_and_nothing_that_is_masked,
);

fn registered(
    test: &TestStore,
    district: &District,
    plan: &Plan,
    address: &str,
    position: Option<Position>,
) -> Household {
    let address = Address::parse(address).expect("an address");
    let draft = HouseholdDraft { address, position, member_count: Some(5) };
    let id = HouseholdId(test.new_id());
    Household::register(draft, None, district, plan, id, noon()).expect("a good household")
}

async fn stored(
    test: &TestStore,
    district: &District,
    plan: &Plan,
    address: &str,
    position: Option<Position>,
) -> Household {
    let household = registered(test, district, plan, address, position);
    done(test.store.insert_household(&household, &test.attempt()).await.expect("a transaction")).0
}

async fn a_household_comes_back_as_it_was_registered(test: TestStore) {
    let (district, plan) = test.with_plan().await;

    let placed = stored(&test, &district, &plan, "Rizal 1", Some(at(120.991, 14.602))).await;
    let placeless = stored(&test, &district, &plan, "Rizal 2", None).await;

    let scope = Scope::system(district.id);
    assert_eq!(test.household(&scope, placed.id).await, Some(placed));
    assert_eq!(test.household(&scope, placeless.id).await, Some(placeless));
}

async fn a_household_located_in_an_old_plan_is_turned_away(test: TestStore) {
    let (district, first) = test.with_plan().await;
    let household = registered(&test, &district, &first, "Rizal 1", Some(at(120.991, 14.602)));
    test.publish(&district, Some(1), plan(&district, 2, 120.993)).await;

    let outcome = test.store.insert_household(&household, &test.attempt()).await.expect("a transaction");

    assert_eq!(outcome, Outcome::PlanMoved(PlanVersion(2)));
    assert_eq!(test.household(&Scope::system(district.id), household.id).await, None);
}

async fn households_are_paged_along_the_map_each_once(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let mut random = Seeded(3);
    let mut all = Vec::new();
    for number in 0..40 {
        let position = (number % 8 != 0).then(|| random.position());
        all.push(stored(&test, &district, &plan, &format!("Rizal {number}"), position).await);
    }
    let bounds = Bounds::new(at(120.98, 14.6), at(120.995, 14.61)).expect("the right way round");
    let scope = Scope::system(district.id);
    let inside = |household: &Household| household.position.is_some_and(|position| bounds.contains(position));
    let lineage =
        |household: &Household| household.assignment.cell.map(|cell| plan.lineage(cell)).unwrap_or_default();
    for area in [Area::Everywhere, Area::Within(bounds), Area::Cell(EAST), Area::Subtree(TOWNSHIP)] {
        let expected: HashSet<HouseholdId> = all
            .iter()
            .filter(|household| match area {
                Area::Everywhere => true,
                Area::Within(_) => inside(household),
                Area::Cell(cell) => household.assignment.cell == Some(cell),
                Area::Subtree(root) => lineage(household).contains(&root),
            })
            .map(|household| household.id)
            .collect();

        let mut met = Vec::new();
        let mut after = None;
        for _ in 0..20 {
            let size = PageSize::new(6).expect("a size");
            let page = test.store.households(&scope, &area, after, size).await.expect("a statement");
            met.extend(page.rows.iter().map(|(key, _)| *key));
            after = met.last().copied();
            if !page.has_more {
                break;
            }
        }

        assert_eq!(met.iter().map(|key| key.id).collect::<HashSet<_>>(), expected, "{area:?}");
        assert_eq!(met.len(), expected.len(), "{area:?}: none twice");
        assert!(met.is_sorted_by_key(|key| (key.sort, key.id)));
        let count = test.store.household_count(&scope, &area).await.expect("a statement");
        assert_eq!(count as usize, expected.len());
    }
}

async fn a_publication_gives_households_to_the_cells_they_lie_in_now(test: TestStore) {
    let (district, first) = test.with_plan().await;
    let moved = stored(&test, &district, &first, "Rizal 1", Some(at(120.9905, 14.602))).await;
    let placeless = stored(&test, &district, &first, "Rizal 2", None).await;

    let second = test.publish(&district, Some(1), plan(&district, 2, 120.992)).await;

    let scope = Scope::system(district.id);
    let now = test.household(&scope, moved.id).await.expect("it is there");
    assert_eq!(now.assignment, second.assign(at(120.9905, 14.602), 25.0));
    assert_eq!(now.version, 2);
    assert_eq!(test.household(&scope, placeless.id).await, Some(placeless));
}

async fn a_search_finds_beginnings_of_words_and_nothing_that_is_masked(test: TestStore) {
    let (district, plan) = test.with_plan().await;
    let home =
        stored(&test, &district, &plan, "Äußere Rizal Street 100% 12", Some(at(120.991, 14.602))).await;
    stored(&test, &district, &plan, "Taft Avenue 1000", Some(at(120.991, 14.602))).await;
    let incident = test.stored(&district, &plan, at(120.991, 14.602)).await;
    let staff = |role: Role| {
        let name = StaffName::parse("Li Na").expect("a name");
        Viewer::staff(&User { id: UserId(test.new_id()), district: district.id, name, role, cell: None })
    };
    let search = async |viewer: &Viewer, text: &str| {
        let (homes, cases) = (household_scope(viewer, district.id), incident_scope(viewer, district.id));
        test.store.search(&homes, &cases, text, 10).await.expect("a statement")
    };
    let head = staff(Role::Head);

    assert_eq!(search(&head, "rizal  STREET").await, [Found::Household(home.clone())]);
    assert_eq!(search(&head, "äußere").await, [Found::Household(home.clone())]);
    assert_eq!(search(&head, "100%").await, [Found::Household(home), Found::Incident(incident.clone())]);
    assert_eq!(search(&head, "izal").await, [], "not in the middle of a word");
    assert_eq!(search(&head, "_aft").await, [], "no wild card");
    assert_eq!(search(&head, "路灯").await, [Found::Incident(incident)]);
    for masked in [Viewer::public(), staff(Role::Planner), staff(Role::Observer)] {
        assert_eq!(search(&masked, "rizal").await, [], "{masked:?}");
        assert_eq!(search(&masked, "路灯").await, [], "{masked:?}");
    }
}
