//! Straits: what two areas leave open to the outside along their whole common border.

use geo_tools::coverage::{Area, BuildOptions, build};
use geo_tools::{Code, Polygon, Position, Problem, Severity};

use crate::random::Random;

/// Metres of a unit of latitude near 14° north, good to a thousandth.
const LAT_M: f64 = 0.011_064;
/// And of longitude.
const LON_M: f64 = 0.010_803;

/// A position so many metres east and north of 121° east, 14° north.
fn at((x, y): (f64, f64)) -> Position {
    let units = |metres: f64, unit_m: f64| (metres / unit_m).round() as i32;
    Position::from_e7(1_210_000_000 + units(x, LON_M), 140_000_000 + units(y, LAT_M)).expect("in range")
}

fn area(name: &str, rings: &[&[(f64, f64)]]) -> Area {
    let ring = |ring: &&[(f64, f64)]| ring.iter().copied().map(at).collect();
    let polygon = |outer| Polygon { exterior: ring(outer), holes: Vec::new() };
    Area { name: name.to_owned(), polygons: rings.iter().map(polygon).collect() }
}

fn told(areas: &[Area]) -> Vec<Problem> {
    build(areas, &BuildOptions::default()).problems
}

/// Two areas on both sides of a wiggly line from south to north, drawn so many metres apart.
fn banks(width_m: f64, length_m: f64, random: &mut Random) -> [Area; 2] {
    let count = 2 + random.below(12);
    let mut line: Vec<(f64, f64)> = (0..=count)
        .map(|step| {
            let bend_m = random.between(-0.2, 0.2) * length_m / count as f64;
            (500.0 + bend_m, length_m * step as f64 / count as f64)
        })
        .collect();
    let mut west = vec![(0.0, length_m), (0.0, 0.0)];
    west.extend(&line);
    line.reverse();
    let mut east = vec![(1000.0, 0.0), (1000.0, length_m)];
    east.extend(line.iter().map(|&(x, y)| (x + width_m, y)));
    [area("west", &[&west]), area("east", &[&east])]
}

#[test]
fn a_strait_along_the_whole_border_is_found_whatever_its_width() {
    let mut random = Random::seeded(31);
    for round in 0..400 {
        let width_m = 0.02 * (29.9_f64 / 0.02).powf(random.unit());
        let length_m = random.between(400.0, 3000.0);
        let areas = banks(width_m, length_m, &mut random);
        let problems = told(&areas);
        let [problem] = &problems[..] else { panic!("round {round}, {width_m} m: {problems:#?}") };
        assert_eq!(
            (problem.code, &problem.features[..]),
            (Code::Sliver, &["west".to_owned(), "east".to_owned()][..])
        );
        // A bank moved straight east leaves the same ground however the line bends. A unit is lost to rounding, and at each
        // bend what no side faces squarely.
        let (area_m2, expected_m2) = (problem.area_m2.expect("an area"), width_m * length_m);
        let tolerance_m2 = 0.02 * expected_m2 + 0.012 * length_m + 4.0 * width_m * width_m;
        assert!((area_m2 - expected_m2).abs() < tolerance_m2, "{width_m} by {length_m} m: {area_m2} m²");
        let places = problem.geometry.as_ref().expect("a place").positions();
        assert!(places.count() > 1);
        if !(0.6..1.1).contains(&width_m) {
            assert_eq!(problem.severity == Severity::Error, width_m < 1.0, "{width_m} m");
        }
    }
}

#[test]
fn what_is_wide_or_short_or_of_one_area_is_drawn_as_meant() {
    let mut random = Random::seeded(32);
    for _ in 0..200 {
        let sea = banks(random.between(33.0, 300.0), random.between(400.0, 3000.0), &mut random);
        assert_eq!(told(&sea), [], "a sea between islands");
    }
    let west = [(0.0, 0.0), (500.0, 200.0), (0.0, 400.0)];
    let cape = [(501.0, 200.0), (900.0, 0.0), (900.0, 400.0)];
    assert_eq!(told(&[area("west", &[&west]), area("cape", &[&cape])]), [], "two capes that nearly touch");
    let square = |x: f64, side: f64| [(x, 0.0), (x + side, 0.0), (x + side, side), (x, side)];
    let (one, other) = (square(0.0, 100.0), square(112.0, 100.0));
    assert_eq!(
        told(&[area("one", &[&one]), area("other", &[&other])]),
        [],
        "twelve metres wide, a hundred long"
    );
    let (one, other) = (square(0.0, 100.0), square(102.0, 100.0));
    assert_eq!(told(&[area("both", &[&one, &other])]), [], "parts of one area");
}

