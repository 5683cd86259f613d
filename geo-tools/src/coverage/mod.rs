//! A partition of the ground into leaves, held as borders that are stored once; polygons are derived.
//!
//! Start at [`build`], which makes a [`Coverage`] of polygons as people draw them or says everything that is wrong with
//! them, and at [`Coverage::from_borders`], which takes a stored coverage back and proves it. The
//! way there is in `assemble`; `export` derives polygons, unions and neighbours; `proof` proves; `repair` mends what
//! [`build`] refuses; `simplify` drops positions without moving a node; `edit` changes a coverage a little at a time.
//!
//! Invariant: a gap or an overlap cannot be written down: each border has exactly one owner on each side.
//! Invariant: no float decides whose ground it is; metres appear in options and messages, and in how much is simplified.

mod assemble;
mod chain;
mod defects;
mod drawing;
mod edit;
mod exact;
mod export;
mod faces;
mod inlets;
mod mends;
mod overlay;
mod pairs;
mod parents;
mod proof;
mod repair;
mod runs;
mod simplify;
mod snap;
mod sort;
mod spread;
mod straits;
mod touch;

pub use edit::{Edited, Editor};
pub use parents::match_parents;
pub use repair::{Mend, Repair, RepairOptions, repair};

use crate::{Bounds, Polygon, Position, Problem};

/// Index of a leaf in the list that the coverage was built from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Leaf(pub u32);

impl Leaf {
    /// The index, to look something up by.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What one leaf covers, as drawn: the i-th area of a list is the ground of `Leaf(i)`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Area {
    /// What problems call it.
    pub name: String,
    /// Its polygons, as drawn.
    pub polygons: Vec<Polygon>,
}

/// What [`build`] accepts.
#[derive(Clone, Debug)]
pub struct BuildOptions {
    /// Enclosed ground that belongs to no leaf on purpose.
    pub declared_voids: Vec<Polygon>,
    /// How many crossings of borders are untangled before the build gives up.
    pub max_crossings: usize,
    /// How wide a gap, an overlap or an inlet from outside can be and still be two drawings of one border, in metres.
    ///
    /// Inlets and straits between areas are only looked for up to this width; enclosed gaps and overlaps are found at any
    /// size, and this only decides what they are called.
    pub gap_width_m: f64,
    /// How wide an inlet from outside, or a strait, between areas can be and still refuse the data, in metres. Wider ones
    /// are told as a warning: acute bays and canals are real, and no ground is enclosed.
    pub refused_inlet_width_m: f64,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self {
            declared_voids: Vec::new(),
            max_crossings: 100_000,
            gap_width_m: 30.0,
            refused_inlet_width_m: 1.0,
        }
    }
}

/// What [`build`] made of a list of areas.
#[derive(Clone, Debug)]
pub struct Build {
    /// The coverage; `None` exactly where one of the problems is an error.
    pub coverage: Option<Coverage>,
    /// Everything that is wrong, each with its place.
    pub problems: Vec<Problem>,
    /// Where there is no coverage, what could be made of the borders, to be drawn beside the problems: ground that belongs
    /// to nobody or to several has no owner here, so both sides may be `None`. Empty where there is a coverage.
    pub draft: Vec<Border>,
}

/// One stretch of border between two nodes, or a closed line that meets no other.
///
/// `left` and `right` are seen along `line`; `None` is outside or a declared void.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Border {
    /// Its positions, both ends included.
    pub line: Vec<Position>,
    /// Who owns the ground to the left.
    pub left: Option<Leaf>,
    /// Who owns the ground to the right.
    pub right: Option<Leaf>,
}

/// A border as it bounds a face: the face lies to the left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BorderRef {
    /// Index into [`Coverage::borders`].
    pub border: u32,
    /// Whether the border is walked as stored.
    pub forward: bool,
}

/// One connected piece of ground with one owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Face {
    /// Who owns it; `None` is a declared void.
    pub leaf: Option<Leaf>,
    /// The outer ring, counter-clockwise.
    pub exterior: Vec<BorderRef>,
    /// The rings of what is cut out of it, clockwise.
    pub holes: Vec<Vec<BorderRef>>,
}

/// A proven partition: every border has one owner on each side.
#[derive(Clone, Debug)]
pub struct Coverage {
    leaf_count: usize,
    borders: Vec<Border>,
    faces: Vec<Face>,
    /// Faces in order of their leaf; `leaf_faces[leaf]..leaf_faces[leaf + 1]` are the leaf's.
    leaf_faces: Vec<u32>,
    /// The outer rings of everything, clockwise: outside lies to their left.
    outlines: Vec<Vec<BorderRef>>,
    bounds: Bounds,
}

/// Makes a coverage of areas as drawn, or says everything that is wrong with them.
///
/// ```
/// # use geo_tools::{Position, Polygon, coverage::{Area, BuildOptions, Leaf, build}};
/// let square = |west: f64| -> Result<Area, geo_tools::InvalidPosition> {
///     let corners = [(west, 14.0), (west + 0.01, 14.0), (west + 0.01, 14.01), (west, 14.01)];
///     let exterior = corners.iter().map(|&(lon, lat)| Position::new(lon, lat)).collect::<Result<_, _>>()?;
///     Ok(Area { name: format!("cell at {west}"), polygons: vec![Polygon { exterior, holes: Vec::new() }] })
/// };
/// let build = build(&[square(121.0)?, square(121.01)?], &BuildOptions::default());
/// let coverage = build.coverage.ok_or("no problem is an error")?;
/// assert_eq!(coverage.neighbours(Leaf(0))[0].0, Leaf(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn build(areas: &[Area], options: &BuildOptions) -> Build {
    assemble::build(areas, options)
}

impl Coverage {
    /// Takes back what [`Coverage::borders`] gave: how a stored plan is loaded.
    ///
    /// # Errors
    /// Everything that keeps the borders from being a coverage of `leaf_count` leaves, each with its place.
    pub fn from_borders(leaf_count: usize, borders: Vec<Border>) -> Result<Self, Vec<Problem>> {
        let problems = proof::problems(leaf_count, &borders);
        if problems.is_empty() { faces::trace(leaf_count, borders) } else { Err(problems) }
    }

    /// Exactly what [`Coverage::from_borders`] takes, in an order that depends on nothing but the ground.
    pub fn borders(&self) -> &[Border] {
        &self.borders
    }

    /// How many leaves there are; some may own no ground.
    pub fn leaf_count(&self) -> usize {
        self.leaf_count
    }

    /// Every face: those of each leaf in turn, then the declared voids.
    pub fn faces(&self) -> &[Face] {
        &self.faces
    }

    /// The faces of one leaf; none for a leaf that does not exist.
    pub fn faces_of(&self, leaf: Leaf) -> &[Face] {
        let at = leaf.index();
        if at >= self.leaf_count {
            return &[];
        }
        &self.faces[self.leaf_faces[at] as usize..self.leaf_faces[at + 1] as usize]
    }

    /// The outlines of the whole, one for each part that no other touches, clockwise: outside lies to the left.
    pub fn outlines(&self) -> &[Vec<BorderRef>] {
        &self.outlines
    }

    /// The box around everything.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }
}
