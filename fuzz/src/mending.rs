//! What must hold of repairing areas as drawn, whatever was drawn.

use geo_tools::Severity;
use geo_tools::coverage::{BuildOptions, RepairOptions, build, repair};

use crate::choices::Choices;
use crate::drawing::{Ground, areas, polygons};

/// Repairs the areas that some bytes stand for: what comes out is a coverage or says what is left, and repairing it again
/// changes nothing.
pub fn check(bytes: &[u8]) {
    let mut choices = Choices::new(bytes);
    let ground = Ground::choose(&mut choices);
    let declared_voids = if choices.below(4) == 0 { polygons(ground, 2, &mut choices) } else { Vec::new() };
    let snap_m = choices.one_of(&[None, Some(0.0), Some(1.0), Some(100.0), Some(1e6)]);
    let areas = areas(ground, &mut choices);
    let options = RepairOptions { build: BuildOptions { declared_voids, ..BuildOptions::default() }, snap_m };
    let repaired = repair(&areas, &options);
    assert_eq!(repaired.areas.len(), areas.len());
    let refused = repaired.left.iter().any(|problem| problem.severity == Severity::Error);
    assert_eq!(repaired.coverage.is_none(), refused, "{:?}", repaired.left);
    assert_eq!(build(&repaired.areas, &options.build).problems, repaired.left, "a build says the same");
    for mend in &repaired.mended {
        assert!(mend.area_m2 >= 0.0 && mend.largest_move_m >= 0.0, "{mend:?}");
    }
    if let Some(coverage) = &repaired.coverage {
        assert_eq!(coverage.prove(), []);
    }
    let again = repair(&repaired.areas, &options);
    assert_eq!((again.mended.as_slice(), &again.areas), (&[][..], &repaired.areas), "twice is once");
}
