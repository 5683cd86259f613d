//! How far a border may be drawn from where it is: a few distances, so that what is made for each can be kept.

use geo_tools::Polygon;
use geo_tools::coverage::Coverage;

use super::Plan;
use crate::ids::CellId;

/// In metres, in order.
const STEPS_M: [f64; 6] = [1.0, 3.0, 10.0, 30.0, 100.0, 300.0];

/// One of a few distances that a drawn border may lie from the true one.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Tolerance {
    step: usize,
}

impl Tolerance {
    /// The largest that is not above a distance; `None` where only the true border is as near.
    pub fn at_most(distance_m: f64) -> Option<Self> {
        let step = STEPS_M.iter().rposition(|step_m| *step_m <= distance_m)?;
        Some(Self { step })
    }

    /// The distance in metres.
    pub fn distance_m(self) -> f64 {
        STEPS_M[self.step]
    }
}

impl Plan {
    /// The borders with fewer positions, for [`Plan::polygons_within`]: the same borders between the same cells, each
    /// within the tolerance of where it is, and none crossing another.
    pub fn simplified(&self, tolerance: Tolerance) -> Coverage {
        self.coverage.simplify(tolerance.distance_m())
    }

    /// A cell's area within borders that [`Plan::simplified`] made: neighbours share every position.
    pub fn polygons_within(&self, borders: &Coverage, id: CellId) -> Vec<Polygon> {
        match self.leaves_under(id).as_slice() {
            [] => Vec::new(),
            [leaf] => borders.polygons(*leaf),
            leaves => borders.union(leaves),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tolerance_is_never_above_what_was_asked_for() {
        let taken = |distance_m: f64| Tolerance::at_most(distance_m).map(Tolerance::distance_m);
        for exact in [f64::NEG_INFINITY, -1.0, 0.0, 0.99, f64::NAN] {
            assert_eq!(taken(exact), None, "{exact}");
        }
        let cases =
            [(1.0, 1.0), (2.9, 1.0), (3.0, 3.0), (29.0, 10.0), (299.0, 100.0), (f64::INFINITY, 300.0)];
        for (asked, expected) in cases {
            assert_eq!(taken(asked), Some(expected), "{asked}");
        }
    }
}
