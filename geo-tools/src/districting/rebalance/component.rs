//! Parents and their components: what the cells of each may weigh, what must change at least, and what is changed.

use std::collections::BTreeMap;

use crate::districting::ground::{Ground, Links};
use crate::districting::quota::Mean;
use crate::districting::rebalance::before::Before;
use crate::districting::rebalance::flow::{Border, cheapest};
use crate::districting::rebalance::measure::{Allowance, Standing, allowance, is_a_sum_of, mean};
use crate::districting::rebalance::redraw::{Prices, Redraw, Touch};
use crate::districting::rebalance::{Change, Thrift};
use crate::districting::{Span, UnitGraph, Watch, Weight};
use crate::{Code, Problem, shown};

/// So often cells that are still out are cut anew, and what that leaves is handed on.
const MOST_CUTS_ANEW: usize = 3;
/// Without a wish, borders are as short as they become while no more than this part of the bound moves, in hundredths.
const ENOUGH_PERCENT: i64 = 140;

/// A parent, whose cells are measured by one mean.
pub(super) struct Parent<'a> {
    name: &'a Option<String>,
    pub(super) components: Vec<Component>,
    mean: Option<Mean>,
    span: Option<Span>,
    pub(super) is_settled: bool,
}

/// Ground that hangs together within a parent, with its cells.
pub(super) struct Component {
    ground: Ground,
    /// For each unit of the ground the cell it was in before.
    home: Vec<u32>,
    /// For each cell of the component the cell of the plan.
    names: Vec<u32>,
    /// For each unit of the ground the cell it is in.
    cells: Vec<u32>,
    /// Whether its number of cells fits its weight.
    fits: bool,
    pub(super) bounds: Bounds,
}

/// What must at least change cells, in thousandths.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bounds {
    /// If units go to cells that were beside their own.
    pub(super) flow: i64,
    /// However they go.
    pub(super) least: i64,
}

/// One component that is to be changed.
pub(super) struct Job<'a> {
    component: &'a Component,
    allowance: Allowance,
    thrift: Option<Thrift>,
    seed: u64,
    is_first: bool,
}

/// What has become of a component.
pub(super) struct Outcome {
    cells: Vec<u32>,
    fits: bool,
    bounds: Bounds,
}

/// The parents in order, and for each unit the number of its own.
pub(super) fn numbered(graph: &UnitGraph) -> (Vec<&Option<String>>, Vec<u32>) {
    let mut number_of: BTreeMap<&Option<String>, u32> =
        graph.units().iter().map(|unit| (&unit.parent, 0)).collect();
    (0..).zip(number_of.values_mut()).for_each(|(number, own)| *own = number);
    let parent_of = graph.units().iter().map(|unit| number_of[&unit.parent]).collect();
    (number_of.into_keys().collect(), parent_of)
}

/// Parents with their components, in order.
pub(super) fn parents<'a>(
    graph: &UnitGraph,
    (names, parent_of): (&[&'a Option<String>], &[u32]),
    links: &Links,
    before: &Before,
) -> Vec<Parent<'a>> {
    let bare = |&name| Parent { name, components: Vec::new(), mean: None, span: None, is_settled: false };
    let mut parents: Vec<Parent<'a>> = names.iter().map(bare).collect();
    let mut is_seen = vec![false; graph.units().len()];
    let mut numbers = vec![0; graph.units().len()];
    for start in 0..graph.units().len() as u32 {
        if std::mem::replace(&mut is_seen[start as usize], true) {
            continue;
        }
        let mut units = vec![start];
        let mut at = 0;
        while at < units.len() {
            for near in links.of(units[at]) {
                if !std::mem::replace(&mut is_seen[near.unit as usize], true) {
                    units.push(near.unit);
                }
            }
            at += 1;
        }
        let mut ground = Ground::of(graph, links, &units, &mut numbers);
        // Whether cells can be visited is told of what comes out, and not looked for here.
        ground.rounds = None;
        parents[parent_of[start as usize] as usize].components.push(Component::of(ground, before));
    }
    parents
}

