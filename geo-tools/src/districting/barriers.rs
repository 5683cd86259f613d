//! Borders that no cell reaches across: along a river, a railway, a trunk road, unless a bridge joins the two sides.
//!
//! A stretch of border lies along a barrier where one runs beside it the same way, within a distance. A border that does
//! all along, but for less than that distance, is barred; a bridge that comes as near to it opens it.

use std::collections::BTreeMap;

use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use crate::coverage::{Coverage, Leaf};
use crate::measure::local_scale_m;
use crate::{Bounds, Position};

/// A border is looked at in so many stretches over the distance within which a barrier counts.
const STRETCHES: f64 = 4.0;
/// One side of a border is cut into no more stretches than these.
const MOST_STRETCHES: f64 = 20_000.0;
/// Two sides run the same way where they are at most 45 degrees apart.
const LEAST_COSINE: f64 = std::f64::consts::FRAC_1_SQRT_2;

/// A line that cells do not reach across, or one that joins what it crosses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Barrier {
    /// Its positions.
    pub line: Vec<Position>,
    /// Whether it joins the two sides of a barrier instead of parting them.
    pub is_bridge: bool,
}

/// One side of a line.
#[derive(Clone, Copy)]
pub(crate) struct Side {
    pub(crate) from: Position,
    pub(crate) to: Position,
    pub(crate) is_bridge: bool,
}

/// What lies along the border of two units.
#[derive(Default)]
pub(crate) struct Along {
    /// How much of it has no line beside it that runs the same way.
    pub(crate) open_m: f64,
    /// How much of it has one.
    pub(crate) beside_m: f64,
    has_bridge: bool,
}

/// The units, leaves of a coverage, whose common border lies along barriers, within so many metres; each pair once, the
/// lower first, in order.
pub fn barred_pairs(coverage: &Coverage, barriers: &[Barrier], within_m: f64) -> Vec<[u32; 2]> {
    let sides = barriers.iter().flat_map(|barrier| {
        let is_bridge = barrier.is_bridge;
        barrier.line.windows(2).map(move |pair| Side { from: pair[0], to: pair[1], is_bridge })
    });
    let is_barred = |along: &Along| along.beside_m > 0.0 && along.open_m <= within_m && !along.has_bridge;
    let pairs = along_sides(coverage, sides, within_m).into_iter();
    pairs.filter(|(_, along)| is_barred(along)).map(|(pair, _)| pair).collect()
}

/// What lies along the common border of units, leaves of a coverage, within so many metres; each pair once, the lower first.
pub(crate) fn along_sides(
    coverage: &Coverage,
    sides: impl Iterator<Item = Side>,
    within_m: f64,
) -> BTreeMap<[u32; 2], Along> {
    let boxes = sides.map(|side| GeomWithData::new(Rectangle::from_aabb(side.bounds(0.0)), side)).collect();
    let sides: RTree<GeomWithData<Rectangle<[f64; 2]>, Side>> = RTree::bulk_load(boxes);
    let mut pairs: BTreeMap<[u32; 2], Along> = BTreeMap::new();
    for border in coverage.borders() {
        let (Some(Leaf(one)), Some(Leaf(other))) = (border.left, border.right) else { continue };
        if one == other {
            continue;
        }
        let along = pairs.entry([one.min(other), one.max(other)]).or_default();
        for pair in border.line.windows(2) {
            let side = Side { from: pair[0], to: pair[1], is_bridge: false };
            let near = sides.locate_in_envelope_intersecting(&side.bounds(within_m));
            along.add(side, &near.map(|near| near.data).collect::<Vec<_>>(), within_m);
        }
    }
    pairs
}

