//! Inside or outside one face, in integers.

use crate::coverage::Leaf;
use crate::geometry::Polygon;
use crate::position::{Bounds, Position};

/// An infinitesimal step off a position: one way along the parallel, and infinitely less along the meridian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shift {
    eastward: bool,
    northward: bool,
}

impl Shift {
    /// The border rule: north-east, north-west, south-east, south-west.
    pub(super) const IN_ORDER: [Self; 4] = [
        Self { eastward: true, northward: true },
        Self { eastward: false, northward: true },
        Self { eastward: true, northward: false },
        Self { eastward: false, northward: false },
    ];
}

/// One connected piece of a leaf's ground.
#[derive(Clone, Debug)]
pub(super) struct Face {
    leaf: Leaf,
    /// All rings one behind the other, each closed by repeating its first position.
    positions: Vec<Position>,
    /// Where each ring ends in `positions`.
    ring_ends: Vec<u32>,
}

impl Face {
    pub(super) fn new(leaf: Leaf, polygon: &Polygon) -> Self {
        let mut positions = Vec::new();
        let mut ring_ends = Vec::new();
        for ring in polygon.rings() {
            positions.extend(ring.iter().chain(ring.first()));
            ring_ends.push(positions.len() as u32);
        }
        Self { leaf, positions, ring_ends }
    }

    pub(super) fn leaf(&self) -> Leaf {
        self.leaf
    }

    /// The box around it; `None` without positions.
    pub(super) fn bounds(&self) -> Option<Bounds> {
        Bounds::of(self.rings().next()?.iter().copied())
    }

    /// The rings, closed.
    pub(super) fn rings(&self) -> impl Iterator<Item = &[Position]> {
        let mut start = 0;
        self.ring_ends.iter().map(move |end| {
            let ring = &self.positions[start..*end as usize];
            start = *end as usize;
            ring
        })
    }

    fn segments(&self) -> impl Iterator<Item = (Position, Position)> {
        self.rings().flat_map(|ring| ring.windows(2).map(|pair| (pair[0], pair[1])))
    }

    /// Whether a position, shifted, lies inside: whether a way east from it meets the rings an odd number of times.
    pub(super) fn contains(&self, at: Position, shift: Shift) -> bool {
        // A shifted position is never level with a corner: a corner at its latitude lies below it after a step north.
        let above = |corner: Position| {
            corner.lat_e7() > at.lat_e7() || (!shift.northward && corner.lat_e7() == at.lat_e7())
        };
        let mut inside = false;
        for (a, b) in self.segments() {
            if above(a) == above(b) {
                continue;
            }
            let (low, high) = if above(b) { (a, b) } else { (b, a) };
            let turn = turn(low, high, at);
            // On the segment the larger part of the shift decides: a step west leaves the segment in the east.
            if turn > 0 || (turn == 0 && !shift.eastward) {
                inside = !inside;
            }
        }
        inside
    }

    /// Whether a position lies exactly on one of the rings.
    pub(super) fn has_on_border(&self, at: Position) -> bool {
        self.segments().any(|(a, b)| {
            let between = |a: i32, b: i32, at: i32| a.min(b) <= at && at <= a.max(b);
            between(a.lon_e7(), b.lon_e7(), at.lon_e7())
                && between(a.lat_e7(), b.lat_e7(), at.lat_e7())
                && turn(a, b, at) == 0
        })
    }
}

/// Positive where a position lies to the left of the way from `a` to `b`, zero on its line. Exact for all positions.
fn turn(a: Position, b: Position, at: Position) -> i128 {
    let delta = |from: i32, to: i32| i128::from(to) - i128::from(from);
    delta(a.lon_e7(), b.lon_e7()) * delta(a.lat_e7(), at.lat_e7())
        - delta(a.lat_e7(), b.lat_e7()) * delta(a.lon_e7(), at.lon_e7())
}
