//! The locator against what a user would otherwise take: rstar over envelopes and geo's `Contains`.
//!
//! `cargo bench -p geo-tools --bench locator -- [CELLS…]`. Answers are compared before anything is timed.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench prints, and ends where it cannot go on"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use geo::Contains;
use geo_tools::generate::{LatticeOptions, PositionOrder, lattice, positions};
use geo_tools::locator::{Locator, Method};
use geo_tools::{Coverage, Leaf, Position};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

const POSITIONS: u64 = 1_000_000;
const ROUNDS: usize = 11;

type Boxed = GeomWithData<Rectangle<[f64; 2]>, u32>;

struct Rival {
    tree: RTree<Boxed>,
    polygons: Vec<geo::Polygon<f64>>,
}

impl Rival {
    fn build(coverage: &Coverage) -> Self {
        let mut polygons = Vec::new();
        let mut boxes = Vec::new();
        for leaf in 0..coverage.leaf_count() as u32 {
            for polygon in coverage.polygons(Leaf(leaf)) {
                let ring = |ring: &[Position]| {
                    ring.iter().map(|at| (at.lon(), at.lat())).collect::<geo::LineString<f64>>()
                };
                let polygon = geo::Polygon::new(
                    ring(&polygon.exterior),
                    polygon.holes.iter().map(|hole| ring(hole)).collect(),
                );
                let bounds = geo::BoundingRect::bounding_rect(&polygon).expect("a ring");
                let (low, high) = (bounds.min(), bounds.max());
                boxes
                    .push(GeomWithData::new(Rectangle::from_corners([low.x, low.y], [high.x, high.y]), leaf));
                polygons.push(polygon);
            }
        }
        Self { tree: RTree::bulk_load(boxes), polygons }
    }

    fn locate(&self, at: Position) -> Option<Leaf> {
        let point = geo::Point::new(at.lon(), at.lat());
        self.tree
            .locate_in_envelope_intersecting(&AABB::from_point([at.lon(), at.lat()]))
            .find(|near| self.polygons[near.data as usize].contains(&point))
            .map(|near| Leaf(near.data))
    }
}

/// The least acceptable on random positions, as times of rstar and geo.
const LEAST_RATIOS: [(u32, f64); 3] = [(1_000, 29.0), (10_000, 36.0), (100_000, 65.0)];
/// What 100,000 cells may take to be built, and what any cell may take of memory.
const MOST_BUILD_S: f64 = 2.0;
const MOST_CELL_BYTES: usize = 2_000;

