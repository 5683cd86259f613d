//! What it takes to cut generated units into cells of 400, each plan judged.
//!
//! Then the units drift, in a milder way and a harder one, with three seeds each, and the plan is brought back into tolerance.
//!
//! `cargo bench -p geo-tools --bench districting`; `-- curve` for all five thrifts of a change, `-- fast` for the fast effort
//! alone, without a change, `-- 1000000` for one number of units.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench prints, and ends where it cannot go on"
)]

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use geo_tools::districting::{
    Change, Effort, Options, PlanHash, PlanRow, Rules, Thrift, UnitGraph, Watch, Weight, judge, partition,
    rebalance,
};
use geo_tools::generate::{DriftOptions, drifted, units};

const COUNTS: [u32; 3] = [5_000, 50_000, 1_000_000];
/// How many units are part of a place that grows: few, or many.
const GROWING_UNITS: [usize; 2] = [300, 700];
const DRIFT_SEEDS: [u64; 3] = [1, 2, 3];
const TOLERANCE_PPM: u32 = 50_000;

/// The most memory that this process has held, in megabytes; 0 where the system does not say.
fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes =
        line.and_then(|line| line.split_whitespace().nth(1)).and_then(|text| text.parse::<u64>().ok());
    kilobytes.unwrap_or(0) / 1_000
}

fn main() {
    let wanted: Vec<String> =
        std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let is_wanted = |word: &str| wanted.iter().any(|text| text == word);
    let counts = COUNTS.iter().filter(|count| {
        let numbers: Vec<u32> = wanted.iter().filter_map(|text| text.parse().ok()).collect();
        numbers.is_empty() || numbers.contains(count)
    });
    let mut thrifts = vec![None];
    if is_wanted("curve") {
        thrifts.extend(Thrift::ALL.map(Some));
    }
    for &count in counts {
        let graph = units(count, 7);
        cut(&graph, Effort::Fast);
        if is_wanted("fast") {
            continue;
        }
        let rows = cut(&graph, Effort::Full);
        // Few units have no room for the harder drift.
        let has_room = |growing: &usize| *growing == GROWING_UNITS[0] || 40 * growing <= count as usize;
        for growing_units in GROWING_UNITS.into_iter().filter(has_room) {
            for seed in DRIFT_SEEDS {
                let drift = DriftOptions { growing_units, seed };
                thrifts.iter().for_each(|&thrift| bring_back((&graph, &rows), drift, thrift));
            }
        }
    }
}

/// Cuts units, and gives the plan.
fn cut(graph: &UnitGraph, effort: Effort) -> Vec<PlanRow> {
    let target = Weight::new(400.0).expect("a weight");
    let options = Options {
        target,
        tolerance_ppm: TOLERANCE_PPM,
        clear_worth_ppm: 0,
        effort,
        seed: 7,
        threads: NonZeroUsize::MIN,
    };
    let start = Instant::now();
    let watch = AtomicBool::new(false);
    let plan = partition(graph, &options, &Watch::new(&|_| {}, &watch)).expect("a plan");
    let cut_s = start.elapsed().as_secs_f64();
    let rows = plan.rows(graph);
    let judgement = judge(graph, &rows, Rules { tolerance_ppm: TOLERANCE_PPM, target: Some(target) });
    let contiguous = judgement.cells.iter().filter(|cell| cell.is_contiguous).count();
    println!(
        "{} units, {effort:?}: {cut_s:.2} s, {} MB at most, {} cells, {contiguous} contiguous, {:.3} % in tolerance, {} problems, cut {:.1} km, mean Polsby-Popper {:.3}, plan {}",
        graph.units().len(),
        peak_mb(),
        judgement.cells.len(),
        judgement.in_tolerance_share() * 100.0,
        judgement.problems.len(),
        judgement.cut_mm as f64 / 1e6,
        judgement.mean_polsby_popper(),
        PlanHash::of(&rows)
    );
    rows
}

/// Lets units drift and changes their plan.
fn bring_back((graph, rows): (&UnitGraph, &[PlanRow]), drift: DriftOptions, thrift: Option<Thrift>) {
    let later = drifted(graph, drift);
    let rules = Rules { tolerance_ppm: TOLERANCE_PPM, target: None };
    let worn = measured(&later, rows, rules);
    let DriftOptions { growing_units, seed } = drift;
    let change = Change { tolerance_ppm: TOLERANCE_PPM, thrift, seed, threads: NonZeroUsize::MIN };
    let start = Instant::now();
    let called_off = AtomicBool::new(false);
    let changed = rebalance(&later, rows, &change, &Watch::new(&|_| {}, &called_off)).expect("a plan");
    let change_s = start.elapsed().as_secs_f64();
    let rows = changed.plan.rows(&later);
    let judgement = judge(&later, &rows, rules);
    let contiguous = judgement.cells.iter().filter(|cell| cell.is_contiguous).count();
    let name = thrift.map_or("at most 1.4 times the bound".to_owned(), |thrift| format!("{thrift:?}"));
    let (moved, bound) = (changed.moved_weight.value(), changed.moved_bound.value());
    println!(
        "  {growing_units} grow, seed {seed}, {name}: {change_s:.2} s, {} MB at most, {contiguous} of {} contiguous, {:.1} % in tolerance before and {:.3} % after, {} problems, {moved} moved, {:.3} times the bound of {bound}, mean Polsby-Popper {:.3} before and {:.1} % less after, plan {}",
        peak_mb(),
        judgement.cells.len(),
        worn.0 * 100.0,
        judgement.in_tolerance_share() * 100.0,
        judgement.problems.len(),
        moved / bound,
        worn.1,
        (1.0 - judgement.mean_polsby_popper() / worn.1) * 100.0,
        PlanHash::of(&rows)
    );
}

/// Which part of the cells is in tolerance, and their mean Polsby-Popper.
fn measured(graph: &UnitGraph, rows: &[PlanRow], rules: Rules) -> (f64, f64) {
    // A tolerance of everything asks for no reasons, which take long where thousands of cells are out.
    let all = judge(graph, rows, Rules { tolerance_ppm: 999_999, ..rules });
    let tolerance = f64::from(rules.tolerance_ppm) / 1e6;
    let within = all.cells.iter().filter(|cell| cell.deviation.abs() <= tolerance + 1e-12).count();
    (within as f64 / all.cells.len() as f64, all.mean_polsby_popper())
}
