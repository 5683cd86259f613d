//! What a plan keeps besides: cells that stay as they are, units that stay together, targets of single parents.
//!
//! Start at [`Conditions::of`], which says what cannot be kept, and at [`partition_within`], which keeps it: locked cells
//! are taken off the ground, units that stay together are cut as one.
//!
//! Invariant: what [`Conditions`] hold can be kept together: each cell and group is one piece of one parent, and no unit
//! is in two.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use crate::districting::joined::Joined;
use crate::districting::partition::{Aims, cut_for, foresee_for};
use crate::districting::{Link, Options, Plan, PlanRow, PlannedCell, Undone, Unit, UnitGraph, Watch, Weight};
use crate::{Code, Problem, Severity, shown};

/// What is wished for, as it was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// Cells that stay as they are, by their lines.
    pub locked: Vec<PlanRow>,
    /// Units that stay in one cell: those whose lines name the same group.
    pub together: Vec<PlanRow>,
    /// What a cell should weigh in single parents, where that is not what it should elsewhere.
    pub targets: BTreeMap<String, Weight>,
}

/// What a plan keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    locked: Vec<Kept>,
    together: Vec<Kept>,
    /// All units of locked cells, and all of groups: of a plan with many of both every unit is asked for.
    in_locked: HashSet<u32>,
    in_groups: HashSet<u32>,
    targets: BTreeMap<String, Weight>,
}

/// Units that are or stay in one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// What the cell or the group is called.
    pub name: String,
    /// Its units, by their index in the graph, in order.
    pub units: Vec<u32>,
}

