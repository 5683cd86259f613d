//! Units to cut: a mesh of small squares with wandering corners, a part of them empty, as blocks of a city are.

use crate::Position;
use crate::districting::{Link, Unit, UnitGraph, Weight};
use crate::generate::random::{Purpose, Random};

/// From corner to corner, and how far a corner may wander from its place.
const STEP_MM: i64 = 40_000;
const WANDER_MM: u64 = 24_000;
/// Of so many units one weighs nothing.
const EMPTY_ONE_IN: u64 = 4;
/// What the others weigh at most, in households.
const MOST_HOUSEHOLDS: u64 = 20;
/// The south-west corner, and millimetres to 1e-7 degree there, roughly.
const WEST_E7: i64 = 1_130_000_000;
const SOUTH_E7: i64 = 340_000_000;
const LON_MM: i64 = 9;
const LAT_MM: i64 = 11;
const THOUSANDTHS: i64 = 1_000;

/// Makes so many units, at most a million, with about eight households each.
///
/// ```
/// # use geo_tools::generate::units;
/// assert_eq!(units(1_000, 7).units().len(), 1_000);
/// assert_eq!(units(1_000, 7), units(1_000, 7));
/// ```
#[expect(clippy::expect_used, reason = "a mesh has no unit twice and no border without length")]
pub fn units(count: u32, seed: u64) -> UnitGraph {
    let count = i64::from(count.clamp(1, 1_000_000));
    let columns = count.isqrt().max(1);
    let corner = |column: i64, row: i64| {
        let mut random = Random::numbered(seed, Purpose::UnitCorners, (row * (columns + 1) + column) as u64);
        let wander = |random: &mut Random| random.below(WANDER_MM) as i64 - WANDER_MM as i64 / 2;
        [column * STEP_MM + wander(&mut random), row * STEP_MM + wander(&mut random)]
    };
    let mut random = Random::new(seed, Purpose::UnitWeights);
    let mut units = Vec::with_capacity(count as usize);
    let mut links = Vec::with_capacity(2 * count as usize);
    for number in 0..count {
        let (column, row) = (number % columns, number / columns);
        let ring = [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(x, y)| corner(column + x, row + y));
        let sides = [0, 1, 2, 3].map(|at| apart_mm(ring[at], ring[(at + 1) % 4]));
        let is_empty = random.below(EMPTY_ONE_IN) == 0;
        let households = 1 + random.below(MOST_HOUSEHOLDS) as i64;
        let middle = [0, 1].map(|axis| ring.iter().map(|at| at[axis]).sum::<i64>() / 4);
        let at =
            Position::from_e7((WEST_E7 + middle[0] / LON_MM) as i32, (SOUTH_E7 + middle[1] / LAT_MM) as i32);
        units.push(Unit {
            id: format!("U{number:07}"),
            parent: None,
            weight: Weight::from_thousandths(if is_empty { 0 } else { households * THOUSANDTHS }),
            at: at.expect("a mesh of a million squares ends long before the antimeridian"),
            perimeter_mm: sides.iter().sum(),
            area_m2: doubled_mm2(ring) as f64 / 2e6,
        });
        if column + 1 < columns && number + 1 < count {
            links.push(Link { first: number as u32, second: number as u32 + 1, shared_mm: sides[1] });
        }
        if number + columns < count {
            links.push(Link { first: number as u32, second: (number + columns) as u32, shared_mm: sides[2] });
        }
    }
    UnitGraph::new(units, links).expect("a mesh has no unit twice and no border without length")
}

fn apart_mm([ax, ay]: [i64; 2], [bx, by]: [i64; 2]) -> i64 {
    ((ax - bx).pow(2) + (ay - by).pow(2)).isqrt()
}

fn doubled_mm2(ring: [[i64; 2]; 4]) -> i64 {
    (0..4).map(|at| (ring[at], ring[(at + 1) % 4])).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum()
}