/// A court of 200 m with walls of two areas, whose gate between them is so wide and its walls so thick.
fn court(gate_m: f64, wall_m: f64) -> Vec<Area> {
    let (outer, inner, half) = (100.0 + wall_m, 100.0, gate_m / 2.0);
    let west = [
        (0.0, -inner),
        (-inner, -inner),
        (-inner, inner),
        (-half, inner),
        (-half, outer),
        (-outer, outer),
        (-outer, -outer),
        (0.0, -outer),
    ];
    let east: Vec<(f64, f64)> = west.iter().rev().map(|&(x, y)| (-x, y)).collect();
    vec![area("west", &[&west]), area("east", &[&east])]
}

#[test]
fn a_court_that_is_open_by_a_narrow_gate_is_told_by_its_gate() {
    let [problem] = &told(&court(0.5, 60.0))[..] else { panic!("one problem") };
    assert_eq!((problem.code, problem.severity), (Code::Sliver, Severity::Error));
    assert!((problem.area_m2.expect("an area") - 30.0).abs() < 1.5, "{:?}", problem.area_m2);
    let [problem] = &told(&court(4.0, 60.0))[..] else { panic!("one problem") };
    assert_eq!((problem.code, problem.severity), (Code::Sliver, Severity::Warning));
    assert_eq!(told(&court(12.0, 60.0)), [], "a gate of five times its width");
}

#[test]
fn a_gap_down_to_a_third_area_is_told_once() {
    for width_m in [0.03, 0.5, 5.0, 29.0] {
        let west = [(0.0, 0.0), (500.0, 0.0), (500.0, 800.0), (0.0, 800.0)];
        let east = [(500.0 + width_m, 0.0), (1000.0, 0.0), (1000.0, 800.0), (500.0 + width_m, 800.0)];
        let south = [
            (0.0, 0.0),
            (0.0, -300.0),
            (1000.0, -300.0),
            (1000.0, 0.0),
            (500.0 + width_m, 0.0),
            (500.0, 0.0),
        ];
        let problems = told(&[area("west", &[&west]), area("east", &[&east]), area("south", &[&south])]);
        let [problem] = &problems[..] else { panic!("{width_m} m: {problems:#?}") };
        assert_eq!(problem.code, Code::Sliver);
        assert_eq!(problem.severity == Severity::Error, width_m < 1.0);
        assert!(
            problem.features.contains(&"west".to_owned()) && problem.features.contains(&"east".to_owned())
        );
    }
}

#[test]
fn a_strait_between_many_areas_is_told_as_one_and_a_declared_one_not_at_all() {
    let block = |name: &str, x: f64, y: f64| {
        area(name, &[&[(x, y), (x + 300.0, y), (x + 300.0, y + 100.0), (x, y + 100.0)]])
    };
    let rows = ["a", "b", "c", "d"].iter().enumerate();
    let areas: Vec<Area> = rows
        .flat_map(|(row, name)| {
            let y = 100.0 * row as f64;
            [block(&format!("west {name}"), 0.0, y), block(&format!("east {name}"), 320.0, y)]
        })
        .collect();
    let [problem] = &told(&areas)[..] else { panic!("one problem") };
    assert_eq!(
        (problem.code, problem.severity, problem.features.len()),
        (Code::Sliver, Severity::Warning, 8)
    );
    assert!((problem.area_m2.expect("an area") - 8000.0).abs() < 100.0, "{:?}", problem.area_m2);
    let bank = |x: f64| (0..=4).map(move |row| (x, 100.0 * f64::from(row)));
    let exterior = bank(320.0).chain(bank(300.0).collect::<Vec<_>>().into_iter().rev()).map(at).collect();
    let declared_voids = vec![Polygon { exterior, holes: Vec::new() }];
    let options = BuildOptions { declared_voids, ..BuildOptions::default() };
    assert_eq!(build(&areas, &options).problems, []);
}
