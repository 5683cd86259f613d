//! Households (户) and the buildings they are in.
//!
//! A household is a dwelling: an address with a position or a building. Many share one building.

use chrono::{DateTime, Utc};
use geo_tools::Position;

use crate::district::District;
use crate::ids::{BuildingId, DistrictId, HouseholdId};
use crate::input::{InputCode, InputProblem};
use crate::plan::{Assignment, Plan};
use crate::text::Address;

/// A building: never cut by a border; it lies where its position lies.
#[derive(Clone, PartialEq, Debug)]
pub struct Building {
    /// The id.
    pub id: BuildingId,
    /// The district.
    pub district: DistrictId,
    /// What the source calls it; unique in the district where given.
    pub source_id: Option<String>,
    /// Its address.
    pub address: Option<Address>,
    /// Where it is: inside its footprint.
    pub position: Position,
    /// How many dwellings it has.
    pub dwellings: u32,
}

/// A household.
#[derive(Clone, PartialEq, Debug)]
pub struct Household {
    /// The id.
    pub id: HouseholdId,
    /// The district.
    pub district: DistrictId,
    /// Grows by one with each change, from 1.
    pub version: i32,
    /// What the source calls it; unique in the district where given.
    pub source_id: Option<String>,
    /// The building, if it is known.
    pub building: Option<BuildingId>,
    /// The address.
    pub address: Option<Address>,
    /// Where it is; `None` until somebody places it.
    pub position: Option<Position>,
    /// How many live there.
    pub member_count: Option<u32>,
    /// The cell it was assigned to, and how.
    pub assignment: Assignment,
    /// When it came in.
    pub registered_at: DateTime<Utc>,
}

/// A household to be registered, checked as far as the input alone can be.
#[derive(Clone, PartialEq, Debug)]
pub struct HouseholdDraft {
    /// The address.
    pub address: Address,
    /// Where it is; `None` is found by the address.
    pub position: Option<Position>,
    /// How many live there.
    pub member_count: Option<i32>,
}

/// The most members that a household may have.
pub const MAX_MEMBER_COUNT: u32 = 99;

impl Household {
    /// Registers a household: checks it and locates it in the plan in force. `building` is the one at its address.
    ///
    /// # Errors
    /// Every problem of the draft.
    pub fn register(
        draft: HouseholdDraft,
        building: Option<&Building>,
        district: &District,
        plan: &Plan,
        id: HouseholdId,
        now: DateTime<Utc>,
    ) -> Result<Self, Vec<InputProblem>> {
        let member_count = checked_member_count(draft.member_count).map_err(|problem| vec![problem])?;
        let position = draft.position.or(building.map(|building| building.position));
        let assignment = match position {
            Some(position) => plan.assign(position, district.rules.nearest_within_m()),
            None => Assignment::outside(plan.version()),
        };
        Ok(Self {
            id,
            district: district.id,
            version: 1,
            source_id: None,
            building: building.map(|building| building.id),
            address: Some(draft.address),
            position,
            member_count,
            assignment,
            registered_at: now,
        })
    }
}

fn checked_member_count(given: Option<i32>) -> Result<Option<u32>, InputProblem> {
    let Some(given) = given else { return Ok(None) };
    match u32::try_from(given) {
        Ok(count) if count <= MAX_MEMBER_COUNT => Ok(Some(count)),
        _ => {
            let message = format!("{given} members; 0 to {MAX_MEMBER_COUNT} are allowed");
            Err(InputProblem::new(InputCode::InvalidNumber, message, &["memberCount"]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{EAST, at, district, noon, plan};
    use crate::plan::LocationMethod;

    fn register(
        position: Option<Position>,
        building: Option<&Building>,
        members: i32,
    ) -> Result<Household, InputCode> {
        let address = Address::parse("Calle Real 7").expect("an address");
        let draft = HouseholdDraft { address, position, member_count: Some(members) };
        let id = HouseholdId(uuid::Uuid::from_u128(6));
        Household::register(draft, building, &district(), &plan(), id, noon())
            .map_err(|problems| problems[0].code)
    }

    #[test]
    fn a_household_without_a_position_lies_where_its_building_lies() {
        let building = Building {
            id: BuildingId(uuid::Uuid::from_u128(8)),
            district: district().id,
            source_id: None,
            address: None,
            position: at(120.9815, 14.6005),
            dwellings: 12,
        };
        let household = register(None, Some(&building), 3).expect("a good household");
        assert_eq!(household.assignment.cell, Some(EAST));
        assert_eq!(household.position, Some(building.position));
    }

    #[test]
    fn a_household_without_any_place_waits_to_be_placed_by_hand() {
        let household = register(None, None, 3).expect("a good household");
        assert_eq!((household.position, household.assignment.method), (None, LocationMethod::Outside));
    }

    #[test]
    fn a_household_has_0_to_99_members() {
        assert_eq!(register(None, None, -1).map(|_| ()), Err(InputCode::InvalidNumber));
        assert_eq!(register(None, None, 100).map(|_| ()), Err(InputCode::InvalidNumber));
        assert!(register(None, None, 99).is_ok());
    }
}
