//! What the locator promises, against an oracle that shares no code with it.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test's own tools fail the test and print its seed"
)]

mod corners;
#[path = "../data/mod.rs"]
mod data;
mod patchwork;
mod random;
mod ray;
mod redraw;

use std::collections::BTreeSet;

use geo_tools::coverage::{Area, Border, BuildOptions, build};
use geo_tools::formats::{Caps, Item, geojson};
use geo_tools::generate::{LatticeOptions, PositionOrder, lattice, positions};
use geo_tools::locator::{Locator, Method};
use geo_tools::{Coverage, Geometry, Leaf, Position, measure};

use data::data;
use patchwork::{Patchwork, SIDE, SPACING};
use random::Random;

#[test]
fn every_position_of_a_random_patchwork_has_the_owner_that_the_border_rule_gives() {
    let (mut compared, mut on_border) = (0, 0);
    // Jitter 0 is all squares; 4 makes borders at every angle, and many corners that lie level with others.
    for seed in 0..24u64 {
        let mut random = Random(seed);
        let leaf_count = 2 + random.below(20);
        let origin =
            [[1_134_000_000, 343_000_000], [-1_799_999_990, -899_999_990], [1_799_999_900, 899_999_900]];
        let patchwork =
            Patchwork::random(&mut random, leaf_count, (seed % 4) as i64, origin[(seed % 3) as usize]);
        let locator = Locator::build(&patchwork.coverage(leaf_count as usize));
        for y in -5..=SIDE as i64 * SPACING + 5 {
            for x in -5..=SIDE as i64 * SPACING + 5 {
                let at = patchwork.position([x, y]);
                let expected = patchwork.expected([x, y]);
                let located = locator.locate(at, 0.0);
                assert_eq!(located.leaf, expected, "seed {seed}, {x} {y}");
                assert_eq!(locator.locate_many(&[at]), [expected], "seed {seed}, {x} {y}");
                let method = match (expected, patchwork.is_on_border([x, y])) {
                    (None, _) => Method::Outside,
                    (Some(_), true) => Method::Border,
                    (Some(_), false) => Method::Inside,
                };
                assert_eq!(located.method, method, "seed {seed}, {x} {y}");
                compared += 1;
                on_border += usize::from(method == Method::Border);
            }
        }
    }
    println!("{compared} positions, {on_border} of them on borders");
    assert!(on_border > 5_000, "{on_border}");
}

#[test]
fn owners_are_right_where_differences_are_as_large_as_they_get() {
    let at = |lon_e7, lat_e7| Position::from_e7(lon_e7, lat_e7).expect("in range");
    // One border across 90 degrees, so flat that only exact products tell its sides apart.
    let (a, b) = (at(300_000_000, -450_000_000), at(1_200_000_000, 449_999_999));
    let (nw, se) = (at(300_000_000, 449_999_999), at(1_200_000_000, -450_000_000));
    let border = |line: Vec<Position>, left, right| Border { line, left, right };
    let (upper, lower) = (Some(Leaf(0)), Some(Leaf(1)));
    let borders = vec![
        border(vec![a, b], upper, lower),
        border(vec![b, nw, a], upper, None),
        border(vec![a, se, b], lower, None),
    ];
    let locator = Locator::build(&Coverage::from_borders(2, borders).expect("a coverage"));
    for step in 1..1000i64 {
        let x = 300_000_000 + step * 900_000;
        // The border's height there, rounded down: the border itself is strictly between this and the next unit.
        let y = -450_000_000 + (step * 900_000) * 899_999_999 / 900_000_000;
        let (x, y) = (i32::try_from(x).expect("in range"), i32::try_from(y).expect("in range"));
        assert_eq!(locator.locate_many(&[at(x, y), at(x, y + 1)]), [lower, upper], "{x} {y}");
    }
}

