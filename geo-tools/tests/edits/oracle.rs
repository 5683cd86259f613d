//! Slow and obvious: who owns a position, and how much ground each leaf has, from nothing but a list of borders.

use geo_tools::coverage::{Border, Leaf};
use geo_tools::{Bounds, Position};

/// Who owns a position. `Err` on a border.
pub(crate) fn owner<'a>(
    borders: impl IntoIterator<Item = &'a Border>,
    at: Position,
) -> Result<Option<Leaf>, ()> {
    let mut inside: Vec<Leaf> = Vec::new();
    for border in borders {
        for pair in border.line.windows(2) {
            let (ax, ay) = (i128::from(pair[0].lon_e7()), i128::from(pair[0].lat_e7()));
            let (bx, by) = (i128::from(pair[1].lon_e7()), i128::from(pair[1].lat_e7()));
            let (x, y) = (i128::from(at.lon_e7()), i128::from(at.lat_e7()));
            let turn = (bx - ax) * (y - ay) - (by - ay) * (x - ax);
            if turn == 0 && ax.min(bx) <= x && x <= ax.max(bx) && ay.min(by) <= y && y <= ay.max(by) {
                return Err(());
            }
            // A ray to the east crosses it: what is on either of its sides is entered or left.
            if (ay > y) != (by > y) && (turn > 0) == (by > ay) {
                for leaf in [border.left, border.right].into_iter().flatten() {
                    match inside.iter().position(|other| *other == leaf) {
                        Some(found) => _ = inside.remove(found),
                        None => inside.push(leaf),
                    }
                }
            }
        }
    }
    assert!(inside.len() <= 1, "{at} is in {inside:?}");
    Ok(inside.first().copied())
}

/// Twice the ground of each leaf in square units, and of all together last.
pub(crate) fn areas<'a>(borders: impl IntoIterator<Item = &'a Border>, leaf_count: usize) -> Vec<i128> {
    let mut areas = vec![0; leaf_count + 1];
    for border in borders {
        let shoelace: i128 = border
            .line
            .windows(2)
            .map(|pair| {
                let of = |at: Position| (i128::from(at.lon_e7()), i128::from(at.lat_e7()));
                let ((ax, ay), (bx, by)) = (of(pair[0]), of(pair[1]));
                ax * by - ay * bx
            })
            .sum();
        for (leaf, sign) in [(border.left, 1), (border.right, -1)] {
            if let Some(leaf) = leaf {
                areas[leaf.index()] += sign * shoelace;
                areas[leaf_count] += sign * shoelace;
            }
        }
    }
    areas
}

/// Twice the area of a ring that does not repeat its first position.
pub(crate) fn ring_area(ring: &[Position]) -> i128 {
    let of = |at: Position| (i128::from(at.lon_e7()), i128::from(at.lat_e7()));
    let pairs = ring.iter().zip(ring.iter().cycle().skip(1));
    pairs.map(|(a, b)| of(*a).0 * of(*b).1 - of(*a).1 * of(*b).0).sum()
}

/// The same box, so many units larger on each side.
pub(crate) fn grown(bounds: &Bounds, by: i32) -> [i32; 4] {
    let (low, high) = (bounds.south_west(), bounds.north_east());
    [low.lon_e7() - by, low.lat_e7() - by, high.lon_e7() + by, high.lat_e7() + by]
}
