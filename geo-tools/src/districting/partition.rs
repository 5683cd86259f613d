//! From units to a plan: parents, their components, and the cells of each, on as many threads as are given.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::districting::component::{Order, Outcome, cut};
use crate::districting::ground::{Ground, Links};
use crate::districting::quota::{Mean, Part, quota};
use crate::districting::{Effort, Plan, PlannedCell, Reason, Span, UnitGraph, Watch, Weight};
use crate::{Code, Problem, Severity, shown};

/// The mean that cells are measured by is only known once they are cut; so often it is tried again with that.
const MOST_ROUNDS: usize = 4;
const WHOLE_PPM: u32 = 1_000_000;
/// Beyond, cells follow any road for as long as it takes: a border would cost next to nothing.
const MOST_CLEAR_WORTH_PPM: u32 = 900_000;

/// How to cut.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// What a cell should weigh.
    pub target: Weight,
    /// How far a cell may be from its parent's mean, in millionths of the mean.
    pub tolerance_ppm: u32,
    /// By how much a border along a clear line counts for less than another of its length, in millionths; 0 where only
    /// short ones are wanted, and always so where the graph knows of no clear lines.
    pub clear_worth_ppm: u32,
    /// How long to search.
    pub effort: Effort,
    /// Another seed, another plan.
    pub seed: u64,
    /// How many components are cut at once. The plan is the same for any number.
    pub threads: NonZeroUsize,
}

/// Why there is no plan.
#[derive(Clone, Debug)]
pub enum Undone {
    /// It was called off.
    CalledOff,
    /// What was asked for cannot be.
    Refused(Vec<Problem>),
}

/// What can be said of a wish before anything is cut: errors, for which it is refused, and warnings.
pub fn foresee(graph: &UnitGraph, options: &Options) -> Vec<Problem> {
    foresee_for(graph, &Aims { options, targets: &BTreeMap::new(), is_rest: false })
}

/// What cells should come to.
#[derive(Clone, Copy)]
pub(crate) struct Aims<'a> {
    pub(crate) options: &'a Options,
    /// What a cell should weigh in single parents, where that is not what it should elsewhere.
    pub(crate) targets: &'a BTreeMap<String, Weight>,
    /// Whether the ground is what other cells have left, which may be little.
    pub(crate) is_rest: bool,
}

impl Aims<'_> {
    /// What a cell of a parent should weigh.
    fn target(&self, parent: &Option<String>) -> Weight {
        parent.as_ref().and_then(|parent| self.targets.get(parent)).copied().unwrap_or(self.options.target)
    }
}

/// The same with other targets for some parents.
pub(crate) fn foresee_for(graph: &UnitGraph, aims: &Aims<'_>) -> Vec<Problem> {
    let options = aims.options;
    let mut problems = Vec::new();
    let target = options.target.thousandths();
    if graph.units().is_empty() {
        problems.push(Problem::error(Code::MissingField, "there are no units to cut"));
    }
    if target == 0 {
        problems.push(Problem::error(Code::BadValue, "the target is 0; a cell must weigh something"));
    }
    if options.tolerance_ppm >= WHOLE_PPM {
        problems.push(Problem::error(Code::BadValue, "the tolerance must be less than 1, the whole mean"));
    }
    if options.clear_worth_ppm > MOST_CLEAR_WORTH_PPM {
        let message = "a border along a clear line may count for at most 0.9 less than another of its length";
        problems.push(Problem::error(Code::BadValue, message));
    }
    let mut weights: BTreeMap<&Option<String>, i64> = BTreeMap::new();
    for unit in graph.units() {
        *weights.entry(&unit.parent).or_default() += unit.weight.thousandths();
    }
    let total: i64 = weights.values().sum();
    if !graph.units().is_empty() && total < target && aims.targets.is_empty() && !aims.is_rest {
        let total = Weight::from_thousandths(total);
        let message = format!(
            "the target is {}, all units together weigh {total}; a target of {total} gives one cell",
            options.target
        );
        problems.push(Problem::error(Code::TargetTooLarge, message));
        return problems;
    }
    for (parent, &weight) in weights
        .iter()
        .filter(|(parent, weight)| parent.is_some() && **weight < aims.target(parent).thousandths())
    {
        let name = parent.as_deref().unwrap_or_default();
        let weight = Weight::from_thousandths(weight);
        let message = format!(
            "parent \u{201c}{}\u{201d} weighs {weight}, less than the target of {}; it becomes one cell for each ground that hangs together",
            shown::text(name),
            aims.target(parent)
        );
        let problem = Problem::warning(Code::TargetTooLarge, message);
        problems.push(Problem { features: vec![name.to_owned()], ..problem });
    }
    problems
}

