//! What it takes to prove, to simplify and to build a coverage, and to draw a tile of it.
//!
//! `cargo bench -p geo-tools --bench coverage -- [CELLS…]`. Nothing is timed that was not proven first.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench prints, and ends where it cannot go on"
)]

use std::hint::black_box;
use std::time::Instant;

use geo_tools::coverage::{Area, BuildOptions, build};
use geo_tools::generate::{LatticeOptions, lattice};
use geo_tools::{Coverage, Leaf};

const ROUNDS: usize = 11;

/// The median of some rounds, in milliseconds.
fn median_ms<T>(mut run: impl FnMut() -> T) -> f64 {
    let timed = (0..ROUNDS).map(|_| {
        let start = Instant::now();
        let made = black_box(run());
        let elapsed_ms = start.elapsed().as_secs_f64() * 1e3;
        drop(made);
        elapsed_ms
    });
    let mut times: Vec<f64> = timed.collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

fn positions(coverage: &Coverage) -> usize {
    coverage.borders().iter().map(|border| border.line.len()).sum()
}

fn bench_simplify(coverage: &Coverage) {
    for tolerance_m in [1.0, 10.0, 100.0] {
        let simplified = coverage.simplify(tolerance_m);
        assert_eq!(simplified.prove(), []);
        println!(
            "  simplify within {tolerance_m} m: {:.0} ms, {:.0} % of the positions left",
            median_ms(|| coverage.simplify(tolerance_m)),
            100.0 * positions(&simplified) as f64 / positions(coverage) as f64
        );
    }
}

fn main() {
    let counts: Vec<u32> = std::env::args().skip(1).filter_map(|cells| cells.parse().ok()).collect();
    let counts = if counts.is_empty() { vec![10_000, 100_000] } else { counts };
    for cells in counts {
        let lattice = lattice(&LatticeOptions::plain(cells, 7));
        let coverage = Coverage::from_borders(lattice.leaf_count, lattice.borders).expect("a coverage");
        println!("{cells} cells of 37 positions, {} of them along borders", positions(&coverage));
        println!("  prove: {:.0} ms", median_ms(|| assert_eq!(coverage.prove(), [])));
        bench_simplify(&coverage);
        let area = |leaf: u32| Area { name: leaf.to_string(), polygons: coverage.polygons(Leaf(leaf)) };
        let areas: Vec<Area> = (0..cells).map(area).collect();
        let built_ms = median_ms(|| build(&areas, &BuildOptions::default()).coverage.expect("clean"));
        println!("  build from polygons, and prove by tracing: {built_ms:.0} ms");
    }
}
