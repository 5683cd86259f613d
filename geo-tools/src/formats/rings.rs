//! Rings without an order made polygons: each hole joins the smallest outer ring around it.
//!
//! Exact over the whole Earth, hence in `i128`; [`crate::coverage`] has a faster copy for what spans less than 90°.
//!
//! Invariant: work is bounded by [`MOST_STEPS`], whatever the rings are.

use crate::geometry::Polygon;
use crate::position::{Bounds, Position};

/// Sides looked at before a record is refused: a tenth of a second.
const MOST_STEPS: usize = 50_000_000;

/// What became of the rings.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sorted {
    /// Each polygon with its outer ring first.
    Polygons(Vec<Vec<Vec<Position>>>),
    /// A hole, by its place among the rings, that lies in no outer ring.
    StrayHole(usize),
    /// More rings in rings than is reasonable.
    TooMuchWork,
}

/// Sorts closed rings by their turn: clockwise is outer, as in a shapefile. A lone ring is outer however it turns, and so
/// are all of them where none is clockwise.
pub(super) fn sort(rings: Vec<Vec<Position>>) -> Sorted {
    let areas: Vec<i128> = rings.iter().map(|ring| doubled_area(ring)).collect();
    let lone = rings.len() == 1 || areas.iter().all(|area| *area > 0);
    if lone {
        return Sorted::Polygons(rings.into_iter().map(|ring| vec![ring]).collect());
    }
    let outers: Vec<usize> = (0..rings.len()).filter(|at| areas[*at] <= 0).collect();
    let bounds: Vec<Option<Bounds>> = rings.iter().map(|ring| Bounds::of(ring.iter().copied())).collect();
    let mut owner: Vec<Option<usize>> = vec![None; rings.len()];
    let mut steps = 0;
    for hole in (0..rings.len()).filter(|at| areas[*at] > 0) {
        for &outer in &outers {
            steps += 1;
            let (Some(around), Some(within)) = (bounds[outer], bounds[hole]) else { continue };
            let smaller = owner[hole].is_none_or(|owner| areas[outer] > areas[owner]);
            let boxed = around.contains(within.south_west()) && around.contains(within.north_east());
            if steps <= MOST_STEPS && smaller && boxed && lies_in(&rings[hole], &rings[outer], &mut steps) {
                owner[hole] = Some(outer);
            }
        }
        if steps > MOST_STEPS {
            return Sorted::TooMuchWork;
        }
        if owner[hole].is_none() {
            return Sorted::StrayHole(hole);
        }
    }
    let mut place = vec![usize::MAX; rings.len()];
    let mut polygons: Vec<Vec<Vec<Position>>> = Vec::with_capacity(outers.len());
    let mut holes = Vec::new();
    for (at, ring) in rings.into_iter().enumerate() {
        match owner[at] {
            None => {
                place[at] = polygons.len();
                polygons.push(vec![ring]);
            }
            Some(owner) => holes.push((owner, ring)),
        }
    }
    for (owner, ring) in holes {
        polygons[place[owner]].push(ring);
    }
    Sorted::Polygons(polygons)
}

/// Which way an outer ring runs; holes run the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Anticlockwise.
    Left,
    /// Clockwise.
    Right,
}

/// The rings of a polygon, each closed by repeating its first position.
pub(super) fn closed(polygon: &Polygon, outer: Turn) -> Vec<Vec<Position>> {
    let close = |(index, ring): (usize, &[Position])| {
        let mut ring: Vec<Position> = ring.iter().copied().chain(ring.first().copied()).collect();
        let turn = if doubled_area(&ring) > 0 { Turn::Left } else { Turn::Right };
        if (turn == outer) != (index == 0) {
            ring.reverse();
        }
        ring
    };
    polygon.rings().enumerate().map(close).collect()
}

/// Whether a ring lies in another, judged by its first position that is not on the other's border.
fn lies_in(hole: &[Position], outer: &[Position], steps: &mut usize) -> bool {
    for &at in hole {
        *steps += outer.len();
        if *steps > MOST_STEPS {
            return false;
        }
        match inside(outer, at) {
            Some(inside) => return inside,
            None => continue,
        }
    }
    true
}

/// Whether a position is inside a closed ring; `None` where it is on it.
fn inside(ring: &[Position], at: Position) -> Option<bool> {
    let mut inside = false;
    for pair in ring.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let turn = cross(from, to, at);
        let on_box = Bounds::of([from, to]).is_some_and(|bounds| bounds.contains(at));
        if turn == 0 && on_box {
            return None;
        }
        let upward = from.lat_e7() <= at.lat_e7() && to.lat_e7() > at.lat_e7();
        let downward = to.lat_e7() <= at.lat_e7() && from.lat_e7() > at.lat_e7();
        if (upward && turn > 0) || (downward && turn < 0) {
            inside = !inside;
        }
    }
    Some(inside)
}

/// Positive where `at` is left of the line from `a` to `b`.
fn cross(a: Position, b: Position, at: Position) -> i128 {
    let delta = |from: i32, to: i32| i128::from(to) - i128::from(from);
    delta(a.lon_e7(), b.lon_e7()) * delta(a.lat_e7(), at.lat_e7())
        - delta(a.lat_e7(), b.lat_e7()) * delta(a.lon_e7(), at.lon_e7())
}

/// Twice the signed area of a closed ring in square units: positive where it runs anticlockwise.
fn doubled_area(ring: &[Position]) -> i128 {
    let Some(&origin) = ring.first() else { return 0 };
    ring.windows(2).map(|pair| cross(origin, pair[0], pair[1])).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(west: i32, south: i32, size: i32, clockwise: bool) -> Vec<Position> {
        let corners = [(0, 0), (0, size), (size, size), (size, 0), (0, 0)];
        let at = |(dx, dy)| Position::from_e7(west + dx, south + dy).expect("in range");
        let mut ring: Vec<Position> = corners.into_iter().map(at).collect();
        if !clockwise {
            ring.reverse();
        }
        ring
    }

    #[test]
    fn a_hole_joins_the_smallest_outer_ring_around_it_whatever_their_order() {
        let (island, lake, land) = (ring(40, 40, 20, true), ring(30, 30, 40, false), ring(0, 0, 100, true));
        let pond = ring(45, 45, 2, false);
        let sorted = sort(vec![pond.clone(), island.clone(), lake.clone(), land.clone()]);
        assert_eq!(sorted, Sorted::Polygons(vec![vec![island, pond], vec![land, lake]]));
    }

    #[test]
    fn a_hole_outside_every_outer_ring_is_named() {
        let rings = vec![ring(0, 0, 10, true), ring(50, 50, 10, false)];
        assert_eq!(sort(rings), Sorted::StrayHole(1));
    }

    #[test]
    fn rings_across_the_whole_earth_do_not_overflow() {
        let corners = [(-180.0, -90.0), (-180.0, 90.0), (180.0, 90.0), (180.0, -90.0), (-180.0, -90.0)];
        let world: Vec<Position> =
            corners.iter().map(|(lon, lat)| Position::new(*lon, *lat).expect("in range")).collect();
        let hole = ring(0, 0, 1_000, false);
        assert_eq!(sort(vec![world.clone(), hole.clone()]), Sorted::Polygons(vec![vec![world, hole]]));
    }
}
