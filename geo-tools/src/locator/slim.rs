//! Boxes with a few short edges, in half a cache line or a whole one: nearly all that have a border at all. A list of them
//! holds their records, plain integers.

use super::edge::{Edge, Frame};

/// How many edges of one border a slim box holds.
const SLIM_EDGES: usize = 3;
/// How many edges of any borders a star box holds.
pub(super) const STAR_EDGES: usize = 5;
/// Boxes are no larger, and ends of edges no farther from their corner: so differences of two fit `i16`.
const REACH: i64 = 1 << 14;
/// An edge that no position passes.
const NONE: Short = Short { low: [0, 1], high: [1, 0] };

/// An edge in units from its box's south-western corner. Ends at or west of the corner are open.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Short {
    /// The southern end, or the western one of a level edge: how far it is south, and how far east.
    low: [i16; 2],
    /// The other end: how far it is east, and how far north.
    high: [i16; 2],
}

impl Short {
    fn new(edge: &Edge, frame: &Frame) -> Option<Self> {
        let ([low_x, low_y], [high_x, high_y]) = (edge.low(), edge.high());
        let within = |at: i64| (at.abs() <= REACH).then_some(at as i16);
        Some(Self {
            low: [within(frame.south - low_y)?, within(low_x - frame.west)?],
            high: [within(high_x - frame.west)?, within(high_y - frame.south)?],
        })
    }

    fn widened(self, toggle: u32, frame: &Frame) -> Edge {
        let (low, high) = (self.low.map(i64::from), self.high.map(i64::from));
        let low = [frame.west + low[1], frame.south - low[0]];
        Edge::between(low, [frame.west + high[0], frame.south + high[1]], toggle, frame.west)
    }
}

fn is_small(frame: &Frame) -> bool {
    frame.east - frame.west <= REACH && frame.north - frame.south <= REACH
}

/// A word as it stands in a record.
fn halves(word: u32) -> [i16; 2] {
    [word as i16, (word >> 16) as i16]
}

/// What [`halves`] made.
#[inline(always)]
fn word([low, high]: [i16; 2]) -> u32 {
    u32::from(low as u16) | u32::from(high as u16) << 16
}

/// Which of four edges a place passes: negative where it does. Without a branch, and in lanes of the same operation, which
/// compilers make into vectors.
///
/// `low` and `high` are those of [`Short`], one edge after the other. What [`Edge::label_at`] says in words.
#[inline]
fn passed(low: &[i16; 8], high: &[i16; 8], east: i16, north: i16) -> [i32; 4] {
    let (mut from_low, mut from_high) = ([0i16; 8], [0i16; 8]);
    for lane in 0..8 {
        from_low[lane] = low[lane].wrapping_add(if lane % 2 == 0 { north } else { -east });
        from_high[lane] = (if lane % 2 == 0 { east } else { north }).wrapping_sub(high[lane]);
    }
    let mut passed = [0; 4];
    for (edge, passed) in passed.iter_mut().enumerate() {
        let (a, b) = (2 * edge, 2 * edge + 1);
        let product = |lane: usize| i32::from(from_low[lane]) * i32::from(from_high[lane]);
        let beyond = product(a).wrapping_add(product(b));
        let (low_open, high_open) = (-i32::from(low[b] <= 0), -i32::from(high[a] <= 0));
        // Each is negative where the answer is no, no and yes.
        *passed = !(beyond | (i32::from(from_low[a]) & !low_open)) & (i32::from(from_high[b]) | high_open);
    }
    passed
}

/// A box with at most three short edges of one border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SlimBox {
    /// The `low` of three edges, then the base label.
    low: [i16; 8],
    /// The `high` of three edges, then the toggle.
    high: [i16; 8],
}

impl SlimBox {
    /// `None` where the edges are too many, too long, or of several borders.
    pub(super) fn new(base: u32, kept: &[Edge], frame: &Frame) -> Option<Self> {
        let toggle = kept.first()?.toggle();
        if !is_small(frame) || kept.len() > SLIM_EDGES || kept.iter().any(|edge| edge.toggle() != toggle) {
            return None;
        }
        let mut edges = [NONE; SLIM_EDGES + 1];
        for (slot, edge) in edges.iter_mut().zip(kept) {
            *slot = Short::new(edge, frame)?;
        }
        edges[SLIM_EDGES] = Short { low: halves(base), high: halves(toggle) };
        let lanes = |part: fn(&Short) -> [i16; 2]| std::array::from_fn(|at| part(&edges[at / 2])[at % 2]);
        Some(Self { low: lanes(|edge| edge.low), high: lanes(|edge| edge.high) })
    }

