//! Datums: published points, there and back, and what cannot be converted.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test's own tools fail the test and say the seed"
)]

#[path = "coverage/random.rs"]
#[expect(dead_code, reason = "not every test draws in every way")]
mod random;

use geo_tools::datum::{Coordinates, InvalidCoordinates};
use geo_tools::measure::distance_m;
use geo_tools::{Datum, Position};
use random::Random;

fn at(lon: f64, lat: f64) -> Position {
    Position::new(lon, lat).expect("in range")
}

/// Checks what a position is in a datum, and the way back, both to 1e-6 degree.
fn check(datum: Datum, wgs84: (f64, f64), expected: (f64, f64)) {
    let position = at(wgs84.0, wgs84.1);
    let found = datum.coordinates(position).expect("it has coordinates");
    let off = (found.x - expected.0).abs().max((found.y - expected.1).abs());
    assert!(off < 1e-6, "{datum} {wgs84:?}: {found:?}, not {expected:?}");
    let back = datum.position(expected.0, expected.1).expect("it is a place");
    let off = (back.lon() - wgs84.0).abs().max((back.lat() - wgs84.1).abs());
    assert!(off < 1e-6, "{datum} {expected:?}: {back}, not {wgs84:?}");
}

#[test]
fn published_points_are_met_there_and_back() {
    // The tests of googollee/eviltransform: Shanghai, Shenzhen, Beijing.
    check(Datum::Gcj02, (121.527_210_6, 31.177_427_6), (121.531_541_859_215, 31.175_303_983_645_97));
    check(Datum::Gcj02, (113.912_316, 22.543_847), (113.917_176_480_836_3, 22.540_796_131_694_766));
    check(Datum::Gcj02, (116.377_817, 39.911_954), (116.384_047_224_556_57, 39.913_345_455_360_69));
    // That of wandergis/coordtransform, and both of its steps one after the other.
    check(Datum::Gcj02, (116.404, 39.915), (116.410_244_499_169_38, 39.916_404_281_501_64));
    check(Datum::Bd09, (116.404, 39.915), (116.416_627_243_787_33, 39.922_699_552_216_216));
    // EPSG guidance note 7-2, 3.2.1.2, "Popular Visualisation Pseudo-Mercator": 100°20'W, 24°22'54.433"N.
    let example = at(-(100.0 + 20.0 / 60.0), 24.0 + 22.0 / 60.0 + 54.433 / 3600.0);
    let metres = Datum::WebMercator.coordinates(example).expect("in the square");
    assert!((metres.x + 11_169_055.58).abs() < 0.01 && (metres.y - 2_800_000.0).abs() < 0.01, "{metres:?}");
}

#[test]
fn the_way_back_lands_where_the_published_one_does_but_for_the_error_of_that() {
    // wandergis/coordtransform subtracts the shift of the wrong place: it is off by up to some metres. (eviltransform's
    // BD-09 has no 3000 / 180 in its waves, which others have, and is off by tens of metres: it is no reference.)
    for (datum, published) in [
        (Datum::Gcj02, (116.397_755_500_830_61, 39.913_595_718_498_36)),
        (Datum::Bd09, (116.391_383_699_512_5, 39.907_253_214_522_164)),
    ] {
        let found = datum.position(116.404, 39.915).expect("a place");
        let off_m = distance_m(found, at(published.0, published.1));
        assert!((0.01..3.0).contains(&off_m), "{datum}: {off_m} m");
        let there = datum.coordinates(found).expect("coordinates");
        assert!((there.x - 116.404).abs().max((there.y - 39.915).abs()) < 1e-7, "{datum}: {there:?}");
    }
}

#[test]
fn what_is_written_in_any_datum_is_read_at_the_same_place_all_over_china_and_at_the_edges_of_the_box() {
    let (west, east, south, north) = (72.004, 137.8347, 0.8293, 55.8271);
    let mut random = Random::seeded(20_260_310);
    let mut places: Vec<Position> =
        (0..20_000).map(|_| at(random.between(west, east), random.between(south, north))).collect();
    for _ in 0..2_000 {
        let (lon, lat) = (random.between(west, east), random.between(south, north));
        let inwards = random.between(0.0, 0.02);
        places.extend([at(west + inwards, lat), at(east - inwards, lat), at(lon, south + inwards)]);
        places.extend([
            at(lon, north - inwards),
            at(west, lat),
            at(east, lat),
            at(lon, south),
            at(lon, north),
        ]);
    }
    // The formulas have a root of the distance to this meridian and parallel.
    places.extend([at(105.0, 35.0), at(105.0, 20.0), at(104.999_999_9, 35.000_000_1)]);
    for datum in Datum::ALL {
        let mut worst_e7 = 0;
        for place in &places {
            let Coordinates { x, y } = datum.rounded(*place).expect("it has coordinates");
            let back = datum.position(x, y).unwrap_or_else(|error| panic!("{datum} {place}: {error}"));
            let off = back.lon_e7().abs_diff(place.lon_e7()).max(back.lat_e7().abs_diff(place.lat_e7()));
            worst_e7 = worst_e7.max(off);
        }
        println!("{datum}: {worst_e7}e-7 degree");
        assert!(worst_e7 <= 2, "{datum}: {worst_e7}e-7 degree");
    }
}

