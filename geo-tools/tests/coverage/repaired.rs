//! What repairing makes of planted breaks, of a real dirty map, of random drawings and of hostile ones.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use geo_tools::coverage::{Area, BuildOptions, Leaf, Mend, Repair, RepairOptions, build, repair};
use geo_tools::{Code, Geometry, Polygon, Position, Problem, Severity, measure};

use crate::planted::{World, plant, ring_sides};
use crate::random::Random;
use crate::support::real;

type Side = (Position, Position);

fn is_error(problem: &&Problem) -> bool {
    problem.severity == Severity::Error
}

fn snapping(snap_m: f64) -> RepairOptions {
    RepairOptions { snap_m: Some(snap_m), ..RepairOptions::default() }
}

fn positions(mend: &Mend) -> BTreeSet<Position> {
    mend.geometry.as_ref().map(|geometry| geometry.positions().collect()).unwrap_or_default()
}

fn area_m2(area: &Area) -> f64 {
    area.polygons.iter().map(measure::area_m2).sum()
}

/// Repairing again changes nothing, and the same drawing is repaired the same way.
fn check_stable(drawn: &[Area], repaired: &Repair, options: &RepairOptions) {
    let same = repair(drawn, options);
    assert_eq!((&same.areas, &same.mended), (&repaired.areas, &repaired.mended), "the same again");
    let again = repair(&repaired.areas, options);
    assert_eq!(again.mended, [], "nothing is left to mend");
    assert_eq!(again.areas, repaired.areas, "repairing twice is repairing once");
}

fn check_planted(seed: u64, count: usize, with_larger_areas: bool) {
    let mut random = Random::seeded(seed);
    let mut world = World::new(&mut random);
    if with_larger_areas {
        world = world.with_larger_areas();
    }
    let clean = world.areas();
    let planted = plant(&mut world, count, &mut random);
    let drawn = world.areas();
    // Breaks are planted up to 29.9 m wide; rounding adds less than 2 cm.
    let options = RepairOptions { build: world.options(), snap_m: Some(29.95) };
    let repaired = repair(&drawn, &options);
    assert_eq!(repaired.left, [], "nothing is left of the breaks");
    let coverage = repaired.coverage.as_ref().expect("nothing is left");
    assert_eq!(coverage.prove(), []);
    for mend in repaired.mended.iter().filter(|mend| mend.losers.is_empty()) {
        assert!(mend.largest_move_m <= 29.95, "{mend:?}");
    }
    assert!(
        repaired.largest_move_m() <= 40.0,
        "an overlap of a skew corner at the rim is wider by its slant"
    );
    let mut unmatched: Vec<&Mend> = repaired.mended.iter().filter(|mend| mend.area_m2 > 0.0).collect();
    for planted in planted.iter().filter(|planted| planted.rim.is_none()) {
        let of_it: Vec<&Mend>;
        (of_it, unmatched) = unmatched.into_iter().partition(|mend| {
            let winner = &drawn[mend.winner.expect("an area").index()].name;
            planted.cells.contains(winner) && lies_between(mend, planted.at, &planted.cells, &drawn)
        });
        let changed_m2: f64 = of_it.iter().map(|mend| mend.area_m2).sum();
        // A break that crosses the other drawing is cut at a rounded place: 2 cm along a line of 600 m.
        let tolerance_m2 = 0.01 + planted.area_m2 * 0.01;
        assert!(
            (changed_m2 - planted.area_m2).abs() <= tolerance_m2,
            "planted {} m² at {}, changed {changed_m2} m²: {of_it:#?}",
            planted.area_m2,
            planted.at
        );
    }
    let at_rim = planted.iter().filter(|planted| planted.rim.is_some()).count();
    assert!(unmatched.len() <= 2 * at_rim, "{} more mends than breaks", unmatched.len());
    // Borders that nobody broke are there as they were drawn; where a break reaches over the rim it gets a corner.
    let untouched: BTreeSet<Side> = ring_sides(&clean).intersection(&ring_sides(&drawn)).copied().collect();
    let after = ring_sides(&repaired.areas);
    let crossed: BTreeSet<Position> = planted.iter().filter_map(|planted| planted.rim).collect();
    let moved: Vec<_> = untouched
        .difference(&after)
        .filter(|side| !crossed.contains(&side.0) && !crossed.contains(&side.1))
        .filter(|side| !is_mended_side(side, &repaired))
        .collect();
    assert!(moved.is_empty(), "{} clean sides moved: {moved:?}", moved.len());
    let broken: BTreeSet<&String> = planted.iter().flat_map(|planted| &planted.cells).collect();
    for (index, area) in drawn.iter().enumerate().filter(|(_, area)| !broken.contains(&area.name)) {
        let is_crossed =
            area.polygons.iter().flat_map(Polygon::rings).flatten().any(|at| crossed.contains(at));
        assert!(is_crossed || *area == repaired.areas[index], "{} was not broken", area.name);
    }
    check_stable(&drawn, &repaired, &options);
}

