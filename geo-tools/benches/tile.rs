//! What it takes to draw a tile that nobody has asked for before.
//!
//! `cargo bench -p geo-tools --bench tile`.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench prints, and ends where it cannot go on"
)]

use std::hint::black_box;
use std::time::Instant;

use geo_tools::generate::{LatticeOptions, lattice};
use geo_tools::tile::{Layer, TileFeature, TileValue, bounds, encode};
use geo_tools::{Bounds, Coverage, Geometry, Leaf};

const CELLS: u32 = 263;
const ROUNDS: usize = 200;

/// The deepest tile that holds all of a box.
fn tile_of(inside: Bounds) -> (u8, u32, u32) {
    let around = |z: u8| {
        let column = ((inside.south_west().lon() + 180.0) / 360.0 * f64::from(1u32 << z)) as u32;
        let rows = 0..1u32 << z;
        let row = rows.into_iter().find(|row| bounds(z, column, *row).contains(inside.south_west()))?;
        bounds(z, column, row).contains(inside.north_east()).then_some((z, column, row))
    };
    (0..14).rev().find_map(around).expect("the tile of the whole world holds it")
}

fn layer(coverage: &Coverage) -> Layer {
    let feature = |leaf: u32| TileFeature {
        id: Some(u64::from(leaf)),
        geometry: Geometry::MultiPolygon(coverage.polygons(Leaf(leaf))),
        properties: vec![
            ("code".to_owned(), TileValue::from(format!("KM-{leaf:03}"))),
            ("level".to_owned(), TileValue::from(2)),
        ],
    };
    Layer { name: "cells".to_owned(), features: (0..CELLS).map(feature).collect() }
}

fn main() {
    let lattice = lattice(&LatticeOptions::plain(CELLS, 7));
    let coverage = Coverage::from_borders(lattice.leaf_count, lattice.borders).expect("a coverage");
    let (z, x, y) = tile_of(coverage.bounds());
    let median_us = |run: &dyn Fn() -> usize| {
        let timed = (0..ROUNDS).map(|_| {
            let start = Instant::now();
            black_box(run());
            start.elapsed().as_secs_f64() * 1e6
        });
        let mut times: Vec<f64> = timed.collect();
        times.sort_by(f64::total_cmp);
        times[ROUNDS / 2]
    };
    let cells = layer(&coverage);
    let length = encode(z, x, y, std::slice::from_ref(&cells)).len();
    println!(
        "{CELLS} cells of 37 positions, tile {z}/{x}/{y} of {length} bytes: {:.0} µs to encode, {:.0} µs with the polygons derived from borders",
        median_us(&|| encode(z, x, y, std::slice::from_ref(&cells)).len()),
        median_us(&|| encode(z, x, y, &[layer(&coverage)]).len())
    );
}
