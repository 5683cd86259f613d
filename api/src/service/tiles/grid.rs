//! The grid as layers of a tile: areas, borders each once, and a point for each name.

use domain::cell::Cell;
use domain::district::District;
use domain::ids::CellId;
use domain::level::LevelRank;
use domain::plan::Plan;
use geo_tools::coverage::{Border, Leaf};
use geo_tools::tile::{Layer, TileFeature, TileValue};
use geo_tools::{Bounds, Geometry, Polygon, Position};

use crate::service::global_id::GlobalId;

type Properties = Vec<(String, TileValue)>;

/// The layers of what comes near a box.
pub(super) fn layers(plan: &Plan, district: &District, near: &Bounds) -> Vec<Layer> {
    let mut areas = Vec::new();
    let mut labels = Vec::new();
    for cell in plan.cells() {
        if !plan.bounds(cell.id).is_some_and(|bounds| bounds.overlaps(near)) {
            continue;
        }
        let polygons = plan.polygons(cell.id);
        if let Some(at) = label_position(&polygons) {
            let mut properties = named(cell, district);
            properties.push(("rank".to_owned(), drawn_rank(cell.rank).into()));
            labels.push(TileFeature { id: None, geometry: Geometry::Point(at), properties });
        }
        let lineage = GlobalId::Cell(district.id, cell.id, None).encoded();
        let mut properties = vec![("id".to_owned(), lineage.into())];
        properties.extend(named(cell, district));
        areas.push(TileFeature { id: None, geometry: Geometry::MultiPolygon(polygons), properties });
    }
    let borders = plan.coverage().borders().iter().filter(|border| is_near(border, near));
    let borders = borders.map(|border| {
        let (level, rank) = separated(plan, district, border);
        let properties = vec![("level".to_owned(), level.into()), ("rank".to_owned(), rank.into())];
        TileFeature { id: None, geometry: Geometry::MultiLine(vec![border.line.clone()]), properties }
    });
    vec![
        Layer { name: "cells".into(), features: areas },
        Layer { name: "borders".into(), features: borders.collect() },
        Layer { name: "cell_labels".into(), features: labels },
    ]
}

fn named(cell: &Cell, district: &District) -> Properties {
    let level = district.rules.level(cell.rank).map_or("", |level| level.key.as_str());
    let mut properties =
        vec![("code".to_owned(), cell.code.as_str().into()), ("level".to_owned(), level.into())];
    let any = cell.names.as_slice().first();
    properties.extend(any.map(|name| ("name".to_owned(), name.text.as_str().into())));
    for (key, language) in [("name_zh", "zh"), ("name_en", "en")] {
        let name = cell.names.as_slice().iter().find(|name| name.language == language);
        properties.extend(name.map(|name| (key.to_owned(), name.text.as_str().into())));
    }
    properties
}

/// 0 is the district's outline, then one more a level.
fn drawn_rank(rank: LevelRank) -> i64 {
    i64::from(rank.0) + 1
}

fn is_near(border: &Border, near: &Bounds) -> bool {
    Bounds::of(border.line.iter().copied()).is_some_and(|bounds| bounds.overlaps(near))
}

/// The highest level that a border separates, and how it is ranked.
fn separated(plan: &Plan, district: &District, border: &Border) -> (String, i64) {
    let key = |rank: LevelRank| district.rules.level(rank).map_or(String::new(), |level| level.key.clone());
    let from_the_top = |leaf: Leaf| -> Vec<CellId> {
        let lineage = plan.leaf_cell(leaf).map(|cell| plan.lineage(cell.id)).unwrap_or_default();
        lineage.into_iter().rev().collect()
    };
    let (Some(left), Some(right)) = (border.left, border.right) else { return (key(LevelRank(0)), 0) };
    let (left, right) = (from_the_top(left), from_the_top(right));
    let parted = left.iter().zip(&right).find(|(left, right)| left != right);
    let rank_of = |id: &CellId| plan.cell(*id).map(|cell| cell.rank);
    let rank = parted.and_then(|(left, right)| rank_of(left).min(rank_of(right))).unwrap_or(LevelRank(0));
    (key(rank), drawn_rank(rank))
}

/// A position well inside the largest part: the middle of its widest stretch at the height of its middle.
fn label_position(polygons: &[Polygon]) -> Option<Position> {
    let widest_of = |polygon: &Polygon| {
        let bounds = Bounds::of(polygon.exterior.iter().copied())?;
        let (south, north) = (bounds.south_west().lat_e7(), bounds.north_east().lat_e7());
        // Half a unit beside the grid of positions, so that no corner lies on the line.
        let height = f64::from(south.midpoint(north)) + 0.5;
        stretches(polygon, height).max_by(|a, b| a.width().total_cmp(&b.width())).map(|found| (found, height))
    };
    let widest =
        polygons.iter().filter_map(widest_of).max_by(|(a, _), (b, _)| a.width().total_cmp(&b.width()));
    let (stretch, height) = widest?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the middle of positions is within the range of positions"
    )]
    Position::from_e7(f64::midpoint(stretch.west, stretch.east) as i32, height as i32).ok()
}

/// A stretch of a line along a parallel that lies inside, in 1e-7 degree.
#[derive(Clone, Copy, Debug)]
struct Stretch {
    west: f64,
    east: f64,
}

impl Stretch {
    fn width(self) -> f64 {
        self.east - self.west
    }
}

fn stretches(polygon: &Polygon, height: f64) -> impl Iterator<Item = Stretch> {
    let mut crossings: Vec<f64> = Vec::new();
    for ring in polygon.rings() {
        for (from, to) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            let (low, high) = (f64::from(from.lat_e7()), f64::from(to.lat_e7()));
            if (low > height) != (high > height) {
                let (west, east) = (f64::from(from.lon_e7()), f64::from(to.lon_e7()));
                crossings.push(west + (height - low) / (high - low) * (east - west));
            }
        }
    }
    crossings.sort_by(f64::total_cmp);
    let pairs: Vec<Stretch> =
        crossings.chunks_exact(2).map(|pair| Stretch { west: pair[0], east: pair[1] }).collect();
    pairs.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn polygon(corners: &[[f64; 2]]) -> Polygon {
        let exterior = corners.iter().map(|&[lon, lat]| Position::new(lon, lat).expect("in range")).collect();
        Polygon { exterior, holes: Vec::new() }
    }

    #[test]
    fn a_label_lies_inside_also_where_the_middle_of_the_box_does_not() {
        // A horseshoe open to the north: the middle of its box is in the opening.
        let horseshoe = polygon(&[
            [120.0, 14.0],
            [120.9, 14.0],
            [120.9, 15.0],
            [120.7, 15.0],
            [120.7, 14.2],
            [120.3, 14.2],
            [120.3, 15.0],
            [120.0, 15.0],
        ]);
        let at = label_position(&[horseshoe]).expect("a label");
        assert!((at.lon() - 120.15).abs() < 1e-6 && (at.lat() - 14.5).abs() < 1e-6, "{at:?}");
        assert_eq!(label_position(&[]), None);
    }

    #[test]
    fn the_label_is_in_the_widest_part() {
        let small = polygon(&[[121.0, 14.0], [121.1, 14.0], [121.1, 14.1], [121.0, 14.1]]);
        let large = polygon(&[[122.0, 14.0], [122.5, 14.0], [122.5, 14.1], [122.0, 14.1]]);
        assert!(label_position(&[small, large]).expect("a label").lon() > 122.0);
    }
}