impl Conditions {
    /// Wishes for some units.
    ///
    /// # Errors
    /// Everything that cannot be kept: units that are unknown or wished into two cells, cells and groups in pieces or
    /// across parents, groups of which some units are locked and others are not or elsewhere.
    pub fn of(graph: &UnitGraph, wishes: &Wishes) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let locked = gather(graph, (&wishes.locked, "the locked cells"), &mut problems);
        let together = gather(graph, (&wishes.together, "the units to stay together"), &mut problems);
        let ground = Joined::of(graph);
        // Whether it is locked or has a name of its own: what it is called says which.
        for (kept, kind) in [(&locked, "cell"), (&together, "group")] {
            problems.extend(kept.iter().filter_map(|kept| ground.in_pieces((kept, kind))));
        }
        let cell_of: HashMap<u32, usize> = (0..)
            .zip(&locked)
            .flat_map(|(at, cell)| cell.units.iter().map(move |&unit| (unit, at)))
            .collect();
        let mut open = Vec::new();
        for group in together {
            let cells: BTreeSet<Option<usize>> =
                group.units.iter().map(|unit| cell_of.get(unit).copied()).collect();
            match (cells.len(), cells.first()) {
                (1, Some(None)) => open.push(group),
                // Together already, and locked so.
                (1, _) => {}
                _ => problems.push(clash(graph, &group, (&cell_of, &locked))),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let (in_locked, in_groups) = (all_of(&locked), all_of(&open));
        Ok(Self { locked, together: open, in_locked, in_groups, targets: wishes.targets.clone() })
    }

    /// The cells that stay as they are.
    pub fn locked(&self) -> &[Kept] {
        &self.locked
    }

    /// The groups of units that stay in one cell, those in locked cells left out.
    pub fn together(&self) -> &[Kept] {
        &self.together
    }

    /// What a cell of a parent should weigh, where that is special.
    pub fn target(&self, parent: Option<&str>) -> Option<Weight> {
        self.targets.get(parent?).copied()
    }

    /// Whether a unit is locked, or stays together with others.
    pub(crate) fn binds(&self, unit: usize) -> bool {
        self.is_in_group(unit) || is_in(&self.in_locked, unit)
    }

    /// Whether a unit stays together with others.
    pub(crate) fn is_in_group(&self, unit: usize) -> bool {
        is_in(&self.in_groups, unit)
    }

    /// What can be said before anything is cut: errors, for which it is refused, and warnings.
    pub fn foresee(&self, graph: &UnitGraph, options: &Options) -> Vec<Problem> {
        let reduced = self.reduced(graph);
        if reduced.graph.units().is_empty() && !graph.units().is_empty() {
            return Vec::new();
        }
        foresee_for(&reduced.graph, &self.aims(options))
    }

    fn aims<'a>(&'a self, options: &'a Options) -> Aims<'a> {
        Aims { options, targets: &self.targets, is_rest: !self.locked.is_empty() }
    }

    /// The ground that is left to be cut.
    fn reduced(&self, graph: &UnitGraph) -> Reduced {
        let mut number_of: Vec<Option<u32>> = vec![None; graph.units().len()];
        let mut is_locked = vec![false; graph.units().len()];
        for &unit in self.locked.iter().flat_map(|cell| &cell.units) {
            is_locked[unit as usize] = true;
        }
        let mut members: Vec<Vec<u32>> = Vec::new();
        let group_of: HashMap<u32, &Kept> = self
            .together
            .iter()
            .flat_map(|group| group.units.iter().map(move |&unit| (unit, group)))
            .collect();
        for unit in (0..graph.units().len() as u32).filter(|&unit| !is_locked[unit as usize]) {
            if number_of[unit as usize].is_none() {
                let group = group_of.get(&unit).map_or_else(|| vec![unit], |group| group.units.clone());
                for &unit in &group {
                    number_of[unit as usize] = Some(members.len() as u32);
                }
                members.push(group);
            }
        }
        let mut units: Vec<Unit> = members.iter().map(|group| as_one(graph, group)).collect();
        let mut links = Vec::new();
        let (mut open, mut barred) = (HashSet::new(), BTreeSet::new());
        let mut clear_mm: BTreeMap<[u32; 2], i64> = BTreeMap::new();
        for (at, link) in graph.links().iter().enumerate() {
            let ends = (number_of[link.first as usize], number_of[link.second as usize]);
            let (Some(one), Some(other)) = ends else { continue };
            if one == other {
                units[one as usize].perimeter_mm -= 2 * link.shared_mm;
                continue;
            }
            let pair = [one.min(other), one.max(other)];
            links.push(Link { first: pair[0], second: pair[1], shared_mm: link.shared_mm });
            if let Some(link_mm) = graph.clear_mm(at).filter(|&link_mm| link_mm > 0) {
                *clear_mm.entry(pair).or_default() += link_mm;
            }
            if graph.is_barred(at) {
                barred.insert(pair);
            } else {
                open.insert(pair);
            }
        }
        let barred: Vec<[u32; 2]> = barred.into_iter().filter(|pair| !open.contains(pair)).collect();
        let reduced = UnitGraph::of_sound(units, links).with_barred(&barred);
        let knows_clear_lines = graph.knows_clear_lines();
        let mut reduced = if knows_clear_lines { reduced.with_clear_mm(&clear_mm) } else { reduced };
        if let Some(rounds) = graph.rounds() {
            reduced = reduced.with_rounds(rounds.of_units(members.iter().map(Vec::as_slice)));
        }
        Reduced { graph: reduced, members }
    }
}

/// Units of which some stand for several.
struct Reduced {
    graph: UnitGraph,
    members: Vec<Vec<u32>>,
}

/// Cuts units into cells and keeps conditions.
///
/// # Errors
/// [`Undone`] where it was called off, or what was asked for cannot be.
pub fn partition_within(
    graph: &UnitGraph,
    conditions: &Conditions,
    options: &Options,
    watch: &Watch<'_>,
) -> Result<Plan, Undone> {
    let problems = conditions.foresee(graph, options);
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(Undone::Refused(problems));
    }
    let reduced = conditions.reduced(graph);
    let inner = if reduced.graph.units().is_empty() {
        Plan { cells: Vec::new(), cell_of: Vec::new() }
    } else {
        cut_for(&reduced.graph, &conditions.aims(options), watch)?
    };
    let locked: HashSet<&str> = conditions.locked.iter().map(|cell| cell.name.as_str()).collect();
    let mut names: HashSet<String> = locked
        .iter()
        .copied()
        .chain(inner.cells.iter().map(|cell| cell.name.as_str()))
        .map(str::to_owned)
        .collect();
    let mut plan = Plan { cells: Vec::new(), cell_of: vec![0; graph.units().len()] };
    for cell in inner.cells {
        let is_taken = locked.contains(cell.name.as_str());
        let name = if is_taken { next_free(&cell.name, &mut names) } else { cell.name };
        plan.cells.push(PlannedCell { name, ..cell });
    }
    for (units, &cell) in reduced.members.iter().zip(&inner.cell_of) {
        units.iter().for_each(|&unit| plan.cell_of[unit as usize] = cell);
    }
    for kept in &conditions.locked {
        kept.units.iter().for_each(|&unit| plan.cell_of[unit as usize] = plan.cells.len() as u32);
        plan.cells.push(PlannedCell { name: kept.name.clone(), reason: None });
    }
    Ok(plan)
}

fn all_of(kept: &[Kept]) -> HashSet<u32> {
    kept.iter().flat_map(|kept| &kept.units).copied().collect()
}

