//! Laying the grid: how large its boxes are, which edges meet which box, and the label at each box's corner.

use std::ops::Range;

use super::edge::{Edge, Frame};
use super::grid::{Entry, Grid, Kind, Lattice, NODE_BITS, NODE_LEN};
use super::list::List;
use super::slim::{SlimBox, StarBox};

/// Boxes of the uniform grid for each edge. Four times as many take 2.1 kB for a cell of 37 positions and thrice the time
/// to build, for between a twentieth and a half more positions a second.
const BOXES_PER_EDGE: f64 = 2.2;
/// So few edges and twice as many boxes still fit the second cache: 1.4 kB for a cell of 37 positions, and a fifth more
/// positions a second.
const FEW_EDGES: usize = 1 << 16;
/// Fewer records than this are not worth packing.
const MIN_PACKED: usize = 256;
/// More than this are worth a step down to a box of a sixteenth of the ground.
const MAX_EDGES: usize = 8;
/// A grid never has more boxes: half a gigabyte.
const MAX_BOXES: f64 = 67_108_864.0;

impl Grid {
    /// The grid over some edges.
    pub(super) fn new(edges: &[Edge]) -> Self {
        let lattice = Lattice::over(edges);
        let (top, slim, stars) = (List::zeroed(lattice.len() + 1), List::new(), List::new());
        let mut grid = Self { lattice, top, nodes: Vec::new(), slim, stars, edges: Vec::new(), packed: 0 };
        grid.lay(edges, 0..lattice.columns, 0..lattice.rows);
        grid.edges.shrink_to_fit();
        grid.nodes.shrink_to_fit();
        grid.slim.shrink_to_fit();
        grid.stars.shrink_to_fit();
        grid.packed = grid.held();
        grid
    }

    /// The boxes that share ground with an area, and one more on each side, so that what lies around them is as it was.
    /// `None` where the area reaches beyond the grid.
    pub(super) fn around(&self, area: &Frame) -> Option<(Range<u32>, Range<u32>)> {
        let lattice = &self.lattice;
        let range = |low: i64, high: i64, origin: i32, bits: u32, len: u32| {
            let (first, last) = ((low - i64::from(origin) - 1) >> bits, (high - i64::from(origin)) >> bits);
            let within = low > i64::from(origin) && last < i64::from(len);
            within.then(|| (first - 1).max(0) as u32..(last + 2).min(i64::from(len)) as u32)
        };
        let columns = range(area.west, area.east, lattice.west, lattice.column_bits, lattice.columns)?;
        Some((columns, range(area.south, area.north, lattice.south, lattice.row_bits, lattice.rows)?))
    }

    /// Lays the boxes of an area anew; `edges` are at least all that meet one of the boxes around it.
    pub(super) fn redraw(&mut self, edges: &[Edge], columns: Range<u32>, rows: Range<u32>) {
        self.lay(edges, columns, rows);
        // What the boxes held before is left where it was until that is as much as what counts.
        if self.held() > 2 * self.packed.max(MIN_PACKED) {
            self.pack();
        }
    }

    fn held(&self) -> usize {
        self.slim.len() + self.stars.len() + self.edges.len() + self.nodes.len()
    }

    /// Copies what counts, and drops what nothing points to any more.
    fn pack(&mut self) {
        let old = self.clone();
        (self.nodes, self.edges) = (Vec::new(), Vec::new());
        (self.slim, self.stars) = (List::new(), List::new());
        for index in 0..self.top.len() {
            self.top[index] = self.copy(&old, old.top_entry(index)).word();
        }
        self.packed = self.held();
    }

    fn copy(&mut self, old: &Self, entry: Entry) -> Entry {
        match entry.kind() {
            Kind::Whole => entry,
            Kind::Slim => {
                self.slim.push(old.slim[entry.index()]);
                Entry::new(Kind::Slim, self.slim.len() - 1)
            }
            Kind::Star => {
                self.stars.push(old.stars[entry.index()]);
                Entry::new(Kind::Star, self.stars.len() - 1)
            }
            Kind::Wide => {
                let (base, edges) = old.wide(entry);
                self.push_edges(base, edges)
            }
            Kind::Node => {
                let start = self.push_node();
                for child in 0..NODE_LEN {
                    self.nodes[start + child] = self.copy(old, old.nodes[entry.index() + child]);
                }
                Entry::new(Kind::Node, start)
            }
        }
    }

