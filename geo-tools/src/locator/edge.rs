//! One straight piece of border, and whether it lies between a box's south-western corner and a position.

use std::cmp::Ordering;

use crate::position::{Bounds, Position};

/// What a label is made of: 0 is outside, 1 is `Leaf(0)`, and so on.
const LABEL_BITS: u32 = 30;
const LABEL: u32 = (1 << LABEL_BITS) - 1;
/// The southern end lies at or west of the box's western side.
const LOW_OPEN: u32 = 1 << 31;
/// The northern end does.
const HIGH_OPEN: u32 = 1 << 30;

/// A straight piece of border, walked from south to north; a level one from west to east.
///
/// An edge is kept with each box that it runs through. Two positions of that box have the same label where the same of the
/// box's edges lie to the west of both. An end outside the box to the west is prolonged: the line goes on westward there,
/// so all of the box lies to its east, whatever the border does after that end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    x: i32,
    y: i32,
    dx: i32,
    dy: i32,
    /// The label on its left XOR the label on its right, and whether its ends are open in the box that keeps it.
    toggle: u32,
}

/// An infinitesimal step off a position: one way along the parallel, and infinitely less along the meridian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shift {
    pub(super) eastward: bool,
    pub(super) northward: bool,
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

/// A way out of a corner, no part of which is level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Way {
    east: i64,
    north: i64,
}

impl Way {
    /// Which of two comes first counter-clockwise from the east: exact, since neither part is more than 2^31.
    pub(super) fn compare_turn(&self, other: &Self) -> Ordering {
        let left = self.east * other.north - self.north * other.east;
        (self.north < 0).cmp(&(other.north < 0)).then(0.cmp(&left))
    }
}

/// A box on the map in units; its western side is not part of it, the other three are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) west: i64,
    pub(super) south: i64,
    pub(super) east: i64,
    pub(super) north: i64,
}

impl Frame {
    pub(super) fn of(bounds: &Bounds) -> Self {
        let (low, high) = (bounds.south_west(), bounds.north_east());
        Self {
            west: i64::from(low.lon_e7()),
            south: i64::from(low.lat_e7()),
            east: i64::from(high.lon_e7()),
            north: i64::from(high.lat_e7()),
        }
    }

    /// Whether the box around a line shares a place with this one, sides included.
    pub(super) fn may_meet(&self, line: &[Position]) -> bool {
        Bounds::of(line.iter().copied()).is_some_and(|bounds| self.overlaps(&Self::of(&bounds)))
    }

    /// Whether the two share a place, sides included.
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.west <= other.east
            && other.west <= self.east
            && self.south <= other.north
            && other.south <= self.north
    }
}

impl Edge {
    /// `None` where the labels on both sides are the same, or both ends.
    pub(super) fn new(a: Position, b: Position, left: u32, right: u32) -> Option<Self> {
        let northward = (a.lat_e7(), a.lon_e7()) < (b.lat_e7(), b.lon_e7());
        let (low, high) = if northward { (a, b) } else { (b, a) };
        let (dx, dy) = (high.lon_e7().checked_sub(low.lon_e7())?, high.lat_e7() - low.lat_e7());
        let edge = Self { x: low.lon_e7(), y: low.lat_e7(), dx, dy, toggle: (left ^ right) & LABEL };
        (edge.toggle != 0 && (dx, dy) != (0, 0)).then_some(edge)
    }

    /// No edge, but what stands before the edges of a box: its base label and their number.
    pub(super) fn header(base: u32, len: usize) -> Self {
        Self { x: len as i32, y: 0, dx: 0, dy: 0, toggle: base }
    }

    /// The base label of a box and the number of its edges, which follow.
    pub(super) fn as_header(&self) -> (u32, usize) {
        (self.toggle, self.x as usize)
    }

    /// From one end to the other, south to north or west to east, as the box that starts east of `west` keeps it.
    pub(super) fn between([x, y]: [i64; 2], [high_x, high_y]: [i64; 2], toggle: u32, west: i64) -> Self {
        Self { x: x as i32, y: y as i32, dx: (high_x - x) as i32, dy: (high_y - y) as i32, toggle }
            .seen_from(west)
    }

    /// This edge as the box that starts east of `west` keeps it.
    pub(super) fn seen_from(mut self, west: i64) -> Self {
        self.toggle &= LABEL;
        if i64::from(self.x) <= west {
            self.toggle |= LOW_OPEN;
        }
        if self.dy > 0 && i64::from(self.x) + i64::from(self.dx) <= west {
            self.toggle |= HIGH_OPEN;
        }
        self
    }