/// Cuts units into cells.
///
/// # Errors
/// [`Undone`] where it was called off, or [`foresee`] says an error.
pub fn partition(graph: &UnitGraph, options: &Options, watch: &Watch<'_>) -> Result<Plan, Undone> {
    cut_for(graph, &Aims { options, targets: &BTreeMap::new(), is_rest: false }, watch)
}

/// Cuts units into cells with other targets for some parents.
pub(crate) fn cut_for(graph: &UnitGraph, aims: &Aims<'_>, watch: &Watch<'_>) -> Result<Plan, Undone> {
    let options = aims.options;
    let problems = foresee_for(graph, aims);
    if problems.iter().any(|problem| problem.severity == Severity::Error) {
        return Err(Undone::Refused(problems));
    }
    watch.begin(graph.units().len());
    let mut parents = parents(graph, options.clear_worth_ppm);
    parents.iter_mut().for_each(|parent| parent.target = aims.target(parent.name));
    for round in 0..MOST_ROUNDS {
        let jobs: Vec<Job<'_>> = parents.iter().flat_map(|parent| parent.jobs(options, round == 0)).collect();
        let outcomes = outcomes(&jobs, options.threads, watch);
        drop(jobs);
        if watch.is_called_off() {
            return Err(Undone::CalledOff);
        }
        let mut outcomes = outcomes.into_iter();
        let mut is_settled = true;
        for parent in parents.iter_mut().filter(|parent| !parent.is_settled) {
            parent.outcomes = outcomes.by_ref().take(parent.grounds.len()).collect();
            parent.settle(options, round + 1 == MOST_ROUNDS);
            is_settled &= parent.is_settled;
        }
        if is_settled {
            break;
        }
    }
    watch.finish();
    Ok(plan(graph, &parents, options))
}

/// A parent with the ground of each of its components.
struct Parent<'a> {
    name: &'a Option<String>,
    target: Weight,
    grounds: Vec<Ground>,
    mean: Option<Mean>,
    is_small: Vec<bool>,
    outcomes: Vec<Outcome>,
    is_settled: bool,
}

/// One component, and how it is to be cut.
struct Job<'a> {
    ground: &'a Ground,
    order: Order,
}

fn parents(graph: &UnitGraph, clear_worth_ppm: u32) -> Vec<Parent<'_>> {
    let mut members: BTreeMap<&Option<String>, Vec<u32>> = BTreeMap::new();
    for (at, unit) in (0..).zip(graph.units()) {
        members.entry(&unit.parent).or_default().push(at);
    }
    let mut parent_of = vec![0; graph.units().len()];
    for (number, units) in (0..).zip(members.values()) {
        units.iter().for_each(|&unit| parent_of[unit as usize] = number);
    }
    let links = Links::within_parents(graph, &parent_of, clear_worth_ppm);
    let mut numbers = vec![0; graph.units().len()];
    let mut is_seen = vec![false; graph.units().len()];
    let of_parent = |(name, units): (_, Vec<u32>)| {
        let mut grounds = Vec::new();
        for start in units {
            if std::mem::replace(&mut is_seen[start as usize], true) {
                continue;
            }
            let mut component = vec![start];
            let mut at = 0;
            while at < component.len() {
                for near in links.of(component[at]) {
                    if !std::mem::replace(&mut is_seen[near.unit as usize], true) {
                        component.push(near.unit);
                    }
                }
                at += 1;
            }
            grounds.push(Ground::of(graph, &links, &component, &mut numbers));
        }
        Parent {
            name,
            target: Weight::default(),
            grounds,
            mean: None,
            is_small: Vec::new(),
            outcomes: Vec::new(),
            is_settled: false,
        }
    };
    members.into_iter().map(of_parent).collect()
}

