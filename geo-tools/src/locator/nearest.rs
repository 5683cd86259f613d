//! The nearest border of a position and how far it is.

use rstar::primitives::{GeomWithData, Line};
use rstar::{PointDistance, RTree};

use crate::coverage::{Coverage, Leaf};
use crate::measure;
use crate::position::{Bounds, Position};

/// How far outside the coverage's box the distance to a border is still measured, at least.
const MEASURED_OUTSIDE_M: f64 = 10_000.0;

/// A stretch of border between two corners, and who has it on a side.
type Segment = GeomWithData<Line<[f64; 2]>, (Position, Position, Option<Leaf>)>;

/// Every segment of every border.
#[derive(Clone, Debug)]
pub(super) struct Borders {
    /// In degrees; longitudes are shrunk by `lon_scale`, so that the plane is true in the middle of the coverage.
    segments: RTree<Segment>,
    lon_scale: f64,
}

/// The nearest place of a border.
#[derive(Debug)]
pub(super) struct Nearest {
    pub(super) distance_m: f64,
    /// The corner that it is, if it is one.
    pub(super) corner: Option<Position>,
    /// A leaf beside it; where the other side is outside, the only one.
    pub(super) leaf: Option<Leaf>,
}

/// Whether a position outside is worth measuring.
pub(super) fn may_be_near(bounds: &Bounds, at: Position, within_m: f64) -> bool {
    let (low, high) = (bounds.south_west(), bounds.north_east());
    let beside_lon = at.lon().clamp(low.lon(), high.lon());
    let beside_lat = at.lat().clamp(low.lat(), high.lat());
    let distance_m = measure::distance_to_place_m(at, [beside_lon, beside_lat]);
    // On the curved Earth the nearest place of a box is not quite the clamped one.
    distance_m <= MEASURED_OUTSIDE_M.max(within_m) * 1.01
}

impl Borders {
    pub(super) fn new(coverage: &Coverage) -> Self {
        let lon_scale = lon_scale(coverage.bounds().center());
        let mut segments: Vec<Segment> = Vec::new();
        for border in coverage.borders() {
            let leaf = border.left.or(border.right);
            for pair in border.line.windows(2) {
                let line = Line::new(place(pair[0], lon_scale), place(pair[1], lon_scale));
                segments.push(GeomWithData::new(line, (pair[0], pair[1], leaf)));
            }
        }
        Self { segments: RTree::bulk_load(segments), lon_scale }
    }

    /// The nearest place; `None` where there is no border at all.
    pub(super) fn nearest(&self, at: Position) -> Option<Nearest> {
        let local_scale = lon_scale(at);
        let local = place(at, local_scale);
        // What the plane of the tree calls far can be nearer by this factor in the plane around the position.
        let factor = (local_scale / self.lon_scale).min(1.0);
        let mut best: Option<(f64, &Segment)> = None;
        for (segment, far_squared) in
            self.segments.nearest_neighbor_iter_with_distance_2(&place(at, self.lon_scale))
        {
            if best.is_some_and(|(best_squared, _)| far_squared * factor * factor > best_squared) {
                break;
            }
            let (a, b, _) = segment.data;
            let line = Line::new(place(a, local_scale), place(b, local_scale));
            let squared = line.distance_2(&local);
            if best.is_none_or(|(best_squared, _)| squared < best_squared) {
                best = Some((squared, segment));
            }
        }
        best.map(|(_, segment)| measured(at, segment))
    }
}

/// Measures along the ellipsoid to the nearest place of a segment.
fn measured(at: Position, segment: &Segment) -> Nearest {
    let (a, b, leaf) = segment.data;
    let scale = lon_scale(at);
    let ([ax, ay], [bx, by], [x, y]) = (place(a, scale), place(b, scale), place(at, scale));
    let (dx, dy) = (bx - ax, by - ay);
    let share = (((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
    let nearest = [a.lon() + (b.lon() - a.lon()) * share, a.lat() + (b.lat() - a.lat()) * share];
    let corner = if share == 0.0 {
        Some(a)
    } else if share == 1.0 {
        Some(b)
    } else {
        None
    };
    Nearest { distance_m: measure::distance_to_place_m(at, nearest), corner, leaf }
}

/// How much shorter a degree of longitude is than one of latitude.
fn lon_scale(at: Position) -> f64 {
    let (lon_m, lat_m) = measure::local_scale_m(at.lat());
    (lon_m / lat_m).max(1e-6)
}

fn place(at: Position, lon_scale: f64) -> [f64; 2] {
    [at.lon() * lon_scale, at.lat()]
}
