//! The locator against a ray to the east: every corner, what lies beside it, any place; before and after a change.
#![no_main]

use fuzz::choices::Choices;
use fuzz::drawing::{Ground, Lattice};
use fuzz::ray;
use geo_tools::coverage::Border;
use geo_tools::locator::{Locator, Method};
use geo_tools::{Bounds, Coverage, Position};
use libfuzzer_sys::fuzz_target;

/// Corners and their neighbours, and places all over the ground and around it.
fn positions(borders: &[Border], width: i64, ground: Ground, choices: &mut Choices<'_>) -> Vec<Position> {
    let mut positions = Vec::new();
    for at in borders.iter().flat_map(|border| &border.line) {
        for near in 0..9 {
            positions.extend(Position::from_e7(at.lon_e7() + near % 3 - 1, at.lat_e7() + near / 3 - 1));
        }
    }
    for pair in borders.iter().flat_map(|border| border.line.windows(2)) {
        let middle = |a: i32, b: i32| (i64::from(a) + i64::from(b)).div_euclid(2) as i32;
        let (lon, lat) =
            (middle(pair[0].lon_e7(), pair[1].lon_e7()), middle(pair[0].lat_e7(), pair[1].lat_e7()));
        positions.extend(Position::from_e7(lon, lat));
    }
    positions.sort();
    positions.dedup();
    for _ in 0..20 {
        let mut along = || i64::from(choices.short()) % (width + 21) - 10;
        positions.push(ground.at(along(), along()));
    }
    positions
}

fn compare(locator: &Locator, coverage: &Coverage, positions: &[Position]) {
    let found = locator.locate_many(positions);
    for (at, found) in positions.iter().zip(found) {
        assert_eq!(found, ray::owner(coverage.borders(), *at), "{at}");
        assert_eq!(locator.owner(*at), found, "alone: {at}");
    }
    for at in positions.iter().step_by(7) {
        let located = locator.locate(*at, 50.0);
        let is_inside = matches!(located.method, Method::Inside | Method::Border);
        assert_eq!(is_inside, locator.owner(*at).is_some(), "{at}: {located:?}");
        assert!(located.distance_to_border_m.is_none_or(|distance_m| distance_m >= 0.0), "{located:?}");
        let shares: f64 = locator.candidates(*at, 20.0).iter().map(|candidate| candidate.share).sum();
        assert!((shares - 1.0).abs() < 1e-6, "{at}: the shares make {shares}");
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    let (mut lattice, ground) = Lattice::choose(&mut choices);
    let load = |lattice: &Lattice| Coverage::from_borders(lattice.leaf_count, lattice.borders());
    // A lattice of nobody's fields has no ground.
    let Ok(coverage) = load(&lattice) else {
        assert!(lattice.borders().is_empty());
        return;
    };
    let mut locator = Locator::build(&coverage);
    let places = positions(coverage.borders(), lattice.width(), ground, &mut choices);
    compare(&locator, &coverage, &places);
    for _ in 0..2 {
        let changed = Bounds::of(lattice.change(&mut choices)).expect("corners");
        let Ok(coverage) = load(&lattice) else { return };
        locator.redraw(&coverage, &changed);
        compare(&locator, &coverage, &places);
    }
});
