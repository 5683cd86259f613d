//! The nearest border of a position and how far it is.

use super::edge::{Edge, Frame};
use super::grid::{Content, Grid};
use crate::measure;
use crate::position::{Bounds, Position, UNITS_PER_DEGREE};

/// How far outside the coverage's box the distance to a border is still measured, at least.
const MEASURED_OUTSIDE_M: f64 = 10_000.0;

/// The nearest place of a border.
#[derive(Debug)]
pub(super) struct Nearest {
    pub(super) distance_m: f64,
    /// The corner that it is, if it is one.
    pub(super) corner: Option<Position>,
    /// The labels on both sides of the border, XOR: seen from outside, the label of the other side.
    pub(super) label: u32,
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

/// The search around one position, in the plane that is true there: units north, and units east shrunk by `lon_scale`.
struct Search {
    at: Position,
    lon_scale: f64,
    best: Option<(f64, Edge)>,
}

impl Grid {
    /// The nearest place; `None` where there is no border at all.
    pub(super) fn nearest(&self, at: Position) -> Option<Nearest> {
        let mut search = Search { at, lon_scale: lon_scale(at), best: None };
        let lattice = &self.lattice;
        let place = |at: i32, origin: i32, bits: u32, len: u32| {
            ((i64::from(at) - i64::from(origin)) >> bits).clamp(0, i64::from(len) - 1)
        };
        let column = place(at.lon_e7(), lattice.west, lattice.column_bits, lattice.columns);
        let row = place(at.lat_e7(), lattice.south, lattice.row_bits, lattice.rows);
        for radius in 0..i64::from(lattice.columns.max(lattice.rows)) {
            for (column, row) in ring(column, row, radius) {
                if (0..i64::from(lattice.columns)).contains(&column)
                    && (0..i64::from(lattice.rows)).contains(&row)
                {
                    search.look_into(self, column as u32, row as u32);
                }
            }
            // Everything nearer than the nearest side of what was searched has been seen.
            let seen = [(column - radius, row - radius), (column + radius + 1, row + radius + 1)];
            if search.best.is_some_and(|(squared, _)| squared <= search.margin(self, seen)) {
                break;
            }
        }
        let (_, edge) = search.best?;
        Some(search.measured(&edge))
    }
}

/// The boxes so many steps away from one.
fn ring(column: i64, row: i64, radius: i64) -> impl Iterator<Item = (i64, i64)> {
    let level = [row - radius, row + radius].into_iter().take(if radius == 0 { 1 } else { 2 });
    let upright = [column - radius, column + radius].into_iter().take(if radius == 0 { 0 } else { 2 });
    let along =
        level.flat_map(move |row| (column - radius..=column + radius).map(move |column| (column, row)));
    along
        .chain(upright.flat_map(move |column| (row - radius + 1..row + radius).map(move |row| (column, row))))
}

impl Search {
    fn look_into(&mut self, grid: &Grid, column: u32, row: u32) {
        let frame = grid.lattice.frame(column, row);
        let entry = grid.top_entry(row as usize * grid.lattice.columns as usize + column as usize);
        grid.visit_box(entry, &frame, &frame, &mut |frame, content| {
            let Content::Crossed(_, edges) = content else { return };
            if self.best.is_some_and(|(best, _)| self.squared_to_box(frame) > best) {
                return;
            }
            for edge in edges.iter() {
                let squared = self.squared_to_edge(edge).0;
                if self.best.is_none_or(|(best, _)| squared < best) {
                    self.best = Some((squared, *edge));
                }
            }
        });
    }

    /// Where something lies, in units of the plane.
    fn place(&self, [x, y]: [i64; 2]) -> [f64; 2] {
        let (east, north) = (x - i64::from(self.at.lon_e7()), y - i64::from(self.at.lat_e7()));
        [east as f64 * self.lon_scale, north as f64]
    }

    fn squared_to_box(&self, frame: &Frame) -> f64 {
        let ([west, south], [east, north]) =
            (self.place([frame.west, frame.south]), self.place([frame.east, frame.north]));
        let beside = |low: f64, high: f64| if low > 0.0 { low } else { high.min(0.0) };
        beside(west, east).powi(2) + beside(south, north).powi(2)
    }

    /// The square of the distance, and how far along the edge the nearest place lies.
    fn squared_to_edge(&self, edge: &Edge) -> (f64, f64) {
        let ([ax, ay], [bx, by]) = (self.place(edge.low()), self.place(edge.high()));
        let (dx, dy) = (bx - ax, by - ay);
        let share = (-(ax * dx + ay * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
        ((ax + dx * share).powi(2) + (ay + dy * share).powi(2), share)
    }

    /// The square of the distance to the nearest side of some boxes behind which there are more.
    fn margin(&self, grid: &Grid, [low, high]: [(i64, i64); 2]) -> f64 {
        let lattice = &grid.lattice;
        let x = |column: i64| i64::from(lattice.west) + (column << lattice.column_bits);
        let y = |row: i64| i64::from(lattice.south) + (row << lattice.row_bits);
        let ([west, south], [east, north]) =
            (self.place([x(low.0), y(low.1)]), self.place([x(high.0), y(high.1)]));
        let mut margin = f64::INFINITY;
        for (distance, more) in [
            (-west, low.0 > 0),
            (-south, low.1 > 0),
            (east, high.0 < i64::from(lattice.columns)),
            (north, high.1 < i64::from(lattice.rows)),
        ] {
            if more {
                margin = margin.min(distance.max(0.0));
            }
        }
        margin * margin
    }

    /// Measures along the ellipsoid to the nearest place of an edge.
    fn measured(&self, edge: &Edge) -> Nearest {
        let (_, share) = self.squared_to_edge(edge);
        let ([ax, ay], [bx, by]) = (edge.low(), edge.high());
        let between = |a: i64, b: i64| (a as f64 + (b - a) as f64 * share) / UNITS_PER_DEGREE;
        let end = if share == 0.0 {
            Some(edge.low())
        } else if share == 1.0 {
            Some(edge.high())
        } else {
            None
        };
        let corner = end.and_then(|[x, y]| Position::from_e7(x as i32, y as i32).ok());
        let distance_m = measure::distance_to_place_m(self.at, [between(ax, bx), between(ay, by)]);
        Nearest { distance_m, corner, label: edge.toggle() }
    }
}

/// How much shorter a degree of longitude is than one of latitude.
fn lon_scale(at: Position) -> f64 {
    let (lon_m, lat_m) = measure::local_scale_m(at.lat());
    (lon_m / lat_m).max(1e-6)
}
