//! Levels: a district's own ordered list, from the largest down, as data.

use serde::{Deserialize, Serialize};

use crate::text::LocalTexts;

/// One level of a district, such as township, community, cell, micro-cell.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Level {
    /// Its name in queries and files: lower case, such as `township`.
    pub key: String,
    /// Its names for people.
    pub names: LocalTexts,
    /// How many households a cell of this level is meant to hold; shows a deviation, never rejects.
    pub target_households: Option<u32>,
}

/// A level's place in its district's list: 0 is the largest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LevelRank(pub u8);
