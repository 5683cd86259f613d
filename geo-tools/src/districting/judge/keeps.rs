//! Judges a plan that had conditions to keep: whether it keeps them, and everything else on the ground that they leave.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::districting::judge::round::judge_rounds;
use crate::districting::judge::{Asked, JudgedCell, JudgedParent, Judgement, Rules, judge_for};
use crate::districting::{Certificate, Conditions, Kept, Link, PlanRow, Reason, Unit, UnitGraph, Weight};
use crate::{Code, Problem, shown};

/// Judges a plan, and whether it keeps conditions.
///
/// Locked cells are measured, and neither count for the mean nor must be in tolerance. Units that stay together count as
/// one where it is asked what could have been done better.
pub fn judge_within(graph: &UnitGraph, rows: &[PlanRow], rules: Rules, conditions: &Conditions) -> Judgement {
    let mut judgement = judge_all(graph, rows, (rules, true), conditions);
    judge_rounds(graph, rows, (rules, conditions), &mut judgement);
    judgement
}

/// The same without asking why cells are out of tolerance: of those that are, nothing is said.
pub(crate) fn measure_within(
    graph: &UnitGraph,
    rows: &[PlanRow],
    rules: Rules,
    conditions: &Conditions,
) -> Judgement {
    judge_all(graph, rows, (rules, false), conditions)
}

fn judge_all(
    graph: &UnitGraph,
    rows: &[PlanRow],
    (rules, wants_reasons): (Rules, bool),
    conditions: &Conditions,
) -> Judgement {
    let target_of = |parent: &Option<String>| conditions.target(parent.as_deref()).or(rules.target);
    let asked = Asked { rules, target_of: &target_of, wants_reasons };
    if conditions.locked().is_empty() && conditions.together().is_empty() {
        return judge_for(graph, rows, &asked);
    }
    let mut all = judge_for(graph, rows, &Asked { wants_reasons: false, ..asked });
    // Of several lines of a unit the first counts, as above.
    let mut cell_of: HashMap<&str, &str> = HashMap::new();
    for row in rows {
        cell_of.entry(&row.unit).or_insert(&row.cell);
    }
    let strays = strays(graph, &cell_of, conditions.locked());
    let locked = || conditions.locked().iter().zip(&strays);
    let mut problems: Vec<Problem> =
        locked().filter_map(|(cell, stray)| stray.map(|stray| changed(graph, cell, stray))).collect();
    let (split, whole): (Vec<&Kept>, Vec<&Kept>) =
        conditions.together().iter().partition(|group| cells_of(graph, &cell_of, group).len() > 1);
    problems.extend(split.iter().map(|group| torn(graph, &cell_of, group)));
    // Whether each is as it was: one that is not has nothing to excuse it.
    let is_kept: HashMap<&str, bool> =
        locked().map(|(cell, stray)| (cell.name.as_str(), stray.is_none())).collect();
    let (rest, rest_rows) = remaining(graph, &cell_of, (conditions, &whole));
    let free = judge_for(&rest, &rest_rows, &asked);
    all.problems.retain(|problem| problem.code != Code::OutOfTolerance);
    problems.extend(free.problems.into_iter().filter(|problem| problem.code == Code::OutOfTolerance));
    all.problems.extend(problems);
    let means: BTreeMap<&Option<String>, &JudgedParent> =
        free.parents.iter().map(|parent| (&parent.parent, parent)).collect();
    let free_cells: HashMap<&str, &JudgedCell> =
        free.cells.iter().map(|cell| (cell.cell.as_str(), cell)).collect();
    for cell in &mut all.cells {
        if let Some(&is_kept) = is_kept.get(cell.cell.as_str()) {
            cell.is_locked = true;
            if let Some(parent) = means.get(&cell.parent).filter(|parent| parent.mean > 0.0) {
                cell.deviation = cell.weight.value() / parent.mean - 1.0;
                cell.is_in_tolerance = cell.deviation.abs() * 1e6 <= f64::from(rules.tolerance_ppm) + 1e-6;
            }
            let certificate =
                || Certificate::of(Reason::Locked, "the cell is locked, and stays as it is".to_owned());
            cell.certificate = (!cell.is_in_tolerance && is_kept && wants_reasons).then(certificate);
        } else if let Some(judged) = free_cells.get(cell.cell.as_str()) {
            cell.deviation = judged.deviation;
            cell.is_in_tolerance = judged.is_in_tolerance;
            cell.certificate.clone_from(&judged.certificate);
        }
    }
    for parent in &mut all.parents {
        if let Some(free) = means.get(&parent.parent) {
            (parent.mean, parent.offset, parent.has_too_few) = (free.mean, free.offset, free.has_too_few);
        }
    }
    all
}

fn cells_of<'a>(graph: &UnitGraph, cell_of: &HashMap<&str, &'a str>, kept: &Kept) -> BTreeSet<&'a str> {
    let id = |unit: &u32| graph.units()[*unit as usize].id.as_str();
    kept.units.iter().filter_map(|unit| cell_of.get(id(unit)).copied()).collect()
}

