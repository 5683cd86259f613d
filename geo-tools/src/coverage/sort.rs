//! Sorting by position: what lies near each other is put together first, and only then compared.

use crate::Position;

/// About so many items are compared with each other.
const FEW: usize = 8;
/// Fewer items than this are sorted sooner than spread.
const MANY: usize = 1 << 10;

/// A number that is in the same order as positions.
pub(crate) fn number(at: Position) -> u64 {
    let unsigned = |value: i32| u64::from(value as u32 ^ 1 << 31);
    unsigned(at.lon_e7()) << 32 | unsigned(at.lat_e7())
}

/// Sorts items whose order starts with the longitude of a position.
pub(crate) fn by_position<T: Copy + Ord>(items: &mut Vec<T>, at: impl Fn(&T) -> Position) {
    let lon = |item: &T| at(item).lon_e7();
    let ends =
        items.iter().map(lon).fold((i32::MAX, i32::MIN), |ends, lon| (ends.0.min(lon), ends.1.max(lon)));
    if items.len() < MANY || ends.0 == ends.1 {
        return items.sort_unstable();
    }
    let (west, span) = (ends.0, ends.1.abs_diff(ends.0));
    // As wide as a power of two, so that nothing needs to be divided.
    let wanted = (items.len() / FEW) as u32;
    let shift = (span / wanted).checked_ilog2().map_or(0, |bits| bits + 1);
    let stripe = |item: &T| (lon(item).abs_diff(west) >> shift) as usize;
    let mut starts = vec![0_u32; (span >> shift) as usize + 2];
    for item in &*items {
        starts[stripe(item) + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut sorted = vec![items[0]; items.len()];
    for item in &*items {
        let next = &mut starts[stripe(item)];
        sorted[*next as usize] = *item;
        *next += 1;
    }
    // Every start has moved on to where the next stripe begins.
    let mut from = 0;
    for &to in &starts[..starts.len() - 1] {
        sorted[from..to as usize].sort_unstable();
        from = to as usize;
    }
    *items = sorted;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_that_of_comparing_each_with_each() {
        let mut state = 5_u64;
        let mut random = |below: i32| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % below as u64) as i32
        };
        let spans = [1, 2, 3, 500, 5_000, 1_000_000, 1_800_000_000];
        for (count, span) in [0, 1, 5, 1_023, 1_024, 1_500, 9_000]
            .into_iter()
            .flat_map(|count| spans.map(|span| (count, span)))
        {
            let mut items: Vec<(Position, i32)> = (0..count)
                .map(|_| {
                    let (lon, lat) = (random(span) - span / 2, random(span.min(900_000_000)));
                    (Position::from_e7(lon, lat).expect("in range"), random(3))
                })
                .collect();
            let mut expected = items.clone();
            expected.sort_unstable();
            assert!(expected.is_sorted_by_key(|item| number(item.0)));
            by_position(&mut items, |item| item.0);
            assert_eq!(items, expected, "{count} over {span}");
        }
    }
}
