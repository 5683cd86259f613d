//! Cells of 37 positions each, side by side, with borders that wiggle and are shared: the bench measures on it too.

use geo_tools::coverage::Border;
use geo_tools::{Coverage, Leaf, Position};

use super::random::Random;

pub(crate) const WEST: f64 = 113.0;
pub(crate) const SOUTH: f64 = 34.0;
pub(crate) const SIDE: f64 = 0.003;

/// So many by so many cells; the same for the same number.
pub(crate) fn coverage(side: usize) -> Coverage {
    let mut random = Random(7);
    let mut nodes = vec![[0.0; 2]; (side + 1) * (side + 1)];
    for row in 0..=side {
        for column in 0..=side {
            let mut jitter = || (random.unit() - 0.5) * 0.3;
            nodes[row * (side + 1) + column] =
                [WEST + SIDE * (column as f64 + jitter()), SOUTH + SIDE * (row as f64 + jitter())];
        }
    }
    let at = |[lon, lat]: [f64; 2]| Position::new(lon, lat).expect("in range");
    let leaf = |column: isize, row: isize| {
        let inside = |at: isize| (0..side as isize).contains(&at);
        (inside(column) && inside(row)).then(|| Leaf((row as usize * side + column as usize) as u32))
    };
    let mut wiggle = |a: [f64; 2], b: [f64; 2]| {
        let (dx, dy) = (b[0] - a[0], b[1] - a[1]);
        let mut line = vec![at(a)];
        for step in 1..9i32 {
            let share = f64::from(step) / 9.0;
            let taper = f64::from(step.min(9 - step)) / 4.0;
            let off = (random.unit() - 0.5) * 0.16 * taper;
            line.push(at([a[0] + dx * share - dy * off, a[1] + dy * share + dx * off]));
        }
        line.push(at(b));
        line
    };
    let mut borders = Vec::new();
    for row in 0..=side {
        for column in 0..=side {
            let (c, r) = (column as isize, row as isize);
            let here = nodes[row * (side + 1) + column];
            if column < side {
                let line = wiggle(here, nodes[row * (side + 1) + column + 1]);
                borders.push(Border { line, left: leaf(c, r), right: leaf(c, r - 1) });
            }
            if row < side {
                let line = wiggle(here, nodes[(row + 1) * (side + 1) + column]);
                borders.push(Border { line, left: leaf(c - 1, r), right: leaf(c, r) });
            }
        }
    }
    Coverage::from_borders(side * side, borders).expect("a coverage")
}
