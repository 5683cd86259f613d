//! One number a position, near numbers for near positions: the Hilbert curve of order 32 over 1e-7 degrees.
//!
//! A box on the map is a few ranges of it; the caller checks again exactly. The highest bit is flipped, so that the order
//! as a signed number, which every database has, is the order along the curve.

use std::ops::RangeInclusive;

use geo_tools::{Bounds, Position};

const ORDER: u32 = 32;
const SIGN: u64 = 1 << 63;
const LON_OFFSET: i64 = 1_800_000_000;
const LAT_OFFSET: i64 = 900_000_000;

/// The key of what has no position: after every position there is.
pub const NOWHERE: i64 = i64::MAX;

/// A position's place on the curve.
pub fn key(position: Position) -> i64 {
    let (x, y) = grid(position);
    signed(along_curve(x, y))
}

/// At most about `max_ranges` ranges that hold every position of a box, ascending; they hold some others as well.
pub fn ranges(bounds: &Bounds, max_ranges: usize) -> Vec<RangeInclusive<i64>> {
    let (west, south) = grid(bounds.south_west());
    let (east, north) = grid(bounds.north_east());
    let wanted = Square { x: west, y: south, x_end: east, y_end: north };
    let mut whole: Vec<Quad> = Vec::new();
    let mut partly = vec![Quad { x: 0, y: 0, level: 0 }];
    // The largest square that is only partly wanted is cut first, as long as the pieces stay few.
    while !partly.is_empty() && whole.len() + partly.len() < max_ranges {
        let mut next = Vec::new();
        for quad in partly.iter().flat_map(|quad| quad.quarters()) {
            match quad.square().relation_to(&wanted) {
                Relation::Inside => whole.push(quad),
                Relation::Overlaps => next.push(quad),
                Relation::Apart => {}
            }
        }
        partly = next;
        if partly.iter().any(|quad| quad.level == ORDER) {
            break;
        }
    }
    merged(whole.into_iter().chain(partly).map(|quad| quad.range()).collect())
}

/// How far a key is to be shifted right, so that what lies in one square of a clustering at a zoom has one number.
///
/// A square is an eighth of a map tile wide, counted in degrees of longitude.
pub fn cluster_shift(zoom: u8) -> u32 {
    const SQUARES_PER_TILE_LOG2: u32 = 3;
    2 * (ORDER - (u32::from(zoom) + SQUARES_PER_TILE_LOG2).min(ORDER))
}

fn grid(position: Position) -> (u32, u32) {
    let shifted = |value: i32, offset: i64| (i64::from(value) + offset) as u32;
    (shifted(position.lon_e7(), LON_OFFSET), shifted(position.lat_e7(), LAT_OFFSET))
}

fn signed(place: u64) -> i64 {
    (place ^ SIGN).cast_signed()
}

fn along_curve(x: u32, y: u32) -> u64 {
    let (mut x, mut y) = (x, y);
    let mut place = 0_u64;
    for level in (0..ORDER).rev() {
        let right = (x >> level) & 1;
        let upper = (y >> level) & 1;
        place = (place << 2) | u64::from((3 * right) ^ upper);
        if upper == 0 {
            if right == 1 {
                x = !x;
                y = !y;
            }
            std::mem::swap(&mut x, &mut y);
        }
    }
    place
}

#[derive(Clone, Copy)]
struct Quad {
    x: u32,
    y: u32,
    level: u32,
}

struct Square {
    x: u32,
    y: u32,
    x_end: u32,
    y_end: u32,
}

enum Relation {
    Inside,
    Overlaps,
    Apart,
}

impl Square {
    fn relation_to(&self, wanted: &Self) -> Relation {
        if self.x > wanted.x_end || wanted.x > self.x_end || self.y > wanted.y_end || wanted.y > self.y_end {
            Relation::Apart
        } else if self.x >= wanted.x
            && self.x_end <= wanted.x_end
            && self.y >= wanted.y
            && self.y_end <= wanted.y_end
        {
            Relation::Inside
        } else {
            Relation::Overlaps
        }
    }
}

