//! Which leaf owns a position: exact, total, the same on every machine; how far the border is; who else may be meant.
//!
//! Start at [`Locator::build`] and [`Locator::locate`]. `grid` answers labels, `batch` many at once, `slim` and `edge` decide in integers on which
//! side of a border a position lies, `list` keeps the grid in large pages, `build` lays the grid and follows changes, `nearest` measures to borders, `candidates`
//! weighs an accuracy circle.
//!
//! A position on a border belongs to the leaf found by an infinitesimal shift to the north-east, else north-west, else
//! south-east, else south-west. The shift goes a step east or west and infinitely less north or south: that leaves no
//! position without an owner within a border at any angle, and it is what comparing half-open intervals amounts to. A corner
//! of the outline may have all its ground so steeply above or below it that no shift leads there: it belongs to the first
//! ground counter-clockwise from the east.
//!
//! Invariant: no float decides which leaf owns a position.
//! Invariant: every position in or on the coverage has one owner, also where several borders meet.

mod batch;
mod build;
mod candidates;
mod edge;
mod grid;
mod list;
mod nearest;
mod slim;

use crate::coverage::{Border, Coverage, Editor, Leaf};
use crate::position::{Bounds, Position};
use batch::{BATCH, Stages};
use edge::{Edge, Frame, Shift};
use fearless_simd::{Level, Simd, dispatch};
use grid::Grid;

/// How a position came to its leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// It lies inside the leaf.
    Inside,
    /// It lies exactly on a border, and the border rule gave it to the leaf.
    Border,
    /// It lies outside, and the leaf is the nearest, near enough.
    Nearest,
    /// It lies outside.
    Outside,
}

/// Where a position lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Located {
    /// Who owns it; `None` outside.
    pub leaf: Option<Leaf>,
    /// How that was found.
    pub method: Method,
    /// To the nearest border, from either side; `None` far outside (see [`Locator::locate`]).
    pub distance_to_border_m: Option<f64>,
}

/// One of the leaves in which a position known only roughly may lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Whose ground it is; `None` is outside.
    pub leaf: Option<Leaf>,
    /// Its share of the circle, from 0 to 1.
    pub share: f64,
}

/// Answers which leaf owns a position. Holds its own copy of the borders: about 800 bytes for a cell of 37 positions, 1.4 kB
/// where there are few.
#[derive(Clone, Debug)]
pub struct Locator {
    grid: Grid,
    bounds: Bounds,
}

impl Locator {
    /// Builds the index of a coverage.
    pub fn build(coverage: &Coverage) -> Self {
        let edges: Vec<Edge> = coverage.borders().iter().flat_map(edges).collect();
        Self { grid: Grid::new(&edges), bounds: coverage.bounds() }
    }

    /// Follows a change of the coverage: the ground outside `area` has the owners that it had. Only the boxes around the
    /// area are laid anew; where the area reaches beyond what was covered, all of them.
    pub fn redraw(&mut self, coverage: &Coverage, area: &Bounds) {
        self.bounds = coverage.bounds();
        let is_followed = self.lay_anew(area, |around| {
            let near = coverage.borders().iter().filter(|border| around.may_meet(&border.line));
            near.flat_map(edges).filter(|edge| edge.meets(around)).collect()
        });
        if !is_followed {
            *self = Self::build(coverage);
        }
    }

    /// Follows an edit, or one that was taken back: `area` is [`crate::coverage::Edited::bounds`]. As [`Locator::redraw`], and
    /// what it costs depends on the area alone, except where that reaches beyond what was covered.
    ///
    /// ```
    /// # use geo_tools::{Coverage, coverage::Editor, generate::{LatticeOptions, lattice}, locator::Locator};
    /// # let lattice = lattice(&LatticeOptions::plain(100, 7));
    /// # let coverage = Coverage::from_borders(lattice.leaf_count, lattice.borders).expect("borders prove");
    /// let (mut editor, mut locator) = (Editor::new(&coverage), Locator::build(&coverage));
    /// # let (gone, into) = (geo_tools::Leaf(0), coverage.neighbours(geo_tools::Leaf(0))[0].0);
    /// let area = editor.merge(gone, into).expect("neighbours").bounds();
    /// locator.follow(&editor, &area);
    /// assert_eq!(locator.owner(coverage.leaf_bounds(gone).center()), Some(into));
    /// ```
    pub fn follow(&mut self, editor: &Editor, area: &Bounds) {
        self.bounds = editor.bounds();
        let is_followed = self.lay_anew(area, |around| {
            let near = editor.sides_near([around.west, around.south, around.east, around.north]);
            let edges = near.filter_map(|([a, b], left, right)| Edge::new(a, b, label(left), label(right)));
            edges.filter(|edge| edge.meets(around)).collect()
        });
        if !is_followed {
            let edges: Vec<Edge> = editor.borders().flat_map(edges).collect();
            self.grid = Grid::new(&edges);
        }
    }

    /// Lays the boxes around an area anew, with the edges that meet them; `false` where the grid does not reach that far.
    fn lay_anew(&mut self, area: &Bounds, edges_of: impl FnOnce(&Frame) -> Vec<Edge>) -> bool {
        let whole = Frame::of(&self.bounds);
        let Some((columns, rows)) = self.grid.around(&whole).and_then(|_| self.grid.around(&Frame::of(area)))
        else {
            return false;
        };
        let around = self.grid.frame_of(&columns, &rows);
        self.grid.redraw(&edges_of(&around), columns, rows);
        true
    }

