//! Where a position lies in a plan: the cell, how it was found, how sure it is.

use geo_tools::Position;
use geo_tools::coverage::Leaf;
use geo_tools::locator::{Located, Method};
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
        self.assignment(self.locator.locate(at, nearest_within_m))
    }

    /// [`Plan::assign`] of each position, several times faster than one by one.
    pub fn assign_all(&self, at: &[Position], nearest_within_m: f64) -> Vec<Assignment> {
        let located = self.locator.locate_all(at, nearest_within_m).into_iter();
        located.map(|located| self.assignment(located)).collect()
    }

    /// The leaf cell that each position lies in or on the border of; `None` outside, however near.
    pub fn cells_at(&self, at: &[Position]) -> Vec<Option<CellId>> {
        self.locator.locate_many(at).into_iter().map(|leaf| self.id_of(leaf)).collect()
    }

    /// Where a position lies, with the cells that its accuracy circle touches.
    pub fn locate(&self, at: Position, accuracy_m: Option<f64>, nearest_within_m: f64) -> Location {
        self.location(at, self.assign(at, nearest_within_m), accuracy_m)
    }

    /// The place of a position that was assigned in this plan, with the cells that its accuracy circle touches.
    pub fn location(&self, position: Position, assignment: Assignment, accuracy_m: Option<f64>) -> Location {
        let share = |found: geo_tools::locator::Candidate| Candidate {
            cell: self.id_of(found.leaf),
            share: found.share,
        };
        let circle = accuracy_m.map(|radius_m| self.locator.candidates(position, radius_m));
        let candidates = circle.unwrap_or_default().into_iter().map(share).collect();
        Location { position, assignment, candidates }
    }

    fn assignment(&self, located: Located) -> Assignment {
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

    fn id_of(&self, leaf: Option<Leaf>) -> Option<CellId> {
        self.leaf_cell(leaf?).map(|cell| cell.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{at, plan};

    #[test]
    fn positions_assigned_together_get_what_each_gets_alone() {
        let plan = plan();
        // From outside over both cells and the border between them to outside again, on corners and off them.
        let steps = |step: i32| f64::from(step) / 10_000.0;
        let positions: Vec<Position> = (-5..=25)
            .flat_map(|east| (-5..=15).map(move |north| at(120.98 + steps(east), 14.6 + steps(north))))
            .collect();
        let alone: Vec<Assignment> = positions.iter().map(|at| plan.assign(*at, 25.0)).collect();
        assert_eq!(plan.assign_all(&positions, 25.0), alone);
        let methods = [
            LocationMethod::Inside,
            LocationMethod::Border,
            LocationMethod::Nearest,
            LocationMethod::Outside,
        ];
        for method in methods {
            assert!(alone.iter().any(|assignment| assignment.method == method), "{method:?} is not tried");
        }
        let is_covered = |method| matches!(method, LocationMethod::Inside | LocationMethod::Border);
        let covered =
            alone.iter().map(|assignment| assignment.cell.filter(|_| is_covered(assignment.method)));
        assert_eq!(plan.cells_at(&positions), covered.collect::<Vec<_>>());
    }
}
