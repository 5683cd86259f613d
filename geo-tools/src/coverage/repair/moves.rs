//! How far a border goes when a piece of ground changes hands: from the lines that fall away to those that stay.

use rstar::primitives::Line;
use rstar::{PointDistance, RTree};

use crate::Position;
use crate::measure::local_scale_m;
use crate::position::UNITS_PER_DEGREE;

/// The furthest that a corner or the middle of a side of either lines is from the other lines, in metres. Where there is
/// only one kind, the piece lies inside one owner, and that is how wide it is.
pub(crate) fn largest_m(gone: &[&[Position]], kept: &[&[Position]]) -> f64 {
    let Some(&origin) = gone.iter().chain(kept).flat_map(|line| line.iter()).min() else { return 0.0 };
    let (lon_m, lat_m) = local_scale_m(origin.lat());
    let flat = |at: &Position| -> [f64; 2] {
        let units = |to: i32, from: i32| (f64::from(to) - f64::from(from)) / UNITS_PER_DEGREE;
        [units(at.lon_e7(), origin.lon_e7()) * lon_m, units(at.lat_e7(), origin.lat_e7()) * lat_m]
    };
    let sides = |lines: &[&[Position]]| -> Vec<Line<[f64; 2]>> {
        let pairs = lines.iter().flat_map(|line| line.windows(2));
        pairs.map(|pair| Line::new(flat(&pair[0]), flat(&pair[1]))).collect()
    };
    let (gone, kept) = (sides(gone), sides(kept));
    if gone.is_empty() || kept.is_empty() {
        let (one, two) = shores([gone, kept].concat());
        return apart_m(&one, &two);
    }
    apart_m(&gone, &kept)
}

fn apart_m(one: &[Line<[f64; 2]>], two: &[Line<[f64; 2]>]) -> f64 {
    furthest_m(one, two).max(furthest_m(two, one))
}

fn furthest_m(from: &[Line<[f64; 2]>], to: &[Line<[f64; 2]>]) -> f64 {
    let tree = RTree::bulk_load(to.to_vec());
    let mut furthest = 0.0_f64;
    for side in from {
        let middle = [(side.from[0] + side.to[0]) / 2.0, (side.from[1] + side.to[1]) / 2.0];
        for at in [side.from, middle, side.to] {
            let nearest = tree.nearest_neighbor(&at).map_or(0.0, |line| line.distance_2(&at));
            furthest = furthest.max(nearest);
        }
    }
    furthest.sqrt()
}

type Sides = Vec<Line<[f64; 2]>>;

/// A piece's sides as two shores: to either side of the line between two corners that are about the furthest apart.
fn shores(sides: Sides) -> (Sides, Sides) {
    let distance = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let furthest = |from: [f64; 2]| {
        let ends = sides.iter().flat_map(|side| [side.from, side.to]);
        ends.fold(from, |best, end| if distance(from, end) > distance(from, best) { end } else { best })
    };
    let Some(first) = sides.first() else { return (Vec::new(), Vec::new()) };
    let head = furthest(first.from);
    let tail = furthest(head);
    let is_left = |side: &Line<[f64; 2]>| {
        let middle = [(side.from[0] + side.to[0]) / 2.0, (side.from[1] + side.to[1]) / 2.0];
        let (dx, dy) = (tail[0] - head[0], tail[1] - head[1]);
        dx * (middle[1] - head[1]) - dy * (middle[0] - head[0]) > 0.0
    };
    sides.iter().partition(|side| is_left(side))
}