/// Whether a mended piece belongs to the break at a position: it has that corner, or lies between the same two areas.
fn lies_between(mend: &Mend, at: Position, cells: &BTreeSet<String>, drawn: &[Area]) -> bool {
    let corners = positions(mend);
    let of_cells = drawn.iter().filter(|area| cells.contains(&area.name));
    corners.contains(&at)
        || of_cells
            .map(|area| {
                let drawn: BTreeSet<Position> =
                    area.polygons.iter().flat_map(Polygon::rings).flatten().copied().collect();
                corners.intersection(&drawn).count()
            })
            .all(|shared| shared >= 2)
}

/// Whether a side fell away with a piece that was mended.
fn is_mended_side(side: &Side, repaired: &Repair) -> bool {
    repaired.mended.iter().any(|mend| {
        let corners = positions(mend);
        corners.contains(&side.0) && corners.contains(&side.1)
    })
}

#[test]
fn four_hundred_planted_breaks_are_repaired_and_no_clean_border_moves() {
    for seed in 1..=3 {
        check_planted(seed, 100, false);
    }
}

#[test]
fn breaks_between_areas_with_holes_pieces_exclaves_and_voids_are_repaired() {
    for seed in 1..=3 {
        check_planted(seed, 90, true);
    }
}

#[test]
fn denver_is_repaired_but_for_its_real_voids_and_no_clean_border_moves() {
    let file = "DenverCo_precincts2020_orig.geojson.gz";
    let Some(drawn) = real("dirty-coverage", file, "PRECID") else { return };
    let before = build(&drawn, &BuildOptions::default()).problems;
    let repaired = repair(&drawn, &snapping(1.0));
    // What validate tells is either mended or left, square metre by square metre.
    let told_m2 = |problems: &[Problem]| -> f64 {
        problems.iter().filter(is_error).filter_map(|problem| problem.area_m2).sum()
    };
    let mended_m2 = told_m2(&before) - told_m2(&repaired.left);
    assert!((mended_m2 - repaired.changed_m2()).abs() < 0.01, "{mended_m2} {}", repaired.changed_m2());
    assert!((13.0..30.0).contains(&mended_m2), "{mended_m2}");
    // Nine enclaves of 0.4 to 148 ha are voids that nobody declared; a bay is 25 m wide.
    let voids: Vec<_> = repaired.left.iter().filter(is_error).collect();
    assert_eq!(voids.len(), 9, "{:?}", repaired.left);
    assert!(voids.iter().all(|void| void.code == Code::Gap && void.area_m2 > Some(4000.0)));
    assert_eq!(repaired.left.len(), 10, "{:?}", repaired.left);
    assert!(repaired.largest_move_m() <= 1.0);
    // Areas that nothing was told of are as drawn; of the others only sides of what was told are gone.
    let concerned: BTreeSet<usize> = before.iter().flat_map(|problem| problem.indexes.clone()).collect();
    assert!(concerned.len() < 80, "{} of 356", concerned.len());
    let beside = (0..drawn.len())
        .filter(|index| !concerned.contains(index) && drawn[*index] != repaired.areas[*index])
        .inspect(|&index| {
            let (before_m2, after_m2) = (area_m2(&drawn[index]), area_m2(&repaired.areas[index]));
            // A border that ends where a mended one meets it gets a corner there, bent by less than a unit.
            assert!((before_m2 - after_m2).abs() < 5.0, "{}: {before_m2} {after_m2}", drawn[index].name);
        });
    assert!(beside.count() < 10);
    check_no_clean_border_moved(&drawn, &repaired);
    check_stable(&drawn, &repaired, &snapping(1.0));
    // With its voids declared it is a coverage.
    let declared_voids = voids.iter().filter_map(|void| match &void.geometry {
        Some(Geometry::MultiPolygon(polygons)) => Some(polygons.clone()),
        _ => None,
    });
    let options =
        BuildOptions { declared_voids: declared_voids.flatten().collect(), ..BuildOptions::default() };
    let coverage = build(&repaired.areas, &options).coverage.expect("nothing else is wrong");
    assert_eq!((coverage.leaf_count(), coverage.prove()), (356, Vec::new()));
    let with_voids = repair(&drawn, &RepairOptions { build: options, snap_m: Some(1.0) });
    assert!(with_voids.coverage.is_some(), "{:?}", with_voids.left);
}