impl Parent<'_> {
    fn jobs(&self, options: &Options, is_first: bool) -> Vec<Job<'_>> {
        if self.is_settled {
            return Vec::new();
        }
        let parts: Vec<Part> =
            self.grounds.iter().map(|ground| Part { weights: ground.weights.clone() }).collect();
        let quota = quota(&parts, self.target.thousandths(), options.tolerance_ppm);
        let is_small = if self.is_small.is_empty() { quota.is_small } else { self.is_small.clone() };
        let mean = self.mean.unwrap_or(quota.mean);
        let job = |(ground, is_small)| {
            let Options { tolerance_ppm, effort, seed, .. } = *options;
            Job { ground, order: Order { mean, tolerance_ppm, is_small, is_first, effort, seed } }
        };
        self.grounds.iter().zip(is_small).map(job).collect()
    }

    /// Compares the cells with the mean that they have come to, and wants another round where some are off.
    fn settle(&mut self, options: &Options, is_last: bool) {
        let mut mean = Mean { sum: 0, count: 0 };
        for (ground, outcome) in self.grounds.iter().zip(&self.outcomes).filter(|(_, outcome)| outcome.fits) {
            for (&cell, &weight) in outcome.cells.iter().zip(&ground.weights) {
                mean.sum += i128::from(if cell < outcome.first_oversize { weight } else { 0 });
            }
            mean.count += i128::from(outcome.first_oversize);
        }
        if mean.count == 0 {
            self.is_settled = true;
            return;
        }
        let span = mean.span(options.tolerance_ppm);
        let is_off = |(ground, outcome): (&Ground, &Outcome)| {
            let ordinary = weights(ground, outcome).into_iter().take(outcome.first_oversize as usize);
            outcome.fits && ordinary.into_iter().any(|weight| span.miss(weight) > 0)
        };
        let any_off = self.grounds.iter().zip(&self.outcomes).any(is_off);
        self.is_settled = is_last || !any_off || self.mean == Some(mean);
        self.mean = Some(mean);
        self.is_small = self.outcomes.iter().map(|outcome| outcome.is_small).collect();
    }
}

fn weights(ground: &Ground, outcome: &Outcome) -> Vec<i64> {
    let mut weights = vec![0; outcome.count as usize];
    for (&cell, &weight) in outcome.cells.iter().zip(&ground.weights) {
        weights[cell as usize] += weight;
    }
    weights
}

/// The outcomes of all jobs in their order, whichever thread came to them.
fn outcomes(jobs: &[Job<'_>], threads: NonZeroUsize, watch: &Watch<'_>) -> Vec<Outcome> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        while let Some((at, job)) = {
            let at = next.fetch_add(1, Ordering::Relaxed);
            jobs.get(at).map(|job| (at, job))
        } {
            if watch.is_called_off() {
                break;
            }
            done.push((at, cut(job.ground, &job.order, watch)));
        }
        done
    };
    let mut outcomes: Vec<Outcome> = vec![Outcome::default(); jobs.len()];
    let mut take = |done: Vec<(usize, Outcome)>| {
        for (at, outcome) in done {
            outcomes[at] = outcome;
        }
    };
    if threads.get() == 1 {
        take(work());
        return outcomes;
    }
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.get().min(jobs.len())).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            match worker.join() {
                Ok(done) => take(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    outcomes
}

/// The cells of all parents, those of each by where their first unit lies along the curve.
fn plan(graph: &UnitGraph, parents: &[Parent<'_>], options: &Options) -> Plan {
    let mut plan = Plan { cells: Vec::new(), cell_of: vec![0; graph.units().len()] };
    for parent in parents {
        let span = parent.mean.map(|mean| mean.span(options.tolerance_ppm));
        let digits =
            parent.outcomes.iter().map(|outcome| outcome.count).sum::<u32>().to_string().len().max(2);
        let mut number = 0;
        for (ground, outcome) in parent.grounds.iter().zip(&parent.outcomes) {
            let weights = weights(ground, outcome);
            let mut renamed: Vec<Option<u32>> = vec![None; outcome.count as usize];
            for (&unit, &cell) in ground.units.iter().zip(&outcome.cells) {
                let at = *renamed[cell as usize].get_or_insert_with(|| {
                    number += 1;
                    let own = format!("{number:0digits$}");
                    let name = parent.name.as_ref().map_or(own.clone(), |parent| format!("{parent}-{own}"));
                    let reason = span.and_then(|span| reason(outcome, cell, (weights[cell as usize], span)));
                    plan.cells.push(PlannedCell { name, reason });
                    plan.cells.len() as u32 - 1
                });
                plan.cell_of[unit as usize] = at;
            }
        }
    }
    plan
}

/// Why a cell is out of what it may weigh, if it is and must be.
fn reason(outcome: &Outcome, cell: u32, (weight, span): (i64, Span)) -> Option<Reason> {
    if span.miss(weight) == 0 {
        return None;
    }
    if cell >= outcome.first_oversize {
        return Some(Reason::OversizeUnit);
    }
    if outcome.fits {
        return None;
    }
    let is_small = outcome.count == 1 && weight < span.least;
    Some(if is_small { Reason::SmallComponent } else { Reason::ParentArithmetic })
}
