//! Cells measured: their borders by what lies beyond, their neighbours, how far it is across them.

use std::collections::HashMap;

use crate::districting::explain::Subject;
use crate::districting::explain::walk::{Walk, longest_walk};
use crate::districting::{JudgedCell, Weight};

/// What is to be said of one cell.
#[derive(Clone, Debug)]
pub struct ExplainedCell {
    /// What the judge says of it.
    pub judged: JudgedCell,
    /// What a cell of its parent weighs on average, those apart that cannot be in tolerance.
    pub mean: f64,
    /// How long its border is, by what lies beyond.
    pub border: BorderLengths,
    /// The cells it has a border with, the longest first.
    pub neighbours: Vec<Neighbour>,
    /// The two of its units that lie farthest apart; `None` where it has one unit.
    pub longest_walk: Option<Walk>,
    /// The heaviest of its units, and what that weighs.
    pub heaviest: Heaviest,
}

/// The heaviest unit of a cell, the first of several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heaviest {
    /// Its id.
    pub unit: String,
    /// What it weighs.
    pub weight: Weight,
    /// Whether that alone is more than a cell may weigh.
    pub is_too_heavy: bool,
}

/// How long the border of a cell is, by what lies beyond it, in millimetres.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BorderLengths {
    /// With other cells of the same parent.
    pub cells_mm: i64,
    /// With cells of another parent.
    pub parents_mm: i64,
    /// With ground that is in no cell: the outer edge, and whatever lies enclosed and is no unit.
    pub outer_mm: i64,
}

/// A cell beside another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// Its index among the cells.
    pub cell: usize,
    /// How long the border between the two is, in millimetres.
    pub shared_mm: i64,
}

/// The cells of a plan, in the order of the judgement.
pub(super) fn explained(subject: &Subject<'_>, cell_of: &[Option<usize>]) -> Vec<ExplainedCell> {
    let judged = &subject.judgement.cells;
    let units = subject.graph.units();
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); judged.len()];
    for (unit, cell) in cell_of.iter().enumerate() {
        if let Some(cell) = cell {
            members[*cell].push(unit);
        }
    }
    let (borders, neighbours) = beyond(subject, cell_of, &members);
    let means: HashMap<&Option<String>, f64> =
        subject.judgement.parents.iter().map(|parent| (&parent.parent, parent.mean)).collect();
    let parts = judged.iter().zip(&members).zip(borders).zip(neighbours);
    let explained = |(((judged, members), border), neighbours): (((&JudgedCell, &Vec<usize>), _), _)| {
        let mean = means.get(&judged.parent).copied().unwrap_or_default();
        let most = mean * (1.0 + f64::from(subject.rules.tolerance_ppm) / 1e6);
        // The first of those that weigh the same.
        let heaviest = members.iter().rev().max_by_key(|&&unit| units[unit].weight);
        let heaviest = heaviest.map(|&unit| Heaviest {
            unit: units[unit].id.clone(),
            weight: units[unit].weight,
            is_too_heavy: units[unit].weight.value() > most,
        });
        ExplainedCell {
            judged: judged.clone(),
            mean,
            border,
            neighbours,
            longest_walk: longest_walk(units, members),
            heaviest: heaviest.unwrap_or_default(),
        }
    };
    parts.map(explained).collect()
}

/// The borders of each cell, and its neighbours.
fn beyond(
    subject: &Subject<'_>,
    cell_of: &[Option<usize>],
    members: &[Vec<usize>],
) -> (Vec<BorderLengths>, Vec<Vec<Neighbour>>) {
    let units = subject.graph.units();
    let whole_mm = |members: &[usize]| -> i64 { members.iter().map(|&unit| units[unit].perimeter_mm).sum() };
    // What is left of the whole border once everything else is taken off.
    let mut borders: Vec<BorderLengths> = members
        .iter()
        .map(|members| BorderLengths { outer_mm: whole_mm(members), ..BorderLengths::default() })
        .collect();
    let mut pairs: Vec<(usize, Neighbour)> = Vec::new();
    for link in subject.graph.links() {
        let (first, second) = (link.first as usize, link.second as usize);
        let (Some(cell), Some(other)) = (cell_of[first], cell_of[second]) else { continue };
        if cell == other {
            borders[cell].outer_mm -= 2 * link.shared_mm;
            continue;
        }
        let is_within_parent = units[first].parent == units[second].parent;
        for (cell, other) in [(cell, other), (other, cell)] {
            let border = &mut borders[cell];
            border.outer_mm -= link.shared_mm;
            if is_within_parent {
                border.cells_mm += link.shared_mm;
            } else {
                border.parents_mm += link.shared_mm;
            }
            pairs.push((cell, Neighbour { cell: other, shared_mm: link.shared_mm }));
        }
    }
    for border in &mut borders {
        // A table of who lies beside whom may say more than there is, and millimetres are rounded.
        border.outer_mm = border.outer_mm.max(0);
    }
    (borders, neighbours(members.len(), pairs))
}

fn neighbours(cell_count: usize, mut pairs: Vec<(usize, Neighbour)>) -> Vec<Vec<Neighbour>> {
    pairs.sort_unstable_by_key(|(cell, near)| (*cell, near.cell));
    let mut neighbours: Vec<Vec<Neighbour>> = vec![Vec::new(); cell_count];
    for (cell, near) in pairs {
        match neighbours[cell].last_mut().filter(|last| last.cell == near.cell) {
            Some(last) => last.shared_mm += near.shared_mm,
            None => neighbours[cell].push(near),
        }
    }
    for near in &mut neighbours {
        near.sort_by_key(|near| (std::cmp::Reverse(near.shared_mm), near.cell));
    }
    neighbours
}
