//! The locator against what a user would otherwise take: rstar over envelopes and geo's `Contains`.
//!
//! `cargo bench -p geo-tools --bench locator -- [CELLS…]`. Answers are compared before anything is timed.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench prints, and ends where it cannot go on"
)]

use std::hint::black_box;
use std::time::Instant;

use geo::Contains;
use geo_tools::locator::{Locator, Method};
use geo_tools::{Coverage, Leaf, Position};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

#[path = "../tests/locator/lattice.rs"]
mod lattice;
#[path = "../tests/locator/random.rs"]
mod random;

use lattice::{SIDE, SOUTH, WEST};
use random::Random;

const POSITIONS: usize = 1_000_000;
const ROUNDS: usize = 5;

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

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn seconds(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    run();
    start.elapsed().as_secs_f64()
}

/// Positions all over the cells, at random or box by box of a grid about as fine as the cells.
fn positions(side: usize, order: Order) -> Vec<Position> {
    let mut random = Random(1);
    let span = (SIDE * side as f64 * 1e7) as i64;
    let mut along = |low: f64| (low * 1e7) as i32 + random.below(span) as i32;
    let mut positions: Vec<Position> =
        (0..POSITIONS).map(|_| Position::from_e7(along(WEST), along(SOUTH)).expect("in range")).collect();
    if order == Order::Spatial {
        positions.sort_by_key(|at| (at.lat_e7() >> 14, at.lon_e7() >> 14, at.lat_e7() >> 12, at.lon_e7()));
    }
    positions
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Random,
    Spatial,
}

/// Medians of rounds in which all take turns, in million positions a second.
fn race(locator: &Locator, rival: &Rival, positions: &[Position], order: Order) {
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
    let sides: Vec<usize> = std::env::args().skip(1).filter_map(|side| side.parse().ok()).collect();
    let sides = if sides.is_empty() { vec![32, 100, 316] } else { sides };
    for side in sides {
        let coverage = lattice::coverage(side);
        let rival = Rival::build(&coverage);
        let build_s =
            median((0..ROUNDS).map(|_| seconds(|| drop(black_box(Locator::build(&coverage))))).collect());
        let locator = Locator::build(&coverage);
        let cells = side * side;
        println!(
            "{cells} cells of 37 positions: built in {build_s:.3} s, {} bytes a cell",
            locator.size_bytes() / cells
        );
        for order in [Order::Random, Order::Spatial] {
            let positions = positions(side, order);
            let differing = differing(&locator, &rival, &positions);
            println!("  {order:?}: {POSITIONS} positions, {differing} answered differently, all on borders");
            race(&locator, &rival, &positions, order);
        }
    }
}