/// Every side that is there no more is, all along it, the edge of a piece that was mended or where another side is now; but for what runs out
/// and back.
fn check_no_clean_border_moved(drawn: &[Area], repaired: &Repair) {
    let (before, after) = (ring_sides(drawn), ring_sides(&repaired.areas));
    let gone: Vec<&Side> = before.difference(&after).collect();
    assert!(!gone.is_empty() && gone.len() < 300, "{} of {} sides", gone.len(), before.len());
    let edges = repaired.mended.iter().flat_map(|mend| match &mend.geometry {
        Some(Geometry::MultiPolygon(polygons)) => {
            ring_sides(&[Area { name: String::new(), polygons: polygons.clone() }])
        }
        _ => BTreeSet::new(),
    });
    let there: Vec<Side> = after.iter().copied().chain(edges).collect();
    let spikes = spikes(drawn);
    for side in gone.into_iter().filter(|side| !spikes.contains(side)) {
        let instead: Vec<&Side> = there.iter().filter(|other| are_near(side, other)).collect();
        for step in 0..=16 {
            let between =
                |a: i32, b: i32| f64::from(a) + (f64::from(b) - f64::from(a)) * f64::from(step) / 16.0;
            let (from, to) = side;
            let place = (between(from.lon_e7(), to.lon_e7()), between(from.lat_e7(), to.lat_e7()));
            assert!(
                instead.iter().any(|other| is_on(place, other)),
                "a clean side moved at {place:?}: {side:?}"
            );
        }
    }
}

/// The sides that one area drew out and back again: they bound nothing.
fn spikes(drawn: &[Area]) -> BTreeSet<Side> {
    let of_area = |area: &Area| {
        let mut seen = BTreeSet::new();
        let rings = area.polygons.iter().flat_map(Polygon::rings);
        let pairs = rings.flat_map(|ring| ring.iter().zip(ring.iter().cycle().skip(1)));
        pairs
            .map(|(from, to)| (*from.min(to), *from.max(to)))
            .filter(|side| !seen.insert(*side))
            .collect::<Vec<Side>>()
    };
    drawn.iter().flat_map(of_area).collect()
}

/// Whether the boxes around two sides come within two units of each other.
fn are_near(one: &Side, other: &Side) -> bool {
    let axes: [fn(&Position) -> i32; 2] = [|at| at.lon_e7(), |at| at.lat_e7()];
    axes.iter().all(|along| {
        let [(low, high), (other_low, other_high)] = [one, other].map(|(from, to)| {
            let (from, to) = (along(from), along(to));
            (from.min(to) - 1, from.max(to) + 1)
        });
        low <= other_high && other_low <= high
    })
}

