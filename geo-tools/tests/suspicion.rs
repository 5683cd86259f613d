//! Points that were shifted and do not say so are told, and no others: on generated towns, and on a real one.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test's own tools fail the test and say what they compare"
)]

mod data;
#[path = "coverage/random.rs"]
#[expect(dead_code, reason = "not every test draws in every way")]
mod random;

use geo_tools::coverage::{Area, BuildOptions, build};
use geo_tools::datum::suspicion::{Places, Reference, Sample, suspect};
use geo_tools::formats::{Caps, Item, geojson};
use geo_tools::locator::Locator;
use geo_tools::{Code, Datum, Geometry, Polygon, Position, Severity};

use data::data;
use random::Random;

fn at(lon: f64, lat: f64) -> Position {
    Position::new(lon, lat).expect("in range")
}

/// What points in a datum become when they are read as WGS 84.
fn mistaken(points: &[Position], datum: Datum) -> Vec<Position> {
    let read = |point: &Position| {
        let given = datum.rounded(*point).expect("it has coordinates");
        at(given.x, given.y)
    };
    points.iter().map(read).collect()
}

/// Points, each off by up to so many degrees each way.
fn noisy(points: &[Position], degrees: f64, random: &mut Random) -> Vec<Position> {
    let mut off = |value: f64| value + random.between(-degrees, degrees);
    points.iter().map(|point| at(off(point.lon()), off(point.lat()))).collect()
}

/// Checks which datum is suspected first, if any.
fn check(case: &str, points: &[Position], reference: &Reference<'_>, expected: Option<Datum>) {
    let problem = suspect(points, reference);
    let found = problem.as_ref().map(|problem| problem.message.as_str());
    println!("{case}: {found:?}");
    let Some(expected) = expected else {
        assert_eq!(found, None, "{case}");
        return;
    };
    let problem = problem.expect("a suspicion, see the case printed last");
    assert!(
        problem.message.starts_with(&format!("the points look like {expected}")),
        "{case}: {}",
        problem.message
    );
    assert_eq!((problem.code, problem.severity), (Code::DatumSuspected, Severity::Warning));
    assert!(problem.code.holds(), "somebody is asked first");
    let Some(Geometry::MultiPoint(drawn)) = problem.geometry else { unreachable!("{case}: points") };
    assert!((30..=100).contains(&drawn.len()) && drawn.iter().all(|at| points.contains(at)), "{case}");
}

/// All that is said of a town whose points are where they say they are.
fn check_town(name: &str, points: &[Position], reference: &Reference<'_>, random: &mut Random) {
    check(&format!("{name} as it is"), points, reference, None);
    for (metres, degrees) in [(20, 2e-4), (300, 3e-3), (2_000, 2e-2)] {
        let noisy = noisy(points, degrees, random);
        check(&format!("{name}, {metres} m of noise"), &noisy, reference, None);
    }
    for datum in [Datum::Gcj02, Datum::Bd09] {
        let shifted = mistaken(points, datum);
        check(&format!("{name} in {datum}"), &shifted, reference, Some(datum));
        let shifted = noisy(&shifted, 1e-4, random);
        check(&format!("{name} in {datum}, 10 m of noise"), &shifted, reference, Some(datum));
    }
    for datum in [Datum::Cgcs2000, Datum::WebMercator] {
        // Read as what they are: nothing is to be told.
        let read = |point: &Position| datum.rounded(*point).and_then(|at| datum.position(at.x, at.y));
        let same: Vec<Position> = points.iter().map(|point| read(point).expect("a place")).collect();
        check(&format!("{name} in {datum}"), &same, reference, None);
    }
}

/// A town of four by four cells with its south-western corner here.
fn town(lon: f64, lat: f64) -> Locator {
    const SIDE: f64 = 0.01;
    let square = |west: f64, south: f64| Polygon {
        exterior: vec![
            at(west, south),
            at(west + SIDE, south),
            at(west + SIDE, south + SIDE),
            at(west, south + SIDE),
        ],
        holes: Vec::new(),
    };
    let cell = |index: u32| Area {
        name: index.to_string(),
        polygons: vec![square(lon + f64::from(index % 4) * SIDE, lat + f64::from(index / 4) * SIDE)],
    };
    let areas: Vec<Area> = (0..16).map(cell).collect();
    Locator::build(&build(&areas, &BuildOptions::default()).coverage.expect("a clean coverage"))
}

#[test]
fn a_generated_town_in_china_is_told_from_its_shifted_and_its_noisy_self() {
    let mut random = Random::seeded(7);
    for (lon, lat) in [(113.72, 34.38), (121.45, 31.2), (87.6, 43.8), (110.3, 20.0), (126.6, 45.7)] {
        let cells = town(lon, lat);
        let points: Vec<Position> = (0..2_000)
            .map(|_| at(lon + random.between(0.0, 0.04), lat + random.between(0.0, 0.04)))
            .collect();
        let name = format!("the town at {lon}, {lat}");
        check_town(&format!("{name}, by cells"), &points, &Reference::Cells(&cells), &mut random);
        let places = Reference::Places(Places::new(points.iter().copied()));
        check_town(&format!("{name}, by places"), &points, &places, &mut random);
    }
}

