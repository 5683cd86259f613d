//! Shares of an accuracy circle.

use std::collections::BTreeMap;

use super::edge::{Edge, Frame};
use super::grid::{Content, Grid};
use crate::measure;
use crate::position::{Position, UNITS_PER_DEGREE};

/// Larger circles are cut down to this: a phone that knows no better knows nothing, and a plane fits no further.
const MAX_ACCURACY_M: f64 = 20_000.0;
/// With so many corners, and area for area the same as the circle, the edge strays by at most 0.15 % of the radius.
const CORNERS: usize = 64;
/// A smaller share is float noise at a border that the circle only touches.
const MIN_SHARE: f64 = 1e-9;

/// A circle around a position, in units east and north of it: where degrees of longitude are short it is an ellipse, and
/// shares of its area are the same.
pub(super) struct Circle {
    center: [f64; 2],
    corners: Vec<[f64; 2]>,
}

impl Circle {
    /// `None` without a radius.
    pub(super) fn new(center: Position, accuracy_m: f64) -> Option<Self> {
        if accuracy_m.is_nan() || accuracy_m <= 0.0 {
            return None;
        }
        let (lon_m, lat_m) = measure::local_scale_m(center.lat());
        let step = std::f64::consts::TAU / CORNERS as f64;
        // The corners lie a little outside, so that the polygon has the circle's area.
        let radius_m = accuracy_m.min(MAX_ACCURACY_M) * (step / step.sin()).sqrt();
        let corner = |corner: usize| {
            let (sin, cos) = (corner as f64 * step).sin_cos();
            [cos * radius_m / lon_m.max(1.0) * UNITS_PER_DEGREE, sin * radius_m / lat_m * UNITS_PER_DEGREE]
        };
        let center = [f64::from(center.lon_e7()), f64::from(center.lat_e7())];
        Some(Self { center, corners: (0..CORNERS).map(corner).collect() })
    }

    fn frame(&self) -> Frame {
        let reach = |axis: usize| self.corners.iter().map(|corner| corner[axis]).fold(0.0, f64::max).ceil();
        let [x, y] = self.center;
        let side = |at: f64| at.clamp(-2e9, 2e9) as i64;
        Frame {
            west: side(x - reach(0)),
            south: side(y - reach(1)),
            east: side(x + reach(0)),
            north: side(y + reach(1)),
        }
    }

    /// The share of each label with ground in the circle; 0 is outside. Together 1.
    pub(super) fn weigh(&self, grid: &Grid) -> Vec<(u32, f64)> {
        let circle_area = area(&self.corners);
        let mut shares: BTreeMap<u32, f64> = BTreeMap::new();
        grid.visit(&self.frame(), &mut |frame, content| {
            let [west, south, east, north] = self.sides(frame);
            let piece = within(&within(&self.corners, 0, west, east), 1, south, north);
            let mut add = |label: u32, area: f64| *shares.entry(label).or_insert(0.0) += area / circle_area;
            match content {
                Content::Whole(label) => add(label, area(&piece)),
                Content::Crossed(base, edges) => self.weigh_box(&piece, base, &edges, west, &mut add),
            }
        });
        shares.remove(&0);
        let mut shares: Vec<(u32, f64)> =
            shares.into_iter().filter(|(_, share)| *share > MIN_SHARE).collect();
        let inside: f64 = shares.iter().map(|(_, share)| share).sum();
        if 1.0 - inside > MIN_SHARE {
            shares.push((0, 1.0 - inside));
        } else {
            shares.iter_mut().for_each(|(_, share)| *share /= inside);
        }
        shares.sort_by(|a, b| b.1.total_cmp(&a.1));
        shares
    }

    fn sides(&self, frame: &Frame) -> [f64; 4] {
        let [x, y] = self.center;
        [frame.west as f64 - x, frame.south as f64 - y, frame.east as f64 - x, frame.north as f64 - y]
    }

    fn place(&self, [x, y]: [i64; 2]) -> [f64; 2] {
        [x as f64 - self.center[0], y as f64 - self.center[1]]
    }

