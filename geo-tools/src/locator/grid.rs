//! The grid over a coverage: boxes that one leaf owns whole, and boxes with the few edges that run through them.
//!
//! A uniform grid lies over everything; a box with too many edges is a node of 4 × 4 smaller boxes. A position's label is
//! that of its box's south-western corner, toggled by each edge in between (Kipf et al., "Approximate Geospatial Joins
//! with Precision Guarantees", EDBT 2020, for the boxes without borders; the toggling is ours).

use std::ops::{Deref, Range};

use super::edge::{Edge, Frame, Shift};
use super::list::List;
use super::slim::{STAR_EDGES, SlimBox, StarBox, StarRecord};
use crate::position::Position;

/// Boxes of a node along one side, as a power of two.
pub(super) const NODE_BITS: u32 = 2;
/// Boxes of a node.
pub(super) const NODE_LEN: usize = 1 << (2 * NODE_BITS);

/// What is known of one box, in four bytes: what kind it is, and the label of all of it or where the rest stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry(u32);

/// The kinds of boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// No border: one label for all of it.
    Whole,
    /// A few short edges of one border, in [`Grid::slim`].
    Slim,
    /// A few short edges of several, in [`Grid::stars`].
    Star,
    /// Any edges, in [`Grid::edges`].
    Wide,
    /// Smaller boxes, in [`Grid::nodes`].
    Node,
}

impl Entry {
    pub(super) const KIND_BITS: u32 = 29;

    /// Indexes are those of lists that memory ends long before 2^29 entries.
    pub(super) fn new(kind: Kind, index: usize) -> Self {
        Self((kind as u32) << Self::KIND_BITS | index as u32)
    }

    pub(super) fn kind(self) -> Kind {
        match self.0 >> Self::KIND_BITS {
            0 => Kind::Whole,
            1 => Kind::Slim,
            2 => Kind::Star,
            3 => Kind::Wide,
            _ => Kind::Node,
        }
    }

    pub(super) fn is(self, kind: Kind) -> bool {
        self.0 >> Self::KIND_BITS == kind as u32
    }

    pub(super) fn index(self) -> usize {
        (self.0 & ((1 << Self::KIND_BITS) - 1)) as usize
    }

    /// An entry as it is kept in [`Grid::top`]; 0 is outside.
    #[inline]
    pub(super) fn from_word(word: u32) -> Self {
        Self(word)
    }

    pub(super) fn word(self) -> u32 {
        self.0
    }

    /// Outside.
    pub(super) fn outside() -> Self {
        Self::new(Kind::Whole, 0)
    }
}

/// What a box holds.
#[derive(Debug)]
pub(super) enum Content<'a> {
    /// No border: the label of all of it.
    Whole(u32),
    /// The label of its south-western corner as it would be west of all its edges, and the edges that toggle it.
    Crossed(u32, Edges<'a>),
}

/// The edges of a box.
#[derive(Debug)]
pub(super) enum Edges<'a> {
    Short([Edge; STAR_EDGES], usize),
    Wide(&'a [Edge]),
}

impl Edges<'_> {
    fn short(edges: impl Iterator<Item = Edge>) -> Self {
        let (mut short, mut len) = ([Edge::header(0, 0); STAR_EDGES], 0);
        for (slot, edge) in short.iter_mut().zip(edges) {
            *slot = edge;
            len += 1;
        }
        Self::Short(short, len)
    }
}

impl Deref for Edges<'_> {
    type Target = [Edge];

    fn deref(&self) -> &[Edge] {
        match self {
            Self::Short(edges, len) => &edges[..*len],
            Self::Wide(edges) => edges,
        }
    }
}

/// Answers the label of every position. See the module.
#[derive(Clone, Debug)]
pub(super) struct Grid {
    pub(super) lattice: Lattice,
    /// Entries, row by row from the south-west, and one more that is outside.
    pub(super) top: List<u32>,
    pub(super) nodes: Vec<Entry>,
    pub(super) slim: List<[i16; 16]>,
    pub(super) stars: List<StarRecord>,
    pub(super) edges: Vec<Edge>,
    /// How many records there were when nothing was left over.
    pub(super) packed: usize,
}

/// Where the boxes of the uniform grid lie. Sides are powers of two in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lattice {
    pub(super) west: i32,
    pub(super) south: i32,
    pub(super) columns: u32,
    pub(super) rows: u32,
    pub(super) column_bits: u32,
    pub(super) row_bits: u32,
}

