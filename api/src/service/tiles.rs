//! Use cases of the map: vector tiles of the grid, the base map and the incidents.
//!
//! The grid and the base map are for everybody and kept by version; incidents are read through the viewer's scope for each
//! tile and never kept. `docs/tiles.md` has the layers and their properties. Start at [`Services::tile`].

use std::sync::Arc;

use bytes::Bytes;
use domain::access::{Action, incident_scope};
use domain::district::District;
use domain::ids::PlanVersion;
use domain::page::PageSize;
use domain::viewer::Viewer;
use geo_tools::tile::{self, Layer, TileFeature};
use geo_tools::{Bounds, Geometry};

use super::cells::Area;
use super::global_id::GlobalId;
use super::{ServiceError, Services};
use crate::cache::TileKey;
use crate::store::basemap::{Footprint, Road};
use crate::store::{IncidentFilter, IncidentOrder, IncidentQuery};

mod grid;

/// The deepest zoom that is served; maps draw deeper ones from it.
pub const MAX_ZOOM: u8 = 18;
/// Buildings are too small to be seen at lower zooms.
const FOOTPRINTS_FROM_ZOOM: u8 = 13;
/// More incidents than this on one tile cannot be told apart; clusters can.
const MAX_INCIDENTS: usize = 5_000;

/// What a tile shows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TileLayer {
    /// Cells, borders, labels.
    Grid,
    /// Roads and buildings.
    Base,
    /// Incidents.
    Incidents,
}

/// Where a tile lies.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TilePlace {
    /// Zoom level.
    pub z: u8,
    /// Column from the west.
    pub x: u32,
    /// Row from the north.
    pub y: u32,
}

impl TileLayer {
    /// Every layer.
    pub const ALL: [Self; 3] = [Self::Grid, Self::Base, Self::Incidents];

    /// Its name in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Base => "base",
            Self::Incidents => "incidents",
        }
    }

    /// Reads a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layer| layer.as_str() == text)
    }
}

/// The version in a tile's address: which plan, which base map.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct MapVersion {
    plan: PlanVersion,
    basemap: i32,
}

impl MapVersion {
    fn parse(text: &str) -> Option<Self> {
        let (plan, basemap) = text.split_once('-')?;
        let version = Self { plan: PlanVersion(plan.parse().ok()?), basemap: basemap.parse().ok()? };
        (format!("{}-{}", version.plan, version.basemap) == text).then_some(version)
    }
}

impl Services {
    /// A tile; empty where there is nothing on it.
    pub async fn tile(
        &self,
        viewer: &Viewer,
        district: &str,
        layer: TileLayer,
        version: &str,
        place: TilePlace,
    ) -> Result<Bytes, ServiceError> {
        let district = self.district(viewer, district).await?;
        if place.z > MAX_ZOOM || !tile::exists(place.z, place.x, place.y) {
            return Err(ServiceError::not_found("tile", format!("{}/{}/{}", place.z, place.x, place.y)));
        }
        if layer == TileLayer::Incidents {
            return match version {
                "now" => self.incident_tile(viewer, &district, place).await,
                _ => Err(ServiceError::not_found("version", version)),
            };
        }
        let parsed = MapVersion::parse(version).ok_or_else(|| ServiceError::not_found("version", version))?;
        let TilePlace { z, x, y } = place;
        // Only the half that the tile follows from: any other spelling would be drawn and kept a second time.
        let version = match layer {
            TileLayer::Grid => parsed.plan.to_string(),
            TileLayer::Base | TileLayer::Incidents => parsed.basemap.to_string(),
        };
        let epoch = self.cache.epoch(district.id).await.map_err(ServiceError::internal)?;
        let key = TileKey { district: district.id, epoch, layer: layer.as_str(), version, z, x, y };
        if let Some(kept) = self.cache.tile(&key).await {
            return Ok(kept);
        }
        let made = match layer {
            TileLayer::Grid => self.grid_tile(&district, parsed, place).await?,
            TileLayer::Base | TileLayer::Incidents => self.base_tile(&district, parsed, place).await?,
        };
        self.cache.keep_tile(key, made.clone()).await;
        Ok(made)
    }

    async fn grid_tile(
        &self,
        district: &Arc<District>,
        version: MapVersion,
        place: TilePlace,
    ) -> Result<Bytes, ServiceError> {
        let plan = self.cache.plan(district.id, version.plan).await.map_err(ServiceError::internal)?;
        let plan = plan.ok_or_else(|| ServiceError::not_found("plan version", version.plan))?;
        let district = Arc::clone(district);
        encoded(move || grid::layers(&plan, &district, &bounds_of(place)), place).await
    }

    async fn base_tile(
        &self,
        district: &District,
        version: MapVersion,
        place: TilePlace,
    ) -> Result<Bytes, ServiceError> {
        if version.basemap != district.basemap_version {
            return Err(ServiceError::not_found("base map version", version.basemap));
        }
        let bounds = bounds_of(place);
        let roads = self.store.roads(district.id, version.basemap, &bounds, importance_at(place.z)).await;
        let roads = roads.map_err(ServiceError::internal)?;
        let footprints = if place.z < FOOTPRINTS_FROM_ZOOM {
            Vec::new()
        } else {
            let footprints = self.store.footprints(district.id, version.basemap, &bounds).await;
            footprints.map_err(ServiceError::internal)?
        };
        encoded(move || base_layers(roads, footprints), place).await
    }