#[test]
fn a_batch_of_any_length_has_the_owners_that_each_has_alone() {
    let lattice = lattice(&LatticeOptions::plain(300, 7));
    let coverage = Coverage::from_borders(lattice.leaf_count, lattice.borders).expect("a coverage");
    let locator = Locator::build(&coverage);
    let anywhere = positions(coverage.bounds(), 1_200, 1, PositionOrder::Random);
    let corners = coverage.borders().iter().flat_map(|border| border.line.iter().copied());
    let nowhere = Position::from_e7(0, 0).expect("in range");
    let at: Vec<Position> =
        anywhere.zip(corners).flat_map(|(anywhere, corner)| [anywhere, corner, nowhere]).collect();
    assert_eq!(at.len(), 3_600);
    // What a batch is made of, how many it leaves to the next one, and one more or less.
    for len in [0, 1, 7, 8, 9, 63, 64, 65, 511, 512, 513, 576, 577, 1_100, at.len()] {
        let alone: Vec<Option<Leaf>> = at[..len].iter().map(|at| locator.owner(*at)).collect();
        assert_eq!(locator.locate_many(&at[..len]), alone, "{len} positions");
    }
}

/// Metres from a position to the nearest border by trying places along every segment, closer and closer.
fn slow_distance_m(coverage: &Coverage, at: Position) -> f64 {
    let mut best = f64::INFINITY;
    for border in coverage.borders() {
        for pair in border.line.windows(2) {
            let along = |share: f64| {
                let between = |a: f64, b: f64| a + (b - a) * share;
                let place = Position::new(
                    between(pair[0].lon(), pair[1].lon()),
                    between(pair[0].lat(), pair[1].lat()),
                );
                measure::distance_m(at, place.expect("between two positions"))
            };
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..60 {
                let (first, second) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
                if along(first) < along(second) { high = second } else { low = first }
            }
            best = best.min(along((low + high) / 2.0)).min(along(0.0)).min(along(1.0));
        }
    }
    best
}

fn field(name: &str, corners: &[[f64; 2]]) -> Area {
    let exterior = corners.iter().map(|[lon, lat]| Position::new(*lon, *lat).expect("in range")).collect();
    Area { name: name.to_owned(), polygons: vec![geo_tools::Polygon { exterior, holes: Vec::new() }] }
}

/// Two fields of about 900 m side by side near Xinzheng, and one of 200 km north of Oslo, where a degree of longitude is
/// less than half of one of latitude.
fn fields(lon: f64, lat: f64, side: f64) -> Coverage {
    let west =
        [[lon, lat], [lon + side, lat], [lon + side * 1.1, lat + side], [lon - side * 0.2, lat + side * 0.9]];
    let east = [west[1], [lon + 2.0 * side, lat + side * 0.3], [lon + 2.1 * side, lat + side * 0.8], west[2]];
    let build = build(&[field("west", &west), field("east", &east)], &BuildOptions::default());
    build.coverage.unwrap_or_else(|| unreachable!("{:?}", build.problems))
}

#[test]
fn the_distance_to_the_border_is_that_of_the_slow_search() {
    for (lon, lat, side) in
        [(113.73, 34.39, 0.01), (110.0, 63.0, 0.01), (110.0, 70.0, 1.0), (179.0, -45.0, 0.2)]
    {
        let coverage = fields(lon, lat, side);
        let locator = Locator::build(&coverage);
        let mut random = Random(17);
        for _ in 0..100 {
            let mut within = |size: f64| size * (random.below(10_001) as f64 / 10_000.0);
            let at =
                Position::new(lon - 0.3 * side + within(2.6 * side), lat - 0.3 * side + within(1.6 * side));
            let at = at.expect("in range");
            let slow_m = slow_distance_m(&coverage, at);
            let Some(found_m) = locator.locate(at, 1e6).distance_to_border_m else {
                unreachable!("{at}: nothing")
            };
            // A centimetre is what the grid rounds; 0.1 % is promised for long ways.
            assert!(
                (found_m - slow_m).abs() <= 0.01 + slow_m * 0.001,
                "{at}: {found_m} m, slowly {slow_m} m"
            );
        }
    }
}

