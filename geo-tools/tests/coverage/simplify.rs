//! A simplified coverage is a coverage still, of the same leaves side by side, and near the one it was.

use geo_tools::coverage::{Border, Coverage, Leaf};
use geo_tools::generate::{LatticeOptions, Oddities, lattice};
use geo_tools::{Position, measure};

use crate::support::{built, real};

/// Tolerances from less than a step of the borders to more than everything.
pub(crate) const TOLERANCES_M: [f64; 5] = [0.3, 4.0, 25.0, 300.0, 1e7];

/// Simplifies, and asserts everything that is promised. Gives how many positions are left.
pub(crate) fn check_simplified(coverage: &Coverage, tolerance_m: f64) -> usize {
    let simplified = coverage.simplify(tolerance_m);
    assert_eq!(simplified.prove(), [], "{tolerance_m} m");
    let traced =
        Coverage::from_borders(coverage.leaf_count(), simplified.borders().to_vec()).expect("proven");
    assert_eq!(traced.faces(), coverage.faces(), "{tolerance_m} m");
    assert_eq!((traced.faces(), traced.bounds()), (simplified.faces(), simplified.bounds()));
    assert_eq!((traced.outlines(), simplified.outlines()), (coverage.outlines(), coverage.outlines()));
    for (thin, full) in simplified.borders().iter().zip(coverage.borders()) {
        assert_eq!((thin.left, thin.right), (full.left, full.right));
        check_line(&thin.line, &full.line, tolerance_m);
    }
    positions(&simplified)
}

/// The ends are the same, nothing is new, and what has gone lies within the tolerance of the side in its place.
fn check_line(thin: &[Position], full: &[Position], tolerance_m: f64) {
    assert_eq!((thin.first(), thin.last()), (full.first(), full.last()));
    let mut at = 0;
    for side in thin.windows(2) {
        let next = at + 1 + full[at + 1..].iter().position(|at| *at == side[1]).expect("in order");
        for gone in &full[at + 1..next] {
            let far_m = far_m(*gone, side);
            assert!(far_m <= tolerance_m * 1.001, "{gone} is {far_m} m off, of {tolerance_m} m");
        }
        at = next;
    }
    assert_eq!(at + 1, full.len());
}

/// How far a position lies from a side, by a thousand places along it: no less than the truth.
fn far_m(at: Position, side: &[Position]) -> f64 {
    let between = |a: i32, b: i32, share: f64| (f64::from(a) + f64::from(b - a) * share).round() as i32;
    let (a, b) = (side[0], side[1]);
    let place = |share: f64| {
        let (lon, lat) = (between(a.lon_e7(), b.lon_e7(), share), between(a.lat_e7(), b.lat_e7(), share));
        measure::distance_m(at, Position::from_e7(lon, lat).expect("between two"))
    };
    // Narrowed down to where it is least: the distance falls to there and rises again.
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let (first, second) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if place(first) <= place(second) { high = second } else { low = first }
    }
    place(f64::midpoint(low, high)).min(place(0.0)).min(place(1.0)) - 0.02
}

fn positions(coverage: &Coverage) -> usize {
    coverage.borders().iter().map(|border| border.line.len()).sum()
}

fn at(x: i32, y: i32) -> Position {
    Position::from_e7(1_210_000_000 + x, 140_000_000 + y).expect("in range")
}

fn border(line: &[(i32, i32)], left: Option<u32>, right: Option<u32>) -> Border {
    let line = line.iter().map(|&(x, y)| at(x, y)).collect();
    Border { line, left: left.map(Leaf), right: right.map(Leaf) }
}

/// Two areas side by side, the border between them bent out into the eastern one; `inside` lies in the bend.
fn bent(inside: &[Border]) -> Coverage {
    let mut borders = vec![
        border(&[(100, 0), (160, 50), (100, 100)], Some(0), Some(1)),
        border(&[(100, 100), (0, 100), (0, 0), (100, 0)], Some(0), None),
        border(&[(100, 0), (200, 0), (200, 100), (100, 100)], Some(1), None),
    ];
    borders.extend(inside.iter().cloned());
    Coverage::from_borders(2 + inside.len(), borders).expect("a coverage")
}

#[test]
fn a_simplified_lattice_is_proven_and_has_the_same_faces() {
    for (seed, per_mille) in [(1, 0), (2, 100), (3, 250)] {
        let oddities =
            Oddities { enclaves: per_mille, exclaves: per_mille, multipolygons: per_mille, voids: per_mille };
        let lattice = lattice(&LatticeOptions { cells: 300, seed, oddities });
        let coverage = Coverage::from_borders(lattice.leaf_count, lattice.borders).expect("a coverage");
        let left = TOLERANCES_M.map(|tolerance_m| check_simplified(&coverage, tolerance_m));
        println!("{} positions, left {left:?}", positions(&coverage));
        assert!(left.is_sorted_by(|more, less| more >= less), "{left:?}");
        assert!(left[3] * 3 < positions(&coverage), "{left:?}");
    }
}

#[test]
fn without_a_tolerance_nothing_changes() {
    let coverage = bent(&[]);
    for tolerance_m in [0.0, -1.0, f64::NAN, 1e-9] {
        assert_eq!(coverage.simplify(tolerance_m).borders(), coverage.borders());
    }
}

#[test]
fn a_bend_goes_unless_something_lies_in_it() {
    assert_eq!(check_simplified(&bent(&[]), 1e7), 2 + 3 + 3);
    // A loop in the bend, and one that touches the side that would come, from either of its sides.
    for (west, left) in [(110, 3 + 2 + 4 + 4), (100, 3 + 3 + 4 + 4)] {
        let enclave = [(west, 50), (130, 45), (135, 50), (130, 55), (west, 50)];
        let coverage = bent(&[border(&enclave, Some(2), Some(0))]);
        let simplified = coverage.simplify(1e7);
        assert_eq!(simplified.borders()[0].line, coverage.borders()[0].line);
        assert_eq!(check_simplified(&coverage, 1e7), left, "a loop keeps three positions");
    }
}

#[test]
fn two_borders_between_the_same_nodes_do_not_become_one() {
    let lens = |south: &[(i32, i32)]| {
        let borders = vec![
            border(&[(0, 0), (50, 20), (100, 0)], None, Some(0)),
            border(south, Some(0), Some(1)),
            border(&[(0, 0), (50, -90), (100, 0)], Some(1), None),
        ];
        Coverage::from_borders(2, borders).expect("a coverage")
    };
    // One of three may become straight; where one is already, none.
    assert_eq!(check_simplified(&lens(&[(0, 0), (50, -20), (100, 0)]), 1e7), 2 + 3 + 3);
    assert_eq!(check_simplified(&lens(&[(0, 0), (100, 0)]), 1e7), 3 + 2 + 3);
}

#[test]
fn the_blocks_of_liechtenstein_stay_side_by_side() {
    let Some(blocks) = real("town-liechtenstein", "blocks.geojson.gz", "block_id") else { return };
    let coverage = built(&blocks).coverage.expect("clean");
    let left = TOLERANCES_M.map(|tolerance_m| check_simplified(&coverage, tolerance_m));
    println!("{} positions, left {left:?}", positions(&coverage));
    assert!(left[1] < positions(&coverage), "{left:?}");
}
