//! Edits of a coverage: a vertex or a stretch of border moved, a face split, leaves merged, a face given away.
//!
//! Start at [`Editor`]. `net` holds the borders and takes changes back, `boxes` finds them by place, `walk` goes around nodes
//! and faces, `reshape`, `split` and `relabel` make the edits, `check` proves what they have changed, `told` says what was
//! wrong and where.
//!
//! Invariant: after every edit the borders are a coverage; an edit that is refused has changed nothing.
//! Invariant: what an edit costs depends on the ground that it changes, not on the size of the coverage.
//! Invariant: what an editor gives back depends on nothing but the ground, so what is undone leaves no trace.

mod boxes;
mod check;
mod extent;
mod net;
mod relabel;
mod reshape;
mod split;
mod told;
mod walk;

use crate::coverage::drawing::MAX_SPAN_E7;
use crate::coverage::edit::net::{Net, Swap};
use crate::coverage::edit::told::{Fault, placed};
use crate::coverage::exact::delta;
use crate::coverage::{Border, Coverage, Leaf, assemble, export, faces};
use crate::{Bounds, Code, Geometry, Polygon, Position, Problem};

/// A coverage that is being edited.
///
/// Each edit is proven where it changed something and answers what it changed; one that cannot be answers why and where, and
/// changes nothing. Leaves without ground keep their number.
///
/// ```
/// # use geo_tools::{Position, Coverage, Leaf, coverage::{Border, Editor}};
/// # let at = |x: f64, y: f64| Position::new(121.0 + x / 1e3, 14.0 + y / 1e3).expect("in range");
/// # let borders = vec![
/// #     Border { line: vec![at(1.0, 0.0), at(1.0, 1.0)], left: Some(Leaf(0)), right: Some(Leaf(1)) },
/// #     Border { line: vec![at(1.0, 1.0), at(0.0, 1.0), at(0.0, 0.0), at(1.0, 0.0)], left: Some(Leaf(0)), right: None },
/// #     Border { line: vec![at(1.0, 0.0), at(2.0, 0.0), at(2.0, 1.0), at(1.0, 1.0)], left: Some(Leaf(1)), right: None },
/// # ];
/// # let coverage = Coverage::from_borders(2, borders).expect("a coverage");
/// let mut editor = Editor::new(&coverage);        // two squares side by side
/// editor.move_stretch(&[at(1.0, 0.0), at(1.0, 1.0)], &[at(1.0, 0.0), at(1.2, 0.5), at(1.0, 1.0)]).expect("a bend");
/// editor.merge(Leaf(1), Leaf(0)).expect("neighbours");
/// assert_eq!(editor.coverage().neighbours(Leaf(0)), []);
/// editor.undo().expect("the merge");
/// assert_eq!(editor.coverage().neighbours(Leaf(0))[0].0, Leaf(1));
/// assert!(editor.move_vertex(at(1.2, 0.5), at(3.0, 0.5)).is_err(), "that crosses the outline");
/// ```
#[derive(Clone, Debug)]
pub struct Editor {
    net: Net,
    done: Vec<Edited>,
    undone: Vec<Edited>,
}

/// What an edit, or taking one back, has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    swaps: Vec<Swap>,
    leaf_counts: [usize; 2],
    bounds: Bounds,
}

impl Edited {
    /// Outside of this box everything has the owner that it had.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// The borders that are there no more.
    pub fn removed(&self) -> impl Iterator<Item = &Border> {
        self.swaps.iter().map(|swap| &swap.before).filter(|border| !border.line.is_empty())
    }

    /// The borders that are there instead.
    pub fn added(&self) -> impl Iterator<Item = &Border> {
        self.swaps.iter().map(|swap| &swap.after).filter(|border| !border.line.is_empty())
    }

    fn reversed(mut self) -> Self {
        self.swaps.iter_mut().for_each(|swap| std::mem::swap(&mut swap.before, &mut swap.after));
        self.leaf_counts.reverse();
        self
    }
}

