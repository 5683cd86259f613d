//! Why a unit moved: of what could be said, the first that is true of it.
//!
//! The old plan is looked at with the weights of today, and the unit is put back in thought: what would then be wrong is why
//! it is where it is.

use std::collections::HashMap;

use crate::districting::explain::lineage::Overlay;
use crate::districting::explain::ties::dispensable;
use crate::districting::explain::{ROUNDING, Subject};
use crate::districting::{JudgedCell, Weight};

/// A unit that is not in the cell in which its old one goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct MovedUnit {
    /// Its id.
    pub unit: String,
    /// Its index among the units.
    pub index: usize,
    /// What it weighs.
    pub weight: Weight,
    /// The old cell.
    pub from: String,
    /// The new one.
    pub to: String,
    /// Why.
    pub why: Why,
}

/// Why a unit moved.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// The cell that it is in is locked.
    Locked,
    /// Its old cell reached into another parent.
    OtherParent,
    /// Its old cell was in pieces, and it was not in the largest.
    LoosePiece,
    /// Its old cell goes on in none.
    Dissolved,
    /// Its old cell was too heavy.
    TooHeavy {
        /// What the old cell weighed.
        weight: Weight,
        /// How far that was from the mean.
        deviation: f64,
    },
    /// The cell that it went to was too light.
    TooLight {
        /// What that cell weighed.
        weight: Weight,
        /// How far that was from the mean.
        deviation: f64,
    },
    /// Its old cell was divided.
    Divided,
    /// Back in its old cell, it would be without others that it stays together with.
    StaysTogether,
    /// Its old cell is no longer beside it.
    CutOff,
    /// Without it, the cell that it went to would be in pieces.
    HoldsTogether,
    /// Back in its old cell, a cell would be out of tolerance.
    WouldMiss {
        /// Which cell.
        cell: String,
        /// What that would weigh.
        weight: Weight,
        /// How far that would be from the mean.
        deviation: f64,
    },
    /// Back in its old cell, the borders between cells would be longer.
    ShorterBorder {
        /// By so much, in millimetres.
        shorter_mm: i64,
    },
    /// No rule asks for it.
    NoRule,
}

impl Why {
    /// Its name for programs.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Locked => "LOCKED",
            Self::OtherParent => "OTHER_PARENT",
            Self::LoosePiece => "LOOSE_PIECE",
            Self::Dissolved => "DISSOLVED",
            Self::TooHeavy { .. } => "TOO_HEAVY",
            Self::TooLight { .. } => "TOO_LIGHT",
            Self::Divided => "DIVIDED",
            Self::StaysTogether => "STAYS_TOGETHER",
            Self::CutOff => "CUT_OFF",
            Self::HoldsTogether => "HOLDS_TOGETHER",
            Self::WouldMiss { .. } => "WOULD_MISS",
            Self::ShorterBorder { .. } => "SHORTER_BORDER",
            Self::NoRule => "NO_RULE",
        }
    }
}

/// Every unit that moved, in the order of the units.
pub(super) fn moved(subject: &Subject<'_>, cell_of: &[Option<usize>], overlay: &Overlay) -> Vec<MovedUnit> {
    let before = Before::of(subject, cell_of, overlay);
    let mut moved = Vec::new();
    for (index, unit) in subject.graph.units().iter().enumerate() {
        let (Some(old), Some(new)) = (overlay.old_of[index], cell_of[index]) else { continue };
        if overlay.goes_on_in[old] == Some(new) {
            continue;
        }
        moved.push(MovedUnit {
            unit: unit.id.clone(),
            index,
            weight: unit.weight,
            from: overlay.before.cells[old].cell.clone(),
            to: subject.judgement.cells[new].cell.clone(),
            why: before.why(Step { unit: index, old, new }),
        });
    }
    moved
}

/// A unit, its old cell and its new one, by index.
#[derive(Clone, Copy)]
struct Step {
    unit: usize,
    old: usize,
    new: usize,
}

/// Both plans, with who lies beside whom.
struct Before<'a> {
    subject: &'a Subject<'a>,
    cell_of: &'a [Option<usize>],
    overlay: &'a Overlay,
    beside: Vec<Vec<Beside>>,
    /// For each unit whether its new cell is one piece without it.
    is_dispensable: Vec<bool>,
    /// For each unit whether it was in the largest piece of its old cell.
    is_in_main_piece: Vec<bool>,
    /// What a cell of each parent weighs on average.
    means: HashMap<&'a Option<String>, f64>,
}

/// A unit beside another.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside {
    /// Its index among the units.
    pub(super) unit: usize,
    /// How long the border between the two is.
    pub(super) shared_mm: i64,
    /// Whether cells hang together across the border.
    pub(super) is_open: bool,
}

