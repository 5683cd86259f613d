//! Which cell each position lies in. Answers: for each position the cell's place in the file, or -1; then for each whether it
//! lies on a border, which only ours says.

use std::hint::black_box;
use std::path::Path;

use geo::{BoundingRect, Contains};
use geo_tools::locator::{Locator, Method};
use geo_tools::{Leaf, Polygon, Position};
use rstar::primitives::{GeomWithData, Rectangle};
use rstar::{AABB, RTree};

use crate::{Contestant, Failure, coverage};

/// The positions, two doubles each.
pub(crate) fn positions(folder: &Path) -> Result<Vec<(f64, f64)>, Failure> {
    let bytes = std::fs::read(folder.join("positions.f64"))?;
    let double = |bytes: &[u8]| bytes.first_chunk().map_or(0.0, |eight| f64::from_le_bytes(*eight));
    Ok(bytes.chunks_exact(16).map(|pair| (double(pair), double(&pair[8..]))).collect())
}

pub(crate) fn as_bytes(owners: impl Iterator<Item = Option<u32>>) -> Vec<u8> {
    owners.flat_map(|owner| owner.map_or(-1, |owner| owner as i32).to_le_bytes()).collect()
}

pub(crate) struct Ours {
    locator: Locator,
    positions: Vec<Position>,
    owners: Vec<Option<Leaf>>,
}

impl Ours {
    pub(crate) fn load(folder: &Path) -> Result<Self, Failure> {
        let locator = Locator::build(&coverage::build(&coverage::areas(&folder.join("cells.geojson"))?)?);
        let at = |(lon, lat)| Position::new(lon, lat);
        let positions: Vec<Position> = positions(folder)?.into_iter().map(at).collect::<Result<_, _>>()?;
        let owners = vec![None; positions.len()];
        Ok(Self { locator, positions, owners })
    }
}

impl Contestant for Ours {
    fn round(&mut self) {
        self.locator.locate_into(black_box(&self.positions), &mut self.owners);
        black_box(&self.owners);
    }

    fn answers(&mut self) -> Vec<u8> {
        self.round();
        let mut bytes = as_bytes(self.owners.iter().map(|owner| owner.map(|leaf| leaf.0)));
        let on_border = |at: &Position| self.locator.locate(*at, 0.0).method == Method::Border;
        bytes.extend(self.positions.iter().map(|at| u8::from(on_border(at))));
        bytes
    }
}

type Boxed = GeomWithData<Rectangle<[f64; 2]>, u32>;

/// A tree over envelopes, and a look at the polygons whose envelope holds the position.
pub(crate) struct RstarGeo {
    tree: RTree<Boxed>,
    polygons: Vec<geo::MultiPolygon<f64>>,
    positions: Vec<(f64, f64)>,
    owners: Vec<Option<u32>>,
}

impl RstarGeo {
    pub(crate) fn load(folder: &Path) -> Result<Self, Failure> {
        let ring = |ring: &Vec<Position>| {
            ring.iter().map(|at| (at.lon(), at.lat())).collect::<geo::LineString<f64>>()
        };
        let polygon = |polygon: &Polygon| {
            geo::Polygon::new(ring(&polygon.exterior), polygon.holes.iter().map(ring).collect())
        };
        let areas = coverage::areas(&folder.join("cells.geojson"))?;
        let polygons: Vec<geo::MultiPolygon<f64>> =
            areas.iter().map(|area| area.polygons.iter().map(polygon).collect()).collect();
        let boxed = |(place, polygon): (usize, &geo::MultiPolygon<f64>)| {
            let bounds = polygon.bounding_rect().ok_or("a cell of nothing")?;
            let (low, high) = (bounds.min(), bounds.max());
            Ok(GeomWithData::new(Rectangle::from_corners([low.x, low.y], [high.x, high.y]), place as u32))
        };
        let boxes: Vec<Boxed> = polygons.iter().enumerate().map(boxed).collect::<Result<_, Failure>>()?;
        let positions = positions(folder)?;
        let owners = vec![None; positions.len()];
        Ok(Self { tree: RTree::bulk_load(boxes), polygons, positions, owners })
    }
}

impl Contestant for RstarGeo {
    fn round(&mut self) {
        for ((x, y), owner) in black_box(&self.positions).iter().zip(&mut self.owners) {
            let point = geo::Point::new(*x, *y);
            let near = self.tree.locate_in_envelope_intersecting(&AABB::from_point([*x, *y]));
            let mut near = near.filter(|near| self.polygons[near.data as usize].contains(&point));
            *owner = near.next().map(|near| near.data);
        }
        black_box(&self.owners);
    }

    fn answers(&mut self) -> Vec<u8> {
        self.round();
        as_bytes(self.owners.iter().copied())
    }
}