impl Component {
    fn of(ground: Ground, before: &Before) -> Self {
        let cell = |unit: &u32| before.cell_of[*unit as usize];
        let mut names: Vec<u32> = ground.units.iter().map(cell).collect();
        names.sort_unstable();
        names.dedup();
        // Every cell of a unit is among the names, so it is found.
        let number = |unit| names.partition_point(|&name| name < cell(unit)) as u32;
        let home: Vec<u32> = ground.units.iter().map(number).collect();
        Self { cells: home.clone(), ground, home, names, fits: true, bounds: Bounds::default() }
    }

    /// Its cells as they would stand with its units in these.
    fn standing(&self, cells: &[u32]) -> Vec<Standing> {
        let mut standing = vec![Standing { weight: 0, heaviest: 0 }; self.names.len()];
        for (&cell, &weight) in cells.iter().zip(&self.ground.weights) {
            let cell = &mut standing[cell as usize];
            cell.weight += weight;
            cell.heaviest = cell.heaviest.max(weight);
        }
        standing
    }

    /// Says of units of the graph in which cells of the plan they are.
    pub(super) fn write(&self, cell_of: &mut [u32]) {
        for (&unit, &cell) in self.ground.units.iter().zip(&self.cells) {
            cell_of[unit as usize] = self.names[cell as usize];
        }
    }
}

impl Parent<'_> {
    fn mean(&self, change: &Change) -> Mean {
        let standing = |component: &Component| component.standing(&component.cells);
        let standing: Vec<Vec<Standing>> = self.components.iter().map(standing).collect();
        mean(&standing, change.tolerance_ppm)
    }

    pub(super) fn jobs<'b>(&'b self, change: &Change, is_first: bool) -> Vec<Job<'b>> {
        if self.is_settled {
            return Vec::new();
        }
        let mean = self.mean.unwrap_or_else(|| self.mean(change));
        let job = |component: &'b Component| {
            let Change { tolerance_ppm, thrift, seed, .. } = *change;
            // Every round begins with the plan before.
            let allowance = allowance(&component.standing(&component.home), mean, tolerance_ppm);
            Job { component, allowance, thrift, seed, is_first }
        };
        self.components.iter().map(job).collect()
    }

    /// Takes what has become of its components, and sees whether they were measured by what their mean has become.
    pub(super) fn take(
        &mut self,
        outcomes: &mut impl Iterator<Item = Outcome>,
        change: &Change,
        is_last: bool,
    ) {
        let measured = self.mean.unwrap_or_else(|| self.mean(change));
        for component in &mut self.components {
            let Some(outcome) = outcomes.next() else { return };
            component.cells = outcome.cells;
            component.fits = outcome.fits;
            component.bounds = outcome.bounds;
        }
        let mean = self.mean(change);
        let span = mean.span(change.tolerance_ppm);
        let is_off = |component: &Component| {
            let cells = component.standing(&component.cells);
            let allowance = allowance(&cells, mean, change.tolerance_ppm);
            let mut misses = cells.iter().zip(&allowance.spans).map(|(cell, span)| span.miss(cell.weight));
            allowance.fits && misses.any(|miss| miss > 0)
        };
        self.is_settled = is_last || mean == measured || !self.components.iter().any(is_off);
        self.span = Some(span);
        self.mean = Some(mean);
    }

    /// Where the number of cells does not fit the weight any more.
    pub(super) fn warnings(&self, graph: &UnitGraph) -> Vec<Problem> {
        let Some(span) = self.span else { return Vec::new() };
        let is_unfit = |component: &&Component| component.names.len() > 1 && !component.fits;
        self.components
            .iter()
            .filter(is_unfit)
            .map(|component| self.warning(component, span, graph))
            .collect()
    }

    fn warning(&self, component: &Component, span: Span, graph: &UnitGraph) -> Problem {
        let total: i64 = component.ground.weights.iter().sum();
        let count = component.names.len();
        let fewest = (total + span.most - 1) / span.most.max(1);
        let mend = if is_a_sum_of(total, span) {
            format!("{} would be in tolerance: join or cut some before", fewest.max(1))
        } else {
            "no number of cells would be in tolerance".to_owned()
        };
        let unit = &graph.units()[component.ground.units[0] as usize].id;
        let of =
            self.name.as_deref().map_or(String::new(), |name| format!(" of parent {}", shown::text(name)));
        let message = format!(
            "the {count} cells{of} around unit \u{201c}{}\u{201d} weigh {} together, and one may weigh {} to {}: they are made even; {mend}",
            shown::text(unit),
            Weight::from_thousandths(total),
            Weight::from_thousandths(span.least),
            Weight::from_thousandths(span.most)
        );
        let problem = Problem::warning(Code::OutOfTolerance, message);
        Problem { features: self.name.iter().cloned().collect(), ..problem }
    }
}

