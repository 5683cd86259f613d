//! Boxes with at most three short edges of one border, in half a cache line: nearly all that have a border at all.

use super::edge::{Edge, Frame};

/// How many edges a slim box holds.
pub(super) const SLIM_EDGES: usize = 3;
/// Boxes are no larger, and ends of edges no farther from their corner: so products of two differences fit `i32`.
const REACH: i64 = 1 << 14;
/// An edge that no position passes.
const NONE: [i16; 4] = [1, 0, 1, 0];

/// See the module. Ends are in units from the box's south-western corner; those at or west of it are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(32))]
pub(super) struct SlimBox {
    base: u32,
    toggle: u32,
    /// The southern end, or the western one of a level edge; then the other. Longitude first.
    edges: [[i16; 4]; SLIM_EDGES],
}

impl SlimBox {
    /// `None` where the edges are too many, too long, or of several borders.
    pub(super) fn new(base: u32, kept: &[Edge], frame: &Frame) -> Option<Self> {
        let toggle = kept.first()?.toggle();
        let large = frame.east - frame.west > REACH || frame.north - frame.south > REACH;
        if large || kept.len() > SLIM_EDGES || kept.iter().any(|edge| edge.toggle() != toggle) {
            return None;
        }
        let mut edges = [NONE; SLIM_EDGES];
        for (slot, edge) in edges.iter_mut().zip(kept) {
            let ([low_x, low_y], [high_x, high_y]) = (edge.low(), edge.high());
            let ends = [low_x - frame.west, low_y - frame.south, high_x - frame.west, high_y - frame.south];
            if ends.iter().any(|end| end.abs() > REACH) {
                return None;
            }
            *slot = ends.map(|end| end as i16);
        }
        Some(Self { base, toggle, edges })
    }

    /// The label of a place in the box, in units from its corner, shifted to the north-east.
    #[inline]
    pub(super) fn label_at(&self, east: i32, north: i32) -> u32 {
        let passed = self.edges.iter().fold(false, |passed, edge| {
            let [low_x, low_y, high_x, high_y] = edge.map(i32::from);
            let beyond = (east - low_x) * (high_y - low_y) >= (north - low_y) * (high_x - low_x);
            let above = (north >= low_y) | (low_x <= 0);
            let below = (north < high_y) | ((high_x <= 0) & (low_y < high_y));
            passed ^ (beyond & above & below)
        });
        self.base ^ (self.toggle & u32::from(passed).wrapping_neg())
    }

    pub(super) fn base(&self) -> u32 {
        self.base
    }

    /// The edges, and how many.
    pub(super) fn edges(&self, frame: &Frame) -> ([Edge; SLIM_EDGES], usize) {
        let wide = self.edges.map(|edge| {
            let [low_x, low_y, high_x, high_y] = edge.map(i64::from);
            let low = [frame.west + low_x, frame.south + low_y];
            Edge::between(low, [frame.west + high_x, frame.south + high_y], self.toggle, frame.west)
        });
        (wide, self.edges.iter().take_while(|edge| **edge != NONE).count())
    }
}