    /// The labels on its sides, XOR.
    pub(super) fn toggle(&self) -> u32 {
        self.toggle & LABEL
    }

    /// The southern end, or the western one of a level edge.
    pub(super) fn low(&self) -> [i64; 2] {
        [i64::from(self.x), i64::from(self.y)]
    }

    /// The other end.
    pub(super) fn high(&self) -> [i64; 2] {
        [i64::from(self.x) + i64::from(self.dx), i64::from(self.y) + i64::from(self.dy)]
    }

    /// Whether it is level.
    pub(super) fn is_level(&self) -> bool {
        self.dy == 0
    }

    /// What it adds to the label of a position, shifted to the north-east: branch-free, in integers.
    #[inline]
    pub(super) fn label_at(&self, x: i32, y: i32) -> u32 {
        let (east, north) = (x.wrapping_sub(self.x), y.wrapping_sub(self.y));
        let passed = i64::from(east) * i64::from(self.dy) >= i64::from(north) * i64::from(self.dx);
        let above = (north >= 0) | (self.toggle & LOW_OPEN != 0);
        let below = (north < self.dy) | (self.toggle & HIGH_OPEN != 0);
        (self.toggle & LABEL) & u32::from(passed & above & below).wrapping_neg()
    }

    /// What it adds to the label of a position shifted in any direction.
    pub(super) fn label_beside(&self, x: i32, y: i32, shift: Shift) -> u32 {
        let (east, north) = (x.wrapping_sub(self.x), y.wrapping_sub(self.y));
        let side = i64::from(east) * i64::from(self.dy) - i64::from(north) * i64::from(self.dx);
        // Exactly on the line the larger part of the shift decides; along a level line only the smaller part leaves it.
        let passed = side > 0 || (side == 0 && if self.dy == 0 { !shift.northward } else { shift.eastward });
        let row = |limit: i32| if shift.northward { north >= limit } else { north > limit };
        let above = row(0) || self.toggle & LOW_OPEN != 0;
        let below = !row(self.dy) || self.toggle & HIGH_OPEN != 0;
        if passed && above && below { self.toggle() } else { 0 }
    }

    /// What it adds to the label of a place between the units: only to weigh areas.
    pub(super) fn label_near(&self, [x, y]: [f64; 2]) -> u32 {
        let (east, north) = (x - f64::from(self.x), y - f64::from(self.y));
        let passed = east * f64::from(self.dy) > north * f64::from(self.dx);
        let above = north >= 0.0 || self.toggle & LOW_OPEN != 0;
        let below = north < f64::from(self.dy) || self.toggle & HIGH_OPEN != 0;
        if passed && above && below { self.toggle() } else { 0 }
    }

    /// Whether a position lies exactly on it.
    pub(super) fn touches(&self, at: Position) -> bool {
        let (east, north) = (at.lon_e7().wrapping_sub(self.x), at.lat_e7().wrapping_sub(self.y));
        let between = (0..=self.dy).contains(&north) && (self.dx.min(0)..=self.dx.max(0)).contains(&east);
        between && i64::from(east) * i64::from(self.dy) == i64::from(north) * i64::from(self.dx)
    }

    /// The way it goes from a position, if it ends there.
    pub(super) fn way_from(&self, at: Position) -> Option<Way> {
        let at = [i64::from(at.lon_e7()), i64::from(at.lat_e7())];
        let (dx, dy) = (i64::from(self.dx), i64::from(self.dy));
        if at == self.low() {
            Some(Way { east: dx, north: dy })
        } else if at == self.high() {
            Some(Way { east: -dx, north: -dy })
        } else {
            None
        }
    }

    /// Whether some of it lies in the box: exact.
    pub(super) fn meets(&self, frame: &Frame) -> bool {
        let ([low_x, low_y], [high_x, high_y]) = (self.low(), self.high());
        if low_x.max(high_x) <= frame.west
            || low_x.min(high_x) > frame.east
            || high_y < frame.south
            || low_y > frame.north
        {
            return false;
        }
        let side = |x: i64, y: i64| (x - low_x) * i64::from(self.dy) - (y - low_y) * i64::from(self.dx);
        let western = [side(frame.west, frame.south), side(frame.west, frame.north)];
        let eastern = [side(frame.east, frame.south), side(frame.east, frame.north)];
        let any = |test: fn(&i64) -> bool| western.iter().chain(&eastern).any(test);
        // The western side is not part of the box, so to touch it alone is not to meet it.
        eastern.contains(&0) || (any(|side| *side > 0) && any(|side| *side < 0))
    }
}