impl Quad {
    fn last_offset(self) -> u32 {
        u32::MAX.checked_shr(self.level).unwrap_or(0)
    }

    fn square(self) -> Square {
        let last = self.last_offset();
        Square { x: self.x, y: self.y, x_end: self.x + last, y_end: self.y + last }
    }

    fn quarters(self) -> [Self; 4] {
        let half = (self.last_offset() >> 1) + 1;
        let quarter = |right: bool, upper: bool| Self {
            x: if right { self.x + half } else { self.x },
            y: if upper { self.y + half } else { self.y },
            level: self.level + 1,
        };
        [quarter(false, false), quarter(true, false), quarter(true, true), quarter(false, true)]
    }

    fn range(self) -> RangeInclusive<i64> {
        let below = u64::MAX.checked_shr(2 * self.level).unwrap_or(0);
        let first = along_curve(self.x, self.y) & !below;
        signed(first)..=signed(first | below)
    }
}

fn merged(mut ranges: Vec<RangeInclusive<i64>>) -> Vec<RangeInclusive<i64>> {
    ranges.sort_by_key(|range| *range.start());
    let mut merged: Vec<RangeInclusive<i64>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(last) if last.end().saturating_add(1) == *range.start() => {
                *last = *last.start()..=*range.end();
            }
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lon_e7: i32, lat_e7: i32) -> Position {
        Position::from_e7(lon_e7, lat_e7).expect("in range")
    }

    #[test]
    fn neighbours_on_the_curve_are_neighbours_on_the_ground() {
        let side = 64_u32;
        let mut places: Vec<(u64, u32, u32)> =
            (0..side * side).map(|n| (along_curve(n % side, n / side), n % side, n / side)).collect();
        places.sort_unstable();
        for pair in places.windows(2) {
            assert_eq!(pair[1].0 - pair[0].0, 1, "no place is left out");
            assert_eq!(pair[0].1.abs_diff(pair[1].1) + pair[0].2.abs_diff(pair[1].2), 1, "{pair:?}");
        }
    }

    #[test]
    fn the_ranges_of_a_box_hold_every_position_of_it_and_are_few() {
        let mut state = 20_261_122_u64;
        let mut random = |below: i64| -> i64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as i64 % below
        };
        for round in 0..300 {
            let side = 1_i64 << (round % 28);
            let west = random(2_000_000_000) - 900_000_000;
            let south = random(1_700_000_000) - 900_000_000;
            let corner = |lon: i64, lat: i64| at(lon.min(1_800_000_000) as i32, lat.min(900_000_000) as i32);
            let bounds = Bounds::new(corner(west, south), corner(west + side, south + side)).expect("a box");
            let found = ranges(&bounds, 12);
            assert!(found.len() <= 12 * 4, "{} ranges", found.len());
            assert!(found.windows(2).all(|pair| pair[0].end() < pair[1].start()));
            for _ in 0..50 {
                let inside = corner(west + random(side + 1), south + random(side + 1));
                let key = key(inside);
                assert!(found.iter().any(|range| range.contains(&key)), "{inside} in {bounds:?}");
            }
        }
    }

    #[test]
    fn the_whole_earth_is_one_range_and_a_position_is_one_key() {
        let earth =
            Bounds::new(at(-1_800_000_000, -900_000_000), at(1_800_000_000, 900_000_000)).expect("all");
        let found = ranges(&earth, 24);
        assert!(found.iter().any(|range| range.contains(&key(at(1_209_800_000, 146_000_000)))));
        let here = at(1_209_800_000, 146_000_000);
        let only = ranges(&Bounds::new(here, here).expect("a point"), 24);
        assert_eq!(only.len(), 1);
        assert!(only[0].contains(&key(here)));
    }
}