    /// Lays some of the boxes anew. `edges` are at least all that meet one of them; the label at the south-western corner of
    /// the westernmost box of each row must be what it was.
    fn lay(&mut self, edges: &[Edge], columns: Range<u32>, rows: Range<u32>) {
        let met = Met::new(edges, &self.lattice, &columns, &rows);
        for row in rows {
            let first = self.lattice.frame(columns.start, row);
            let mut corner = self.label(first.west as i32, first.south as i32);
            for column in columns.clone() {
                let frame = self.lattice.frame(column, row);
                let kept: Vec<Edge> =
                    met.of(column, row).map(|edge| edges[edge].seen_from(frame.west)).collect();
                let base = kept
                    .iter()
                    .fold(corner, |label, edge| label ^ edge.label_at(frame.west as i32, frame.south as i32));
                if column + 1 < columns.end {
                    corner = label_at(base, &kept, frame.east, frame.south);
                }
                let entry = self.enter_top(base, kept, &frame);
                self.top[row as usize * self.lattice.columns as usize + column as usize] = entry.word();
            }
        }
    }

    fn enter_top(&mut self, base: u32, kept: Vec<Edge>, frame: &Frame) -> Entry {
        if kept.is_empty() {
            return Entry::new(Kind::Whole, base as usize);
        }
        if let Some(slim) = SlimBox::new(base, &kept, frame) {
            self.slim.push(slim.record());
            return Entry::new(Kind::Slim, self.slim.len() - 1);
        }
        if let Some(star) = StarBox::new(base, &kept, frame) {
            self.stars.push(star.record());
            return Entry::new(Kind::Star, self.stars.len() - 1);
        }
        self.enter(base, kept, frame)
    }

    /// Keeps a box's edges, in smaller boxes where they are many.
    fn enter(&mut self, base: u32, kept: Vec<Edge>, frame: &Frame) -> Entry {
        let side = (frame.east - frame.west).min(frame.north - frame.south);
        if kept.is_empty() {
            return Entry::new(Kind::Whole, base as usize);
        }
        if kept.len() <= MAX_EDGES || side < 1 << NODE_BITS {
            return self.push_edges(base, &kept);
        }
        let start = self.push_node();
        for index in 0..NODE_LEN {
            let child = frame.child(index);
            let corner = label_at(base, &kept, child.west, child.south);
            let inner: Vec<Edge> = kept
                .iter()
                .filter(|edge| edge.meets(&child))
                .map(|edge| edge.seen_from(child.west))
                .collect();
            let base = label_at(corner, &inner, child.west, child.south);
            let entry = self.enter(base, inner, &child);
            self.nodes[start + index] = entry;
        }
        Entry::new(Kind::Node, start)
    }

    fn push_node(&mut self) -> usize {
        let start = self.nodes.len();
        self.nodes.resize(start + NODE_LEN, Entry::outside());
        start
    }

    fn push_edges(&mut self, base: u32, kept: &[Edge]) -> Entry {
        let start = self.edges.len();
        self.edges.push(Edge::header(base, kept.len()));
        self.edges.extend_from_slice(kept);
        Entry::new(Kind::Wide, start)
    }
}

/// A base label toggled by the edges west of a place, shifted to the north-east; the place is one of the box, its edges
/// included.
fn label_at(base: u32, edges: &[Edge], x: i64, y: i64) -> u32 {
    edges.iter().fold(base, |label, edge| label ^ edge.label_at(x as i32, y as i32))
}

impl Lattice {
    /// Boxes as wide and high as the edges suggest, one unit more than they need on all sides.
    fn over(edges: &[Edge]) -> Self {
        let (mut low, mut high) = ([i64::MAX; 2], [i64::MIN; 2]);
        let mut run = [0.0; 2];
        for edge in edges {
            for end in [edge.low(), edge.high()] {
                low = [low[0].min(end[0]), low[1].min(end[1])];
                high = [high[0].max(end[0]), high[1].max(end[1])];
            }
            let ([low_x, low_y], [high_x, high_y]) = (edge.low(), edge.high());
            run = [run[0] + (high_x - low_x).abs() as f64, run[1] + (high_y - low_y) as f64];
        }
        if edges.is_empty() {
            (low, high) = ([0; 2], [0; 2]);
        }
        let size = [high[0] - low[0] + 2, high[1] - low[1] + 2];
        let each = if edges.len() <= FEW_EDGES { 2.0 * BOXES_PER_EDGE } else { BOXES_PER_EDGE };
        let wanted = (edges.len() as f64 * each).clamp(1.0, MAX_BOXES);
        let ratio = if run[1] > 0.0 { (run[0] / run[1]).clamp(1.0 / 64.0, 64.0) } else { 1.0 };
        let ground = size[0] as f64 * size[1] as f64 / wanted;
        let bits = |side: f64| side.log2().round().clamp(f64::from(NODE_BITS), 30.0) as u32;
        let column_bits = bits((ground * ratio).sqrt());
        // What rounding one side gave or took, the other makes up for.
        let mut bits = [column_bits, bits(ground / f64::from(1u32 << column_bits))];
        let count = |axis: usize, bits: u32| (size[axis] >> bits) + 1;
        while (count(0, bits[0]) * count(1, bits[1])) as f64 > 4.0 * wanted
            && bits.iter().all(|bits| *bits < 30)
        {
            let longer = usize::from(count(1, bits[1]) > count(0, bits[0]));
            bits[longer] += 1;
        }
        Self {
            west: (low[0] - 1) as i32,
            south: (low[1] - 1) as i32,
            columns: count(0, bits[0]) as u32,
            rows: count(1, bits[1]) as u32,
            column_bits: bits[0],
            row_bits: bits[1],
        }
    }
}