/// Whether a position lies within a unit and a half of a side.
fn lies_on(at: Position, side: &Side) -> bool {
    is_on((f64::from(at.lon_e7()), f64::from(at.lat_e7())), side)
}

fn is_on((east, north): (f64, f64), (from, to): &Side) -> bool {
    let offset = |lon: f64, lat: f64| (lon - f64::from(from.lon_e7()), lat - f64::from(from.lat_e7()));
    let (x, y) = offset(f64::from(to.lon_e7()), f64::from(to.lat_e7()));
    let (px, py) = offset(east, north);
    let along = ((px * x + py * y) / (x * x + y * y)).clamp(0.0, 1.0);
    (px - along * x).hypot(py - along * y) <= 1.5
}

#[test]
fn clean_towns_are_given_back_as_they_are() {
    for (folder, id) in
        [("town-liechtenstein", "block_id"), ("town-helsinki", "block_id"), ("town-kymi", "block_id")]
    {
        let Some(blocks) = real(folder, "blocks.geojson.gz", id) else { return };
        // Liechtenstein has two acute bays, of 4 and 13 m.
        for options in [RepairOptions::default(), snapping(3.0)] {
            let repaired = repair(&blocks, &options);
            assert_eq!(repaired.mended, [], "{folder}");
            assert!(repaired.areas == blocks, "{folder} is unchanged");
            assert!(repaired.coverage.is_some());
        }
    }
}

const STEP: i32 = 10_000;

/// Squares of which each draws its corners for itself, some far off, some twice, some over others.
fn scrawl(random: &mut Random, cells: i32) -> Vec<Area> {
    let at = |x: i32, y: i32| Position::from_e7(1_210_000_000 + x, 140_000_000 + y).expect("in range");
    let mut areas = Vec::new();
    for column in 0..cells {
        for row in 0..cells {
            if random.below(12) == 0 {
                continue;
            }
            let reach = [1, 1, 20, 300, 6000][random.below(5)];
            let mut ring = Vec::new();
            for (x, y) in [(0, 0), (1, 0), (2, 0), (2, 1), (2, 2), (1, 2), (0, 2), (0, 1)] {
                let mut off = || random.between(-f64::from(reach), f64::from(reach)) as i32;
                let (dx, dy) = (off(), off());
                ring.push(at(column * STEP + x * STEP / 2 + dx, row * STEP + y * STEP / 2 + dy));
            }
            if random.below(10) == 0 {
                ring.swap(1, 5);
            }
            let polygon = Polygon { exterior: ring, holes: Vec::new() };
            let polygons = if random.below(15) == 0 { vec![polygon.clone(), polygon] } else { vec![polygon] };
            areas.push(Area { name: format!("{column}/{row}"), polygons });
        }
    }
    areas
}

/// Whether floats put a place inside polygons: crossings to the east, rings nonzero.
fn holds(polygons: &[Polygon], (x, y): (f64, f64)) -> bool {
    polygons.iter().any(|polygon| {
        polygon.rings().all(|ring| {
            let is_hole = !std::ptr::eq(ring, polygon.exterior.as_slice());
            let mut winding = 0;
            for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                let ((ax, ay), (bx, by)) = (
                    (f64::from(a.lon_e7()), f64::from(a.lat_e7())),
                    (f64::from(b.lon_e7()), f64::from(b.lat_e7())),
                );
                let turn = (bx - ax) * (y - ay) - (by - ay) * (x - ax);
                winding += i32::from(ay <= y && by > y && turn > 0.0);
                winding -= i32::from(by <= y && ay > y && turn < 0.0);
            }
            (winding != 0) != is_hole
        })
    })
}