    /// Cuts what the circle has of a box into slabs between the ends of its edges; in each, edges run from side to side and
    /// do not cross, so they cut it from west to east.
    fn weigh_box(
        &self,
        piece: &[[f64; 2]],
        base: u32,
        edges: &[Edge],
        west: f64,
        add: &mut impl FnMut(u32, f64),
    ) {
        let heights = |of: fn(f64, f64) -> f64, start: f64| piece.iter().map(|at| at[1]).fold(start, of);
        let (low, high) = (heights(f64::min, f64::INFINITY), heights(f64::max, f64::NEG_INFINITY));
        let ends = edges.iter().flat_map(|edge| [edge.low(), edge.high()]).map(|end| self.place(end)[1]);
        let mut levels: Vec<f64> = ends.filter(|y| low < *y && *y < high).chain([low, high]).collect();
        levels.sort_by(f64::total_cmp);
        for level in levels.windows(2).filter(|level| level[0] < level[1]) {
            let middle = (level[0] + level[1]) / 2.0;
            let start = [west + self.center[0], middle + self.center[1]];
            let mut label = edges.iter().fold(base, |label, edge| label ^ edge.label_near(start));
            let mut rest = within(piece, 1, level[0], level[1]);
            for (_, edge) in self.crossings(edges, middle, west) {
                let (a, b) = (self.place(edge.low()), self.place(edge.high()));
                add(label, area(&cut(&rest, a, b)));
                rest = cut(&rest, b, a);
                label ^= edge.toggle();
            }
            add(label, area(&rest));
        }
    }

    /// The edges that cross a parallel east of a meridian, from west to east.
    fn crossings<'a>(&self, edges: &'a [Edge], y: f64, west: f64) -> Vec<(f64, &'a Edge)> {
        let crossing = |edge: &'a Edge| {
            let ([ax, ay], [bx, by]) = (self.place(edge.low()), self.place(edge.high()));
            let x = ax + (bx - ax) * (y - ay) / (by - ay);
            (ay < y && y < by && x >= west).then_some((x, edge))
        };
        let mut crossings: Vec<_> = edges.iter().filter_map(crossing).collect();
        crossings.sort_by(|a, b| a.0.total_cmp(&b.0));
        crossings
    }
}

/// What of a closed or open ring lies between two levels of an axis.
fn within(ring: &[[f64; 2]], axis: usize, low: f64, high: f64) -> Vec<[f64; 2]> {
    let across = |level: f64| {
        let (mut from, mut to) = ([0.0; 2], [0.0; 2]);
        from[axis] = level;
        to[axis] = level;
        to[1 - axis] = 1.0;
        (from, to)
    };
    let ((low_from, low_to), (high_from, high_to)) = (across(low), across(high));
    // Westward of a line north lies to its left, northward of a line east: so the two axes turn opposite ways.
    if axis == 0 {
        cut(&cut(ring, low_to, low_from), high_from, high_to)
    } else {
        cut(&cut(ring, low_from, low_to), high_to, high_from)
    }
}

/// What of a ring lies to the left of a line.
fn cut(ring: &[[f64; 2]], from: [f64; 2], to: [f64; 2]) -> Vec<[f64; 2]> {
    let depth = |at: [f64; 2]| (to[0] - from[0]) * (at[1] - from[1]) - (to[1] - from[1]) * (at[0] - from[0]);
    let mut kept = Vec::with_capacity(ring.len() + 2);
    for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
        let (depth_a, depth_b) = (depth(*a), depth(*b));
        if depth_a >= 0.0 {
            kept.push(*a);
        }
        if (depth_a >= 0.0) != (depth_b >= 0.0) {
            let share = depth_a / (depth_a - depth_b);
            kept.push([a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share]);
        }
    }
    kept
}

/// The area of a ring that runs counter-clockwise.
fn area(ring: &[[f64; 2]]) -> f64 {
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum::<f64>() / 2.0
}