    /// Half a cache line: all of `low`, then all of `high`.
    pub(super) fn record(self) -> [i16; 16] {
        std::array::from_fn(|at| if at < 8 { self.low[at] } else { self.high[at - 8] })
    }

    /// What [`SlimBox::record`] made.
    #[inline]
    pub(super) fn from_record(record: &[i16; 16]) -> Self {
        let halves = record.as_chunks().0;
        Self { low: halves[0], high: halves[1] }
    }

    /// The label of a place in the box, in units from its corner, shifted to the north-east.
    #[inline]
    pub(super) fn label_at(&self, east: i32, north: i32) -> u32 {
        let [first, second, third, _] = passed(&self.low, &self.high, east as i16, north as i16);
        self.base() ^ (self.toggle() & ((first ^ second ^ third) >> 31) as u32)
    }

    #[inline]
    pub(super) fn base(&self) -> u32 {
        word([self.low[6], self.low[7]])
    }

    #[inline]
    fn toggle(&self) -> u32 {
        word([self.high[6], self.high[7]])
    }

    /// The edges.
    pub(super) fn edges(&self, frame: &Frame) -> impl Iterator<Item = Edge> {
        let edges = (0..SLIM_EDGES).map(|edge| Short {
            low: [self.low[2 * edge], self.low[2 * edge + 1]],
            high: [self.high[2 * edge], self.high[2 * edge + 1]],
        });
        edges.take_while(|edge| *edge != NONE).map(|edge| edge.widened(self.toggle(), frame))
    }
}

/// A star box as it is kept, a cache line: all of its `low`, all of its `high`, its toggles and its base label.
pub(super) type StarRecord = [[i16; 2]; 3 * STAR_EDGES + 1];

/// A box with at most five short edges of any borders: where cells meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StarBox {
    low: [[i16; 2]; STAR_EDGES],
    high: [[i16; 2]; STAR_EDGES],
    toggles: [u32; STAR_EDGES],
    base: u32,
}

impl StarBox {
    /// `None` where the edges are too many or too long.
    pub(super) fn new(base: u32, kept: &[Edge], frame: &Frame) -> Option<Self> {
        if !is_small(frame) || kept.len() > STAR_EDGES {
            return None;
        }
        let (low, high) = ([NONE.low; STAR_EDGES], [NONE.high; STAR_EDGES]);
        let mut star = Self { low, high, toggles: [0; STAR_EDGES], base };
        for (slot, edge) in kept.iter().enumerate() {
            let short = Short::new(edge, frame)?;
            (star.low[slot], star.high[slot], star.toggles[slot]) = (short.low, short.high, edge.toggle());
        }
        Some(star)
    }

    pub(super) fn record(self) -> StarRecord {
        let mut record = [[0; 2]; 3 * STAR_EDGES + 1];
        for edge in 0..STAR_EDGES {
            record[edge] = self.low[edge];
            record[STAR_EDGES + edge] = self.high[edge];
            record[2 * STAR_EDGES + edge] = halves(self.toggles[edge]);
        }
        record[3 * STAR_EDGES] = halves(self.base);
        record
    }

    /// What [`StarBox::record`] made.
    #[inline(always)]
    pub(super) fn from_record(record: &StarRecord) -> Self {
        Self {
            low: std::array::from_fn(|edge| record[edge]),
            high: std::array::from_fn(|edge| record[STAR_EDGES + edge]),
            toggles: std::array::from_fn(|edge| word(record[2 * STAR_EDGES + edge])),
            base: word(record[3 * STAR_EDGES]),
        }
    }

    /// The label of a place in the box, in units from its corner, shifted to the north-east.
    #[inline]
    pub(super) fn label_at(&self, east: i32, north: i32) -> u32 {
        let mut label = self.base;
        for edge in 0..STAR_EDGES {
            let ([south, low_east], [high_east, high_north]) =
                (self.low[edge].map(i32::from), self.high[edge].map(i32::from));
            let (from_low, from_high) =
                ([north + south, low_east - east], [east - high_east, north - high_north]);
            let beyond = from_low[0] * from_high[0] + from_low[1] * from_high[1] >= 0;
            let above = (from_low[0] >= 0) | (low_east <= 0);
            let below = (from_high[1] < 0) | (high_east <= 0);
            label ^= self.toggles[edge] & u32::from(beyond & above & below).wrapping_neg();
        }
        label
    }

    pub(super) fn base(&self) -> u32 {
        self.base
    }

    /// The edges.
    pub(super) fn edges(&self, frame: &Frame) -> impl Iterator<Item = Edge> {
        let edges = (0..STAR_EDGES).take_while(|edge| self.toggles[*edge] != 0);
        edges.map(|edge| {
            Short { low: self.low[edge], high: self.high[edge] }.widened(self.toggles[edge], frame)
        })
    }
}
