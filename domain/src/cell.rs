//! Cells: nodes of a district's tree, each an area at one level.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::district::{InvalidCode, checked_code};
use crate::ids::{CellId, PlanVersion};
use crate::level::LevelRank;
use crate::text::LocalTexts;

/// A cell as a plan holds it. Its polygon is in the plan's coverage.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cell {
    /// The same through all plan versions.
    pub id: CellId,
    /// What people call it by; stays on small edits, is not reused.
    pub code: CellCode,
    /// Which level it is at.
    pub rank: LevelRank,
    /// Its names.
    pub names: LocalTexts,
    /// The cell that it is part of; `None` at the top.
    pub parent: Option<CellId>,
    /// Base or dedicated.
    pub kind: CellKind,
    /// Town or country.
    pub setting: CellSetting,
    /// The first plan version that has it in this form.
    pub since: PlanVersion,
}

/// A base cell, or one of its own for a campus or a factory (专属网格).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellKind {
    /// A part of the ordinary grid.
    #[default]
    Base,
    /// A campus, a factory, a market.
    Dedicated,
}

/// Whether a cell lies in town or in the country.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellSetting {
    /// In town: about 400 households.
    #[default]
    Urban,
    /// In the country: about 100 households.
    Rural,
}

/// A cell's code: 1 to 40 of `a-z`, `A-Z`, `0-9`, `-`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct CellCode(Arc<str>);

impl CellCode {
    /// Checks a code.
    ///
    /// # Errors
    /// [`InvalidCode`].
    pub fn parse(text: &str) -> Result<Self, InvalidCode> {
        checked_code(text, 40).map(|code| Self(code.into()))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The code, for who keeps it.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}
