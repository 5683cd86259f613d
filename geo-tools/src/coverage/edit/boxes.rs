//! Sides of borders by place: a grid of boxes, each with a chain of the sides that come near it.
//!
//! Invariant: a side stands in the box of every position on it, and of every place between two positions. What lies beyond
//! the grid counts to the boxes at its rim: there it is slower, and as right.

use crate::coverage::runs::SideOf;
use crate::{Bounds, Position};

/// So many boxes for each side, and no more links: with larger boxes more sides are compared, with smaller ones long sides
/// stand in many.
const BOXES_PER_SIDE: u64 = 2;
const LINKS_PER_SIDE: u64 = 6;
const NONE: u32 = u32::MAX;

/// What is near is looked up with it. See the module.
#[derive(Clone, Debug)]
pub(super) struct Boxes {
    south_west: Position,
    column_bits: u32,
    row_bits: u32,
    columns: usize,
    rows: usize,
    /// The first link of each box, row by row from the south-west.
    first: Vec<u32>,
    links: Vec<Link>,
    /// The first of the links that are free.
    free: u32,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    side: SideOf,
    next: u32,
}

impl Boxes {
    /// Boxes for about such lines within bounds, with none of them in yet.
    pub(super) fn over<'a>(bounds: &Bounds, lines: impl Iterator<Item = &'a [Position]>) -> Self {
        let (mut count, mut run) = (1_u64, [0_u64; 2]);
        for pair in lines.flat_map(|line| line.windows(2)) {
            count += 1;
            run[0] += u64::from(pair[0].lon_e7().abs_diff(pair[1].lon_e7()));
            run[1] += u64::from(pair[0].lat_e7().abs_diff(pair[1].lat_e7()));
        }
        let (low, high) = (bounds.south_west(), bounds.north_east());
        let span =
            [low.lon_e7().abs_diff(high.lon_e7()), low.lat_e7().abs_diff(high.lat_e7())].map(u64::from);
        let mut bits = [0_u32; 2];
        let boxes = |bits: [u32; 2]| ((span[0] >> bits[0]) + 1) * ((span[1] >> bits[1]) + 1);
        let links = |bits: [u32; 2]| count + (run[0] >> bits[0]) + (run[1] >> bits[1]);
        while boxes(bits) > BOXES_PER_SIDE * count || links(bits) > LINKS_PER_SIDE * count {
            // Where sides run along one axis, boxes that are longer along it cut them less often.
            let share = |axis: usize| (run[axis] >> bits[axis], span[axis] >> bits[axis]);
            let axis = usize::from(share(0) < share(1));
            bits[axis] += 1;
        }
        let (columns, rows) = ((span[0] >> bits[0]) as usize + 1, (span[1] >> bits[1]) as usize + 1);
        Self {
            south_west: low,
            column_bits: bits[0],
            row_bits: bits[1],
            columns,
            rows,
            first: vec![NONE; columns * rows],
            links: Vec::with_capacity(count as usize),
            free: NONE,
        }
    }

    /// How many links there are, free ones included.
    pub(super) fn len(&self) -> usize {
        self.links.len()
    }

    fn column(&self, lon_e7: i64) -> usize {
        place(lon_e7 - i64::from(self.south_west.lon_e7()), self.column_bits, self.columns)
    }

    pub(super) fn row(&self, lat_e7: i64) -> usize {
        place(lat_e7 - i64::from(self.south_west.lat_e7()), self.row_bits, self.rows)
    }

    /// Shows every box that a side stands in.
    fn visit(&self, a: Position, b: Position, mut see: impl FnMut(usize)) {
        let (low, high) = if a.lat_e7() <= b.lat_e7() { (a, b) } else { (b, a) };
        let [low_x, low_y, high_x, high_y] =
            [low.lon_e7(), low.lat_e7(), high.lon_e7(), high.lat_e7()].map(i64::from);
        let rows = self.row(low_y)..=self.row(high_y);
        let columns = self.column(low_x.min(high_x))..=self.column(low_x.max(high_x));
        let is_bent = rows.start() < rows.end() && columns.start() < columns.end();
        for row in rows.clone() {
            let (mut from, mut to) = (*columns.start(), *columns.end());
            if is_bent {
                // Where it enters and leaves the row; rounding down once, and a unit more on the other side.
                let edge = |row: usize| i64::from(self.south_west.lat_e7()) + ((row as i64) << self.row_bits);
                let x_at = |y: i64| low_x + ((high_x - low_x) * (y - low_y)).div_euclid(high_y - low_y);
                let enters = if row == *rows.start() { low_x } else { x_at(edge(row)) };
                let leaves = if row == *rows.end() { high_x } else { x_at(edge(row + 1)) };
                from = from.max(self.column(enters.min(leaves)));
                to = to.min(self.column(enters.max(leaves) + 1));
            }
            (from..=to).for_each(|column| see(row * self.columns + column));
        }
    }

    /// Takes a side in.
    pub(super) fn insert(&mut self, side: SideOf, a: Position, b: Position) {
        let mut met = Vec::with_capacity(4);
        self.visit(a, b, |at| met.push(at));
        for at in met {
            let link = Link { side, next: self.first[at] };
            self.first[at] = if self.free == NONE {
                self.links.push(link);
                self.links.len() as u32 - 1
            } else {
                let number = self.free;
                self.free = self.links[number as usize].next;
                self.links[number as usize] = link;
                number
            };
        }
    }

    /// Lets a side go that runs between the same positions as when it was taken in.
    pub(super) fn remove(&mut self, side: SideOf, a: Position, b: Position) {
        let mut met = Vec::with_capacity(4);
        self.visit(a, b, |at| met.push(at));
        for at in met {
            let (mut before, mut number) = (NONE, self.first[at]);
            while number != NONE && self.links[number as usize].side != side {
                (before, number) = (number, self.links[number as usize].next);
            }
            if number == NONE {
                continue;
            }
            let next = self.links[number as usize].next;
            if before == NONE {
                self.first[at] = next;
            } else {
                self.links[before as usize].next = next;
            }
            self.links[number as usize].next = self.free;
            self.free = number;
        }
    }

    /// Shows what stands in the boxes that share ground with an area of west, south, east and north; some of it twice.
    pub(super) fn near(&self, [west, south, east, north]: [i64; 4], mut see: impl FnMut(SideOf)) {
        for row in self.row(south)..=self.row(north) {
            for column in self.column(west)..=self.column(east) {
                self.chain(row, column).for_each(&mut see);
            }
        }
    }

    /// Shows what stands in the box of a position.
    pub(super) fn at(&self, at: Position) -> impl Iterator<Item = SideOf> {
        self.chain(self.row(i64::from(at.lat_e7())), self.column(i64::from(at.lon_e7())))
    }

    fn chain(&self, row: usize, column: usize) -> impl Iterator<Item = SideOf> {
        let mut number = self.first[row * self.columns + column];
        std::iter::from_fn(move || {
            let link = self.links.get(number as usize)?;
            number = link.next;
            Some(link.side)
        })
    }

    /// Shows what stands in the boxes of a row from a place westward, box by box with its western side; `see` answers
    /// whether to go on.
    pub(super) fn westward(
        &self,
        lon_e7: i64,
        lat_e7: i64,
        mut see: impl FnMut(&mut dyn Iterator<Item = SideOf>, i64) -> bool,
    ) {
        let row = self.row(lat_e7);
        for column in (0..=self.column(lon_e7)).rev() {
            let west = i64::from(self.south_west.lon_e7()) + ((column as i64) << self.column_bits);
            if !see(&mut self.chain(row, column), west) {
                break;
            }
        }
    }
}

