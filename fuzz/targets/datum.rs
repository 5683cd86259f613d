//! Datums: any two doubles are a position or refused, and a position that is given comes back.
#![no_main]

use fuzz::choices::Choices;
use geo_tools::{Datum, Position};
use libfuzzer_sys::fuzz_target;

/// Any double at all, or one that may be a coordinate.
fn number(choices: &mut Choices<'_>) -> f64 {
    let kind = choices.below(4);
    let bits = choices.bits();
    match kind {
        0 => f64::from_bits(bits),
        1 => (bits as i64 as f64) / (i64::MAX as f64) * 180.0,
        2 => (bits as i64 as f64) / (i64::MAX as f64) * 2.1e7,
        _ => 60.0 + (bits as f64) / (u64::MAX as f64) * 80.0,
    }
}

fn units_apart(a: Position, b: Position) -> i64 {
    let apart = |a: i32, b: i32| (i64::from(a) - i64::from(b)).abs();
    apart(a.lon_e7(), b.lon_e7()).max(apart(a.lat_e7(), b.lat_e7()))
}

fn check_given(datum: Datum, x: f64, y: f64) {
    let Ok(at) = datum.position(x, y) else { return };
    let Ok(back) = datum.coordinates(at) else {
        assert!(datum == Datum::WebMercator && at.lat().abs() > 85.0, "{datum}: {x} {y} is {at}");
        return;
    };
    // Half a unit by rounding; a metre of Web Mercator is at most 9e-6 degrees, and tall near its edge.
    let tolerance = if datum == Datum::WebMercator { 0.2 } else { 1.1e-6 };
    let off = (back.x - x).abs().max((back.y - y).abs());
    assert!(off < tolerance, "{datum}: {x} {y} is {at}, which is {back:?}");
}

/// Whether a place in the box of GCJ-02 may be shifted onto this one, which lies outside and stays: then the one in the box
/// is what the numbers mean.
fn may_be_doubled(datum: Datum, at: Position) -> bool {
    const MOST_SHIFT: f64 = 0.05;
    let beyond = |value: f64, low: f64, high: f64| (low - value).max(value - high);
    let outside = beyond(at.lon(), 72.004, 137.8347).max(beyond(at.lat(), 0.8293, 55.8271));
    matches!(datum, Datum::Gcj02 | Datum::Bd09) && outside > 0.0 && outside < MOST_SHIFT
}

fn check_held(datum: Datum, at: Position) {
    if may_be_doubled(datum, at) {
        return;
    }
    let Ok(exact) = datum.coordinates(at) else {
        assert!(datum == Datum::WebMercator && at.lat().abs() > 85.0, "{datum}: {at}");
        return;
    };
    let same = datum.position(exact.x, exact.y);
    assert!(
        same.is_ok_and(|same| units_apart(same, at) <= 10),
        "{datum}: {at} is {exact:?}, which is {same:?}"
    );
    let rounded = datum.rounded(at).expect("it has coordinates");
    if let Ok(near) = datum.position(rounded.x, rounded.y) {
        assert!(units_apart(near, at) <= 10, "{datum}: {at} is {rounded:?}, which is {near}");
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    let datum = choices.one_of(&Datum::ALL);
    let (x, y) = (number(&mut choices), number(&mut choices));
    check_given(datum, x, y);
    let (lon_e7, lat_e7) = (choices.word() as i32, choices.word() as i32);
    if let Ok(at) = Position::from_e7(lon_e7, lat_e7 / 2) {
        check_held(datum, at);
        assert_eq!(Position::new(at.lon(), at.lat()), Ok(at), "degrees and back");
    }
    let text = String::from_utf8_lossy(choices.rest());
    match text.parse::<Datum>() {
        Ok(named) => assert_eq!(named.name(), text),
        Err(error) => assert!(error.to_string().len() < 1_000),
    }
});