#[test]
fn fewer_than_thirty_points_and_points_of_the_next_town_tell_nothing() {
    let mut random = Random::seeded(8);
    let cells = town(113.72, 34.38);
    let reference = Reference::Cells(&cells);
    // All of them lie off the cells by less than the offset: each of them shows it.
    let outside: Vec<Position> = (0..30)
        .map(|_| at(113.760_5 + random.between(0.0, 0.004), 34.4 + random.between(0.0, 0.01)))
        .collect();
    check("thirty", &outside, &reference, Some(Datum::Gcj02));
    check("twenty-nine", &outside[1..], &reference, None);
    // The next town begins where this one ends; those of its points that would be moved in are not four fifths.
    let next: Vec<Position> = (0..3_000)
        .map(|_| at(113.76 + random.between(0.0, 0.04), 34.38 + random.between(0.0, 0.04)))
        .collect();
    check("the next town", &next, &reference, None);
    let around: Vec<Position> = (0..3_000)
        .map(|_| at(113.70 + random.between(0.0, 0.08), 34.36 + random.between(0.0, 0.08)))
        .collect();
    check("the whole county", &around, &reference, None);
}

#[test]
fn a_sample_of_many_points_is_even_and_bounded() {
    let mut sample = Sample::default();
    for lon_e7 in 0..1_000_000 {
        sample.take(Position::from_e7(lon_e7, 0).expect("in range"));
    }
    let kept = sample.positions();
    assert!((20_000..40_000).contains(&kept.len()), "{}", kept.len());
    let steps: Vec<u32> = kept.windows(2).map(|pair| pair[0].lon_e7().abs_diff(pair[1].lon_e7())).collect();
    assert!(steps.iter().all(|step| *step == steps[0]), "every {}th", steps[0]);
    assert_eq!(kept[0].lon_e7(), 0);
}

/// Geometries of a file of the shared data, moved by whole units; `None` where it is not there.
fn geometries(file: &str, moved_e7: (i32, i32)) -> Option<Vec<Geometry>> {
    let reader = std::fs::File::open(data(file)?).expect("a readable file");
    let moved = |at: &Position| {
        Position::from_e7(at.lon_e7() + moved_e7.0, at.lat_e7() + moved_e7.1).expect("in range")
    };
    let ring = |ring: &Vec<Position>| ring.iter().map(moved).collect::<Vec<_>>();
    let polygon = |polygon: &Polygon| Polygon {
        exterior: ring(&polygon.exterior),
        holes: polygon.holes.iter().map(ring).collect(),
    };
    let geometry = |item| match item {
        Item::Feature(feature) => match feature.geometry {
            Some(Geometry::Point(at)) => Geometry::Point(moved(&at)),
            Some(Geometry::MultiPolygon(polygons)) => {
                Geometry::MultiPolygon(polygons.iter().map(polygon).collect())
            }
            other => unreachable!("{other:?}"),
        },
        Item::Problem(problem) => unreachable!("{problem:?}"),
    };
    Some(geojson::read(reader, &Caps::default()).map(geometry).collect())
}

/// The blocks and buildings of Liechtenstein, moved.
fn liechtenstein(moved_e7: (i32, i32)) -> Option<(Locator, Vec<Position>)> {
    let area = |geometry| match geometry {
        Geometry::MultiPolygon(polygons) => Area { name: String::new(), polygons },
        other => unreachable!("{other:?}"),
    };
    let areas: Vec<Area> =
        geometries("town-liechtenstein/blocks.geojson.gz", moved_e7)?.into_iter().map(area).collect();
    let points = geometries("town-liechtenstein/buildings_points.geojson.gz", moved_e7)?;
    let points = points.iter().flat_map(Geometry::positions).collect();
    let coverage = build(&areas, &BuildOptions::default()).coverage.expect("a clean coverage");
    Some((Locator::build(&coverage), points))
}

#[test]
fn nothing_is_suspected_of_liechtenstein_wherever_its_points_lie() {
    let Some((cells, points)) = liechtenstein((0, 0)) else { return };
    let places = Reference::Places(Places::new(points.iter().copied()));
    let cells = Reference::Cells(&cells);
    // The offset that GCJ-02 has at Zhengzhou, where there is no GCJ-02.
    let off: Vec<Position> =
        points.iter().map(|point| at(point.lon() + 0.006_2, point.lat() - 0.001_2)).collect();
    for (case, points) in [("as it is", &points), ("500 m off", &off)] {
        for reference in [&cells, &places] {
            check(&format!("Liechtenstein {case}"), points, reference, None);
        }
    }
}

#[test]
fn liechtenstein_put_down_in_china_is_told_from_its_shifted_and_its_noisy_self() {
    let Some((cells, points)) = liechtenstein((1_042_000_000, -127_000_000)) else { return };
    let mut random = Random::seeded(9);
    let places = Reference::Places(Places::new(points.iter().copied()));
    check_town("Liechtenstein in China, by places", &points, &places, &mut random);
    check_town("Liechtenstein in China, by cells", &points, &Reference::Cells(&cells), &mut random);
}
