//! Reading real data, and shapes for the tests.

use std::io::Read;

use geo_tools::coverage::{Area, Build, BuildOptions, build};
use geo_tools::{Polygon, Position};

use crate::data::data;

/// The text of a file, unpacked where it is packed.
pub(crate) fn read(folder: &str, file: &str) -> Option<String> {
    let path = data(&format!("{folder}/{file}"))?;
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    if file.ends_with(".gz") {
        flate2::read::GzDecoder::new(&bytes[..]).read_to_string(&mut text).expect("gzip of UTF-8");
    } else {
        text = String::from_utf8(bytes).expect("UTF-8");
    }
    Some(text)
}

/// The polygons of a file as areas, called by one of their properties.
pub(crate) fn real(folder: &str, file: &str, name: &str) -> Option<Vec<Area>> {
    let collection: geojson::FeatureCollection = read(folder, file)?.parse().expect("GeoJSON");
    let areas = collection.features.into_iter().map(|feature| {
        let geometry: geo_types::Geometry<f64> =
            feature.geometry.expect("geometry").try_into().expect("polygons");
        let polygons = match geometry {
            geo_types::Geometry::Polygon(one) => vec![one],
            geo_types::Geometry::MultiPolygon(many) => many.0,
            other => panic!("polygons, not {other:?}"),
        };
        let properties = feature.properties.expect("properties");
        let called = properties[name].as_str().map_or_else(|| properties[name].to_string(), str::to_owned);
        Area { name: called, polygons: polygons.iter().map(polygon).collect() }
    });
    Some(areas.collect())
}

fn polygon(drawn: &geo_types::Polygon<f64>) -> Polygon {
    let ring = |line: &geo_types::LineString<f64>| -> Vec<Position> {
        let mut ring: Vec<Position> =
            line.coords().map(|at| Position::new(at.x, at.y).expect("in range")).collect();
        ring.pop();
        ring
    };
    Polygon { exterior: ring(drawn.exterior()), holes: drawn.interiors().iter().map(ring).collect() }
}

/// Builds with the defaults.
pub(crate) fn built(areas: &[Area]) -> Build {
    build(areas, &BuildOptions::default())
}
