//! Areas as drawn, sense or nonsense: a coverage that proves, or an error that says why not; never both, never neither.
#![no_main]

use fuzz::choices::Choices;
use fuzz::drawing::{Ground, Lattice, areas, polygons};
use geo_tools::coverage::{Area, BuildOptions, build};
use geo_tools::{Coverage, Leaf, Severity};
use libfuzzer_sys::fuzz_target;

/// What its polygons are, when somebody draws them from it.
fn derived(coverage: &Coverage, names: &[Area]) -> Vec<Area> {
    let polygons = |leaf: usize| coverage.polygons(Leaf(leaf as u32));
    let areas = names.iter().enumerate();
    areas.map(|(leaf, area)| Area { name: area.name.clone(), polygons: polygons(leaf) }).collect()
}

fn check(areas: &[Area], coverage: &Coverage, tolerance_m: f64) {
    assert_eq!(coverage.prove(), [], "what was built proves");
    assert_eq!(coverage.leaf_count(), areas.len());
    let stored = coverage.borders().to_vec();
    let loaded = Coverage::from_borders(areas.len(), stored).expect("what proves can be loaded");
    assert_eq!((loaded.faces(), loaded.outlines()), (coverage.faces(), coverage.outlines()));
    let simplified = coverage.simplify(tolerance_m);
    assert_eq!(simplified.prove(), [], "what was simplified proves");
    assert_eq!(simplified.borders().len(), coverage.borders().len());
    for leaf in (0..areas.len() as u32).map(Leaf) {
        assert!(coverage.area_m2(leaf) >= 0.0);
        for (other, shared_m) in coverage.neighbours(leaf) {
            assert!(shared_m > 0.0 && other != leaf);
            assert!(coverage.neighbours(other).iter().any(|(back, _)| *back == leaf));
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut choices = Choices::new(bytes);
    let (areas, declared_voids, is_sound) = if choices.yes() {
        let (lattice, _) = Lattice::choose(&mut choices);
        let (areas, voids) = lattice.areas();
        let is_sound = areas.iter().all(|area| !area.polygons.is_empty());
        (areas, voids, is_sound)
    } else {
        let ground = Ground::choose(&mut choices);
        let voids = if choices.below(4) == 0 { polygons(ground, 2, &mut choices) } else { Vec::new() };
        (areas(ground, &mut choices), voids, false)
    };
    let max_crossings = if choices.below(8) == 1 { 3 } else { 100_000 };
    let options = BuildOptions { declared_voids, max_crossings, ..BuildOptions::default() };
    let first = build(&areas, &options);
    let refused = first.problems.iter().any(|problem| problem.severity == Severity::Error);
    assert_eq!(first.coverage.is_none(), refused, "{:?}", first.problems);
    assert!(first.coverage.is_none() || first.draft.is_empty());
    assert!(!is_sound || !refused, "a lattice is a coverage: {:?}", first.problems);
    let Some(coverage) = first.coverage else { return };
    check(&areas, &coverage, choices.one_of(&[0.02, 1.0, 100.0, 1e5]));
    if (0..areas.len()).all(|leaf| !coverage.faces_of(Leaf(leaf as u32)).is_empty()) {
        let again = build(&derived(&coverage, &areas), &options);
        let again = again.coverage.unwrap_or_else(|| panic!("its own polygons: {:?}", again.problems));
        assert_eq!(again.borders(), coverage.borders());
    }
});
