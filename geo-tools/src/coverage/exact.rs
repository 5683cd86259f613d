//! Exact integer geometry on 1e-7 degree: the one place where two positions are compared by direction or side.
//!
//! Invariant: within 90° two differences multiply to less than 2^60, so `i64` holds every cross product; sums over a
//! ring use `i128`.

use crate::Position;

/// Which side of the line from `a` to `b` a position lies on: positive left, negative right, zero on the line.
pub(crate) fn side(a: Position, b: Position, at: Position) -> i64 {
    let (bx, by) = delta(a, b);
    let (px, py) = delta(a, at);
    bx * py - by * px
}

/// The difference of two positions in units.
pub(crate) fn delta(from: Position, to: Position) -> (i64, i64) {
    (i64::from(to.lon_e7()) - i64::from(from.lon_e7()), i64::from(to.lat_e7()) - i64::from(from.lat_e7()))
}

/// Twice the signed area of a ring in square units: positive when it runs counter-clockwise.
pub(crate) fn doubled_area(ring: &[Position]) -> i128 {
    let Some(&origin) = ring.first() else { return 0 };
    ring.windows(2).map(|pair| i128::from(side(origin, pair[0], pair[1]))).sum()
}

/// Compares two directions by their angle, counter-clockwise from east.
pub(crate) fn compare_angle(a: (i64, i64), b: (i64, i64)) -> std::cmp::Ordering {
    let half = |(x, y): (i64, i64)| u8::from(y < 0 || (y == 0 && x < 0));
    half(a).cmp(&half(b)).then_with(|| 0.cmp(&(a.0 * b.1 - a.1 * b.0)))
}

/// How a position lies to a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Strictly inside.
    Inside,
    /// On the ring itself.
    Border,
    /// Strictly outside.
    Outside,
}

/// How a position lies to a ring that is closed without repeating its first position.
pub(crate) fn place(ring: &[Position], at: Position) -> Placement {
    let mut inside = false;
    for (index, &to) in ring.iter().enumerate() {
        let from = ring[if index == 0 { ring.len() - 1 } else { index - 1 }];
        let turn = side(from, to, at);
        if turn == 0 && within_box(from, to, at) {
            return Placement::Border;
        }
        let upward = from.lat_e7() <= at.lat_e7() && to.lat_e7() > at.lat_e7();
        let downward = to.lat_e7() <= at.lat_e7() && from.lat_e7() > at.lat_e7();
        if (upward && turn > 0) || (downward && turn < 0) {
            inside = !inside;
        }
    }
    if inside { Placement::Inside } else { Placement::Outside }
}

/// Whether a position lies in the box that two positions span, edges included.
pub(crate) fn within_box(a: Position, b: Position, at: Position) -> bool {
    let between = |p: i32, q: i32, v: i32| p.min(q) <= v && v <= p.max(q);
    between(a.lon_e7(), b.lon_e7(), at.lon_e7()) && between(a.lat_e7(), b.lat_e7(), at.lat_e7())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: i32, y: i32) -> Position {
        Position::from_e7(1_210_000_000 + x, 140_000_000 + y).expect("in range")
    }

    #[test]
    fn angles_run_counter_clockwise_from_east() {
        let around = [(5, 0), (5, 1), (0, 3), (-1, 3), (-2, 0), (-2, -1), (0, -1), (9, -1)];
        for (first, a) in around.iter().enumerate() {
            for (second, b) in around.iter().enumerate() {
                assert_eq!(compare_angle(*a, *b), first.cmp(&second), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn a_position_is_placed_inside_on_or_outside_a_ring() {
        let ring = [at(0, 0), at(10, 0), at(10, 10), at(5, 5), at(0, 10)];
        assert_eq!(place(&ring, at(5, 4)), Placement::Inside);
        assert_eq!(place(&ring, at(5, 5)), Placement::Border);
        assert_eq!(place(&ring, at(7, 7)), Placement::Border);
        assert_eq!(place(&ring, at(5, 6)), Placement::Outside);
        assert_eq!(place(&ring, at(0, 3)), Placement::Border);
        assert_eq!(doubled_area(&ring), 150);
    }
}
