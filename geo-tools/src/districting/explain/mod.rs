//! Why a plan is as it is: what is to be said of each cell, of the plan as a whole, and of each unit that moved.
//!
//! Start at [`explain`], which measures, and at [`Explanation`], which is told as JSON ([`Explanation::to_json`]), as text
//! in Chinese and English ([`Explanation::write_text`]) and as a page with a map ([`write_page`]). `cells` measures cells,
//! `walk` how far it is across one, `spread` counts deviations, `relax` looks for the rule whose giving way would mend
//! most, `lineage` and `moved` compare two plans, for which `ties` finds the units without which a cell would be in pieces;
//! `sentences` has every word of both languages.
//!
//! Invariant: whether a cell is in tolerance, and why not, is the judge's to say; nothing here decides it again.
//! Invariant: whatever a file calls units, cells and parents reaches a page as text only, never as markup or as code.

mod cells;
mod json;
mod language;
mod lineage;
mod moved;
mod page;
mod relax;
mod sentences;
mod spread;
mod text;
mod ties;
mod walk;

use std::collections::HashMap;

use crate::districting::{Conditions, Judgement, PlanRow, Rules, UnitGraph};

pub use cells::{BorderLengths, ExplainedCell, Heaviest, Neighbour};
pub use language::{Language, UnknownLanguage};
pub use lineage::{Ancestor, CellLineage, Lineage, Origin};
pub use moved::{MovedUnit, Why};
pub use page::{Page, write_page};
pub use relax::{Relaxation, Relaxed};
pub use spread::Bar;
pub use walk::Walk;

/// Quotients of weights are rounded by less than this, which is far below what anybody sees.
const ROUNDING: f64 = 1e-9;

/// A plan that was judged: what is explained.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The units.
    pub graph: &'a UnitGraph,
    /// The lines of the plan.
    pub rows: &'a [PlanRow],
    /// What it was judged by.
    pub rules: Rules,
    /// What it had to keep besides.
    pub conditions: &'a Conditions,
    /// What was said of it.
    pub judgement: &'a Judgement,
}

impl Subject<'_> {
    /// For each unit the index of its cell among the judged ones; `None` where the plan does not name it.
    fn cell_of(&self) -> Vec<Option<usize>> {
        let cells: HashMap<&str, usize> =
            self.judgement.cells.iter().enumerate().map(|(at, cell)| (cell.cell.as_str(), at)).collect();
        let named = cells_by_unit(self.rows);
        let find = |unit: &crate::districting::Unit| {
            named.get(unit.id.as_str()).and_then(|cell| cells.get(cell).copied())
        };
        self.graph.units().iter().map(find).collect()
    }
}

/// The cell of each unit by the first line that names it, as the judge reads a plan.
fn cells_by_unit(rows: &[PlanRow]) -> HashMap<&str, &str> {
    let mut cells = HashMap::with_capacity(rows.len());
    for row in rows {
        cells.entry(row.unit.as_str()).or_insert(row.cell.as_str());
    }
    cells
}

/// What is to be said of a plan.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// Its cells, in the order of the judgement.
    pub cells: Vec<ExplainedCell>,
    /// How far cells are from their means, counted.
    pub spread: Vec<Bar>,
    /// What would bring cells into tolerance if one rule gave way, what mends most first.
    pub relaxations: Vec<Relaxation>,
    /// Where its cells come from, where there was a plan before.
    pub lineage: Option<Lineage>,
    /// All borders between different cells, in millimetres.
    pub cut_mm: i64,
    /// Which part of these runs along clear lines, from 0 to 1, where it is known which lines are clear.
    pub clear_share: Option<f64>,
    /// How far a cell may be from its parent's mean, in millionths of the mean.
    pub tolerance_ppm: u32,
}

impl Explanation {
    /// The cells out of tolerance, the furthest from the mean first.
    pub fn misses(&self) -> Vec<&ExplainedCell> {
        let mut misses: Vec<&ExplainedCell> =
            self.cells.iter().filter(|cell| !cell.judged.is_in_tolerance).collect();
        misses.sort_by(|a, b| b.judged.deviation.abs().total_cmp(&a.judged.deviation.abs()));
        misses
    }
}

/// Explains a plan; with the lines of the plan before it also what became of that.
pub fn explain(subject: &Subject<'_>, before: Option<&[PlanRow]>) -> Explanation {
    let cell_of = subject.cell_of();
    let cells = cells::explained(subject, &cell_of);
    let lineage = before.map(|before| lineage::between(subject, &cell_of, before));
    Explanation {
        spread: spread::spread(&subject.judgement.cells, subject.rules.tolerance_ppm),
        relaxations: relax::relaxations(subject, &cells, &cell_of),
        cells,
        lineage,
        cut_mm: subject.judgement.cut_mm,
        clear_share: subject.judgement.clear_share(),
        tolerance_ppm: subject.rules.tolerance_ppm,
    }
}
