//! Borders in numbered places, with what finds them: by place, by leaf. What changes is kept, so that it can be taken back.
//!
//! Half-edge `2 k` walks border `k` as stored, `2 k + 1` the other way. A place without a border holds one without a line.

use crate::coverage::edit::boxes::Boxes;
use crate::coverage::edit::extent::Extent;
use crate::coverage::runs::SideOf;
use crate::coverage::{Border, Leaf};
use crate::{Bounds, Position};

/// When links are more than this many times what they were, the boxes are laid anew.
const CROWDED: usize = 4;

/// What is edited. See the module.
#[derive(Clone, Debug)]
pub(super) struct Net {
    borders: Vec<Border>,
    free: Vec<u32>,
    boxes: Boxes,
    /// How many links there were when the boxes were laid.
    laid: usize,
    extent: Extent,
    /// The borders that name each leaf, in no order.
    of_leaf: Vec<Vec<u32>>,
    /// What stood in places before they changed, since they were last kept.
    journal: Vec<(u32, Border)>,
}

/// What one place held before an edit and after it; without a line: nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Swap {
    pub(super) number: u32,
    pub(super) before: Border,
    pub(super) after: Border,
}

pub(super) fn nothing() -> Border {
    Border { line: Vec::new(), left: None, right: None }
}

impl Net {
    pub(super) fn new(leaf_count: usize, borders: Vec<Border>) -> Self {
        let boxes_of: Vec<_> = borders.iter().map(|border| Bounds::of(border.line.iter().copied())).collect();
        let mut net = Self {
            boxes: Boxes::over(&whole(&boxes_of), borders.iter().map(|border| border.line.as_slice())),
            laid: 0,
            extent: Extent::new(&boxes_of),
            borders,
            free: Vec::new(),
            of_leaf: vec![Vec::new(); leaf_count],
            journal: Vec::new(),
        };
        for (number, border) in (0..).zip(&net.borders) {
            fill(&mut net.boxes, number, &border.line);
            for leaf in owners(border) {
                net.of_leaf[leaf.index()].push(number);
            }
        }
        net.laid = net.boxes.len();
        net
    }

    pub(super) fn leaf_count(&self) -> usize {
        self.of_leaf.len()
    }

    /// Makes room for new leaves, or takes it away again: those that go own nothing.
    pub(super) fn set_leaf_count(&mut self, count: usize) {
        self.of_leaf.resize(count, Vec::new());
    }

    /// The numbers of the borders that name a leaf.
    pub(super) fn of_leaf(&self, leaf: Leaf) -> &[u32] {
        &self.of_leaf[leaf.index()]
    }

    pub(super) fn border(&self, number: u32) -> &Border {
        &self.borders[number as usize]
    }

    /// Every border, in no order that matters.
    pub(super) fn borders(&self) -> impl Iterator<Item = &Border> {
        self.borders.iter().filter(|border| !border.line.is_empty())
    }

    pub(super) fn bounds(&self) -> Option<Bounds> {
        self.extent.whole()
    }

    pub(super) fn boxes(&self) -> &Boxes {
        &self.boxes
    }

    /// The ends of a side.
    pub(super) fn ends(&self, side: SideOf) -> [Position; 2] {
        let line = &self.border(side.border).line;
        [line[side.at as usize], line[side.at as usize + 1]]
    }

    /// The sides that share a position with a box, each once, in order.
    pub(super) fn sides_near(&self, area: [i64; 4]) -> Vec<SideOf> {
        let mut found = Vec::new();
        self.boxes.near(area, |side| {
            let [a, b] = self.ends(side);
            if overlaps(area, around(a, b)) {
                found.push(side);
            }
        });
        found.sort_unstable_by_key(|side| (side.border, side.at));
        found.dedup();
        found
    }

    /// Adds a border; answers its number.
    pub(super) fn add(&mut self, border: Border) -> u32 {
        while let Some(number) = self.free.pop() {
            if self.border(number).line.is_empty() {
                // It is taken again at once: `set` expects it to be free.
                self.free.push(number);
                self.set(number, border);
                return number;
            }
        }
        let number = self.borders.len() as u32;
        self.borders.push(nothing());
        self.free.push(number);
        self.set(number, border);
        number
    }

    /// Puts a border, or nothing, in the place of another, and notes what was there.
    pub(super) fn set(&mut self, number: u32, border: Border) {
        let before = self.put(number, border);
        self.journal.push((number, before));
    }

    /// What has changed since `keep`, each place once; what is as before is left out.
    pub(super) fn swaps(&self) -> Vec<Swap> {
        let mut swaps: Vec<Swap> = Vec::with_capacity(self.journal.len());
        for (number, before) in &self.journal {
            // An edit changes few places.
            if swaps.iter().all(|swap| swap.number != *number) {
                let (before, after) = (before.clone(), self.border(*number).clone());
                swaps.push(Swap { number: *number, before, after });
            }
        }
        swaps.retain(|swap| swap.before != swap.after);
        swaps
    }