#[test]
fn random_scrawls_are_repaired_to_one_owner_among_those_that_drew_there() {
    for seed in 1..=60 {
        let mut random = Random::seeded(seed);
        let drawn = scrawl(&mut random, 5);
        let options =
            if random.coin() { RepairOptions::default() } else { snapping(random.between(0.0, 40.0)) };
        let repaired = repair(&drawn, &options);
        let refused: Vec<_> = repaired.left.iter().filter(is_error).collect();
        assert!(
            refused.iter().all(|problem| matches!(problem.code, Code::Gap | Code::Sliver | Code::TJunction)),
            "only ground of nobody is left: {refused:#?}"
        );
        assert_eq!(repaired.coverage.is_some(), refused.is_empty());
        check_stable(&drawn, &repaired, &options);
        let size = f64::from(5 * STEP);
        for _ in 0..2000 {
            let place = (
                1_210_000_000.0 + random.between(-6000.0, size + 6000.0),
                140_000_000.0 + random.between(-6000.0, size + 6000.0),
            );
            let owners = |areas: &[Area]| -> Vec<usize> {
                (0..areas.len()).filter(|&index| holds(&areas[index].polygons, place)).collect()
            };
            let (before, after) = (owners(&drawn), owners(&repaired.areas));
            // Snap rounding bends what crosses by less than a unit; a random place lies that near to one border in 500.
            if is_near_a_side(place, &drawn) {
                continue;
            }
            match before[..] {
                [] => assert!(after.len() <= 1, "{place:?}: {before:?} {after:?}"),
                _ => {
                    assert!(
                        after.len() == 1 && before.contains(&after[0]),
                        "{place:?}: {before:?} {after:?}"
                    );
                }
            }
        }
    }
}

fn is_near_a_side((x, y): (f64, f64), areas: &[Area]) -> bool {
    let at = Position::from_e7(x.round() as i32, y.round() as i32).expect("in range");
    ring_sides(areas).iter().any(|side| lies_on(at, side))
}

#[test]
fn the_ground_of_an_area_changes_by_what_the_mends_say() {
    let mut random = Random::seeded(77);
    for _ in 0..20 {
        // Corners at most 22 m off: no ring crosses itself, so each area's ground is known before.
        let mut drawn = scrawl(&mut random, 4);
        drawn.retain(|area| area.polygons.len() == 1);
        let is_simple = |area: &Area| {
            let alone = [area.clone()];
            build(&alone, &BuildOptions::default()).problems.is_empty()
        };
        drawn.retain(is_simple);
        let repaired = repair(&drawn, &snapping(25.0));
        let mut expected_m2: Vec<f64> = drawn.iter().map(area_m2).collect();
        for mend in &repaired.mended {
            for loser in &mend.losers {
                expected_m2[loser.index()] -= mend.area_m2;
            }
            if let (Some(winner), []) = (mend.winner, mend.losers.as_slice()) {
                expected_m2[winner.index()] += mend.area_m2;
            }
        }
        for (area, expected_m2) in repaired.areas.iter().zip(expected_m2) {
            // Bends by up to a unit along some 4 km of border.
            let found_m2 = area_m2(area);
            assert!((found_m2 - expected_m2).abs() < 40.0, "{}: {found_m2} {expected_m2}", area.name);
        }
    }
}

