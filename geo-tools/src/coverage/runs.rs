//! Borders cut into runs, and where runs meet: what the proof asks of sides, for a tenth of the looks.
//!
//! Along a run each position comes after the one before in order, so its sides share nothing but the ends in between;
//! only runs whose boxes share a position need to be looked at side by side.
//!
//! Invariant: two sides that share a position, other than neighbours of one run, are visited exactly once.

use crate::Position;
use crate::coverage::Border;
use crate::coverage::spread::{Box4, Region, Spread};

/// More sides than this in one run and its box says little about where they are.
const LONGEST: usize = 16;
/// So few runs are compared each with each.
const FEW: usize = 16;
const MAX_DEPTH: u32 = 64;

/// A side of a border by the index of its first position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SideOf {
    pub(crate) border: u32,
    pub(crate) at: u32,
}

struct Run {
    border: u32,
    /// Indexes of its first and last position.
    from: u32,
    to: u32,
    around: Box4,
}

fn box_of(line: &[Position]) -> Box4 {
    line.iter().fold([i32::MAX, i32::MAX, i32::MIN, i32::MIN], |[west, south, east, north], at| {
        let (x, y) = (at.lon_e7(), at.lat_e7());
        [west.min(x), south.min(y), east.max(x), north.max(y)]
    })
}

fn meet(a: &Box4, b: &Box4) -> bool {
    a[0] <= b[2] && b[0] <= a[2] && a[1] <= b[3] && b[1] <= a[3]
}

/// Cuts borders where their direction in the order of positions turns, and where a run is long.
fn runs(borders: &[Border]) -> Vec<Run> {
    let mut runs = Vec::new();
    for (border, Border { line, .. }) in (0..).zip(borders) {
        let mut from = 0;
        while from + 1 < line.len() {
            let is_rising = line[from] < line[from + 1];
            let goes_on = |at: usize| at + 1 < line.len() && (line[at] < line[at + 1]) == is_rising;
            let to = (from + 1..from + LONGEST).find(|&at| !goes_on(at)).unwrap_or(from + LONGEST);
            let around = box_of(&line[from..=to]);
            runs.push(Run { border, from: from as u32, to: to as u32, around });
            from = to;
        }
    }
    runs
}

/// Calls `visit` with every two sides whose boxes share a position, those within one run left out.
///
/// `visit` answers whether to go on.
pub(crate) fn visit_sides(borders: &[Border], visit: &mut impl FnMut(SideOf, SideOf) -> bool) {
    let runs = runs(borders);
    let around: Vec<Box4> = runs.iter().map(|run| run.around).collect();
    let Some(spread) = Spread::new(&around, FEW / 2) else { return };
    let mut halving = Halving { borders, runs, items: Vec::new() };
    for (region, items) in spread.boxes() {
        halving.items.clear();
        halving.items.extend_from_slice(items);
        if !halving.visit(0, region, 0, visit) {
            return;
        }
    }
}

struct Halving<'a> {
    borders: &'a [Border],
    runs: Vec<Run>,
    /// The runs in a region, and before them those of the regions that it was halved from.
    items: Vec<u32>,
}

impl Halving<'_> {
    /// Visits what meets in a region, which the items from an index on reach.
    fn visit(
        &mut self,
        from: usize,
        region: Region,
        depth: u32,
        visit: &mut impl FnMut(SideOf, SideOf) -> bool,
    ) -> bool {
        let [west, south, east, north] = region;
        let (width, height) = (east - west, north - south);
        let end = self.items.len();
        if end - from <= FEW || depth >= MAX_DEPTH || width.max(height) < 2 {
            return self.each_with_each(&self.items[from..], region, visit);
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
                let around = self.runs[item as usize].around.map(i64::from);
                if around[0] < half[2] && around[2] >= half[0] && around[1] < half[3] && around[3] >= half[1]
                {
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

    fn each_with_each(
        &self,
        items: &[u32],
        [west, south, east, north]: Region,
        visit: &mut impl FnMut(SideOf, SideOf) -> bool,
    ) -> bool {
        for (at, &first) in items.iter().enumerate() {
            let one = &self.runs[first as usize];
            for &second in &items[at + 1..] {
                let other = &self.runs[second as usize];
                if !meet(&one.around, &other.around) {
                    continue;
                }
                // Of all regions that both reach, the one with the south-western corner of what they share.
                let x = i64::from(one.around[0].max(other.around[0]));
                let y = i64::from(one.around[1].max(other.around[1]));
                let is_here = (west..east).contains(&x) && (south..north).contains(&y);
                if is_here && !self.sides(one, other, visit) {
                    return false;
                }
            }
        }
        true
    }

    fn sides(&self, one: &Run, other: &Run, visit: &mut impl FnMut(SideOf, SideOf) -> bool) -> bool {
        let line = |run: &Run| &self.borders[run.border as usize].line;
        for at in one.from..one.to {
            let around = box_of(&line(one)[at as usize..at as usize + 2]);
            if !meet(&around, &other.around) {
                continue;
            }
            for other_at in other.from..other.to {
                let is_near = meet(&around, &box_of(&line(other)[other_at as usize..other_at as usize + 2]));
                let sides =
                    (SideOf { border: one.border, at }, SideOf { border: other.border, at: other_at });
                if is_near && !visit(sides.0, sides.1) {
                    return false;
                }
            }
        }
        true
    }
}
