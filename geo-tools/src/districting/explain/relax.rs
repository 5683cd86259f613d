//! What would bring cells into tolerance if one rule gave way: each tried out, and counted by the judge.
//!
//! A wider tolerance is judged on the plan as it is. Two parents that lie beside each other are cut anew as one, and what
//! that leaves out of tolerance is counted; only misses that are certified count as mended, since the others might be mended
//! with no rule changed. A unit that is too heavy is divided on paper: the parts of its cell are compared with what a
//! cell may weigh.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

use crate::districting::explain::{ExplainedCell, ROUNDING, Subject};
use crate::districting::judge::measure_within;
use crate::districting::{
    Conditions, Effort, JudgedCell, Judgement, Link, Options, Reason, Rules, Unit, UnitGraph, Watch, Weight,
    partition,
};

/// A tolerance is looked for up to twice what it is, or up to this where it is nothing; in millionths.
const MOST_WITHOUT_TOLERANCE_PPM: u32 = 50_000;
/// Tolerances are told in steps of a thousandth of the mean.
const STEP_PPM: u32 = 1_000;
const WHOLE_PPM: u32 = 1_000_000;
/// So many pairs of parents are cut anew, those with the most misses and the longest border.
const MOST_PAIRS: usize = 12;
/// Pairs of more units than this are not cut anew.
const MOST_UNITS: usize = 20_000;
/// So many units are named that would have to be divided, the heaviest.
const MOST_DIVIDED: usize = 3;

/// A rule that gives way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relaxed {
    /// A unit is cut into parts.
    DividedUnit {
        /// Its id.
        unit: String,
        /// What it weighs.
        weight: Weight,
        /// The cell that it is in.
        cell: String,
        /// Into how many cells that cell then falls.
        cell_count: usize,
    },
    /// Two parents count as one.
    JoinedParents {
        /// The one.
        first: String,
        /// The other.
        second: String,
    },
    /// Cells may be further from the mean.
    Tolerance {
        /// So far, in millionths of the mean.
        tolerance_ppm: u32,
    },
}

/// What one rule that gives way would mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relaxation {
    /// The rule.
    pub rule: Relaxed,
    /// How many cells fewer are out of tolerance then.
    pub mended: usize,
    /// How many are still.
    pub left: usize,
}

/// What would mend anything, what mends most first; of those that mend as much what changes least.
pub(super) fn relaxations(
    subject: &Subject<'_>,
    cells: &[ExplainedCell],
    cell_of: &[Option<usize>],
) -> Vec<Relaxation> {
    let miss_count = misses(subject.judgement);
    if miss_count == 0 {
        return Vec::new();
    }
    let mut found: Vec<(Relaxed, usize)> = divided(subject, cells);
    found.extend(joined(subject, cell_of));
    found.extend(wider(subject, miss_count));
    let relaxation = |(rule, mended)| Relaxation { rule, mended, left: miss_count.saturating_sub(mended) };
    let mut found: Vec<Relaxation> = found.into_iter().map(relaxation).collect();
    found.sort_by_key(|relaxation| std::cmp::Reverse(relaxation.mended));
    found
}

fn misses(judgement: &Judgement) -> usize {
    judgement.cells.iter().filter(|cell| is_missed(cell)).count()
}

/// Whether a rule that gives way could mend a cell: a locked one stays as it is.
fn is_missed(cell: &JudgedCell) -> bool {
    !cell.is_in_tolerance && !cell.is_locked
}

/// The least tolerance that mends as much as twice the tolerance does.
fn wider(subject: &Subject<'_>, miss_count: usize) -> Option<(Relaxed, usize)> {
    let Subject { graph, rows, rules, conditions, judgement } = *subject;
    let most_ppm = match rules.tolerance_ppm {
        0 => MOST_WITHOUT_TOLERANCE_PPM,
        tolerance_ppm => (2 * tolerance_ppm).min(WHOLE_PPM - 1),
    };
    let judged =
        |tolerance_ppm: u32| measure_within(graph, rows, Rules { tolerance_ppm, ..rules }, conditions);
    let at_most = judged(most_ppm);
    let mended = miss_count.checked_sub(misses(&at_most)).filter(|mended| *mended > 0)?;
    let out: BTreeSet<&str> =
        judgement.cells.iter().filter(|cell| is_missed(cell)).map(|cell| cell.cell.as_str()).collect();
    let brought_in =
        at_most.cells.iter().filter(|cell| cell.is_in_tolerance && out.contains(cell.cell.as_str()));
    let furthest_ppm = brought_in.map(|cell| (cell.deviation.abs() * 1e6).ceil() as u32).max()?;
    let tolerance_ppm = furthest_ppm.div_ceil(STEP_PPM) * STEP_PPM;
    // Another tolerance sets other cells apart, and so moves the mean: it is judged, not concluded.
    let is_enough = tolerance_ppm < most_ppm && misses(&judged(tolerance_ppm)) <= miss_count - mended;
    Some((Relaxed::Tolerance { tolerance_ppm: if is_enough { tolerance_ppm } else { most_ppm } }, mended))
}

