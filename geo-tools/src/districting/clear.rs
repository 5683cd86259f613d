//! Borders that anybody can see: along a road, a river, a railway.
//!
//! A stretch of border is clear where such a line runs beside it the same way, within a distance, as a barrier would bar it.

use crate::Position;
use crate::coverage::Coverage;
use crate::districting::Link;
use crate::districting::barriers::{Side, along_sides};

const WHOLE_PPM: i128 = 1_000_000;

/// Which part of the common border of two units runs along clear lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClearBorder {
    /// The two units, the lower first.
    pub pair: [u32; 2],
    /// The part of their border, in millionths; never more than all of it.
    pub share_ppm: u32,
}

/// For each two units, leaves of a coverage, whose common border runs along clear lines, within so many metres, which part
/// of it does; in order.
pub fn clear_borders(coverage: &Coverage, lines: &[Vec<Position>], within_m: f64) -> Vec<ClearBorder> {
    // A line that stays where it is runs no way at all.
    let sides = lines.iter().flat_map(|line| line.windows(2)).filter(|pair| pair[0] != pair[1]);
    let sides = sides.map(|pair| Side { from: pair[0], to: pair[1], is_bridge: false });
    let along = along_sides(coverage, sides, within_m).into_iter();
    let clear = along.filter(|(_, along)| along.beside_m > 0.0).map(|(pair, along)| {
        let share = along.beside_m / (along.beside_m + along.open_m);
        ClearBorder { pair, share_ppm: (share * WHOLE_PPM as f64).round() as u32 }
    });
    clear.collect()
}

/// How much of a border runs along clear lines, where those of all are given in order, in millimetres.
pub(crate) fn clear_mm(link: &Link, clear: &[ClearBorder]) -> i64 {
    let at = clear.binary_search_by_key(&[link.first, link.second], |clear| clear.pair);
    at.map_or(0, |at| part(link.shared_mm, clear[at].share_ppm))
}

/// What a border counts for where each millimetre of it along a clear line counts for so many millionths less; never nothing.
pub(crate) fn cost_mm(shared_mm: i64, clear_mm: i64, worth_ppm: u32) -> i64 {
    (shared_mm - part(clear_mm, worth_ppm)).max(1)
}

/// So many millionths of a length, rounded.
fn part(length_mm: i64, part_ppm: u32) -> i64 {
    let scaled = i128::from(length_mm) * i128::from(part_ppm) + WHOLE_PPM / 2;
    scaled.div_euclid(WHOLE_PPM) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_border_counts_as_ever_where_clear_lines_are_worth_nothing_and_never_for_nothing() {
        for shared_mm in [1, 2, 999, 123_456_789, 1_000_000_000_000] {
            for clear_mm in [0, 1, shared_mm / 2, shared_mm] {
                assert_eq!(cost_mm(shared_mm, clear_mm, 0), shared_mm);
                assert!(cost_mm(shared_mm, clear_mm, 900_000) >= 1);
                assert_eq!(cost_mm(shared_mm, 0, 900_000), shared_mm);
            }
        }
        assert_eq!(cost_mm(100_000, 60_000, 500_000), 70_000);
        assert_eq!(cost_mm(100_000, 100_000, 900_000), 10_000);
    }

    #[test]
    fn the_clear_part_of_a_border_is_that_of_its_own_pair() {
        let clear = [
            ClearBorder { pair: [0, 3], share_ppm: 250_000 },
            ClearBorder { pair: [1, 2], share_ppm: 1_000_000 },
        ];
        let of = |first, second| clear_mm(&Link { first, second, shared_mm: 4_001 }, &clear);
        assert_eq!([of(0, 3), of(1, 2), of(0, 1), of(2, 3)], [1_000, 4_001, 0, 0]);
    }
}
