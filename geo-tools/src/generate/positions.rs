//! Positions to look up: as many as asked for, one after the other, never all in memory.

use crate::generate::random::{Purpose, Random};
use crate::position::{Bounds, Position};

/// In which order positions come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PositionOrder {
    /// Each anywhere.
    Random,
    /// Patch by patch of about 64, forth and back along the rows: near ones come together.
    Spatial,
}

/// Exactly `count` positions, spread evenly over a box.
pub fn positions(
    bounds: Bounds,
    count: u64,
    seed: u64,
    order: PositionOrder,
) -> impl Iterator<Item = Position> {
    let mut random = Random::new(seed, Purpose::Positions);
    let side = match order {
        PositionOrder::Random => 1,
        PositionOrder::Spatial => (count / 64).isqrt().max(1),
    };
    let patches = u128::from(side) * u128::from(side);
    // The patch of the n-th position, so that each patch gets its share to within one.
    (0..count).map(move |number| {
        let patch = (u128::from(number) * patches / u128::from(count)) as u64;
        let (row, column) = (patch / side, patch % side);
        let column = if row % 2 == 0 { column } else { side - 1 - column };
        within(bounds, Patch { row, column, side }, &mut random)
    })
}

struct Patch {
    row: u64,
    column: u64,
    side: u64,
}

#[expect(clippy::expect_used, reason = "what lies between two positions is one")]
fn within(bounds: Bounds, patch: Patch, random: &mut Random) -> Position {
    let mut between = |low: i32, high: i32, number: u64| {
        let span = i64::from(high).abs_diff(i64::from(low)) + 1;
        let cut = |number: u64| (u128::from(span) * u128::from(number) / u128::from(patch.side)) as u64;
        let (start, end) = (cut(number), cut(number + 1));
        (i64::from(low) + (start + random.below(end - start)) as i64) as i32
    };
    let (low, high) = (bounds.south_west(), bounds.north_east());
    let lon_e7 = between(low.lon_e7(), high.lon_e7(), patch.column);
    let lat_e7 = between(low.lat_e7(), high.lat_e7(), patch.row);
    Position::from_e7(lon_e7, lat_e7).expect("what lies between two positions is one")
}
