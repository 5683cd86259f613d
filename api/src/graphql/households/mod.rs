//! Households and the buildings they are in.

mod mutation;
mod query;
mod types;

pub(super) use mutation::register;
pub use mutation::{HouseholdMutation, RegisterHouseholdInput, RegisterHouseholdPayload};
pub use query::HouseholdQuery;
pub use types::{Building, Household, HouseholdConnection, HouseholdEdge};
