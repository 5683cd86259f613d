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