impl Editor {
    /// Begins to edit a coverage.
    pub fn new(coverage: &Coverage) -> Self {
        let lines = coverage.borders.iter().map(|border| (border.line.as_slice(), border.left, border.right));
        let net = Net::new(coverage.leaf_count, assemble::rejoined(lines));
        Self { net, done: Vec::new(), undone: Vec::new() }
    }

    /// Moves the vertex at a position, which may be a node of several borders, to where there is none.
    ///
    /// # Errors
    /// What is in the way: `BAD_VALUE`, `EXTENT`, `EDIT_CROSSES`, `FACE_IN_PIECES`, `FACE_EMPTY`.
    pub fn move_vertex(&mut self, from: Position, to: Position) -> Result<&Edited, Vec<Problem>> {
        self.edit(&[to], |net| reshape::move_vertex(net, from, to))
    }

    /// Puts another line in the place of a stretch of one border. Both are from the same vertex to the same vertex, and `stretch`
    /// names every vertex between, so that nobody moves what they have not seen. So vertices come and go too.
    ///
    /// # Errors
    /// What is in the way: `BAD_VALUE`, `EXTENT`, `EDIT_CROSSES`, `FACE_IN_PIECES`, `FACE_EMPTY`.
    pub fn move_stretch(&mut self, stretch: &[Position], line: &[Position]) -> Result<&Edited, Vec<Problem>> {
        self.edit(line, |net| reshape::move_stretch(net, stretch, line))
    }

    /// Splits a face of a leaf along a line: what lies to the right of the line goes to another leaf, or to a new one where `to`
    /// is the number of leaves. The line begins and ends on the border of the face or beyond it. Where it crosses a border
    /// both get a vertex at the position nearest to the crossing.
    ///
    /// # Errors
    /// What is in the way: `LINE_MISSES`, `LINE_TOUCHES_TWICE`, and as for [`Editor::move_stretch`].
    pub fn split(&mut self, leaf: Leaf, line: &[Position], to: Leaf) -> Result<&Edited, Vec<Problem>> {
        self.edit(line, |net| split::split(net, leaf, line, to))
    }

    /// Gives all ground of a leaf to a neighbour.
    ///
    /// # Errors
    /// `NOT_NEIGHBOURS`; `BAD_VALUE` for a leaf that is not there or has no ground, and for one and the same.
    pub fn merge(&mut self, gone: Leaf, into: Leaf) -> Result<&Edited, Vec<Problem>> {
        self.edit(&[], |net| relabel::merge(net, gone, into))
    }

    /// Gives the face around a position to another leaf, or to nobody: then it is a declared void, or outside. A void can be
    /// given to a leaf.
    ///
    /// # Errors
    /// `BAD_VALUE` for a position on a border or outside, for a leaf that is not there, and where it has the face already;
    /// `FACE_EMPTY` where the leaf whose face it is has no other.
    pub fn relabel(&mut self, at: Position, to: Option<Leaf>) -> Result<&Edited, Vec<Problem>> {
        self.edit(&[at], |net| relabel::relabel(net, at, to))
    }

    /// Takes the last edit back and says what that has changed; `None` where there is none.
    pub fn undo(&mut self) -> Option<&Edited> {
        let edited = self.done.pop()?.reversed();
        self.replay(&edited);
        self.undone.push(edited);
        self.undone.last()
    }

    /// Makes the edit that was taken back last again; `None` where there is none, or another has come since.
    pub fn redo(&mut self) -> Option<&Edited> {
        let edited = self.undone.pop()?.reversed();
        self.replay(&edited);
        self.done.push(edited);
        self.done.last()
    }

    /// How many leaves there are; some may own no ground.
    pub fn leaf_count(&self) -> usize {
        self.net.leaf_count()
    }

    /// Every border, in no order that matters: [`Editor::to_borders`] has them in order.
    pub fn borders(&self) -> impl Iterator<Item = &Border> {
        self.net.borders()
    }