impl Job<'_> {
    /// Changes what must be changed, from the plan before: as thrifty as wished, or in the first way that moves little enough.
    pub(super) fn run(&self, watch: &Watch<'_>) -> Outcome {
        let Component { ground, home, .. } = self.component;
        let mut outcome =
            Outcome { cells: home.clone(), fits: self.allowance.fits, bounds: Bounds::default() };
        let prices = |thrift: Thrift| Prices::of(ground, thrift.toll_percent());
        let worn = Redraw::new((ground, home, &self.allowance.spans), prices(Thrift::Even), watch);
        let before = worn.missing();
        if before.0 == 0 {
            self.tell(watch, ground.count());
            return outcome;
        }
        outcome.bounds = Bounds::of(&worn);
        let enough = outcome.bounds.flow * ENOUGH_PERCENT / 100;
        let thrifts = self.thrift.as_ref().map_or(&Thrift::ALL[..], std::slice::from_ref);
        let mut best: Option<Attempt> = None;
        for (number, &thrift) in (0..).zip(thrifts) {
            let mut draw = Redraw::new((ground, home, &self.allowance.spans), prices(thrift), watch);
            self.redraw(&mut draw, (watch, number == 0));
            let attempt = Attempt { missing: draw.missing(), moved: draw.moved(), cells: draw.cells };
            if best.as_ref().is_none_or(|best| attempt.rank() < best.rank()) {
                best = Some(attempt);
            }
            let is_enough = |best: &Attempt| best.missing.0 == 0 && best.moved <= enough;
            if best.as_ref().is_some_and(is_enough) || watch.is_called_off() {
                break;
            }
        }
        // Nobody shall move for cells that cannot be mended.
        let is_better =
            |after: (usize, i128)| after.0 < before.0 || (after.0 == before.0 && 2 * after.1 <= before.1);
        if let Some(best) = best.filter(|best| is_better(best.missing)) {
            outcome.cells = best.cells;
        }
        outcome
    }

    fn redraw(&self, draw: &mut Redraw<'_>, (watch, is_first): (&Watch<'_>, bool)) {
        draw.bring_back(&|units| {
            if is_first {
                self.tell(watch, units);
            }
        });
        for _ in 0..MOST_CUTS_ANEW {
            if draw.missing().0 == 0 || watch.is_called_off() {
                break;
            }
            draw.cut_anew(self.seed);
            draw.bring_back(&|_| {});
        }
        draw.polish(self.seed);
    }

    /// Every unit is counted once, however often it is tried.
    fn tell(&self, watch: &Watch<'_>, units: usize) {
        if self.is_first {
            watch.advance(units);
        }
    }
}

/// One way to change a component.
struct Attempt {
    missing: (usize, i128),
    moved: i64,
    cells: Vec<u32>,
}

impl Attempt {
    /// The less, the better.
    fn rank(&self) -> (usize, i64) {
        (self.missing.0, self.moved)
    }
}

impl Bounds {
    fn of(draw: &Redraw<'_>) -> Self {
        let touches = draw.touches();
        let border = |touch: &Touch| Border { first: touch.first, second: touch.second, cost: 1 };
        let borders: Vec<Border> = touches.iter().map(border).collect();
        let flow = cheapest(&draw.weights, draw.spans, &borders).iter().map(|amount| amount.abs()).sum();
        let cells = || draw.weights.iter().zip(draw.spans);
        let too_much: i64 = cells().map(|(&weight, span)| (weight - span.most).max(0)).sum();
        let missing: i64 = cells().map(|(&weight, span)| (span.least - weight).max(0)).sum();
        Self { flow, least: too_much.max(missing) }
    }
}
