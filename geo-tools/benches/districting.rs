//! What it takes to cut generated units into cells of 400, each plan judged.
//!
//! `cargo bench -p geo-tools --bench districting`; `-- fast` for the fast effort alone, `-- 1000000` for one number of units.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench prints, and ends where it cannot go on"
)]

use std::num::NonZeroUsize;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use geo_tools::districting::{Effort, Options, PlanHash, Rules, Watch, Weight, judge, partition};
use geo_tools::generate::units;

const COUNTS: [u32; 3] = [5_000, 50_000, 1_000_000];

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
    let counts = COUNTS.iter().filter(|count| {
        let numbers: Vec<u32> = wanted.iter().filter_map(|text| text.parse().ok()).collect();
        numbers.is_empty() || numbers.contains(count)
    });
    for &count in counts {
        let graph = units(count, 7);
        for effort in [Effort::Fast, Effort::Full] {
            if effort == Effort::Full && wanted.iter().any(|text| text == "fast") {
                continue;
            }
            let options = Options {
                target: Weight::new(400.0).expect("a weight"),
                tolerance_ppm: 50_000,
                effort,
                seed: 7,
                threads: NonZeroUsize::MIN,
            };
            let start = Instant::now();
            let watch = AtomicBool::new(false);
            let plan = partition(&graph, &options, &Watch::new(&|_| {}, &watch)).expect("a plan");
            let cut_s = start.elapsed().as_secs_f64();
            let rows = plan.rows(&graph);
            let rules = Rules { tolerance_ppm: 50_000, target: Some(options.target) };
            let judgement = judge(&graph, &rows, rules);
            let contiguous = judgement.cells.iter().filter(|cell| cell.is_contiguous).count();
            println!(
                "{count} units, {effort:?}: {cut_s:.2} s, {} MB at most, {} cells, {contiguous} contiguous, {:.3} % in tolerance, {} problems, cut {:.1} km, mean Polsby-Popper {:.3}, plan {}",
                peak_mb(),
                judgement.cells.len(),
                judgement.in_tolerance_share() * 100.0,
                judgement.problems.len(),
                judgement.cut_mm as f64 / 1e6,
                judgement.mean_polsby_popper(),
                PlanHash::of(&rows)
            );
        }
    }
}