impl<'a> Before<'a> {
    fn of(subject: &'a Subject<'a>, cell_of: &'a [Option<usize>], overlay: &'a Overlay) -> Self {
        let mut beside: Vec<Vec<Beside>> = vec![Vec::new(); cell_of.len()];
        for (at, link) in subject.graph.links().iter().enumerate() {
            let (first, second, shared_mm) = (link.first as usize, link.second as usize, link.shared_mm);
            let is_open = !subject.graph.is_barred(at);
            beside[first].push(Beside { unit: second, shared_mm, is_open });
            beside[second].push(Beside { unit: first, shared_mm, is_open });
        }
        let is_in_main_piece = main_pieces(&beside, &overlay.old_of);
        let is_dispensable = dispensable(&beside, cell_of, subject.judgement.cells.len());
        let parents = subject.judgement.parents.iter();
        let means = parents.map(|parent| (&parent.parent, parent.mean)).collect();
        Self { subject, cell_of, overlay, beside, is_dispensable, is_in_main_piece, means }
    }

    fn why(&self, step: Step) -> Why {
        let Step { unit, old, new } = step;
        let parent = &self.subject.graph.units()[unit].parent;
        let old_cell = &self.overlay.before.cells[old];
        if self.subject.judgement.cells[new].is_locked {
            return Why::Locked;
        }
        if old_cell.parent != *parent {
            return Why::OtherParent;
        }
        if !self.is_in_main_piece[unit] {
            return Why::LoosePiece;
        }
        let Some(home) = self.overlay.goes_on_in[old] else { return Why::Dissolved };
        if !old_cell.is_in_tolerance && old_cell.deviation > 0.0 {
            return Why::TooHeavy { weight: old_cell.weight, deviation: old_cell.deviation };
        }
        let Some(taker) = self.overlay.comes_from[new].map(|taker| &self.overlay.before.cells[taker]) else {
            return Why::Divided;
        };
        if !taker.is_in_tolerance && taker.deviation < 0.0 {
            return Why::TooLight { weight: taker.weight, deviation: taker.deviation };
        }
        self.put_back(step, home)
    }

    /// What would be wrong with the new plan if the unit were back in the cell in which its old one goes on.
    fn put_back(&self, step: Step, home: usize) -> Why {
        let shared_mm = |cell: usize| -> i64 {
            let beside = self.beside[step.unit].iter().filter(|near| self.cell_of[near.unit] == Some(cell));
            beside.map(|near| near.shared_mm).sum()
        };
        if self.subject.conditions.is_in_group(step.unit) {
            return Why::StaysTogether;
        }
        let is_beside = |near: &Beside| near.is_open && self.cell_of[near.unit] == Some(home);
        if !self.beside[step.unit].iter().any(is_beside) {
            return Why::CutOff;
        }
        if !self.is_dispensable[step.unit] {
            return Why::HoldsTogether;
        }
        if let Some(miss) = self.would_miss(step, home) {
            return miss;
        }
        match shared_mm(step.new) - shared_mm(home) {
            shorter_mm if shorter_mm > 0 => Why::ShorterBorder { shorter_mm },
            _ => Why::NoRule,
        }
    }

    /// The cell that would be out of tolerance with the unit back, and is not now.
    fn would_miss(&self, step: Step, home: usize) -> Option<Why> {
        let cells = &self.subject.judgement.cells;
        let weight = self.subject.graph.units()[step.unit].weight.thousandths();
        let changed = |cell: &JudgedCell, by: i64| {
            let weight = Weight::from_thousandths(cell.weight.thousandths() + by);
            let deviation = weight.value() / self.means.get(&cell.parent)? - 1.0;
            let is_out = deviation.abs() > f64::from(self.subject.rules.tolerance_ppm) / 1e6 + ROUNDING;
            let would_miss = || Why::WouldMiss { cell: cell.cell.clone(), weight, deviation };
            (cell.is_in_tolerance && is_out).then(would_miss)
        };
        changed(&cells[home], weight).or_else(|| changed(&cells[step.new], -weight))
    }
}

/// For each unit whether it is in the piece of its cell that has the most units, the first of several.
fn main_pieces(beside: &[Vec<Beside>], cell_of: &[Option<usize>]) -> Vec<bool> {
    let mut piece_of = vec![usize::MAX; cell_of.len()];
    let mut sizes: Vec<usize> = Vec::new();
    let mut largest: Vec<Option<usize>> = Vec::new();
    for (start, cell) in cell_of.iter().enumerate() {
        let Some(cell) = cell.filter(|_| piece_of[start] == usize::MAX) else { continue };
        let piece = sizes.len();
        sizes.push(0);
        let mut open = vec![start];
        piece_of[start] = piece;
        while let Some(unit) = open.pop() {
            sizes[piece] += 1;
            for near in beside[unit].iter().filter(|near| near.is_open) {
                if cell_of[near.unit] == Some(cell) && piece_of[near.unit] == usize::MAX {
                    piece_of[near.unit] = piece;
                    open.push(near.unit);
                }
            }
        }
        largest.resize(largest.len().max(cell + 1), None);
        if largest[cell].is_none_or(|most| sizes[piece] > sizes[most]) {
            largest[cell] = Some(piece);
        }
    }
    let is_main = |(unit, cell): (usize, &Option<usize>)| {
        cell.is_some_and(|cell| largest[cell] == Some(piece_of[unit]))
    };
    cell_of.iter().enumerate().map(is_main).collect()
}
