//! The grid of whole numbers that the map is drawn on.
//!
//! The longer side of the ground is [`MOST_STEPS`] steps long; what falls together there, or lies straight between its
//! neighbours, is dropped: a page grows with its cells and not with their corners.

use std::fmt::Write as _;

use crate::{Bounds, Position, measure};

/// Steps along the longer side of the ground.
const MOST_STEPS: f64 = 4_000.0;

/// The ground as rows and columns, the first row in the north.
pub(super) struct Grid {
    bounds: Bounds,
    steps_per_lon: f64,
    steps_per_lat: f64,
    pub(super) columns: i32,
    pub(super) rows: i32,
}

impl Grid {
    pub(super) fn around(bounds: Bounds) -> Self {
        let (low, high) = (bounds.south_west(), bounds.north_east());
        // As in a plain map of the middle latitude; a degree of longitude never shrinks to nothing.
        let shortening = bounds.center().lat().to_radians().cos().max(0.01);
        let (wide, tall) = ((high.lon() - low.lon()) * shortening, high.lat() - low.lat());
        let scale = MOST_STEPS / wide.max(tall).max(1e-6);
        let steps = |degrees: f64| ((degrees * scale).round() as i32).max(1);
        Self {
            bounds,
            steps_per_lon: shortening * scale,
            steps_per_lat: scale,
            columns: steps(wide),
            rows: steps(tall),
        }
    }

    /// Right and down.
    pub(super) fn place(&self, at: Position) -> [i32; 2] {
        let (low, high) = (self.bounds.south_west(), self.bounds.north_east());
        let right = (at.lon() - low.lon()) * self.steps_per_lon;
        let down = (high.lat() - at.lat()) * self.steps_per_lat;
        [right.round() as i32, down.round() as i32]
    }

    /// How long a step is on the ground.
    pub(super) fn step_m(&self) -> f64 {
        let (low, high) = (self.bounds.south_west(), self.bounds.north_east());
        let corner = Position::new(low.lon(), high.lat()).unwrap_or(high);
        measure::distance_m(low, corner) / f64::from(self.rows)
    }

    /// Appends a line to the data of a path.
    pub(super) fn draw(&self, shape: &mut String, line: &[Position]) {
        write_steps(shape, &self.kept(line));
    }

    /// Appends a ring, whether or not its last position is its first.
    pub(super) fn draw_ring(&self, shape: &mut String, ring: &[Position]) {
        let mut kept = self.kept(ring);
        while kept.len() > 1 && kept.first() == kept.last() {
            kept.pop();
        }
        // It began somewhere on a side.
        if let [first, second, .., last] = kept[..]
            && is_between(last, first, second)
        {
            kept.remove(0);
        }
        write_steps(shape, &kept);
        shape.push('z');
    }

    /// The places of a line, without what falls together or lies straight between its neighbours.
    fn kept(&self, line: &[Position]) -> Vec<[i32; 2]> {
        let mut kept: Vec<[i32; 2]> = Vec::with_capacity(line.len());
        for &at in line {
            let place = self.place(at);
            if kept.last() == Some(&place) {
                continue;
            }
            while let [.., before, last] = kept[..]
                && is_between(before, last, place)
            {
                kept.pop();
            }
            kept.push(place);
        }
        kept
    }
}

/// Appends places to the data of a path, each as a step from the one before.
fn write_steps(shape: &mut String, places: &[[i32; 2]]) {
    let Some((first, rest)) = places.split_first() else { return };
    // Writing to a text cannot fail.
    let _ = write!(shape, "M{} {}", first[0], first[1]);
    let mut last = *first;
    for place in rest {
        let (right, down) = (place[0] - last[0], place[1] - last[1]);
        let _ = match (right, down) {
            (_, 0) => write!(shape, "h{right}"),
            (0, _) => write!(shape, "v{down}"),
            (_, ..0) => write!(shape, "l{right}{down}"),
            _ => write!(shape, "l{right} {down}"),
        };
        last = *place;
    }
}

/// Whether a place lies on the straight way between two others.
fn is_between(from: [i32; 2], at: [i32; 2], to: [i32; 2]) -> bool {
    let step = |a: [i32; 2], b: [i32; 2]| [i64::from(b[0] - a[0]), i64::from(b[1] - a[1])];
    let (first, second) = (step(from, at), step(at, to));
    first[0] * second[1] == first[1] * second[0] && first[0] * second[0] + first[1] * second[1] > 0
}