    /// Who owns a position; `None` outside.
    pub fn owner(&self, at: Position) -> Option<Leaf> {
        match self.grid.label(at.lon_e7(), at.lat_e7()) {
            0 => self.owner_beside(at),
            label => leaf(label),
        }
    }

    /// Finds the owner of a position; outside, the nearest leaf if it is within `within_m` metres.
    ///
    /// The distance to the border is left out more than ten kilometres (or `within_m`) outside the coverage's box.
    pub fn locate(&self, at: Position, within_m: f64) -> Located {
        self.located(at, self.owner(at), within_m)
    }

    /// [`Locator::locate`] of each position, whose owners are found together.
    pub fn locate_all(&self, at: &[Position], within_m: f64) -> Vec<Located> {
        let owners = self.locate_many(at);
        at.iter().zip(owners).map(|(at, owner)| self.located(*at, owner, within_m)).collect()
    }

    /// Finds the owner of each position; `None` outside. For many at once this is several times faster than one by one.
    pub fn locate_many(&self, at: &[Position]) -> Vec<Option<Leaf>> {
        let mut owners = vec![None; at.len()];
        self.locate_into(at, &mut owners);
        owners
    }

    /// [`Locator::locate_many`] into a list that is there already; what is longer of the two is left alone.
    pub fn locate_into(&self, at: &[Position], owners: &mut [Option<Leaf>]) {
        // Compiled once for each width of vectors; the processor says which it has.
        dispatch!(Level::new(), simd => self.locate_batches(simd, at, owners));
    }

    #[inline(always)]
    fn locate_batches<S: Simd>(&self, simd: S, at: &[Position], owners: &mut [Option<Leaf>]) {
        let (mut labels, mut stages) = ([0; BATCH], Stages::new());
        for (at, owners) in at.chunks(BATCH).zip(owners.chunks_mut(BATCH)) {
            let labels = &mut labels[..at.len()];
            self.grid.label_batch(simd, at, labels, &mut stages);
            for (owner, label) in owners.iter_mut().zip(labels) {
                *owner = leaf(*label);
            }
            for place in stages.outside() {
                if let Some(owner) = owners.get_mut(place) {
                    *owner = self.owner_beside(at[place]);
                }
            }
        }
    }

    /// In which leaves a position with an error of `accuracy_m` metres may lie: shares of the circle around it, largest
    /// first, the outside among them; together 1.
    ///
    /// An accuracy of zero, or one that is no number, gives the owner alone; more than 20 km counts as 20 km.
    pub fn candidates(&self, at: Position, accuracy_m: f64) -> Vec<Candidate> {
        let Some(circle) = candidates::Circle::new(at, accuracy_m) else {
            return vec![Candidate { leaf: self.owner(at), share: 1.0 }];
        };
        let shares = circle.weigh(&self.grid).into_iter();
        shares.map(|(label, share)| Candidate { leaf: leaf(label), share }).collect()
    }

    /// How many bytes it holds.
    pub fn size_bytes(&self) -> usize {
        size_of::<Self>() + self.grid.size()
    }

    /// How a position came to its owner, and how far the border is.
    fn located(&self, at: Position, owner: Option<Leaf>, within_m: f64) -> Located {
        if owner.is_some() {
            if self.grid.has_on_border(at) {
                return Located { leaf: owner, method: Method::Border, distance_to_border_m: Some(0.0) };
            }
            let distance_to_border_m = self.grid.nearest(at).map(|nearest| nearest.distance_m);
            return Located { leaf: owner, method: Method::Inside, distance_to_border_m };
        }
        let near = nearest::may_be_near(&self.bounds, at, within_m);
        let Some(nearest) = near.then(|| self.grid.nearest(at)).flatten() else {
            return Located { leaf: None, method: Method::Outside, distance_to_border_m: None };
        };
        // In floating point what lies outside may be no way from a border; without a tolerance that is not near either.
        let is_near = within_m > 0.0 && nearest.distance_m <= within_m;
        let leaf = if is_near { self.nearest_leaf(&nearest) } else { None };
        let method = if leaf.is_some() { Method::Nearest } else { Method::Outside };
        Located { leaf, method, distance_to_border_m: Some(nearest.distance_m) }
    }

    /// The owner of a position that has nobody to its north-east: on an outer border somebody else may have it.
    fn owner_beside(&self, at: Position) -> Option<Leaf> {
        if self.grid.is_well_outside(at) {
            return None;
        }
        let labels = Shift::IN_ORDER[1..].iter().map(|shift| self.grid.label_beside(at, *shift));
        labels.filter_map(leaf).next().or_else(|| leaf(self.grid.label_around(at)))
    }

    /// The leaf at the nearest place of a border, which is the owner of that place where it is a corner.
    fn nearest_leaf(&self, nearest: &nearest::Nearest) -> Option<Leaf> {
        match nearest.corner {
            Some(corner) => self.owner(corner),
            None => leaf(nearest.label),
        }
    }
}

/// Leaves in the index: 0 is outside.
fn label(leaf: Option<Leaf>) -> u32 {
    leaf.map_or(0, |leaf| leaf.0 + 1)
}

fn leaf(label: u32) -> Option<Leaf> {
    label.checked_sub(1).map(Leaf)
}

fn edges(border: &Border) -> impl Iterator<Item = Edge> {
    let (left, right) = (label(border.left), label(border.right));
    border.line.windows(2).filter_map(move |pair| Edge::new(pair[0], pair[1], left, right))
}