impl Lattice {
    /// The index of the box of a place; of the one outside where there is none.
    #[inline]
    pub(super) fn index(&self, x: i32, y: i32) -> usize {
        let column = (x.wrapping_sub(self.west) as u32) >> self.column_bits;
        let row = (y.wrapping_sub(self.south) as u32) >> self.row_bits;
        let index = row as usize * self.columns as usize + column as usize;
        if (column < self.columns) & (row < self.rows) { index } else { self.len() }
    }

    /// Where a place lies in its box, in units from the south-western corner.
    #[inline]
    pub(super) fn offset(&self, x: i32, y: i32) -> (i32, i32) {
        let within = |at: i32, origin: i32, bits: u32| at.wrapping_sub(origin) & ((1 << bits) - 1);
        (within(x, self.west, self.column_bits), within(y, self.south, self.row_bits))
    }

    /// How many boxes there are.
    pub(super) fn len(&self) -> usize {
        self.columns as usize * self.rows as usize
    }

    pub(super) fn frame(&self, column: u32, row: u32) -> Frame {
        let west = i64::from(self.west) + (i64::from(column) << self.column_bits);
        let south = i64::from(self.south) + (i64::from(row) << self.row_bits);
        Frame { west, south, east: west + (1 << self.column_bits), north: south + (1 << self.row_bits) }
    }
}

impl Frame {
    /// Which of the smaller boxes of a node a place lies in.
    fn child_at(&self, x: i32, y: i32) -> usize {
        let column = (i64::from(x) - self.west) * 4 / (self.east - self.west);
        let row = (i64::from(y) - self.south) * 4 / (self.north - self.south);
        (row << NODE_BITS | column) as usize
    }

    /// One of the smaller boxes of a node.
    pub(super) fn child(&self, index: usize) -> Self {
        let (width, height) = ((self.east - self.west) >> NODE_BITS, (self.north - self.south) >> NODE_BITS);
        let (column, row) = ((index & 3) as i64, (index >> NODE_BITS) as i64);
        let (west, south) = (self.west + column * width, self.south + row * height);
        Self { west, south, east: west + width, north: south + height }
    }
}

impl Grid {
    /// The ground of some boxes.
    pub(super) fn frame_of(&self, columns: &Range<u32>, rows: &Range<u32>) -> Frame {
        let low = self.lattice.frame(columns.start, rows.start);
        let high = self.lattice.frame(columns.end - 1, rows.end - 1);
        Frame { east: high.east, north: high.north, ..low }
    }

    /// What is known of a box of the uniform grid.
    #[inline]
    pub(super) fn top_entry(&self, index: usize) -> Entry {
        Entry::from_word(self.top[index])
    }

    /// The label of a position, shifted to the north-east.
    pub(super) fn label(&self, x: i32, y: i32) -> u32 {
        self.label_in(self.top_entry(self.lattice.index(x, y)), x, y)
    }

    /// The label of a position in a box of the uniform grid, shifted to the north-east.
    #[inline]
    pub(super) fn label_in(&self, entry: Entry, x: i32, y: i32) -> u32 {
        let (east, north) = self.lattice.offset(x, y);
        match entry.kind() {
            Kind::Whole => entry.index() as u32,
            Kind::Slim => SlimBox::from_record(&self.slim[entry.index()]).label_at(east, north),
            Kind::Star => StarBox::from_record(&self.stars[entry.index()]).label_at(east, north),
            Kind::Wide | Kind::Node => self.wide_label(entry, x, y),
        }
    }

    /// The label of a position in a box that is neither slim nor a star.
    pub(super) fn wide_label(&self, mut entry: Entry, x: i32, y: i32) -> u32 {
        let lattice = &self.lattice;
        let (mut column_bits, mut row_bits) = (lattice.column_bits, lattice.row_bits);
        while entry.is(Kind::Node) {
            column_bits -= NODE_BITS;
            row_bits -= NODE_BITS;
            let column = (x.wrapping_sub(lattice.west) as u32) >> column_bits & 3;
            let row = (y.wrapping_sub(lattice.south) as u32) >> row_bits & 3;
            entry = self.nodes[entry.index() + (row << NODE_BITS | column) as usize];
        }
        if entry.is(Kind::Whole) {
            return entry.index() as u32;
        }
        let (base, edges) = self.wide(entry);
        edges.iter().fold(base, |label, edge| label ^ edge.label_at(x, y))
    }

    /// Whether a position, however shifted, lies in a box that is outside whole.
    pub(super) fn is_well_outside(&self, at: Position) -> bool {
        let (x, y) = (at.lon_e7(), at.lat_e7());
        let (east, north) = self.lattice.offset(x, y);
        east > 0 && north > 0 && self.top_entry(self.lattice.index(x, y)) == Entry::outside()
    }