#[test]
fn the_nearest_border_is_found_where_the_index_is_far_from_true() {
    // The index is true at its middle, 39.5° north; here, near the top, a degree of longitude is a fifth of one of latitude.
    let tall = field("tall", &[[100.0, 0.0], [110.0, 0.0], [110.0, 79.0], [100.0, 79.0]]);
    let coverage = build(&[tall], &BuildOptions::default()).coverage.expect("a coverage");
    let locator = Locator::build(&coverage);
    for (lon, lat) in [(109.0, 78.5), (101.2, 78.4), (105.0, 1.0), (109.0, 0.9)] {
        let at = Position::new(lon, lat).expect("in range");
        let (found_m, slow_m) =
            (locator.locate(at, 0.0).distance_to_border_m.expect("inside"), slow_distance_m(&coverage, at));
        // Borders of thousands of kilometres are straight on the map and not on the ground: 0.1 % is not promised there.
        assert!((found_m - slow_m).abs() <= slow_m * 0.01, "{at}: {found_m} m, slowly {slow_m} m");
    }
}

#[test]
fn outside_the_nearest_leaf_counts_only_within_the_distance_asked_for() {
    let coverage = fields(113.73, 34.39, 0.01);
    let locator = Locator::build(&coverage);
    let beside = Position::new(113.735, 34.389).expect("in range");
    let located = locator.locate(beside, 150.0);
    assert_eq!((located.leaf, located.method), (Some(Leaf(0)), Method::Nearest));
    let distance_m = located.distance_to_border_m.expect("near");
    assert!((distance_m - 110.9).abs() < 0.2, "{distance_m}");
    let located = locator.locate(beside, 100.0);
    assert_eq!((located.leaf, located.method), (None, Method::Outside));
    assert!(located.distance_to_border_m.is_some());
    let far = locator.locate(Position::new(120.0, 34.389).expect("in range"), 100.0);
    assert_eq!((far.leaf, far.method, far.distance_to_border_m), (None, Method::Outside, None));
    // Below the corner that both share, the corner's owner counts: east of it lies the eastern field.
    let corner = Position::new(113.74, 34.389_9).expect("in range");
    let owner = locator.locate(Position::new(113.74, 34.39).expect("in range"), 0.0);
    assert_eq!(locator.locate(corner, 50.0).leaf, owner.leaf);
    assert_eq!(owner, locator.locate(Position::new(113.74, 34.39).expect("in range"), 10.0));
    assert_eq!((owner.method, owner.distance_to_border_m), (Method::Border, Some(0.0)));
}

#[test]
fn the_shares_of_an_accuracy_circle_are_those_of_a_fine_raster() {
    let coverage = fields(113.73, 34.39, 0.01);
    let locator = Locator::build(&coverage);
    for (lon, lat, accuracy_m) in [
        (113.7405, 34.395, 200.0),
        (113.731, 34.3905, 300.0),
        (113.735, 34.395, 5_000.0),
        (113.75, 34.397, 30.0),
    ] {
        let center = Position::new(lon, lat).expect("in range");
        let candidates = locator.candidates(center, accuracy_m);
        let sum: f64 = candidates.iter().map(|candidate| candidate.share).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{candidates:?}");
        assert!(candidates.windows(2).all(|pair| pair[0].share >= pair[1].share), "{candidates:?}");
        let mut counts = std::collections::BTreeMap::new();
        let (mut total, steps) = (0, 300);
        for row in -steps..=steps {
            for column in -steps..=steps {
                let (east, north) = (f64::from(column) / f64::from(steps), f64::from(row) / f64::from(steps));
                if east * east + north * north > 1.0 {
                    continue;
                }
                // A degree at 34.4° north is 92.0 and 110.9 km: enough for a raster of 1 in 600.
                let place =
                    Position::new(lon + east * accuracy_m / 91_980.0, lat + north * accuracy_m / 110_930.0);
                total += 1;
                *counts.entry(locator.locate_many(&[place.expect("in range")])[0]).or_insert(0) += 1;
            }
        }
        for candidate in &candidates {
            let counted = f64::from(counts.get(&candidate.leaf).copied().unwrap_or(0)) / f64::from(total);
            assert!((candidate.share - counted).abs() < 0.005, "{candidate:?}, counted {counted}");
        }
        let least = candidates.last().map_or(0.0, |candidate| candidate.share);
        assert!(candidates.len() == counts.len() || least < 0.005, "{candidates:?} {counts:?}");
    }
}

