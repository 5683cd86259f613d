//! Districts: what each is made of, its figures.

mod query;
mod types;

pub use query::DistrictQuery;
pub use types::{Category, Colour, Counts, District, Level, Stage};
