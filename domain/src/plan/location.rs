//! Where a position lies in a plan: the cell, how it was found, how sure it is.

use geo_tools::Position;
use geo_tools::coverage::Leaf;
use geo_tools::locator::Method;
use serde::{Deserialize, Serialize};

use super::Plan;
use crate::ids::{CellId, PlanVersion};

/// How a position was given to a cell.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LocationMethod {
    /// It lies inside.
    Inside,
    /// It lies on a border and belongs to the cell on its north-eastern side.
    Border,
    /// It lies outside every cell, and this is the nearest within the tolerance.
    Nearest,
    /// Somebody said so.
    Manual,
    /// It lies outside every cell, or has no position.
    Outside,
}

impl LocationMethod {
    /// The method's name in files and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inside => "inside",
            Self::Border => "border",
            Self::Nearest => "nearest",
            Self::Manual => "manual",
            Self::Outside => "outside",
        }
    }

    /// Reads a method's name.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Inside, Self::Border, Self::Nearest, Self::Manual, Self::Outside]
            .into_iter()
            .find(|method| method.as_str() == text)
    }
}

/// The leaf cell that something was given to, and how.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Assignment {
    /// The leaf cell; `None` is outside.
    pub cell: Option<CellId>,
    /// How it was found.
    pub method: LocationMethod,
    /// How far the nearest border is; `None` where there is no position.
    pub distance_to_border_m: Option<f64>,
    /// The plan it was found in.
    pub plan_version: PlanVersion,
}

impl Assignment {
    /// Of something that lies in no cell.
    pub fn outside(plan_version: PlanVersion) -> Self {
        Self { cell: None, method: LocationMethod::Outside, distance_to_border_m: None, plan_version }
    }
}

/// A position's place in a plan, with what it could be as well.
#[derive(Clone, PartialEq, Debug)]
pub struct Location {
    /// The position.
    pub position: Position,
    /// The leaf cell, and how it was found.
    pub assignment: Assignment,
    /// The cells that the accuracy circle touches, largest share first; empty where no accuracy was given.
    pub candidates: Vec<Candidate>,
}

/// A cell that an accuracy circle touches.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Candidate {
    /// The leaf cell; `None` is outside.
    pub cell: Option<CellId>,
    /// Its share of the circle; all shares sum to 1.
    pub share: f64,
}

impl Plan {
    /// Gives a position to a leaf cell; outside the coverage the nearest within a distance.
    pub fn assign(&self, at: Position, nearest_within_m: f64) -> Assignment {
        let located = self.locator.locate(at, nearest_within_m);
        Assignment {
            cell: self.id_of(located.leaf),
            method: match located.method {
                Method::Inside => LocationMethod::Inside,
                Method::Border => LocationMethod::Border,
                Method::Nearest => LocationMethod::Nearest,
                Method::Outside => LocationMethod::Outside,
            },
            distance_to_border_m: located.distance_to_border_m,
            plan_version: self.version,
        }
    }

    /// Gives many positions to leaf cells at once: inside or on the border only, no distances.
    pub fn assign_many(&self, at: &[Position]) -> Vec<Option<CellId>> {
        self.locator.locate_many(at).into_iter().map(|leaf| self.id_of(leaf)).collect()
    }

    /// Where a position lies, with the cells that its accuracy circle touches.
    pub fn locate(&self, at: Position, accuracy_m: Option<f64>, nearest_within_m: f64) -> Location {
        let share = |found: geo_tools::locator::Candidate| Candidate {
            cell: self.id_of(found.leaf),
            share: found.share,
        };
        let circle = accuracy_m.map(|radius_m| self.locator.candidates(at, radius_m)).unwrap_or_default();
        Location {
            position: at,
            assignment: self.assign(at, nearest_within_m),
            candidates: circle.into_iter().map(share).collect(),
        }
    }

    fn id_of(&self, leaf: Option<Leaf>) -> Option<CellId> {
        self.leaf_cell(leaf?).map(|cell| cell.id)
    }
}