/// Which edges meet which box.
struct Met {
    columns: Range<u32>,
    rows: Range<u32>,
    /// `edges[starts[box]..starts[box + 1]]` are the box's.
    starts: Vec<u32>,
    edges: Vec<u32>,
}

impl Met {
    fn new(edges: &[Edge], lattice: &Lattice, columns: &Range<u32>, rows: &Range<u32>) -> Self {
        let width = columns.len();
        let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(edges.len() * 2);
        let mut starts = vec![0u32; width * rows.len() + 1];
        for (index, edge) in edges.iter().enumerate() {
            lattice.boxes_of(edge, columns, rows, |column, row| {
                let at = (row - rows.start) as usize * width + (column - columns.start) as usize;
                pairs.push((at as u32, index as u32));
                starts[at + 1] += 1;
            });
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut sorted = vec![0u32; pairs.len()];
        for (at, edge) in pairs {
            sorted[next[at as usize] as usize] = edge;
            next[at as usize] += 1;
        }
        Self { columns: columns.clone(), rows: rows.clone(), starts, edges: sorted }
    }

    fn of(&self, column: u32, row: u32) -> impl Iterator<Item = usize> {
        let at =
            (row - self.rows.start) as usize * self.columns.len() + (column - self.columns.start) as usize;
        let range = self.starts[at] as usize..self.starts[at + 1] as usize;
        self.edges[range].iter().map(|edge| *edge as usize)
    }
}

impl Lattice {
    /// Shows each of the boxes that an edge meets, once.
    fn boxes_of(&self, edge: &Edge, columns: &Range<u32>, rows: &Range<u32>, mut see: impl FnMut(u32, u32)) {
        let ([low_x, low_y], [high_x, high_y]) = (edge.low(), edge.high());
        let (west, south) = (i64::from(self.west), i64::from(self.south));
        let clamp =
            |at: i64, range: &Range<u32>| at.clamp(i64::from(range.start), i64::from(range.end) - 1) as u32;
        // A box holds its northern, eastern and southern side: what ends on a side between two boxes meets both, or the
        // western one.
        let column = |x: i64| clamp((x - west - 1) >> self.column_bits, columns);
        let row_range = [
            clamp((low_y - south - 1) >> self.row_bits, rows),
            clamp((high_y - south) >> self.row_bits, rows),
        ];
        let whole = [column(low_x.min(high_x)), column(low_x.max(high_x))];
        if whole[0] == whole[1] && row_range[0] == row_range[1] {
            let frame = self.frame(whole[0], row_range[0]);
            if edge.meets(&frame) {
                see(whole[0], row_range[0]);
            }
            return;
        }
        for row in row_range[0]..=row_range[1] {
            let mut range = whole;
            if !edge.is_level() && row_range[0] < row_range[1] {
                // Where the line enters and leaves the row, a unit more on both sides for the rounding.
                let frame = self.frame(0, row);
                let x_at = |y: i64| {
                    let north = y.clamp(low_y, high_y) - low_y;
                    low_x + ((high_x - low_x) * north).div_euclid(high_y - low_y)
                };
                let ends = [x_at(frame.south), x_at(frame.north)];
                range = [column(ends[0].min(ends[1]) - 1), column(ends[0].max(ends[1]) + 2)];
                range = [range[0].max(whole[0]), range[1].min(whole[1])];
            }
            for column in range[0]..=range[1] {
                if edge.meets(&self.frame(column, row)) {
                    see(column, row);
                }
            }
        }
    }
}