fn is_in(units: &HashSet<u32>, unit: usize) -> bool {
    u32::try_from(unit).is_ok_and(|unit| units.contains(&unit))
}

/// A name for a cell whose own is that of a locked one: the same with the next number that is free.
fn next_free(name: &str, names: &mut HashSet<String>) -> String {
    let stem = name.trim_end_matches(|last: char| last.is_ascii_digit());
    let digits = name.len() - stem.len();
    let mut number: u64 = name[stem.len()..].parse().unwrap_or(0);
    loop {
        number += 1;
        let next = format!("{stem}{number:0digits$}");
        if names.insert(next.clone()) {
            return next;
        }
    }
}

/// Units that stay together as one; what they share of their borders is still in its own.
fn as_one(graph: &UnitGraph, group: &[u32]) -> Unit {
    let of = |&unit: &u32| &graph.units()[unit as usize];
    let first = of(&group[0]);
    let middle = of(&group[group.len() / 2]);
    let weight = group.iter().map(|unit| of(unit).weight.thousandths()).sum();
    Unit {
        id: if group.len() == 1 {
            first.id.clone()
        } else {
            format!("{} and {} more", first.id, group.len() - 1)
        },
        parent: first.parent.clone(),
        weight: Weight::from_thousandths(weight),
        at: middle.at,
        perimeter_mm: group.iter().map(|unit| of(unit).perimeter_mm).sum(),
        area_m2: group.iter().map(|unit| of(unit).area_m2).sum(),
    }
}

/// Lines by what they name, each unit once.
fn gather(graph: &UnitGraph, (rows, what): (&[PlanRow], &str), problems: &mut Vec<Problem>) -> Vec<Kept> {
    let known: HashMap<&str, u32> = graph.units().iter().map(|unit| unit.id.as_str()).zip(0..).collect();
    let mut kept: Vec<Kept> = Vec::new();
    let mut named: HashMap<&str, usize> = HashMap::new();
    let mut first_row: HashMap<u32, &PlanRow> = HashMap::new();
    for row in rows {
        let wrong = |code: Code, message: String| Problem {
            line: row.line,
            features: vec![row.unit.clone()],
            ..Problem::error(code, message)
        };
        let shown = shown::text(&row.unit);
        let Some(&unit) = known.get(row.unit.as_str()) else {
            let message = format!("{what} name unit \u{201c}{shown}\u{201d}, which is not among the units");
            problems.push(wrong(Code::UnknownUnit, message));
            continue;
        };
        if let Some(first) = first_row.get(&unit) {
            if first.cell != row.cell {
                let at = |row: &PlanRow| row.line.map_or(String::new(), |line| format!(" (line {line})"));
                let message = format!(
                    "unit \u{201c}{shown}\u{201d} is wished into \u{201c}{}\u{201d}{} and into \u{201c}{}\u{201d}{}; it can be in one: take out one of the lines",
                    shown::text(&first.cell),
                    at(first),
                    shown::text(&row.cell),
                    at(row)
                );
                problems.push(wrong(Code::ConditionsClash, message));
            }
            continue;
        }
        first_row.insert(unit, row);
        let at = *named.entry(&row.cell).or_insert_with(|| {
            kept.push(Kept { name: row.cell.clone(), units: Vec::new() });
            kept.len() - 1
        });
        kept[at].units.push(unit);
    }
    kept.iter_mut().for_each(|kept| kept.units.sort_unstable());
    kept
}

fn clash(graph: &UnitGraph, group: &Kept, (cell_of, locked): (&HashMap<u32, usize>, &[Kept])) -> Problem {
    let told = |&unit: &u32| {
        let id = shown::text(&graph.units()[unit as usize].id);
        match cell_of.get(&unit) {
            Some(&cell) => format!(
                "\u{201c}{id}\u{201d} is locked in \u{201c}{}\u{201d}",
                shown::text(&locked[cell].name)
            ),
            None => format!("\u{201c}{id}\u{201d} is in no locked cell"),
        }
    };
    let first = &group.units[0];
    let other = group.units.iter().find(|unit| cell_of.get(unit) != cell_of.get(first)).unwrap_or(first);
    let message = format!(
        "group \u{201c}{}\u{201d} shall stay together, but {} and {}; lock all of it in one cell, or none of it",
        shown::text(&group.name),
        told(first),
        told(other)
    );
    let features = [first, other].map(|&unit| graph.units()[unit as usize].id.clone()).to_vec();
    Problem { features, ..Problem::error(Code::ConditionsClash, message) }
}