#[test]
fn hostile_drawings_are_answered_soon_and_within_the_caps() {
    let at = |x: i32, y: i32| Position::from_e7(1_210_000_000 + x, 140_000_000 + y).expect("in range");
    let area = |name: usize, exterior: Vec<Position>| Area {
        name: name.to_string(),
        polygons: vec![Polygon { exterior, holes: Vec::new() }],
    };
    let rectangle =
        |west, south, east, north| vec![at(west, south), at(east, south), at(east, north), at(west, north)];
    let started = Instant::now();
    // Bars that cross more often than is untangled: nothing is touched.
    let bars: Vec<Area> = (0..700)
        .map(|bar| {
            let (low, high) = (bar / 2 * 100, bar / 2 * 100 + 50);
            let ring = if bar % 2 == 0 {
                rectangle(low, -50, high, 40_000)
            } else {
                rectangle(-50, low, 40_000, high)
            };
            area(bar as usize, ring)
        })
        .collect();
    let refused = repair(&bars, &snapping(10.0));
    assert!(refused.areas == bars && refused.mended.is_empty());
    assert_eq!(refused.left.iter().map(|problem| problem.code).collect::<Vec<_>>(), [Code::TooManyCrossings]);
    // Fewer bars: 3 600 overlaps, each given to one of two.
    let repaired = repair(&bars[..120], &RepairOptions::default());
    assert_eq!(repaired.mended.iter().filter(|mend| mend.code == Code::Overlap).count(), 3600);
    let kinds: BTreeSet<Code> = repaired.left.iter().filter(is_error).map(|problem| problem.code).collect();
    assert!(!kinds.contains(&Code::Overlap), "{kinds:?}");
    // A heap: each wholly inside the one before.
    let heap: Vec<Area> = (0..300)
        .map(|i| area(i as usize, rectangle(i * 10, i * 10, 10_000 - i * 10, 10_000 - i * 10)))
        .collect();
    let repaired = repair(&heap, &RepairOptions::default());
    assert!(repaired.coverage.is_some(), "{:?}", repaired.left);
    // The same square a hundred times: nobody can say whose it is.
    let twins: Vec<Area> = (0..100).map(|i| area(i, rectangle(0, 0, 500, 500))).collect();
    let left = repair(&twins, &snapping(10.0));
    assert!(left.areas == twins && left.mended.is_empty() && left.coverage.is_none());
    // A gap with 200 000 corners on its shore.
    let teeth: Vec<Position> = (0..100_000).map(|x| at(x, 10 + x % 2 * 5)).collect();
    let mut upper = teeth.clone();
    upper.extend([at(99_999, 4000), at(0, 4000)]);
    let mut lower: Vec<Position> = teeth.iter().map(|tooth| at(tooth.lon_e7() - 1_210_000_000, 0)).collect();
    lower[0] = teeth[0];
    lower[99_999] = teeth[99_999];
    lower.extend([at(99_999, -4000), at(0, -4000)]);
    let repaired = repair(&[area(0, upper), area(1, lower)], &snapping(1.0));
    assert!(repaired.coverage.is_some(), "{:?}", repaired.left);
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
}

#[test]
fn what_cannot_be_built_at_all_is_left_with_its_reason() {
    assert_eq!(repair(&[], &RepairOptions::default()).left.len(), 1);
    let at = |lon: f64, lat: f64| Position::new(lon, lat).expect("in range");
    let exterior = vec![at(20.0, 10.0), at(120.0, 10.0), at(120.0, 20.0)];
    let wide = [Area { name: "wide".to_owned(), polygons: vec![Polygon { exterior, holes: Vec::new() }] }];
    let left = repair(&wide, &snapping(1.0));
    assert_eq!((left.areas.as_slice(), left.left[0].code), (&wide[..], Code::Extent));
}

#[test]
fn mends_name_every_area_by_its_leaf() {
    let mut random = Random::seeded(5);
    let drawn = scrawl(&mut random, 5);
    let repaired = repair(&drawn, &snapping(5.0));
    let mut of_code: BTreeMap<Code, usize> = BTreeMap::new();
    for mend in &repaired.mended {
        *of_code.entry(mend.code).or_default() += 1;
        let leaves: Vec<Leaf> = mend.winner.iter().chain(&mend.losers).copied().collect();
        assert!(leaves.iter().all(|leaf| leaf.index() < drawn.len()));
        assert!(mend.geometry.is_some(), "{mend:?}");
        assert_eq!(mend.winner.is_none(), mend.area_m2 == 0.0 && mend.losers.is_empty(), "{mend:?}");
    }
    assert!(of_code.contains_key(&Code::Overlap), "{of_code:?}");
}
