//! How far it is across a cell.

use crate::districting::Unit;
use crate::{Position, measure};

/// Degrees of longitude are shortened by this many parts in as many.
const SHORTENING_PARTS: i64 = 1_024;

/// From one unit of a cell to another.
///
/// It is measured straight, as if nothing stood between, from the middle of the one unit's bounding box to that of the
/// other; it may leave the cell on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct Walk {
    /// The id of the one unit.
    pub from: String,
    /// The id of the other.
    pub to: String,
    /// How far it is, in metres.
    pub length_m: f64,
}

/// Between the two units that lie farthest apart.
pub(super) fn longest_walk(units: &[Unit], members: &[usize]) -> Option<Walk> {
    let middle_lat_e7 = members.get(members.len() / 2).map_or(0, |&unit| units[unit].at.lat_e7());
    let mut places: Vec<Place> =
        members.iter().map(|&unit| Place::of(units[unit].at, middle_lat_e7, unit)).collect();
    places.sort_unstable_by_key(|place| (place.east, place.north, place.unit));
    places.dedup_by_key(|place| (place.east, place.north));
    let rim = hull(&places);
    let pairs =
        rim.iter().enumerate().flat_map(|(at, one)| rim[at + 1..].iter().map(move |other| (one, other)));
    let farthest = pairs.map(|(one, other)| (one.squared_distance_to(other), one.unit, other.unit)).max();
    let (one, other) = match farthest {
        Some((_, one, other)) => (one.min(other), one.max(other)),
        // All in one place, and still several.
        None if members.len() > 1 => (members[0], members[1]),
        None => return None,
    };
    let length_m = measure::distance_m(units[one].at, units[other].at);
    Some(Walk { from: units[one].id.clone(), to: units[other].id.clone(), length_m })
}

/// East and north on a plane, to tell which places lie farthest apart.
#[derive(Clone, Copy)]
struct Place {
    east: i64,
    north: i64,
    unit: usize,
}

impl Place {
    fn of(at: Position, middle_lat_e7: i32, unit: usize) -> Self {
        // Rounded so coarsely that no machine's last bit shows.
        let parts = (f64::from(middle_lat_e7) / 1e7).to_radians().cos() * SHORTENING_PARTS as f64;
        let east = i64::from(at.lon_e7()) * parts.round() as i64;
        Self { east, north: i64::from(at.lat_e7()) * SHORTENING_PARTS, unit }
    }

    fn squared_distance_to(&self, other: &Self) -> i128 {
        let square = |a: i64, b: i64| i128::from(a - b) * i128::from(a - b);
        square(self.east, other.east) + square(self.north, other.north)
    }

    /// Above 0 where the way by `self` and `next` to `after` turns left.
    fn turn(&self, next: &Self, after: &Self) -> i128 {
        let step = |a: i64, b: i64| i128::from(a) - i128::from(b);
        step(next.east, self.east) * step(after.north, self.north)
            - step(next.north, self.north) * step(after.east, self.east)
    }
}

/// The corners of the convex hull of places in order (Andrew 1979); the two farthest apart are among them.
fn hull(places: &[Place]) -> Vec<Place> {
    if places.len() < 3 {
        return places.to_vec();
    }
    let mut corners = half(places.iter());
    corners.extend(half(places.iter().rev()));
    corners
}

/// The corners of one side, without the last place.
fn half<'a>(places: impl Iterator<Item = &'a Place>) -> Vec<Place> {
    let mut corners: Vec<Place> = Vec::new();
    for place in places {
        while let [.., before, last] = corners[..]
            && before.turn(&last, place) <= 0
        {
            corners.pop();
        }
        corners.push(*place);
    }
    corners.pop();
    corners
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::districting::Weight;
    use crate::generate::random::{Purpose, Random};

    fn unit(number: usize, lon_e7: i32, lat_e7: i32) -> Unit {
        Unit {
            id: format!("u{number}"),
            parent: None,
            weight: Weight::default(),
            at: Position::from_e7(lon_e7, lat_e7).expect("in range"),
            perimeter_mm: 0,
            area_m2: 0.0,
        }
    }

    #[test]
    fn the_farthest_two_are_those_that_every_pair_measured_gives() {
        let mut chance = Random::new(7, Purpose::Positions);
        let mut below = |end: u64| chance.below(end) as i32;
        for count in 2..60 {
            let spread = [3, 40, 9_000][count % 3];
            let at =
                |number| unit(number, 1_137_000_000 + below(spread) * 100, 343_000_000 + below(spread) * 100);
            let units: Vec<Unit> = (0..count).map(at).collect();
            let members: Vec<usize> = (0..count).collect();
            let walk = longest_walk(&units, &members).expect("two units");
            let pairs = members.iter().flat_map(|&a| members.iter().map(move |&b| (a, b)));
            let longest_m =
                pairs.map(|(a, b)| measure::distance_m(units[a].at, units[b].at)).fold(0.0, f64::max);
            // The plane on which they are chosen is bent by less than a thousandth.
            assert!((walk.length_m - longest_m).abs() <= longest_m * 1e-3, "{walk:?} {longest_m}");
        }
    }

    #[test]
    fn a_single_unit_has_no_way_to_go_and_two_in_one_place_have_none_far() {
        let units = [unit(0, 1_137_000_000, 343_000_000), unit(1, 1_137_000_000, 343_000_000)];
        assert_eq!(longest_walk(&units, &[0]), None);
        let walk = longest_walk(&units, &[0, 1]).expect("two units");
        assert_eq!((walk.from.as_str(), walk.to.as_str(), walk.length_m), ("u0", "u1", 0.0));
    }
}
