//! Readers under small caps, what every reader promises, and a reader of bytes that come one by one.

use std::io::Read;

use geo_tools::coverage::Area;
use geo_tools::formats::{Caps, Feature, Item};
use geo_tools::{Code, Geometry, Problem};

/// So small that a target stays fast, and reaches what lies behind a cap.
pub fn caps() -> Caps {
    Caps {
        max_bytes: 1 << 20,
        max_features: 500,
        max_positions: 10_000,
        max_feature_positions: 2_000,
        max_text_bytes: 1 << 16,
        max_problems: 200,
        ..Caps::default()
    }
}

/// So small that nearly everything is too large.
pub fn tiny_caps() -> Caps {
    Caps {
        max_bytes: 300,
        max_features: 3,
        max_positions: 10,
        max_feature_positions: 6,
        max_depth: 6,
        max_text_bytes: 20,
        max_problems: 2,
        ..Caps::default()
    }
}

/// Gives one byte at a time, so that every construct is cut everywhere.
#[derive(Debug)]
pub struct Drip<'a>(pub &'a [u8]);

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let (Some((first, rest)), false) = (self.0.split_first(), buffer.is_empty()) else { return Ok(0) };
        buffer[0] = *first;
        self.0 = rest;
        Ok(1)
    }
}

fn check_problem(problem: &Problem) {
    assert!(!problem.message.is_empty() && problem.message.len() < 2_000, "{problem:?}");
}

/// What holds whatever the bytes are: an answer, within the caps, every problem a sentence of bounded length.
pub fn check(items: &[Item], caps: &Caps) {
    assert!(!items.is_empty(), "a file has an answer");
    let (mut features, mut positions, mut problems) = (0, 0, 0);
    let mut index = 0;
    for item in items {
        match item {
            Item::Feature(feature) => {
                feature.warnings.iter().for_each(check_problem);
                assert!(feature.index >= index, "features come in the order of the file");
                index = feature.index + 1;
                features += 1;
                let count = feature.geometry.iter().flat_map(Geometry::positions).count();
                assert!(count <= caps.max_feature_positions, "{count} positions in a feature");
                positions += count;
            }
            Item::Problem(problem) => {
                check_problem(problem);
                problems += 1;
            }
        }
    }
    assert!(features <= caps.max_features, "{features} features");
    assert!(positions <= caps.max_positions, "{positions} positions");
    assert!(problems <= caps.max_problems + 100, "{problems} problems");
}

/// What bytes in one piece and one by one are read as must be the same.
///
/// Bytes that are no text are told before what stands in front of them is looked at, as far as both have come in one piece.
pub fn compare_dripped(items: &[Item], dripped: &[Item]) {
    let is_no_text = |item: &Item| matches!(item, Item::Problem(problem) if problem.code == Code::Encoding);
    if !items.iter().any(is_no_text) {
        assert_eq!(items, dripped, "the same byte by byte");
    }
}

/// The features; problems are left out.
pub fn features(items: Vec<Item>) -> Vec<Feature> {
    let feature = |item| if let Item::Feature(feature) = item { Some(feature) } else { None };
    items.into_iter().filter_map(feature).collect()
}

/// Features with polygons as areas, as far as they have at most so many positions together.
pub fn areas(features: Vec<Feature>, most_positions: usize) -> Vec<Area> {
    let mut left = most_positions;
    let mut areas = Vec::new();
    for feature in features {
        let Some(geometry @ Geometry::MultiPolygon(_)) = feature.geometry else { continue };
        let Some(rest) = left.checked_sub(geometry.positions().count()) else { break };
        left = rest;
        let Geometry::MultiPolygon(polygons) = geometry else { continue };
        areas.push(Area { name: format!("feature {}", feature.index), polygons });
    }
    areas
}
