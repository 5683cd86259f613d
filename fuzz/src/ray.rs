//! Who owns a position, slowly: the first border that a ray to the east meets has the owner on its western side.

use std::cmp::Ordering;

use geo_tools::coverage::Border;
use geo_tools::{Leaf, Position};

/// From south to north, and who is west and east of it.
struct Piece {
    low: [i64; 2],
    high: [i64; 2],
    west: Option<Leaf>,
    east: Option<Leaf>,
}

/// By the border rule: shifted east and infinitely less north, else west and north, and so on.
pub fn owner(borders: &[Border], at: Position) -> Option<Leaf> {
    [(true, true), (false, true), (true, false), (false, false)]
        .into_iter()
        .find_map(|(east, north)| shifted(borders, at, east, north))
        .or_else(|| beyond(borders, at))
}

/// Who has the first ground counter-clockwise from the east: west of the northward pieces that start here, first the one that
/// leans east the most; then east of the southward ones, first the one that leans west the most.
fn beyond(borders: &[Border], at: Position) -> Option<Leaf> {
    let place = [i64::from(at.lon_e7()), i64::from(at.lat_e7())];
    let lean = |a: &Piece, b: &Piece| {
        let [[run, height], [other_run, other_height]] =
            [a, b].map(|piece| [0, 1].map(|axis| i128::from(piece.high[axis]) - i128::from(piece.low[axis])));
        (run * other_height).cmp(&(other_run * height))
    };
    let north = pieces(borders).filter(|piece| piece.low == place).max_by(lean);
    let south = pieces(borders).filter(|piece| piece.high == place).max_by(lean);
    north.map(|piece| piece.west).or(south.map(|piece| piece.east)).flatten()
}

fn pieces(borders: &[Border]) -> impl Iterator<Item = Piece> {
    let pairs = borders.iter().flat_map(|border| border.line.windows(2).map(move |pair| (border, pair)));
    pairs.filter_map(|(border, pair)| {
        let [a, b] = [pair[0], pair[1]].map(|at| [i64::from(at.lon_e7()), i64::from(at.lat_e7())]);
        match a[1].cmp(&b[1]) {
            Ordering::Less => Some(Piece { low: a, high: b, west: border.left, east: border.right }),
            Ordering::Greater => Some(Piece { low: b, high: a, west: border.right, east: border.left }),
            Ordering::Equal => None,
        }
    })
}

fn shifted(borders: &[Border], at: Position, east: bool, north: bool) -> Option<Leaf> {
    let (x, y) = (i64::from(at.lon_e7()), i64::from(at.lat_e7()));
    let beside = |piece: &Piece| {
        if north { piece.low[1] <= y && y < piece.high[1] } else { piece.low[1] < y && y <= piece.high[1] }
    };
    let mut first: Option<(i128, i128, Piece)> = None;
    for piece in pieces(borders).filter(beside) {
        let height = i128::from(piece.high[1] - piece.low[1]);
        let run = i128::from(piece.high[0] - piece.low[0]);
        // How far east of the position it crosses the parallel, times its height.
        let ahead = i128::from(piece.low[0] - x) * height + run * i128::from(y - piece.low[1]);
        if ahead < 0 || (ahead == 0 && east) {
            continue;
        }
        let nearer = first.as_ref().is_none_or(|(best, best_height, other)| {
            (ahead * best_height).cmp(&(best * height)).then_with(|| {
                // From one corner: the one that leans west, or where the shift goes south, the one that leans east.
                let lean = (run * best_height).cmp(&(i128::from(other.high[0] - other.low[0]) * height));
                if north { lean } else { lean.reverse() }
            }) == Ordering::Less
        });
        if nearer {
            first = Some((ahead, height, piece));
        }
    }
    first.and_then(|(_, _, piece)| piece.west)
}