/// Says whether what is asked of a figure holds; it is the reader who judges, since others on the machine slow all of it.
fn hold(claim: &str, holds: bool) {
    println!("  {}  {claim}", if holds { "holds" } else { "FAILS" });
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn seconds(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64()
}

/// How much of what this process holds lies in large pages, in MiB; 0 where the system does not say.
fn large_pages_mib() -> u64 {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("AnonHugePages:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0u64) / 1024
}

/// Medians of rounds in which all take turns, in million positions a second. Answers how many times as fast as the rival.
fn race(locator: &Locator, rival: &Rival, positions: &[Position], order: PositionOrder) -> f64 {
    let mut owners = vec![None; positions.len()];
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        times[0].push(seconds(|| {
            locator.locate_into(black_box(positions), &mut owners);
            black_box(&owners);
        }));
        times[1].push(seconds(|| {
            for at in positions {
                black_box(locator.owner(black_box(*at)));
            }
        }));
        times[2].push(
            seconds(|| {
                for at in &positions[..positions.len() / 5] {
                    black_box(rival.locate(black_box(*at)));
                }
            }) * 5.0,
        );
        times[3].push(seconds(|| {
            for (owner, at) in owners.iter_mut().zip(positions) {
                *owner = Some(Leaf((at.lon_e7() ^ at.lat_e7()) as u32));
            }
            black_box(&owners);
        }));
    }
    let [batch, single, rival, floor] = times.map(|times| positions.len() as f64 / median(times) / 1e6);
    println!(
        "  {order:?}: batch {batch:.1} M/s, one by one {single:.1} M/s, rstar + geo {rival:.2} M/s: {:.1} times; reading and writing alone {floor:.0} M/s",
        batch / rival
    );
    alone(locator, positions);
    batch / rival
}

/// Times each of a hundred thousand lookups by itself; what reading the clock takes is taken off.
fn alone(locator: &Locator, positions: &[Position]) {
    let nanoseconds = |run: &dyn Fn(Position)| {
        let timed = positions.iter().take(100_000).map(|at| {
            let start = Instant::now();
            run(*at);
            start.elapsed().as_nanos() as f64
        });
        let mut times: Vec<f64> = timed.collect();
        times.sort_by(f64::total_cmp);
        [times[times.len() / 2], times[times.len() / 100 * 99]]
    };
    let [clock, _] = nanoseconds(&|at| _ = black_box(at));
    // What is taken off and what it is taken off from are each known to a step of the clock.
    let least = 2.0 * clock_step();
    let told = |time: f64| if time < least { format!("< {least:.0}") } else { format!("{time:.0}") };
    let [median, p99] =
        nanoseconds(&|at| _ = black_box(locator.owner(black_box(at)))).map(|time| told(time - clock));
    println!("  one lookup: median {median} ns, p99 {p99} ns beside the clock's {clock:.0} ns");
}

/// How far apart the times are that the clock tells, in nanoseconds: those that it tells of nothing most often. Rarer ones
/// between them come from how it counts.
fn clock_step() -> f64 {
    let mut counts = BTreeMap::new();
    for _ in 0..10_000 {
        *counts.entry(Instant::now().elapsed().as_nanos()).or_insert(0_u32) += 1;
    }
    let mut often: Vec<(u32, u128)> = counts.into_iter().map(|(time, count)| (count, time)).collect();
    often.sort_unstable_by(|one, other| other.cmp(one));
    if let [(_, one), (_, other), ..] = often[..] { one.abs_diff(other) as f64 } else { 1.0 }
}

/// Counts positions that the two see differently, and demands that each lies on a border, where `Contains` says no to both
/// sides.
fn differing(locator: &Locator, rival: &Rival, positions: &[Position]) -> usize {
    let ours = locator.locate_many(positions);
    let differing = ours.iter().zip(positions).filter(|(ours, at)| **ours != rival.locate(**at));
    let on_border = |at: &Position| locator.locate(*at, 0.0).method == Method::Border;
    differing
        .inspect(|(_, at)| assert!(on_border(at), "{at} is answered differently off the borders"))
        .count()
}

fn main() {
    let counts: Vec<u32> = std::env::args().skip(1).filter_map(|cells| cells.parse().ok()).collect();
    let counts = if counts.is_empty() { vec![1_000, 10_000, 100_000] } else { counts };
    for cells in counts {
        let lattice = lattice(&LatticeOptions::plain(cells, 7));
        let coverage = Coverage::from_borders(lattice.leaf_count, lattice.borders).expect("a coverage");
        let before_mib = large_pages_mib();
        let rival = Rival::build(&coverage);
        let rival_mib = large_pages_mib().saturating_sub(before_mib);
        let build_s =
            median((0..ROUNDS).map(|_| seconds(|| drop(black_box(Locator::build(&coverage))))).collect());
        let locator = Locator::build(&coverage);
        println!(
            "{cells} cells of 37 positions: built in {build_s:.3} s, {} bytes a cell",
            locator.size_bytes() / cells as usize
        );
        if cells == 100_000 {
            hold(&format!("built in at most {MOST_BUILD_S:.0} s: {build_s:.3}"), build_s <= MOST_BUILD_S);
        }
        let cell_bytes = locator.size_bytes() / cells as usize;
        hold(&format!("at most {MOST_CELL_BYTES} bytes a cell: {cell_bytes}"), cell_bytes <= MOST_CELL_BYTES);
        let own_mib = large_pages_mib().saturating_sub(before_mib + rival_mib);
        println!("  in large pages: {own_mib} MiB of the locator, {rival_mib} MiB of rstar + geo");
        for order in [PositionOrder::Random, PositionOrder::Spatial] {
            let positions: Vec<Position> = positions(coverage.bounds(), POSITIONS, 1, order).collect();
            let differing = differing(&locator, &rival, &positions);
            println!("  {order:?}: {POSITIONS} positions, {differing} answered differently, all on borders");
            let ratio = race(&locator, &rival, &positions, order);
            let asked = LEAST_RATIOS.iter().find(|asked| asked.0 == cells && order == PositionOrder::Random);
            if let Some((_, least)) = asked {
                hold(&format!("at least {least:.0} times at random: {ratio:.1}"), ratio >= *least);
            }
        }
    }
}