/// Parents with certified misses, each cut anew together with one beside it.
fn joined(subject: &Subject<'_>, cell_of: &[Option<usize>]) -> Vec<(Relaxed, usize)> {
    let units = subject.graph.units();
    let mut certified: BTreeMap<&str, usize> = BTreeMap::new();
    for cell in subject.judgement.cells.iter().filter(|cell| is_missed(cell) && cell.certificate.is_some()) {
        if let Some(parent) = &cell.parent {
            *certified.entry(parent).or_default() += 1;
        }
    }
    let certified = |parent: &str| certified.get(parent).copied().unwrap_or_default();
    let mut shared_mm: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    for link in subject.graph.links() {
        let [first, second] = [link.first, link.second].map(|unit| units[unit as usize].parent.as_deref());
        let (Some(first), Some(second)) = (first, second) else { continue };
        if first != second && certified(first) + certified(second) > 0 {
            *shared_mm.entry((first.min(second), first.max(second))).or_default() += link.shared_mm;
        }
    }
    let mut pairs: Vec<((&str, &str), i64)> = shared_mm.into_iter().collect();
    pairs.sort_by_key(|((first, second), shared_mm)| {
        std::cmp::Reverse((certified(first) + certified(second), *shared_mm))
    });
    let tried = pairs.into_iter().take(MOST_PAIRS).filter_map(|((first, second), _)| {
        let left = misses_as_one(subject, cell_of, [first, second])?;
        let mended = (certified(first) + certified(second)).checked_sub(left).filter(|mended| *mended > 0)?;
        Some((Relaxed::JoinedParents { first: first.to_owned(), second: second.to_owned() }, mended))
    });
    tried.collect()
}

/// How many cells are out of tolerance where two parents are cut as one; `None` where that is not tried.
fn misses_as_one(subject: &Subject<'_>, cell_of: &[Option<usize>], parents: [&str; 2]) -> Option<usize> {
    let all = subject.graph.units();
    let is_inside = |unit: &Unit| unit.parent.as_deref().is_some_and(|parent| parents.contains(&parent));
    let inside: Vec<usize> = (0..all.len()).filter(|&unit| is_inside(&all[unit])).collect();
    // A plan that leaves units out has no misses to be compared with; what else is to be kept is not cut anew.
    let is_bound = |&unit: &usize| cell_of[unit].is_none() || subject.conditions.binds(unit);
    let [target, other] = parents.map(|parent| subject.conditions.target(Some(parent)));
    if inside.len() > MOST_UNITS || inside.iter().any(is_bound) || target != other {
        return None;
    }
    let mut number = vec![None; all.len()];
    for (at, &unit) in (0_u32..).zip(&inside) {
        number[unit] = Some(at);
    }
    let link = |link: &Link| {
        let (first, second) = (number[link.first as usize]?, number[link.second as usize]?);
        Some(Link { first, second, ..*link })
    };
    let links = subject.graph.links().iter().filter_map(link).collect();
    let barred: Vec<[u32; 2]> = (0..)
        .zip(subject.graph.links())
        .filter(|(at, _)| subject.graph.is_barred(*at))
        .filter_map(|(_, barred)| link(barred).map(|link| [link.first, link.second]))
        .collect();
    let units =
        inside.iter().map(|&unit| Unit { parent: Some(String::new()), ..all[unit].clone() }).collect();
    let graph = UnitGraph::new(units, links).ok()?.with_barred(&barred);
    let means = subject
        .judgement
        .parents
        .iter()
        .filter(|parent| parent.parent.as_deref().is_some_and(|parent| parents.contains(&parent)));
    let mean = || means.map(|parent| parent.mean).reduce(f64::max).and_then(|mean| Weight::new(mean).ok());
    let options = Options {
        target: target.or(subject.rules.target).or_else(mean)?,
        tolerance_ppm: subject.rules.tolerance_ppm,
        clear_worth_ppm: 0,
        effort: Effort::Fast,
        seed: 0,
        threads: NonZeroUsize::MIN,
    };
    let plan = partition(&graph, &options, &Watch::new(&|_| {}, &AtomicBool::new(false))).ok()?;
    let rules = Rules { target: Some(options.target), ..subject.rules };
    Some(misses(&measure_within(&graph, &plan.rows(&graph), rules, &Conditions::default())))
}

/// Cells with a unit that alone is too heavy, where dividing it would do.
fn divided(subject: &Subject<'_>, cells: &[ExplainedCell]) -> Vec<(Relaxed, usize)> {
    let tolerance_share = f64::from(subject.rules.tolerance_ppm) / 1e6;
    let mut found: Vec<(&ExplainedCell, usize)> = Vec::new();
    for cell in cells {
        let reason = cell.judged.certificate.as_ref().map(|certificate| certificate.reason);
        let (whole, heaviest) = (cell.judged.weight.value(), cell.heaviest.weight.value());
        if reason != Some(Reason::OversizeUnit) || !cell.heaviest.is_too_heavy {
            continue;
        }
        // One of the cells takes what was beside the unit, and as much of the unit as it lacks.
        let even = |count: usize| whole / count as f64;
        let holds = |count: &usize| (even(*count) / cell.mean - 1.0).abs() <= tolerance_share + ROUNDING;
        let fewer = (whole / cell.mean).floor() as usize;
        let count = [fewer, fewer + 1].into_iter().filter(|count| *count > 1).find(holds);
        if let Some(count) = count.filter(|&count| whole - heaviest <= even(count)) {
            found.push((cell, count));
        }
    }
    found.sort_by_key(|(cell, _)| std::cmp::Reverse(cell.heaviest.weight));
    let relaxed = |(cell, cell_count): (&ExplainedCell, usize)| {
        let rule = Relaxed::DividedUnit {
            unit: cell.heaviest.unit.clone(),
            weight: cell.heaviest.weight,
            cell: cell.judged.cell.clone(),
            cell_count,
        };
        (rule, 1)
    };
    found.into_iter().take(MOST_DIVIDED).map(relaxed).collect()
}