/// The number of a box along one axis.
fn place(far: i64, bits: u32, count: usize) -> usize {
    ((far >> bits).max(0) as usize).min(count - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_stands_in_the_box_of_each_position_on_it_until_it_goes() {
        let mut state = 11_u64;
        let mut random = |below: i32| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % below as u64) as i32
        };
        let at = |x: i32, y: i32| Position::from_e7(1_210_000_000 + x, 140_000_000 + y).expect("in range");
        let sides: Vec<[Position; 2]> = (0..400)
            .map(|_| {
                let (dx, dy) = (random(40), random(40) - 20);
                let (x, y) = (random(500), random(300));
                // Every position between is one of the grid.
                let times = random(9) + 1;
                [at(x, y), at(x + dx * times, y + dy * times)]
            })
            .collect();
        let bounds = Bounds::new(at(50, 50), at(400, 250)).expect("a box");
        let mut boxes = Boxes::over(&bounds, sides.iter().map(|side| &side[..]));
        let numbered =
            || (0..).zip(&sides).map(|(border, side)| (SideOf { border, at: 0 }, side[0], side[1]));
        numbered().for_each(|(side, a, b)| boxes.insert(side, a, b));
        for (side, a, b) in numbered() {
            for share in 0..=9 {
                let between = |a: i32, b: i32| a + ((b - a) * share).div_euclid(9);
                let (x, y) = (between(a.lon_e7(), b.lon_e7()), between(a.lat_e7(), b.lat_e7()));
                let on = Position::from_e7(x, y).expect("between two");
                if crate::coverage::exact::side(a, b, on) == 0 {
                    assert!(boxes.at(on).any(|found| found == side), "{on} of {a} {b}");
                }
            }
        }
        numbered()
            .filter(|(side, ..)| side.border % 2 == 0)
            .for_each(|(side, a, b)| boxes.remove(side, a, b));
        let mut left = Vec::new();
        boxes.near([i64::MIN / 4, i64::MIN / 4, i64::MAX / 4, i64::MAX / 4], |side| left.push(side.border));
        left.sort_unstable();
        left.dedup();
        assert_eq!(left, (0..400).filter(|border| border % 2 == 1).collect::<Vec<u32>>());
    }
}
