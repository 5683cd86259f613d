//! Real towns: what their files say about themselves must come out.

use std::collections::BTreeMap;

use geo_tools::coverage::{Area, Coverage, Leaf};

use crate::support::{Real, built, read, real};

fn areas(features: &[Real]) -> Vec<Area> {
    features.iter().map(|feature| feature.area.clone()).collect()
}

fn clean(folder: &str) -> Option<(Vec<Real>, Coverage)> {
    let blocks = real(folder, "blocks.geojson.gz", "block_id")?;
    let build = built(&areas(&blocks));
    assert_eq!(build.problems, [], "{folder} is clean");
    Some((blocks, build.coverage.expect("no problem")))
}

/// The pairs that share a border, compared with the file that another tool made.
fn check_pairs(folder: &str, expected_pairs: usize) {
    let Some((blocks, coverage)) = clean(folder) else { return };
    let listed = read(folder, "block_adjacency.csv.gz").expect("beside the blocks");
    let mut expected = BTreeMap::new();
    for row in listed.lines().skip(1) {
        let [a, b, shared_m] = row.split(',').collect::<Vec<_>>()[..] else { panic!("three columns: {row}") };
        let pair = if a < b { (a, b) } else { (b, a) };
        expected.insert((pair.0.to_owned(), pair.1.to_owned()), shared_m.parse::<f64>().expect("metres"));
    }
    assert_eq!(expected.len(), expected_pairs);
    let mut found = BTreeMap::new();
    for leaf in 0..coverage.leaf_count() {
        for (other, shared_m) in coverage.neighbours(Leaf(leaf as u32)) {
            let (a, b) = (&blocks[leaf].area.name, &blocks[other.index()].area.name);
            found.insert((a.min(b).clone(), a.max(b).clone()), shared_m);
        }
    }
    assert!(found.keys().eq(expected.keys()), "{} pairs found, {} listed", found.len(), expected.len());
    for (pair, shared_m) in found {
        // The file measures on the national plane and rounds to 0.1 m; the plane's scale differs by up to 0.1 %.
        let tolerance_m = 0.06 + expected[&pair] * 0.001;
        assert!(
            (shared_m - expected[&pair]).abs() <= tolerance_m,
            "{pair:?}: {shared_m}, {}",
            expected[&pair]
        );
    }
}

#[test]
fn liechtenstein_has_the_2260_pairs_of_its_list() {
    check_pairs("town-liechtenstein", 2260);
}

#[test]
fn helsinki_has_the_131_pairs_of_its_list() {
    check_pairs("town-helsinki", 131);
}

#[test]
fn kymi_has_the_45_pairs_of_its_list() {
    check_pairs("town-kymi", 45);
}

#[test]
fn polygons_of_liechtenstein_come_out_as_they_went_in() {
    let Some((blocks, coverage)) = clean("town-liechtenstein") else { return };
    for (index, block) in blocks.iter().enumerate() {
        let canonical = |polygons: &[geo_tools::Polygon]| -> Vec<Vec<geo_tools::Position>> {
            let mut rings: Vec<_> =
                polygons.iter().flat_map(|polygon| polygon.rings().map(rotated)).collect();
            rings.sort();
            rings
        };
        let derived = coverage.polygons(Leaf(index as u32));
        assert_eq!(canonical(&derived), canonical(&block.area.polygons), "{}", block.area.name);
    }
}

/// A ring from its least position on, in the lesser of its two directions.
fn rotated(ring: &[geo_tools::Position]) -> Vec<geo_tools::Position> {
    let least = (0..ring.len()).min_by_key(|&at| ring[at]).expect("not empty");
    let mut forward = ring.to_vec();
    forward.rotate_left(least);
    let mut backward = forward.clone();
    backward[1..].reverse();
    forward.min(backward)
}
