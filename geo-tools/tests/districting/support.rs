//! Small graphs, and cutting them.

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;

use geo_tools::Position;
use geo_tools::districting::{
    Effort, Judgement, Link, Options, Plan, Rules, Undone, Unit, UnitGraph, Watch, Weight, judge, partition,
};

/// Chance that repeats: xorshift (Marsaglia 2003), so that no test leans on the crate's own.
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) | 1)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % end
    }
}

pub(crate) fn unit(number: usize, parent: Option<&str>, households: f64) -> Unit {
    let (column, row) = (number % 8, number / 8);
    let at = Position::new(113.7 + column as f64 * 0.001, 34.3 + row as f64 * 0.001).expect("in range");
    Unit {
        id: format!("u{number}"),
        parent: parent.map(str::to_owned),
        weight: Weight::new(households).expect("a weight"),
        at,
        perimeter_mm: 400_000,
        area_m2: 10_000.0,
    }
}

pub(crate) fn graph(units: Vec<Unit>, pairs: &[(u32, u32)]) -> UnitGraph {
    let links = pairs.iter().map(|&(first, second)| Link { first, second, shared_mm: 100_000 });
    UnitGraph::new(units, links.collect()).expect("a sound graph")
}

pub(crate) fn options(target: f64) -> Options {
    Options {
        target: Weight::new(target).expect("a weight"),
        tolerance_ppm: 50_000,
        clear_worth_ppm: 0,
        effort: Effort::Full,
        seed: 7,
        threads: NonZeroUsize::MIN,
    }
}

pub(crate) fn try_cut(graph: &UnitGraph, options: &Options) -> Result<Plan, Undone> {
    partition(graph, options, &Watch::new(&|_| {}, &AtomicBool::new(false)))
}

/// A plan that keeps every rule but, perhaps, its tolerance.
pub(crate) fn cut(graph: &UnitGraph, options: &Options) -> (Plan, Judgement) {
    let plan = try_cut(graph, options).expect("a plan");
    let judgement = judged(graph, &plan, options);
    assert!(judgement.cells.iter().all(|cell| cell.is_contiguous), "{judgement:#?}");
    (plan, judgement)
}

pub(crate) fn judged(graph: &UnitGraph, plan: &Plan, options: &Options) -> Judgement {
    let rules = Rules { tolerance_ppm: options.tolerance_ppm, target: Some(options.target) };
    judge(graph, &plan.rows(graph), rules)
}