    /// What [`Coverage::borders`] of the edited coverage is.
    pub fn to_borders(&self) -> Vec<Border> {
        let lines = self.borders().map(|border| (border.line.as_slice(), border.left, border.right));
        assemble::rejoined(lines)
    }

    /// The edited coverage.
    pub fn coverage(&self) -> Coverage {
        let coverage = faces::trace(self.leaf_count(), self.to_borders());
        coverage.unwrap_or_else(|problems| unreachable!("every edit was proven: {problems:?}"))
    }

    /// The polygons of one leaf, as of [`Coverage::polygons`] but in no order that matters; none for a leaf that does not exist.
    pub fn polygons(&self, leaf: Leaf) -> Vec<Polygon> {
        if leaf.index() >= self.leaf_count() {
            return Vec::new();
        }
        let own = |owner: Option<Leaf>| owner.filter(|owner| *owner == leaf);
        let rim = self.net.of_leaf(leaf).iter().map(|number| {
            let border = self.net.border(*number);
            Border { line: border.line.clone(), left: own(border.left), right: own(border.right) }
        });
        let rim: Vec<Border> = rim.collect();
        let (faces, _) = faces::faces(faces::rings(&rim).unwrap_or_default());
        faces.iter().filter(|face| face.leaf.is_some()).map(|face| export::polygon(&rim, face)).collect()
    }

    /// The box around everything.
    pub fn bounds(&self) -> Bounds {
        self.net.bounds().unwrap_or_else(|| unreachable!("some leaf has ground"))
    }

    /// The sides of borders near a box of west, south, east and north, each once, with who is to the left and to the right.
    pub(crate) fn sides_near(
        &self,
        area: [i64; 4],
    ) -> impl Iterator<Item = ([Position; 2], Option<Leaf>, Option<Leaf>)> {
        self.net.sides_near(area).into_iter().map(|side| {
            let border = self.net.border(side.border);
            (self.net.ends(side), border.left, border.right)
        })
    }

    /// Makes an edit, proves it, and takes it back where it cannot be.
    fn edit(
        &mut self,
        drawn: &[Position],
        change: impl FnOnce(&mut Net) -> Result<(), Vec<Problem>>,
    ) -> Result<&Edited, Vec<Problem>> {
        self.reach(drawn)?;
        let leaf_count = self.leaf_count();
        let made = change(&mut self.net).and_then(|()| {
            relabel::join(&mut self.net);
            let swaps = self.net.swaps();
            let faults = check::faults(&self.net, &swaps);
            if faults.is_empty() { Ok(swaps) } else { Err(faults.into_iter().map(Fault::told).collect()) }
        });
        let swaps = match made {
            Ok(swaps) => swaps,
            Err(problems) => {
                self.net.roll_back();
                self.net.set_leaf_count(leaf_count);
                return Err(problems);
            }
        };
        self.net.keep();
        let bounds = check::changed_ground(&swaps).unwrap_or(self.bounds());
        self.undone.clear();
        self.done.push(Edited { swaps, leaf_counts: [leaf_count, self.leaf_count()], bounds });
        Ok(&self.done[self.done.len() - 1])
    }

    /// Refuses what is drawn too far away to be computed with.
    fn reach(&self, drawn: &[Position]) -> Result<(), Vec<Problem>> {
        let bounds = drawn.iter().fold(self.bounds(), |bounds, at| bounds.including(*at));
        let (width, height) = delta(bounds.south_west(), bounds.north_east());
        if width.max(height) <= MAX_SPAN_E7 {
            return Ok(());
        }
        let message = "with what was drawn the borders would span more than 90 degrees";
        Err(vec![placed(Code::Extent, message, Geometry::MultiPoint(drawn.to_vec()), None)])
    }

    fn replay(&mut self, edited: &Edited) {
        let count = edited.leaf_counts[1];
        // Before there is a border that names them, and after there is one.
        self.net.set_leaf_count(count.max(self.leaf_count()));
        self.net.replay(&edited.swaps);
        self.net.set_leaf_count(count);
    }
}
