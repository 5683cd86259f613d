//! Which streets lie in or beside which units, and how much of them.

use crate::coverage::Coverage;
use crate::locator::Locator;
use crate::{Position, measure};

/// A street is looked at in stretches of at most so many metres.
const STRETCH_M: f64 = 20.0;
/// A street belongs to the units that lie within so many metres of its middle line: a wide street, and half of a stretch.
const BESIDE_M: f64 = 15.0;
const MM_PER_M: f64 = 1e3;

/// For each unit, a leaf of a coverage, how much of the streets lies in it or beside it, in millimetres. What lies beside
/// several counts for each of them in equal parts; only units that are wanted count.
pub fn streets_mm(coverage: &Coverage, streets: &[Vec<Position>], is_wanted: &[bool]) -> Vec<i64> {
    let locator = Locator::build(coverage);
    let mut all_mm = vec![0; is_wanted.len()];
    let sides = streets.iter().flat_map(|street| street.windows(2)).filter(|side| side[0] != side[1]);
    for side in sides {
        let length_m = measure::distance_m(side[0], side[1]);
        let length_mm = (length_m * MM_PER_M).round() as i64;
        let count = (length_m / STRETCH_M).ceil().max(1.0) as i64;
        for number in 0..count {
            let Some(middle) = between(side[0], side[1], [2 * number + 1, 2 * count]) else { continue };
            // Cut so that all stretches are the whole.
            let stretch_mm = length_mm * (number + 1) / count - length_mm * number / count;
            let near = locator.candidates(middle, BESIDE_M).into_iter().filter_map(|near| near.leaf);
            let mut units: Vec<usize> =
                near.map(|leaf| leaf.index()).filter(|&unit| is_wanted.get(unit) == Some(&true)).collect();
            units.sort_unstable();
            units.dedup();
            let parts = units.len() as i64;
            for (at, unit) in (0..).zip(units) {
                all_mm[unit] += stretch_mm * (at + 1) / parts - stretch_mm * at / parts;
            }
        }
    }
    all_mm
}

/// The position at a part of the way.
fn between(from: Position, to: Position, [part, of]: [i64; 2]) -> Option<Position> {
    let at = |from: i32, to: i32| {
        let way = i64::from(to) - i64::from(from);
        i32::try_from(i64::from(from) + way * part / of).ok()
    };
    Position::from_e7(at(from.lon_e7(), to.lon_e7())?, at(from.lat_e7(), to.lat_e7())?).ok()
}
