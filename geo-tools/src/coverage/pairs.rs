//! Which sides may meet: the plane is halved again and again until few sides are left in a box.
//!
//! Invariant: two sides that share a position, or come within the margin of each other, are visited at least once.

use crate::Position;
use crate::coverage::exact::{delta, side};
use crate::coverage::spread::{Box4, Region, Spread};

const FEW: usize = 24;
const MAX_DEPTH: u32 = 64;

/// Calls `visit` with the indexes of sides that may meet, at least one of each pair active; a pair may come twice.
///
/// `visit` answers whether to go on. Sides are widened by one unit, so that what passes a position's pixel is met too.
pub(crate) fn visit_pairs(
    sides: &[(Position, Position)],
    active: &[bool],
    visit: &mut impl FnMut(u32, u32) -> bool,
) -> bool {
    let around: Vec<Box4> = sides.iter().map(|&(low, high)| around(low, high)).collect();
    let Some(spread) = Spread::new(&around, FEW / 3) else { return true };
    let mut halving = Halving { sides, active, items: Vec::new() };
    spread.boxes().all(|(region, items)| {
        halving.items.clear();
        halving.items.extend_from_slice(items);
        halving.visit(0, region, 0, visit)
    })
}

/// The box around a side, widened so that what comes within the margin of a position of it shares a position with it.
fn around(low: Position, high: Position) -> Box4 {
    let (south, north) = (low.lat_e7().min(high.lat_e7()), low.lat_e7().max(high.lat_e7()));
    [low.lon_e7() - 2, south - 2, high.lon_e7() + 2, north + 2]
}

struct Halving<'a> {
    sides: &'a [(Position, Position)],
    active: &'a [bool],
    /// The sides near a region, and before them those of the regions that it was halved from.
    items: Vec<u32>,
}

impl Halving<'_> {
    /// Visits what meets near a region, which the items from an index on come near.
    fn visit(
        &mut self,
        from: usize,
        region: Region,
        depth: u32,
        visit: &mut impl FnMut(u32, u32) -> bool,
    ) -> bool {
        let end = self.items.len();
        if !self.items[from..].iter().any(|&item| self.active[item as usize]) {
            return true;
        }
        let [west, south, east, north] = region;
        let (width, height) = (east - west, north - south);
        if end - from <= FEW || depth >= MAX_DEPTH || width.max(height) < 8 {
            return self.each_with_each(&self.items[from..], visit);
        }
        let (mut first, mut second) = (region, region);
        if width >= height {
            first[2] = west + width / 2;
            second[0] = first[2];
        } else {
            first[3] = south + height / 2;
            second[1] = first[3];
        }
        for half in [first, second] {
            for at in from..end {
                let item = self.items[at];
                if meets(self.sides[item as usize], half) {
                    self.items.push(item);
                }
            }
            if !self.visit(end, half, depth + 1, visit) {
                return false;
            }
            self.items.truncate(end);
        }
        true
    }

    fn each_with_each(&self, items: &[u32], visit: &mut impl FnMut(u32, u32) -> bool) -> bool {
        for (at, &first) in items.iter().enumerate() {
            let (a, b) = self.sides[first as usize];
            let (south, north) = (a.lat_e7().min(b.lat_e7()) - 1, a.lat_e7().max(b.lat_e7()) + 1);
            for &second in &items[at + 1..] {
                if !self.active[first as usize] && !self.active[second as usize] {
                    continue;
                }
                let (c, d) = self.sides[second as usize];
                // Ends are in order, so longitude needs no minimum.
                let apart = c.lon_e7() > b.lon_e7() + 1
                    || a.lon_e7() > d.lon_e7() + 1
                    || c.lat_e7().min(d.lat_e7()) > north
                    || c.lat_e7().max(d.lat_e7()) < south;
                if !apart && !visit(first.min(second), first.max(second)) {
                    return false;
                }
            }
        }
        true
    }
}

/// Whether a side comes within one unit of a box.
fn meets((low, high): (Position, Position), region: Region) -> bool {
    let [west, south, east, north] = [region[0] - 1, region[1] - 1, region[2] + 1, region[3] + 1];
    let (south_end, north_end) = (low.lat_e7().min(high.lat_e7()), low.lat_e7().max(high.lat_e7()));
    if i64::from(low.lon_e7()) > east
        || i64::from(high.lon_e7()) < west
        || i64::from(south_end) > north
        || i64::from(north_end) < south
    {
        return false;
    }
    // All four corners strictly on one side: the line passes by.
    let (dx, dy) = delta(low, high);
    let turn = |x: i64, y: i64| dx * (y - i64::from(low.lat_e7())) - dy * (x - i64::from(low.lon_e7()));
    let corners = [turn(west, south), turn(east, south), turn(east, north), turn(west, north)];
    !(corners.iter().all(|&corner| corner > 0) || corners.iter().all(|&corner| corner < 0))
}

/// How two sides meet other than at a common end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meeting {
    /// They cross inside both, near this position.
    Cross(Position),
    /// An end of one lies on the other, inside it; or, where asked for, in whose pixel the other passes.
    End {
        /// Whether it is the first side that the end lies on.
        on_first: bool,
        /// The end.
        at: Position,
        /// Whether it lies exactly on the side.
        exact: bool,
    },
}

