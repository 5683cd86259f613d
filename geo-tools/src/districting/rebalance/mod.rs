//! A plan that has come out of tolerance is brought back into it with little that changes cells.
//!
//! Start at [`rebalance`]. `before` takes the plan up, `measure` says what its cells may weigh, `flow` what must at least
//! change; of one component `sweep` brings the cells back, with `trade` and `few` between two of them, and `polish` makes
//! their borders shorter.
//!
//! Invariant: parents and components keep their cells, by number and name; where nothing is out of tolerance nothing changes.

mod before;
mod component;
mod crew;
mod few;
mod flow;
mod measure;
mod polish;
mod redraw;
mod sweep;
mod trade;

use std::num::NonZeroUsize;

use crate::districting::ground::Links;
use crate::districting::{Plan, PlanRow, PlannedCell, Undone, UnitGraph, Watch, Weight};
use crate::{Code, Problem};
use before::Before;
use component::{Parent, numbered, parents};
use crew::on_threads;

/// The mean of cells with units that are too heavy is only known once all have changed; so often it is tried again.
const MOST_ROUNDS: usize = 3;
const WHOLE_PPM: u32 = 1_000_000;

/// What counts more: that few households change cells, or that borders are short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thrift {
    /// Short borders, whoever moves.
    Shape,
    /// Rather short borders.
    RatherShape,
    /// Between the two.
    Even,
    /// Rather few moves.
    RatherMoves,
    /// Few moves, however ragged the borders.
    Moves,
}

impl Thrift {
    /// All five, from the shortest borders to the fewest moves.
    pub const ALL: [Self; 5] = [Self::Shape, Self::RatherShape, Self::Even, Self::RatherMoves, Self::Moves];

    /// What a unit of the mean weight costs away from home, in hundredths of the mean border between two units.
    fn toll_percent(self) -> i64 {
        match self {
            Self::Shape => 25,
            Self::RatherShape => 50,
            Self::Even => 100,
            Self::RatherMoves => 200,
            Self::Moves => 400,
        }
    }
}

/// How to change a plan.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// How far a cell may be from its parent's mean, in millionths of the mean.
    pub tolerance_ppm: u32,
    /// What counts more; without it the shortest borders that are found with at most 1.4 times the bound moved, and where
    /// all move more, the fewest moves.
    pub thrift: Option<Thrift>,
    /// Another seed, another plan.
    pub seed: u64,
    /// How many components are changed at once. The plan is the same for any number.
    pub threads: NonZeroUsize,
}

/// A plan that was changed.
#[derive(Clone, Debug)]
pub struct Rebalanced {
    /// The plan: the same cells, in the order of the lines of the plan before.
    pub plan: Plan,
    /// What the units weigh that are in another cell than before.
    pub moved_weight: Weight,
    /// What must at least change cells if every unit goes no further than to a cell that was beside its own: a flow of
    /// least cost between the cells before, each weight counted at every border that it crosses.
    pub moved_bound: Weight,
    /// What must at least change cells however units go: what is too much in all cells, or what is missing in all.
    pub moved_least: Weight,
    /// Warnings: ground whose number of cells does not fit its weight any more.
    pub problems: Vec<Problem>,
}

/// Brings the cells of a plan back into tolerance of their parents' means.
///
/// # Errors
/// [`Undone`] where it was called off, or the plan is not one of these units: units unknown, twice or in no cell, cells of
/// two parents or in pieces.
pub fn rebalance(
    graph: &UnitGraph,
    rows: &[PlanRow],
    change: &Change,
    watch: &Watch<'_>,
) -> Result<Rebalanced, Undone> {
    if change.tolerance_ppm >= WHOLE_PPM {
        let message = "the tolerance must be less than 1, the whole mean";
        return Err(Undone::Refused(vec![Problem::error(Code::BadValue, message)]));
    }
    if graph.units().is_empty() {
        let problem = Problem::error(Code::MissingField, "there are no units to bring into balance");
        return Err(Undone::Refused(vec![problem]));
    }
    let (names, parent_of) = numbered(graph);
    let links = Links::within_parents(graph, &parent_of, 0);
    let before = Before::of(graph, rows, &links).map_err(Undone::Refused)?;
    watch.begin(graph.units().len());
    let mut parents = parents(graph, (&names, &parent_of), &links, &before);
    for round in 0..MOST_ROUNDS {
        let jobs: Vec<_> = parents.iter().flat_map(|parent| parent.jobs(change, round == 0)).collect();
        let outcomes = on_threads(&jobs, change.threads, |job| job.run(watch));
        drop(jobs);
        if watch.is_called_off() {
            return Err(Undone::CalledOff);
        }
        let mut outcomes = outcomes.into_iter();
        for parent in parents.iter_mut().filter(|parent| !parent.is_settled) {
            parent.take(&mut outcomes, change, round + 1 == MOST_ROUNDS);
        }
        if parents.iter().all(|parent| parent.is_settled) {
            break;
        }
    }
    watch.finish();
    Ok(rebalanced(graph, &parents, before))
}

fn rebalanced(graph: &UnitGraph, parents: &[Parent<'_>], before: Before) -> Rebalanced {
    let mut cell_of = before.cell_of.clone();
    let (mut bound, mut least) = (0, 0);
    for component in parents.iter().flat_map(|parent| &parent.components) {
        component.write(&mut cell_of);
        bound += component.bounds.flow;
        least += component.bounds.least;
    }
    let changed = graph.units().iter().zip(cell_of.iter().zip(&before.cell_of));
    let moved = changed.filter(|(_, (now, before))| now != before).map(|(unit, _)| unit.weight.thousandths());
    let moved_weight = Weight::from_thousandths(moved.sum());
    let cells = before.names.into_iter().map(|name| PlannedCell { name, reason: None }).collect();
    Rebalanced {
        plan: Plan { cells, cell_of },
        moved_weight,
        moved_bound: Weight::from_thousandths(bound),
        moved_least: Weight::from_thousandths(least),
        problems: parents.iter().flat_map(|parent| parent.warnings(graph)).collect(),
    }
}
