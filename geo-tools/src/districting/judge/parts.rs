//! What hangs together: pieces of cells, components of parents, and borders between them.

use crate::districting::UnitGraph;
use crate::districting::judge::Drawn;

/// What the links say of a plan.
pub(super) struct Parts {
    /// For each cell how many pieces it is in.
    pub(super) piece_counts: Vec<usize>,
    /// For each cell its border, in millimetres.
    pub(super) perimeters_mm: Vec<i64>,
    /// For each unit the lowest unit of its component: of what hangs together within its parent.
    pub(super) component_of: Vec<usize>,
    /// All borders between different cells, in millimetres.
    pub(super) cut_mm: i64,
    /// Which part of these runs along clear lines; `None` where nobody said which lines are clear.
    pub(super) clear: Option<Clear>,
}

/// How much of the borders between different cells runs along clear lines, in millimetres.
pub(super) struct Clear {
    /// Of all of them.
    pub(super) cut_mm: i64,
    /// For each cell of its own, and how long those are.
    pub(super) of_cells: Vec<OfCell>,
}

/// The borders of a cell with other cells, in millimetres.
#[derive(Clone, Copy, Default)]
pub(super) struct OfCell {
    pub(super) clear_mm: i64,
    pub(super) all_mm: i64,
}

impl Parts {
    pub(super) fn of(graph: &UnitGraph, drawn: &Drawn) -> Self {
        let units = graph.units();
        let (mut within_cells, mut within_parents) = (Sets::new(units.len()), Sets::new(units.len()));
        let mut perimeters_mm: Vec<i64> = drawn
            .cells
            .iter()
            .map(|cell| cell.units.iter().map(|&unit| units[unit].perimeter_mm).sum())
            .collect();
        let mut cut_mm = 0;
        for (at, link) in graph.links().iter().enumerate() {
            let (first, second) = (link.first as usize, link.second as usize);
            let is_open = !graph.is_barred(at);
            if is_open && units[first].parent == units[second].parent {
                within_parents.join(first, second);
            }
            match (drawn.cell_of[first], drawn.cell_of[second]) {
                (Some(cell), Some(other)) if cell == other => {
                    if is_open {
                        within_cells.join(first, second);
                    }
                    perimeters_mm[cell] -= 2 * link.shared_mm;
                }
                (Some(_), Some(_)) => cut_mm += link.shared_mm,
                _ => {}
            }
        }
        let mut piece_counts = vec![0; drawn.cells.len()];
        for unit in 0..units.len() {
            if let Some(cell) = drawn.cell_of[unit].filter(|_| within_cells.lowest(unit) == unit) {
                piece_counts[cell] += 1;
            }
        }
        let component_of = (0..units.len()).map(|unit| within_parents.lowest(unit)).collect();
        let clear = Clear::of(graph, drawn);
        Self { piece_counts, perimeters_mm, component_of, cut_mm, clear }
    }
}

impl Clear {
    fn of(graph: &UnitGraph, drawn: &Drawn) -> Option<Self> {
        let mut clear = Self { cut_mm: 0, of_cells: vec![OfCell::default(); drawn.cells.len()] };
        for (at, link) in graph.links().iter().enumerate() {
            let cells = [link.first, link.second].map(|unit| drawn.cell_of[unit as usize]);
            let [Some(cell), Some(other)] = cells else { continue };
            if cell == other {
                continue;
            }
            let clear_mm = graph.clear_mm(at)?;
            clear.cut_mm += clear_mm;
            for cell in [cell, other] {
                clear.of_cells[cell].clear_mm += clear_mm;
                clear.of_cells[cell].all_mm += link.shared_mm;
            }
        }
        graph.knows_clear_lines().then_some(clear)
    }
}

/// Sets that are joined, each known by its lowest member.
struct Sets(Vec<usize>);

impl Sets {
    fn new(count: usize) -> Self {
        Self((0..count).collect())
    }

    fn lowest(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.lowest(a), self.lowest(b));
        let low = a.min(b);
        self.0[a.max(b)] = low;
    }
}
