//! A small patchwork of fields, and who owns each position of it by the border rule.

use geo_tools::coverage::Border;
use geo_tools::{Bounds, Coverage, Leaf, Position};

use crate::random::Random;

/// Both ends of a stretch of border, and who is left and right of it.
pub(crate) type Side = ([i64; 2], [i64; 2], Option<Leaf>, Option<Leaf>);

pub(crate) const SIDE: usize = 7;
pub(crate) const SPACING: i64 = 10;

/// Whether one way is met before another when turning counter-clockwise from the east.
fn turns_less([x, y]: [i64; 2], [other_x, other_y]: [i64; 2]) -> bool {
    let is_second_half = |x: i64, y: i64| y < 0 || (y == 0 && x < 0);
    let halves = (is_second_half(x, y), is_second_half(other_x, other_y));
    if halves.0 == halves.1 { x * other_y > y * other_x } else { halves.1 }
}

/// A patchwork of convex four-sided fields, each with an owner or none; several fields may have the same owner.
pub(crate) struct Patchwork {
    corners: Vec<[i64; 2]>,
    owners: Vec<Option<Leaf>>,
    origin: [i64; 2],
}

impl Patchwork {
    pub(crate) fn random(random: &mut Random, leaf_count: i64, jitter: i64, origin: [i64; 2]) -> Self {
        let mut corners = Vec::new();
        for row in 0..=SIDE as i64 {
            for column in 0..=SIDE as i64 {
                let mut moved = |at: i64| at * SPACING + random.below(2 * jitter + 1) - jitter;
                corners.push([moved(column), moved(row)]);
            }
        }
        // One field in ten belongs to nobody: enclosed it is a void, on the edge a bite.
        let owner = |_| (random.below(10) > 0).then(|| Leaf(random.below(leaf_count) as u32));
        Self { corners, owners: (0..SIDE * SIDE).map(owner).collect(), origin }
    }

    pub(crate) fn position(&self, [x, y]: [i64; 2]) -> Position {
        let e7 = |origin: i64, at: i64| i32::try_from(origin + at).expect("in range");
        Position::from_e7(e7(self.origin[0], x), e7(self.origin[1], y)).expect("in range")
    }

    fn corner(&self, column: usize, row: usize) -> [i64; 2] {
        self.corners[row * (SIDE + 1) + column]
    }

    fn owner(&self, column: isize, row: isize) -> Option<Leaf> {
        let inside = |at: isize| (0..SIDE as isize).contains(&at);
        if inside(column) && inside(row) { self.owners[row as usize * SIDE + column as usize] } else { None }
    }

    /// Every side between two owners: its ends, and who is left and right of it.
    fn sides(&self) -> Vec<Side> {
        let mut sides = Vec::new();
        for row in 0..=SIDE {
            for column in 0..=SIDE {
                let (c, r) = (column as isize, row as isize);
                if column < SIDE {
                    let (left, right) = (self.owner(c, r), self.owner(c, r - 1));
                    sides.push((self.corner(column, row), self.corner(column + 1, row), left, right));
                }
                if row < SIDE {
                    let (left, right) = (self.owner(c - 1, r), self.owner(c, r));
                    sides.push((self.corner(column, row), self.corner(column, row + 1), left, right));
                }
            }
        }
        sides.retain(|(_, _, left, right)| left != right);
        sides
    }

    pub(crate) fn coverage(&self, leaf_count: usize) -> Coverage {
        let border =
            |(a, b, left, right)| Border { line: vec![self.position(a), self.position(b)], left, right };
        Coverage::from_borders(leaf_count, self.sides().into_iter().map(border).collect())
            .expect("a coverage")
    }

    /// The owner of a position by the border rule: it is really shifted, by a step smaller than any distance here.
    pub(crate) fn expected(&self, [x, y]: [i64; 2]) -> Option<Leaf> {
        const STEP: i128 = 1_000_000;
        for (east, north) in [(1, 1), (-1, 1), (1, -1), (-1, -1)] {
            let shifted = [i128::from(x) * STEP * STEP + east * STEP, i128::from(y) * STEP * STEP + north];
            for row in 0..SIDE {
                for column in 0..SIDE {
                    let around = [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(dc, dr)| {
                        self.corner(column + dc, row + dr).map(|at| i128::from(at) * STEP * STEP)
                    });
                    let left_of_all = (0..4).all(|at| {
                        let ([ax, ay], [bx, by]) = (around[at], around[(at + 1) % 4]);
                        (bx - ax) * (shifted[1] - ay) > (by - ay) * (shifted[0] - ax)
                    });
                    let owner = self.owner(column as isize, row as isize);
                    if left_of_all && owner.is_some() {
                        return owner;
                    }
                }
            }
        }
        self.first_around([x, y])
    }

    /// The owner of the first field counter-clockwise from the east of those with a corner here, where none lies level with it.
    fn first_around(&self, place: [i64; 2]) -> Option<Leaf> {
        let mut first: Option<([i64; 2], Leaf)> = None;
        for (row, column) in (0..SIDE).flat_map(|row| (0..SIDE).map(move |column| (row, column))) {
            let around = [(0, 0), (1, 0), (1, 1), (0, 1)].map(|(dc, dr)| self.corner(column + dc, row + dr));
            let Some(owner) = self.owner(column as isize, row as isize) else { continue };
            for at in (0..4).filter(|at| around[*at] == place) {
                // The side that leaves a corner has the field on its left.
                let [x, y] = around[(at + 1) % 4];
                let way = [x - place[0], y - place[1]];
                if first.is_none_or(|(other, _)| turns_less(way, other)) {
                    first = Some((way, owner));
                }
            }
        }
        first.map(|(_, owner)| owner)
    }

    pub(crate) fn is_on_border(&self, [x, y]: [i64; 2]) -> bool {
        self.sides().iter().any(|([ax, ay], [bx, by], _, _)| {
            (bx - ax) * (y - ay) == (by - ay) * (x - ax)
                && (*ax.min(bx)..=*ax.max(bx)).contains(&x)
                && (*ay.min(by)..=*ay.max(by)).contains(&y)
        })
    }

    /// Gives a field to somebody else, or moves a corner; answers the ground that changed.
    pub(crate) fn change(&mut self, random: &mut Random, leaf_count: i64, jitter: i64) -> Bounds {
        let (column, row) = (random.below(SIDE as i64) as usize, random.below(SIDE as i64) as usize);
        if random.below(2) == 0 {
            self.owners[row * SIDE + column] =
                (random.below(5) > 0).then(|| Leaf(random.below(leaf_count) as u32));
            return self.ground([column, row], [column + 1, row + 1]);
        }
        let (low, high) = ([column.max(1) - 1, row.max(1) - 1], [column + 1, row + 1]);
        let before = self.ground(low, high);
        let mut moved = |at: usize| at as i64 * SPACING + random.below(2 * jitter + 1) - jitter;
        self.corners[row * (SIDE + 1) + column] = [moved(column), moved(row)];
        before.union(self.ground(low, high))
    }

    /// The box around the fields between two corners.
    fn ground(&self, low: [usize; 2], high: [usize; 2]) -> Bounds {
        let corners = (low[1]..=high[1]).flat_map(|row| (low[0]..=high[0]).map(move |column| (column, row)));
        Bounds::of(corners.map(|(column, row)| self.position(self.corner(column, row)))).expect("corners")
    }
}