/// A unit that has left a locked cell, or come into it.
#[derive(Clone, Copy)]
struct Stray {
    unit: usize,
    has_left: bool,
}

/// For each locked cell the first of its strays. All cells are gone through at once: there may be tens of thousands, such
/// as one for each villagers' group.
fn strays(graph: &UnitGraph, cell_of: &HashMap<&str, &str>, locked: &[Kept]) -> Vec<Option<Stray>> {
    let numbers: HashMap<&str, usize> =
        locked.iter().enumerate().map(|(number, cell)| (cell.name.as_str(), number)).collect();
    let mut was_in: Vec<Option<usize>> = vec![None; graph.units().len()];
    for (number, cell) in locked.iter().enumerate() {
        cell.units.iter().for_each(|&unit| was_in[unit as usize] = Some(number));
    }
    let mut strays: Vec<Option<Stray>> = vec![None; locked.len()];
    for (unit, was_in) in was_in.into_iter().enumerate() {
        let id = graph.units()[unit].id.as_str();
        let is_in = cell_of.get(id).and_then(|cell| numbers.get(cell).copied());
        if was_in == is_in {
            continue;
        }
        for (cell, has_left) in [(was_in, true), (is_in, false)] {
            if let Some(cell) = cell {
                strays[cell] = strays[cell].or(Some(Stray { unit, has_left }));
            }
        }
    }
    strays
}

/// How a locked cell is not as it was.
fn changed(graph: &UnitGraph, cell: &Kept, stray: Stray) -> Problem {
    let id = &graph.units()[stray.unit].id;
    let what = if stray.has_left { "is no longer in it" } else { "has come into it" };
    let message = format!(
        "cell \u{201c}{}\u{201d} is locked, and unit \u{201c}{}\u{201d} {what}",
        shown::text(&cell.name),
        shown::text(id)
    );
    Problem {
        features: vec![cell.name.clone(), id.clone()],
        ..Problem::error(Code::ConditionBroken, message)
    }
}

fn torn(graph: &UnitGraph, cell_of: &HashMap<&str, &str>, group: &Kept) -> Problem {
    let cells = cells_of(graph, cell_of, group).into_iter();
    let message = format!(
        "the units of group \u{201c}{}\u{201d} shall stay together and are in the cells {}",
        shown::text(&group.name),
        shown::list(cells.map(|cell| format!("\u{201c}{}\u{201d}", shown::text(cell))))
    );
    Problem { features: vec![group.name.clone()], ..Problem::error(Code::ConditionBroken, message) }
}

/// The ground without locked cells, groups as one unit each, and the lines of a plan for it.
fn remaining(
    graph: &UnitGraph,
    cell_of: &HashMap<&str, &str>,
    (conditions, groups): (&Conditions, &[&Kept]),
) -> (UnitGraph, Vec<PlanRow>) {
    // For each unit the one that stands for it: itself, the first of its group, or none.
    let mut stands: Vec<Option<usize>> = (0..graph.units().len()).map(Some).collect();
    let ids: HashSet<&str> = graph.units().iter().map(|unit| unit.id.as_str()).collect();
    let group_of: HashMap<usize, &str> =
        groups.iter().map(|group| (group.units[0] as usize, group.name.as_str())).collect();
    for &unit in conditions.locked().iter().flat_map(|cell| &cell.units) {
        stands[unit as usize] = None;
    }
    for group in groups {
        group.units.iter().for_each(|&unit| stands[unit as usize] = Some(group.units[0] as usize));
    }
    let mut numbers: BTreeMap<usize, u32> = BTreeMap::new();
    let mut units: Vec<Unit> = Vec::new();
    let mut rows = Vec::new();
    for ((at, unit), stand) in graph.units().iter().enumerate().zip(&stands) {
        let Some(stand) = *stand else { continue };
        if let Some(&number) = numbers.get(&stand) {
            let one = &mut units[number as usize];
            one.weight = Weight::from_thousandths(one.weight.thousandths() + unit.weight.thousandths());
            continue;
        }
        numbers.insert(stand, units.len() as u32);
        // As a certificate will name it.
        let mut id = unit.id.clone();
        if let Some(group) = group_of.get(&at) {
            id = format!("{id} (group {group})");
            while ids.contains(id.as_str()) {
                id.push('\'');
            }
        }
        if let Some(&cell) = cell_of.get(unit.id.as_str()) {
            rows.push(PlanRow { unit: id.clone(), cell: cell.to_owned(), line: None });
        }
        units.push(Unit { id, ..unit.clone() });
    }
    let number = |unit: u32| stands[unit as usize].and_then(|stand| numbers.get(&stand).copied());
    let mut links: Vec<Link> = Vec::new();
    for link in graph.open_links() {
        if let (Some(first), Some(second)) = (number(link.first), number(link.second))
            && first != second
        {
            links.push(Link { first, second, ..*link });
        }
    }
    // Barred borders are left out altogether: here nothing is measured, only asked what hangs together.
    (UnitGraph::of_sound(units, links), rows)
}
