//! GeoJSON text to features in memory. Answers, as JSON: how many features and positions, and the sums of their coordinates
//! in 1e-7 degree, ring ends included.

use std::hint::black_box;
use std::path::Path;

use geo_tools::formats::{Caps, Feature, Item, geojson};
use geo_tools::{Geometry, Position};
use serde_json::json;

use crate::{Contestant, Failure};

/// What all contestants must agree on.
#[derive(Default)]
pub(crate) struct Sums {
    features: u64,
    positions: u64,
    lon_e7: i64,
    lat_e7: i64,
}

impl Sums {
    pub(crate) fn feature(&mut self) {
        self.features += 1;
    }

    pub(crate) fn position(&mut self, lon: f64, lat: f64) {
        self.positions += 1;
        self.lon_e7 += (lon * 1e7).round() as i64;
        self.lat_e7 += (lat * 1e7).round() as i64;
    }

    pub(crate) fn as_json(&self) -> Vec<u8> {
        let Self { features, positions, lon_e7, lat_e7 } = self;
        json!({"features": features, "positions": positions, "lon_e7": lon_e7, "lat_e7": lat_e7})
            .to_string()
            .into_bytes()
    }
}

pub(crate) fn text(folder: &Path) -> Result<String, Failure> {
    Ok(std::fs::read_to_string(folder.join("cells.geojson"))?)
}

pub(crate) struct Ours {
    text: String,
}

impl Ours {
    pub(crate) fn load(folder: &Path) -> Result<Self, Failure> {
        Ok(Self { text: text(folder)? })
    }

    fn features(&self) -> Vec<Feature> {
        let feature = |item| if let Item::Feature(feature) = item { Some(feature) } else { None };
        geojson::read(black_box(self.text.as_bytes()), &Caps::default()).filter_map(feature).collect()
    }
}

impl Contestant for Ours {
    fn round(&mut self) {
        black_box(self.features());
    }

    fn answers(&mut self) -> Vec<u8> {
        let mut sums = Sums::default();
        for feature in self.features() {
            sums.feature();
            let Some(Geometry::MultiPolygon(polygons)) = feature.geometry else { continue };
            let rings = polygons.iter().flat_map(|polygon| polygon.rings());
            let closed = rings.flat_map(|ring| ring.iter().chain(ring.first()));
            closed.for_each(|at: &Position| sums.position(at.lon(), at.lat()));
        }
        sums.as_json()
    }
}

pub(crate) struct Crate {
    text: String,
}

impl Crate {
    pub(crate) fn load(folder: &Path) -> Result<Self, Failure> {
        Ok(Self { text: text(folder)? })
    }
}

impl Contestant for Crate {
    fn round(&mut self) {
        drop(black_box(black_box(&self.text).parse::<::geojson::GeoJson>()));
    }

    fn answers(&mut self) -> Vec<u8> {
        let mut sums = Sums::default();
        let Ok(::geojson::GeoJson::FeatureCollection(whole)) = self.text.parse() else { return Vec::new() };
        for feature in whole.features {
            sums.feature();
            let rings = match feature.geometry.map(|geometry| geometry.value) {
                Some(::geojson::GeometryValue::Polygon { coordinates }) => coordinates,
                Some(::geojson::GeometryValue::MultiPolygon { coordinates }) => {
                    coordinates.into_iter().flatten().collect()
                }
                _ => Vec::new(),
            };
            rings.iter().flatten().for_each(|at| sums.position(at[0], at[1]));
        }
        sums.as_json()
    }
}
