//! Why a cell cannot be in tolerance, as far as the units and the plan prove it.

use std::collections::HashMap;

use crate::districting::judge::grown::Near;
use crate::districting::judge::{Drawn, DrawnCell, Parts, Yardstick, weight};
use crate::districting::{Certificate, Reason, UnitGraph};
use crate::shown;

/// Units of a cell that are tried as its stuck one, the heaviest first.
const MOST_STARTS: usize = 40;

/// A certificate for a cell that is out of tolerance; `None` where nothing proves that it must be.
pub(super) fn certificate(
    graph: &UnitGraph,
    drawn: &Drawn,
    parts: &Parts,
    (at, yardstick): (usize, &Yardstick),
) -> Option<Certificate> {
    let cell = &drawn.cells[at];
    if parts.piece_counts[at] != 1 {
        return None;
    }
    let units = graph.units();
    let heaviest = cell.units.iter().map(|&unit| &units[unit]).max_by_key(|unit| unit.weight)?;
    if yardstick.is_above(heaviest.weight.thousandths().into()) {
        let detail = format!(
            "unit {} alone weighs {}, the mean is {:.1}",
            shown::text(&heaviest.id),
            heaviest.weight,
            yardstick.mean()
        );
        return Some(Certificate { reason: Reason::OversizeUnit, detail });
    }
    let component = parts.component_of[cell.units[0]];
    let ground: Vec<usize> = (0..units.len()).filter(|&unit| parts.component_of[unit] == component).collect();
    let total: i128 = ground.iter().map(|&unit| i128::from(units[unit].weight.thousandths())).sum();
    if ground.len() == cell.units.len() && yardstick.is_below(total) {
        let detail = format!(
            "this ground of {} touches nothing else of its parent, the mean is {:.1}",
            weight(total),
            yardstick.mean()
        );
        return Some(Certificate { reason: Reason::SmallComponent, detail });
    }
    let is_oversize = |&unit: &usize| yardstick.is_above(units[unit].weight.thousandths().into());
    if yardstick.can_hold(total) || ground.iter().any(is_oversize) {
        return stuck(graph, &ground, cell, yardstick);
    }
    let mut cells: Vec<Option<usize>> = ground.iter().map(|&unit| drawn.cell_of[unit]).collect();
    cells.sort_unstable();
    cells.dedup();
    let cell_count = cells.len();
    let is_as_near_as_can_be =
        yardstick.is_nearest(cell_count, total) && yardstick.is_near_own_mean(cell.weight, cell_count, total);
    if !is_as_near_as_can_be {
        return stuck(graph, &ground, cell, yardstick);
    }
    let detail = format!(
        "no number of cells within {:.1} % of {:.1} adds up to the {} that hang together here; it is cut into {cell_count}",
        yardstick.tolerance_percent(),
        yardstick.mean(),
        weight(total)
    );
    Some(Certificate { reason: Reason::ParentArithmetic, detail })
}

/// Where a cell has a unit around which no ground of its component weighs what a cell may.
fn stuck(
    graph: &UnitGraph,
    ground: &[usize],
    cell: &DrawnCell,
    yardstick: &Yardstick,
) -> Option<Certificate> {
    let units = graph.units();
    let weights: HashMap<usize, i128> =
        ground.iter().map(|&unit| (unit, i128::from(units[unit].weight.thousandths()))).collect();
    let links = graph.links().iter().map(|link| [link.first as usize, link.second as usize]);
    let near =
        Near::of(weights.clone(), links.filter(|pair| pair.iter().all(|unit| weights.contains_key(unit))));
    let mut heaviest_first: Vec<usize> =
        cell.units.iter().copied().filter(|unit| weights[unit] > 0).collect();
    heaviest_first.sort_by_key(|unit| (std::cmp::Reverse(weights[unit]), *unit));
    let holds = |weight: i128| yardstick.holds(weight);
    let found = heaviest_first
        .into_iter()
        .take(MOST_STARTS)
        .find(|&unit| near.is_stuck(unit, holds, |weight| yardstick.is_above(weight)))?;
    let detail = format!(
        "nothing that hangs together around unit {}, which weighs {}, is within {:.1} % of the mean of {:.1}: it is too light, or too heavy with the next unit",
        shown::text(&units[found].id),
        units[found].weight,
        yardstick.tolerance_percent(),
        yardstick.mean()
    );
    Some(Certificate { reason: Reason::OversizeUnit, detail })
}
