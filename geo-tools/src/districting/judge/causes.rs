//! Why a cell cannot be in tolerance, as far as the units and the plan prove it.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::districting::judge::conflict::{Conflicts, Setting};
use crate::districting::judge::grown::Near;
use crate::districting::judge::{Drawn, DrawnCell, Parts, Yardstick, weight};
use crate::districting::{Certificate, Reason, UnitGraph};
use crate::shown;

/// Units of a cell that are tried as its stuck one, the heaviest first.
const MOST_STARTS: usize = 40;

/// What proves that cells must be out of tolerance: what many cells ask for is found out once.
pub(super) struct Causes<'a> {
    graph: &'a UnitGraph,
    drawn: &'a Drawn,
    parts: &'a Parts,
    /// By the lowest unit of each.
    components: HashMap<usize, Component>,
    /// Only there once a cell needs it.
    near: Option<Near<'a>>,
    conflicts: Conflicts,
}

/// What hangs together within its parent.
#[derive(Clone, Copy, Default)]
struct Component {
    unit_count: usize,
    total: i128,
    heaviest: i128,
    /// How many cells its units are in; those in none count as one.
    cell_count: usize,
}

impl<'a> Causes<'a> {
    pub(super) fn of(graph: &'a UnitGraph, drawn: &'a Drawn, parts: &'a Parts) -> Self {
        let mut components: HashMap<usize, Component> = HashMap::new();
        for (unit, component) in graph.units().iter().zip(&parts.component_of) {
            let thousandths = i128::from(unit.weight.thousandths());
            let component = components.entry(*component).or_default();
            component.unit_count += 1;
            component.total += thousandths;
            component.heaviest = component.heaviest.max(thousandths);
        }
        let mut pairs: Vec<(usize, Option<usize>)> =
            parts.component_of.iter().copied().zip(drawn.cell_of.iter().copied()).collect();
        pairs.sort_unstable();
        pairs.dedup();
        for (component, _) in pairs {
            components.entry(component).or_default().cell_count += 1;
        }
        Self { graph, drawn, parts, components, near: None, conflicts: Conflicts::new() }
    }

    /// A certificate for a cell that is out of tolerance, from its own units and what is around them; `None` where these
    /// prove nothing.
    pub(super) fn certificate(&mut self, at: usize, yardstick: &Yardstick) -> Option<Certificate> {
        let certificate = self.by_itself(at, yardstick)?;
        self.conflicts.leave_alone(&self.drawn.cells[at].units);
        Some(certificate)
    }

    fn by_itself(&mut self, at: usize, yardstick: &Yardstick) -> Option<Certificate> {
        let cell = &self.drawn.cells[at];
        if self.parts.piece_counts[at] != 1 {
            return None;
        }
        let units = self.graph.units();
        let heaviest = cell.units.iter().map(|&unit| &units[unit]).max_by_key(|unit| unit.weight)?;
        if yardstick.is_above(heaviest.weight.thousandths().into()) {
            let detail = format!(
                "unit {} alone weighs {}, the mean is {:.1}",
                shown::text(&heaviest.id),
                heaviest.weight,
                yardstick.mean()
            );
            return Some(Certificate::of(Reason::OversizeUnit, detail));
        }
        let component = *self.components.get(&self.parts.component_of[cell.units[0]])?;
        if component.unit_count == cell.units.len() && yardstick.is_below(component.total) {
            let detail = format!(
                "this ground of {} touches nothing else of its parent, the mean is {:.1}",
                weight(component.total),
                yardstick.mean()
            );
            return Some(Certificate::of(Reason::SmallComponent, detail));
        }
        component.arithmetic(cell, yardstick).or_else(|| self.stuck(cell, yardstick))
    }

    /// Where a cell has a unit around which no ground of its component weighs what a cell may.
    fn stuck(&mut self, cell: &DrawnCell, yardstick: &Yardstick) -> Option<Certificate> {
        let units = self.graph.units();
        let near = self.near.get_or_insert_with(|| Near::of(self.graph, &self.parts.component_of));
        let weight = |unit: usize| units[unit].weight;
        let mut heaviest_first: Vec<usize> =
            cell.units.iter().copied().filter(|&unit| weight(unit).thousandths() > 0).collect();
        heaviest_first.sort_by_key(|&unit| (Reverse(weight(unit)), unit));
        let found =
            heaviest_first.into_iter().take(MOST_STARTS).find(|&unit| near.is_stuck(unit, yardstick))?;
        let detail = format!(
            "nothing that hangs together around unit {}, which weighs {}, is within {:.1} % of the mean of {:.1}: it is too light, or too heavy with the next unit",
            shown::text(&units[found].id),
            units[found].weight,
            yardstick.tolerance_percent(),
            yardstick.mean()
        );
        Some(Certificate::of(Reason::OversizeUnit, detail))
    }

    /// A certificate for a cell with units that together with others cannot all be in cells in tolerance. All other cells
    /// of the parent must have been asked for their own certificates before.
    pub(super) fn conflict(&mut self, at: usize, yardstick: &Yardstick) -> Option<Certificate> {
        if self.parts.piece_counts[at] != 1 {
            return None;
        }
        let near = self.near.get_or_insert_with(|| Near::of(self.graph, &self.parts.component_of));
        let units = self.conflicts.find(
            at,
            &mut Setting { drawn: self.drawn, component_of: &self.parts.component_of, near, yardstick },
        )?;
        let conflict: Vec<String> = units.iter().map(|&unit| self.graph.units()[unit].id.clone()).collect();
        let named: Vec<String> = conflict.iter().map(|unit| shown::text(unit)).collect();
        let detail = format!(
            "units {} cannot all be in cells within {:.1} % of the mean of {:.1}, however the ground around them is cut",
            named.join(", "),
            yardstick.tolerance_percent(),
            yardstick.mean()
        );
        Some(Certificate { conflict, ..Certificate::of(Reason::OversizeUnit, detail) })
    }
}

impl Component {
    /// Where no number of cells in tolerance adds up to it, and it is cut as evenly as can be.
    fn arithmetic(&self, cell: &DrawnCell, yardstick: &Yardstick) -> Option<Certificate> {
        let Self { total, heaviest, cell_count, .. } = *self;
        let is_as_near_as_can_be = yardstick.is_nearest(cell_count, total)
            && yardstick.is_near_own_mean(cell.weight, cell_count, total);
        if yardstick.can_hold(total) || yardstick.is_above(heaviest) || !is_as_near_as_can_be {
            return None;
        }
        let detail = format!(
            "no number of cells within {:.1} % of {:.1} adds up to the {} that hang together here; it is cut into {cell_count}",
            yardstick.tolerance_percent(),
            yardstick.mean(),
            weight(total)
        );
        Some(Certificate::of(Reason::ParentArithmetic, detail))
    }
}