impl Along {
    fn add(&mut self, side: Side, near: &[Side], within_m: f64) {
        let plane = Plane::at(side.from);
        let (from, to) = (plane.place(side.from), plane.place(side.to));
        let length_m = distance(from, to);
        let (mut barriers, mut bridges) = (Vec::new(), Vec::new());
        for other in near {
            let ends = [plane.place(other.from), plane.place(other.to)];
            if other.is_bridge { bridges.push(ends) } else { barriers.push(ends) }
        }
        barriers.retain(|ends| runs_alike([from, to], *ends));
        self.has_bridge |= bridges.iter().any(|ends| apart([from, to], *ends) <= within_m);
        if barriers.is_empty() {
            self.open_m += length_m;
            return;
        }
        let count = (length_m * STRETCHES / within_m.max(0.01)).ceil().clamp(1.0, MOST_STRETCHES);
        for stretch in 0..count as u32 {
            let part = (f64::from(stretch) + 0.5) / count;
            let middle = [from[0] + part * (to[0] - from[0]), from[1] + part * (to[1] - from[1])];
            if barriers.iter().any(|ends| to_side(middle, *ends) <= within_m) {
                self.beside_m += length_m / count;
            } else {
                self.open_m += length_m / count;
            }
        }
    }
}

impl Side {
    /// The box around it, so much wider, in degrees.
    fn bounds(&self, margin_m: f64) -> AABB<[f64; 2]> {
        let bounds = Bounds::at(self.from).including(self.to);
        let (east_m, north_m) = local_scale_m(self.from.lat());
        let (east, north) = (1.1 * margin_m / east_m.max(1.0), 1.1 * margin_m / north_m);
        let (low, high) = (bounds.south_west(), bounds.north_east());
        AABB::from_corners([low.lon() - east, low.lat() - north], [high.lon() + east, high.lat() + north])
    }
}

/// Metres east and north of a position, near it.
struct Plane {
    origin: Position,
    scale: (f64, f64),
}

type Place = [f64; 2];

impl Plane {
    fn at(origin: Position) -> Self {
        // Whole metres a degree, so that no machine's last bit shows.
        let (east_m, north_m) = local_scale_m(origin.lat());
        Self { origin, scale: (east_m.round(), north_m.round()) }
    }

    fn place(&self, at: Position) -> Place {
        let part = |at: i32, origin: i32| (i64::from(at) - i64::from(origin)) as f64 / 1e7;
        let east = part(at.lon_e7(), self.origin.lon_e7()) * self.scale.0;
        [east, part(at.lat_e7(), self.origin.lat_e7()) * self.scale.1]
    }
}

fn distance(one: Place, other: Place) -> f64 {
    ((one[0] - other[0]).powi(2) + (one[1] - other[1]).powi(2)).sqrt()
}

/// How far a place is from a side.
fn to_side(at: Place, [from, to]: [Place; 2]) -> f64 {
    let way = [to[0] - from[0], to[1] - from[1]];
    let square = way[0] * way[0] + way[1] * way[1];
    let part =
        if square > 0.0 { ((at[0] - from[0]) * way[0] + (at[1] - from[1]) * way[1]) / square } else { 0.0 };
    let part = part.clamp(0.0, 1.0);
    distance(at, [from[0] + part * way[0], from[1] + part * way[1]])
}

fn runs_alike(one: [Place; 2], other: [Place; 2]) -> bool {
    let way = |[from, to]: [Place; 2]| [to[0] - from[0], to[1] - from[1]];
    let ([a, b], [c, d]) = (way(one), way(other));
    (a * c + b * d).abs() >= LEAST_COSINE * (a.hypot(b) * c.hypot(d))
}

/// How far two sides are from each other.
fn apart(one: [Place; 2], other: [Place; 2]) -> f64 {
    let turn = |[from, to]: [Place; 2], at: Place| {
        (to[0] - from[0]) * (at[1] - from[1]) - (to[1] - from[1]) * (at[0] - from[0])
    };
    let parts = |line: [Place; 2], ends: [Place; 2]| turn(line, ends[0]) * turn(line, ends[1]) < 0.0;
    if parts(one, other) && parts(other, one) {
        return 0.0;
    }
    let ends = one.iter().map(|&at| to_side(at, other)).chain(other.iter().map(|&at| to_side(at, one)));
    ends.fold(f64::INFINITY, f64::min)
}
