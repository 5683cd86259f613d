//! What building and proving cost, printed by hand: `cargo test -p geo-tools --test coverage -- --ignored cost --nocapture`.

use std::time::Instant;

use geo_tools::coverage::{Area, BuildOptions, Coverage, build};
use geo_tools::{Polygon, Position};

use crate::random::Random;
use crate::support::real;

/// A lattice of square cells whose borders have eleven positions each, bent at random.
fn lattice(cells: usize, random: &mut Random) -> Vec<Area> {
    const STEP: i32 = 30_000;
    const PIECES: i32 = 10;
    let at = |x: i32, y: i32| Position::from_e7(1_000_000_000 + x, 140_000_000 + y).expect("in range");
    let mut bent = |_: i32| random.below(1_000) as i32 - 500;
    let size = cells as i32;
    let line = |from: (i32, i32), is_east: bool, bent: &mut dyn FnMut(i32) -> i32| -> Vec<Position> {
        let step = STEP / PIECES;
        let place = |piece: i32, off: i32| {
            let along = piece * step;
            if is_east { at(from.0 + along, from.1 + off) } else { at(from.0 + off, from.1 + along) }
        };
        (0..=PIECES)
            .map(|piece| place(piece, if piece == 0 || piece == PIECES { 0 } else { bent(piece) }))
            .collect()
    };
    let mut lines = std::collections::HashMap::new();
    for column in 0..=size {
        for row in 0..=size {
            for is_east in [true, false] {
                lines.insert((column, row, is_east), line((column * STEP, row * STEP), is_east, &mut bent));
            }
        }
    }
    let mut areas = Vec::new();
    for column in 0..size {
        for row in 0..size {
            let sides = [
                (lines[&(column, row, true)].clone(), false),
                (lines[&(column + 1, row, false)].clone(), false),
                (lines[&(column, row + 1, true)].clone(), true),
                (lines[&(column, row, false)].clone(), true),
            ];
            let exterior = sides.into_iter().flat_map(|(mut side, is_backward)| {
                if is_backward {
                    side.reverse();
                }
                side.pop();
                side
            });
            let polygons = vec![Polygon { exterior: exterior.collect(), holes: Vec::new() }];
            areas.push(Area { name: format!("{column}/{row}"), polygons });
        }
    }
    areas
}

fn print_cost(name: &str, areas: &[Area]) {
    let started = Instant::now();
    let coverage = build(areas, &BuildOptions::default()).coverage.expect("clean");
    let build_ms = started.elapsed().as_secs_f64() * 1e3;
    let sides: usize = coverage.borders().iter().map(|border| border.line.len() - 1).sum();
    let median = |act: &dyn Fn()| {
        let mut times: Vec<f64> = (0..5)
            .map(|_| {
                let started = Instant::now();
                act();
                started.elapsed().as_secs_f64() * 1e3
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[2]
    };
    let prove_ms = median(&|| assert_eq!(coverage.prove(), []));
    let load_ms = median(&|| {
        let loaded = Coverage::from_borders(coverage.leaf_count(), coverage.borders().to_vec());
        assert!(loaded.is_ok());
    });
    println!(
        "{name}: {} leaves, {sides} sides: build {build_ms:.0} ms, prove {prove_ms:.1} ms, load {load_ms:.1} ms",
        coverage.leaf_count()
    );
}

#[test]
#[ignore = "prints times, which say nothing on a busy machine"]
fn cost_of_building_proving_and_loading() {
    print_cost("lattice", &lattice(100, &mut Random::seeded(51)));
    if let Some(blocks) = real("town-liechtenstein", "blocks.geojson.gz", "block_id") {
        print_cost("Liechtenstein", &blocks);
    }
}