#[test]
fn the_shift_is_some_hundred_metres_inside_the_box_and_nothing_outside() {
    for (lon, lat) in
        [(9.52, 47.14), (24.9445, 60.1715), (-74.006, 40.7128), (150.0, -35.0), (71.9, 30.0), (179.99, 89.9)]
    {
        for datum in [Datum::Gcj02, Datum::Bd09, Datum::Cgcs2000] {
            assert_eq!(datum.coordinates(at(lon, lat)), Ok(Coordinates { x: lon, y: lat }), "{datum}");
            assert_eq!(datum.position(lon, lat), Ok(at(lon, lat)), "{datum}");
        }
    }
    let town = at(113.735, 34.395);
    let shift_m = |datum: Datum| {
        distance_m(town, {
            let Coordinates { x, y } = datum.coordinates(town).expect("coordinates");
            at(x, y)
        })
    };
    assert!((300.0..700.0).contains(&shift_m(Datum::Gcj02)), "{}", shift_m(Datum::Gcj02));
    assert!((700.0..1800.0).contains(&shift_m(Datum::Bd09)), "{}", shift_m(Datum::Bd09));
    assert_eq!(Datum::Cgcs2000.position(113.735, 34.395), Ok(town));
}

#[test]
fn a_step_over_the_edge_of_the_box_has_one_answer_or_none() {
    // At its eastern edge the shift leads outwards: two places have the same numbers, and the one in the box is meant.
    let edge = at(137.8347, 36.0);
    let Coordinates { x, y } = Datum::Gcj02.coordinates(edge).expect("coordinates");
    assert!(x > 137.8347);
    assert_eq!(Datum::Gcj02.position(x, y), Ok(edge));
    // At its western edge it leads inwards: nothing is shifted to the strip that it leaves.
    let Coordinates { x, .. } = Datum::Gcj02.coordinates(at(72.004, 36.0)).expect("coordinates");
    assert!(x > 72.004);
    let error = Datum::Gcj02.position(f64::midpoint(72.004, x), 36.0).expect_err("of no place");
    assert!(matches!(error, InvalidCoordinates::NoSource { datum: Datum::Gcj02, .. }), "{error}");
}

#[test]
fn what_cannot_be_converted_is_told_with_what_is_allowed() {
    let told = |datum: Datum, x, y| datum.position(x, y).expect_err("refused").to_string();
    for datum in Datum::ALL {
        for (x, y) in [(f64::NAN, 34.0), (113.0, f64::INFINITY), (f64::NEG_INFINITY, f64::NAN)] {
            assert!(told(datum, x, y).contains("finite"), "{datum}: {}", told(datum, x, y));
        }
    }
    assert!(told(Datum::Gcj02, 34.39, 113.73).ends_with("are they swapped? longitude comes first"));
    assert!(told(Datum::Bd09, 12_661_000.0, 4_083_000.0).contains("-180..=180"));
    let message = told(Datum::WebMercator, 20_037_508.35, 0.0);
    assert_eq!(
        message,
        "x 20037508.35 and y 0 must be in -20037508.342789244..=20037508.342789244, metres in the square of Web Mercator"
    );
    assert!(told(Datum::WebMercator, 0.0, -1e300).contains("y -1e300"));
    let corner = Datum::WebMercator.position(20_037_508.342_789_244, -20_037_508.342_789_244);
    assert_eq!(corner, Ok(at(180.0, -85.051_128_8)));
    let pole = Datum::WebMercator.coordinates(at(120.0, 85.06)).expect_err("beyond the square");
    assert_eq!(
        pole.to_string(),
        "latitude 85.06 must be in -85.0511288..=85.0511288: Web Mercator ends there"
    );
}

#[test]
fn a_datum_is_called_by_its_name_in_the_contract_and_by_no_other() {
    for (name, datum) in ["wgs84", "gcj02", "bd09", "cgcs2000", "web-mercator"].into_iter().zip(Datum::ALL) {
        assert_eq!((name.parse(), datum.to_string().as_str()), (Ok(datum), name));
    }
    let error = "GCJ-02".parse::<Datum>().expect_err("another spelling");
    assert!(error.to_string().starts_with("\"GCJ-02\" is not a datum; allowed are wgs84, gcj02"), "{error}");
}