    async fn incident_tile(
        &self,
        viewer: &Viewer,
        district: &District,
        place: TilePlace,
    ) -> Result<Bytes, ServiceError> {
        viewer.require(Action::ReadIncidents, district.id)?;
        let scope = incident_scope(viewer, district.id);
        let area = Area::Within(bounds_of(place));
        let query = IncidentQuery { area, filter: IncidentFilter::default(), order: IncidentOrder::Place };
        let now = self.clock.now();
        let mut features = Vec::new();
        let mut after = None;
        loop {
            let page = self.store.incidents(&scope, &query, after, PageSize::LARGEST).await;
            let page = page.map_err(ServiceError::internal)?;
            after = page.rows.last().map(|(key, _)| *key);
            for (_, incident) in page.rows {
                let properties = vec![
                    ("id".to_owned(), GlobalId::Incident(district.id, incident.id).encoded().into()),
                    ("category".to_owned(), incident.category.as_str().into()),
                    ("stage".to_owned(), incident.stage.0.as_str().into()),
                    ("open".to_owned(), district.rules.is_open(&incident.stage).into()),
                    ("overdue".to_owned(), incident.is_overdue(now).into()),
                ];
                features.push(TileFeature {
                    id: None,
                    geometry: Geometry::Point(incident.position),
                    properties,
                });
            }
            if !page.has_more || features.len() >= MAX_INCIDENTS {
                break;
            }
        }
        encoded(move || vec![Layer { name: "incidents".into(), features }], place).await
    }
}

fn bounds_of(place: TilePlace) -> Bounds {
    tile::bounds_with_buffer(place.z, place.x, place.y)
}

/// Draws and encodes where it holds nobody up: a tile of a large plan takes milliseconds.
async fn encoded(
    layers: impl FnOnce() -> Vec<Layer> + Send + 'static,
    place: TilePlace,
) -> Result<Bytes, ServiceError> {
    let work = move || Bytes::from(tile::encode(place.z, place.x, place.y, &layers()));
    tokio::task::spawn_blocking(work).await.map_err(ServiceError::internal)
}

fn base_layers(roads: Vec<Road>, footprints: Vec<Footprint>) -> Vec<Layer> {
    let road = |road: Road| {
        let mut properties = vec![("class".to_owned(), drawn_class(&road.class).into())];
        properties.extend(road.name.map(|name| ("name".to_owned(), name.into())));
        TileFeature { id: None, geometry: Geometry::MultiLine(vec![road.line]), properties }
    };
    let building = |footprint: Footprint| {
        let properties = vec![("kind".to_owned(), footprint.kind.into())];
        TileFeature { id: None, geometry: Geometry::MultiPolygon(footprint.area), properties }
    };
    vec![
        Layer { name: "buildings".into(), features: footprints.into_iter().map(building).collect() },
        Layer { name: "roads".into(), features: roads.into_iter().map(road).collect() },
    ]
}

/// How important a road must at least be to be drawn at a zoom; 0 is a motorway, 6 a footpath.
fn importance_at(zoom: u8) -> u8 {
    match zoom {
        0..=8 => 0,
        9 => 1,
        10 => 2,
        11 => 3,
        12..=13 => 4,
        _ => 6,
    }
}

/// OpenStreetMap's many classes as the few that a map draws apart, as `docs/tiles.md` lists them; what is drawn already, and
/// what nobody knows, stays.
fn drawn_class(class: &str) -> &str {
    let class = class.strip_suffix("_link").unwrap_or(class);
    let drawn = DRAWN_CLASSES.iter().find(|(_, classes)| classes.contains(&class));
    drawn.map_or(class, |(drawn, _)| drawn)
}

/// What a map draws apart, and which other classes are drawn so.
const DRAWN_CLASSES: [(&str, &[&str]); 8] = [
    ("primary", &["motorway", "trunk"]),
    ("secondary", &[]),
    ("tertiary", &[]),
    ("street", &["residential", "unclassified", "living_street", "road"]),
    ("service", &[]),
    ("pedestrian", &[]),
    ("path", &["footway", "cycleway", "bridleway", "steps", "corridor"]),
    ("track", &[]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_classes_of_roads_are_those_that_the_document_lists() {
        let document = include_str!("../../../docs/tiles.md");
        let rows = document.lines().filter_map(|line| line.strip_prefix("| `class` "));
        let listed: Vec<(String, Vec<String>)> = rows
            .map(|row| {
                let mut columns = row.split('|').map(quoted);
                let drawn = columns.nth(1).and_then(|drawn| drawn.first().cloned()).unwrap_or_default();
                (drawn, columns.next().unwrap_or_default())
            })
            .collect();
        let drawn = DRAWN_CLASSES.map(|(drawn, classes)| {
            (drawn.to_owned(), classes.iter().map(|class| (*class).to_owned()).collect::<Vec<_>>())
        });
        assert_eq!(listed, drawn);
        for (drawn, classes) in listed {
            for class in classes.iter().chain([&drawn]) {
                assert_eq!(drawn_class(class), drawn, "{class}");
                assert_eq!(drawn_class(&format!("{class}_link")), drawn, "{class}_link");
            }
        }
        assert_eq!(drawn_class("raceway"), "raceway");
    }

    /// What stands in backticks.
    fn quoted(text: &str) -> Vec<String> {
        text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn a_version_has_one_spelling() {
        let check = |text: &str, fits: bool| assert_eq!(MapVersion::parse(text).is_some(), fits, "{text}");
        check("1-0", true);
        check("12-3", true);
        check("01-0", false);
        check("+1-0", false);
        check("1", false);
        check("now", false);
        check("", false);
    }
}