    /// What stood in places before each change since `keep`.
    pub(super) fn journal(&self) -> &[(u32, Border)] {
        &self.journal
    }

    /// Lets what has changed stand.
    pub(super) fn keep(&mut self) {
        self.journal.clear();
        if self.boxes.len() > CROWDED * self.laid.max(1 << 10) {
            self.lay();
        }
    }

    /// Takes back what has changed since `keep`.
    pub(super) fn roll_back(&mut self) {
        for (number, before) in std::mem::take(&mut self.journal).into_iter().rev() {
            self.put(number, before);
        }
    }

    /// Makes changes that were made and taken back before.
    pub(super) fn replay(&mut self, swaps: &[Swap]) {
        for swap in swaps {
            self.put(swap.number, swap.after.clone());
        }
    }

    /// Lays boxes that fit what is there by now.
    fn lay(&mut self) {
        let boxes_of: Vec<_> = self.borders().map(|border| Bounds::of(border.line.iter().copied())).collect();
        let mut boxes = Boxes::over(&whole(&boxes_of), self.borders().map(|border| border.line.as_slice()));
        for (number, border) in (0..).zip(&self.borders) {
            fill(&mut boxes, number, &border.line);
        }
        self.laid = boxes.len();
        self.boxes = boxes;
    }

    fn put(&mut self, number: u32, border: Border) -> Border {
        let old = std::mem::replace(&mut self.borders[number as usize], border);
        let new = &self.borders[number as usize];
        let owned =
            |border: &Border| if border.line.is_empty() { [None; 2] } else { [border.left, border.right] };
        if owned(&old) != owned(new) {
            for leaf in owners(&old) {
                let borders = &mut self.of_leaf[leaf.index()];
                if let Some(at) = borders.iter().position(|at| *at == number) {
                    borders.swap_remove(at);
                }
            }
            for leaf in owners(new) {
                self.of_leaf[leaf.index()].push(number);
            }
        }
        if old.line != new.line {
            refill(&mut self.boxes, number, &old.line, &new.line);
            self.extent.set(number as usize, Bounds::of(new.line.iter().copied()));
        }
        match (old.line.is_empty(), new.line.is_empty()) {
            (false, true) => self.free.push(number),
            // Mostly the last that became free is the first that is taken; what else is left over `add` passes over.
            (true, false) if self.free.last() == Some(&number) => _ = self.free.pop(),
            _ => {}
        }
        old
    }
}

fn whole(boxes: &[Option<Bounds>]) -> Bounds {
    let whole = boxes.iter().flatten().copied().reduce(Bounds::union);
    whole.unwrap_or_else(|| unreachable!("no coverage is without borders"))
}

fn owners(border: &Border) -> impl Iterator<Item = Leaf> + use<> {
    let sides = if border.line.is_empty() { [None; 2] } else { [border.left, border.right] };
    sides
        .into_iter()
        .enumerate()
        .filter(move |(at, leaf)| *at == 0 || *leaf != sides[0])
        .filter_map(|(_, leaf)| leaf)
}

fn fill(boxes: &mut Boxes, border: u32, line: &[Position]) {
    for (at, pair) in (0..).zip(line.windows(2)) {
        boxes.insert(SideOf { border, at }, pair[0], pair[1]);
    }
}

/// Sides of a line that has changed: of one with as many positions only those that differ.
fn refill(boxes: &mut Boxes, border: u32, old: &[Position], new: &[Position]) {
    let is_alike = old.len() == new.len();
    let same = |at: usize| is_alike && old[at..at + 2] == new[at..at + 2];
    for (at, pair) in old.windows(2).enumerate().filter(|(at, _)| !same(*at)) {
        boxes.remove(SideOf { border, at: at as u32 }, pair[0], pair[1]);
    }
    for (at, pair) in new.windows(2).enumerate().filter(|(at, _)| !same(*at)) {
        boxes.insert(SideOf { border, at: at as u32 }, pair[0], pair[1]);
    }
}

/// West, south, east and north of a side.
pub(super) fn around(a: Position, b: Position) -> [i64; 4] {
    let ends = |part: fn(Position) -> i32| (i64::from(part(a).min(part(b))), i64::from(part(a).max(part(b))));
    let ((west, east), (south, north)) = (ends(Position::lon_e7), ends(Position::lat_e7));
    [west, south, east, north]
}

/// West, south, east and north of a box.
pub(super) fn area_of(bounds: &Bounds) -> [i64; 4] {
    around(bounds.south_west(), bounds.north_east())
}

fn overlaps(one: [i64; 4], other: [i64; 4]) -> bool {
    one[0] <= other[2] && other[0] <= one[2] && one[1] <= other[3] && other[1] <= one[3]
}