/// All the ways two sides meet, common ends left out. `near` asks for ends in whose pixel the other side passes.
pub(crate) fn meetings(
    first: (Position, Position),
    second: (Position, Position),
    near: bool,
) -> Vec<Meeting> {
    let mut found = Vec::new();
    for (on_first, (a, b), other) in [(true, first, second), (false, second, first)] {
        for at in [other.0, other.1] {
            if at == a || at == b {
                continue;
            }
            let turn = side(a, b, at);
            if turn == 0 && crate::coverage::exact::within_box(a, b, at) {
                found.push(Meeting::End { on_first, at, exact: true });
            } else if near && passes_pixel(a, b, at) {
                found.push(Meeting::End { on_first, at, exact: false });
            }
        }
    }
    if found.is_empty() && crosses(first, second) {
        found.push(Meeting::Cross(crossing(first, second)));
    }
    found
}

fn crosses((a, b): (Position, Position), (c, d): (Position, Position)) -> bool {
    let opposite = |p: i64, q: i64| (p > 0 && q < 0) || (p < 0 && q > 0);
    opposite(side(a, b, c), side(a, b, d)) && opposite(side(c, d, a), side(c, d, b))
}

/// The position on the grid nearest to where two sides cross.
fn crossing((a, b): (Position, Position), (c, d): (Position, Position)) -> Position {
    let (from_c, from_d) = (i128::from(side(c, d, a)), i128::from(side(c, d, b)));
    // Along a to b the distance to the line through c and d falls from `from_c` to `from_d`.
    let whole = from_c - from_d;
    let (dx, dy) = delta(a, b);
    let along = |start: i32, step: i64| {
        let numerator = from_c * i128::from(step) * whole.signum();
        let moved = (2 * numerator + whole.abs()).div_euclid(2 * whole.abs());
        start + moved as i32
    };
    Position::from_e7(along(a.lon_e7(), dx), along(a.lat_e7(), dy)).unwrap_or(a)
}

/// Whether the side from `a` to `b` passes through the open unit square around a position.
///
/// Open: a diagonal of one unit touches the squares of both other corners, and bending it to them would never end.
fn passes_pixel(a: Position, b: Position, at: Position) -> bool {
    let twice = |p: Position| {
        let (x, y) = delta(at, p);
        (2 * x, 2 * y)
    };
    let ((ax, ay), (bx, by)) = (twice(a), twice(b));
    if ax.min(bx) >= 1 || ax.max(bx) <= -1 || ay.min(by) >= 1 || ay.max(by) <= -1 {
        return false;
    }
    let turn =
        |x: i64, y: i64| i128::from(bx - ax) * i128::from(y - ay) - i128::from(by - ay) * i128::from(x - ax);
    let corners = [turn(-1, -1), turn(1, -1), turn(1, 1), turn(-1, 1)];
    !(corners.iter().all(|&corner| corner >= 0) || corners.iter().all(|&corner| corner <= 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: i32, y: i32) -> Position {
        Position::from_e7(1_210_000_000 + x, 140_000_000 + y).expect("in range")
    }

    #[test]
    fn crossings_are_rounded_to_the_nearest_position() {
        let first = (at(0, 0), at(10, 10));
        assert_eq!(meetings(first, (at(0, 10), at(10, 0)), false), [Meeting::Cross(at(5, 5))]);
        assert_eq!(meetings(first, (at(0, 9), at(10, 0)), false), [Meeting::Cross(at(5, 5))]);
        assert_eq!(meetings(first, (at(0, 1), at(1, 0)), false), [Meeting::Cross(at(1, 1))]);
    }

    #[test]
    fn an_end_on_a_side_or_in_its_pixel_is_told_apart() {
        let long = (at(0, 0), at(100, 1));
        let on = (at(50, 0), at(60, -40));
        assert_eq!(meetings(long, on, false), []);
        assert_eq!(meetings(long, on, true), [Meeting::End { on_first: true, at: at(50, 0), exact: false }]);
        let flat = (at(0, 0), at(100, 0));
        assert_eq!(meetings(flat, on, false), [Meeting::End { on_first: true, at: at(50, 0), exact: true }]);
        assert_eq!(meetings(flat, (at(100, 0), at(120, 9)), true), []);
    }

    #[test]
    fn every_pair_that_meets_is_visited() {
        // An oracle: each with each, on segments of all sizes from a small generator.
        let mut state = 7_u64;
        let mut random = |below: i32| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % below as u64) as i32
        };
        for _ in 0..30 {
            let sides: Vec<(Position, Position)> = (0..300)
                .map(|_| {
                    let reach = [5, 50, 2000][random(3) as usize];
                    let (x, y) = (random(2000), random(2000));
                    let (a, b) = (at(x, y), at(x + random(reach) + 1, y + random(reach) - reach / 2));
                    (a.min(b), a.max(b))
                })
                .collect();
            let mut found = Vec::new();
            visit_pairs(&sides, &vec![true; sides.len()], &mut |a, b| {
                if !meetings(sides[a as usize], sides[b as usize], true).is_empty() {
                    found.push((a, b));
                }
                true
            });
            found.sort_unstable();
            found.dedup();
            let mut expected = Vec::new();
            for a in 0..sides.len() as u32 {
                for b in a + 1..sides.len() as u32 {
                    if !meetings(sides[a as usize], sides[b as usize], true).is_empty() {
                        expected.push((a, b));
                    }
                }
            }
            assert_eq!(found, expected);
        }
    }
}