    /// The label of a position, shifted.
    pub(super) fn label_beside(&self, at: Position, shift: Shift) -> u32 {
        let (x, y) = (at.lon_e7(), at.lat_e7());
        match self.find(x - i32::from(!shift.eastward), y - i32::from(!shift.northward)) {
            Content::Whole(label) => label,
            Content::Crossed(base, edges) => {
                edges.iter().fold(base, |label, edge| label ^ edge.label_beside(x, y, shift))
            }
        }
    }

    /// Whether a position lies exactly on a border.
    pub(super) fn has_on_border(&self, at: Position) -> bool {
        // An edge that only touches a box from the west is kept with the box in the west.
        match self.find(at.lon_e7() - 1, at.lat_e7()) {
            Content::Whole(_) => false,
            Content::Crossed(_, edges) => edges.iter().any(|edge| edge.touches(at)),
        }
    }

    /// The label of the first ground counter-clockwise from the east at a corner that has nothing to its east and west, however
    /// shifted: so the first edge that leaves the corner has outside before it. 0 where there is no corner.
    pub(super) fn label_around(&self, at: Position) -> u32 {
        // An edge that only touches a box from the west is kept with the box in the west.
        let Content::Crossed(_, edges) = self.find(at.lon_e7() - 1, at.lat_e7()) else { return 0 };
        let ways = edges.iter().filter_map(|edge| Some((edge.way_from(at)?, edge.toggle())));
        ways.min_by(|(a, _), (b, _)| a.compare_turn(b)).map_or(0, |(_, label)| label)
    }

    /// What the box of a place holds.
    fn find(&self, x: i32, y: i32) -> Content<'_> {
        let lattice = &self.lattice;
        let index = lattice.index(x, y);
        let mut entry = self.top_entry(index);
        let mut frame = lattice
            .frame((index % lattice.columns as usize) as u32, (index / lattice.columns as usize) as u32);
        while entry.is(Kind::Node) {
            let child = frame.child_at(x, y);
            entry = self.nodes[entry.index() + child];
            frame = frame.child(child);
        }
        self.content(entry, &frame)
    }

    fn content(&self, entry: Entry, frame: &Frame) -> Content<'_> {
        match entry.kind() {
            Kind::Slim => {
                let slim = SlimBox::from_record(&self.slim[entry.index()]);
                Content::Crossed(slim.base(), Edges::short(slim.edges(frame)))
            }
            Kind::Star => {
                let star = StarBox::from_record(&self.stars[entry.index()]);
                Content::Crossed(star.base(), Edges::short(star.edges(frame)))
            }
            Kind::Wide => {
                let (base, edges) = self.wide(entry);
                Content::Crossed(base, Edges::Wide(edges))
            }
            Kind::Whole | Kind::Node => Content::Whole(entry.index() as u32),
        }
    }

    pub(super) fn wide(&self, entry: Entry) -> (u32, &[Edge]) {
        let start = entry.index() + 1;
        let (base, len) = self.edges[start - 1].as_header();
        (base, &self.edges[start..start + len])
    }

    /// Shows every box that shares ground with an area, in no order that matters.
    pub(super) fn visit(&self, area: &Frame, see: &mut impl FnMut(&Frame, Content<'_>)) {
        let lattice = &self.lattice;
        let clamp = |at: i64, origin: i32, bits: u32, len: u32| {
            ((at - i64::from(origin)) >> bits).clamp(0, i64::from(len) - 1) as u32
        };
        let columns =
            [area.west, area.east].map(|x| clamp(x, lattice.west, lattice.column_bits, lattice.columns));
        let rows = [area.south, area.north].map(|y| clamp(y, lattice.south, lattice.row_bits, lattice.rows));
        for row in rows[0]..=rows[1] {
            for column in columns[0]..=columns[1] {
                let index = row as usize * lattice.columns as usize + column as usize;
                self.visit_box(self.top_entry(index), &lattice.frame(column, row), area, see);
            }
        }
    }

    pub(super) fn visit_box(
        &self,
        entry: Entry,
        frame: &Frame,
        area: &Frame,
        see: &mut impl FnMut(&Frame, Content<'_>),
    ) {
        if !frame.overlaps(area) {
            return;
        }
        if !entry.is(Kind::Node) {
            see(frame, self.content(entry, frame));
            return;
        }
        for child in 0..NODE_LEN {
            self.visit_box(self.nodes[entry.index() + child], &frame.child(child), area, see);
        }
    }

    /// Bytes held.
    pub(super) fn size(&self) -> usize {
        self.top.size()
            + self.slim.size()
            + self.stars.size()
            + self.nodes.len() * size_of::<Entry>()
            + self.edges.len() * size_of::<Edge>()
    }
}