#[test]
fn an_accuracy_of_nothing_gives_the_owner_alone() {
    let coverage = fields(113.73, 34.39, 0.01);
    let locator = Locator::build(&coverage);
    let inside = Position::new(113.735, 34.395).expect("in range");
    for accuracy_m in [0.0, -5.0, f64::NAN] {
        let candidates = locator.candidates(inside, accuracy_m);
        assert_eq!((candidates.len(), candidates[0].leaf, candidates[0].share), (1, Some(Leaf(0)), 1.0));
    }
    let whole: Vec<_> = locator.candidates(inside, f64::INFINITY);
    assert_eq!(whole[0].leaf, None, "20 km are more than the fields: {whole:?}");
    let pole = Position::new(0.0, 90.0).expect("in range");
    assert_eq!(locator.candidates(pole, 100.0)[0].leaf, None);
}

/// Features of a file of the shared data; `None` where it is not there.
fn features(file: &str) -> Option<Vec<geo_tools::formats::Feature>> {
    let reader = std::fs::File::open(data(file)?).expect("a readable file");
    let unwrap = |item| match item {
        Item::Feature(feature) => feature,
        Item::Problem(problem) => unreachable!("{problem:?}"),
    };
    Some(geojson::read(reader, &Caps::default()).map(unwrap).collect())
}

/// The names and the coverage of Liechtenstein's blocks, where they are there.
fn liechtenstein() -> Option<(Vec<String>, Coverage)> {
    let area = |block: geo_tools::formats::Feature| {
        let Some(Geometry::MultiPolygon(polygons)) = block.geometry else { unreachable!("a polygon") };
        Area { name: block.id.expect("an id"), polygons }
    };
    let areas: Vec<Area> = features("town-liechtenstein/blocks.geojson.gz")?.into_iter().map(area).collect();
    let coverage = build(&areas, &BuildOptions::default()).coverage.expect("a clean coverage");
    Some((areas.into_iter().map(|area| area.name).collect(), coverage))
}

#[test]
fn the_buildings_of_liechtenstein_lie_in_the_blocks_that_the_file_says() {
    let Some(buildings) = features("town-liechtenstein/buildings_points.geojson.gz") else { return };
    let Some((names, coverage)) = liechtenstein() else { return };
    let locator = Locator::build(&coverage);
    let (mut compared, mut close) = (0, 0);
    let mut wrong = BTreeSet::new();
    for building in &buildings {
        let Some(Geometry::Point(at)) = building.geometry else { unreachable!("a point") };
        let located = locator.locate(at, 0.0);
        // The file's blocks were found before its points were rounded: within 2 cm of a border they may differ.
        if located.distance_to_border_m.is_none_or(|distance_m| distance_m < 0.02) {
            close += 1;
            continue;
        }
        compared += 1;
        let found = located.leaf.map(|leaf| names[leaf.index()].as_str());
        if found != building.properties["block_id"].as_str() {
            wrong.insert(building.id.clone());
        }
    }
    println!("{compared} compared, {close} too close to a border, {} differ", wrong.len());
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(compared + close, 17_750);
    assert!(close < 20, "{close}");
}
