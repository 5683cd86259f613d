//! Scalars whose form is a standard of its own: GeoJSON geometries. `DateTime` is chrono's, written as RFC 3339.

use async_graphql::{InputValueError, InputValueResult, Name, Scalar, ScalarType, Value};
use geo_tools::datum::Coordinates;
use geo_tools::{Datum, Polygon, Position};

/// A GeoJSON geometry of type MultiPolygon: positions as `[longitude, latitude]`, outer rings counter-clockwise.
#[derive(Clone, PartialEq, Debug)]
pub struct GeoJsonMultiPolygon {
    /// The polygons.
    pub polygons: Vec<Polygon>,
    /// Which datum they are written in.
    pub datum: Datum,
}

/// A GeoJSON geometry: positions as `[longitude, latitude]`.
#[derive(Clone, PartialEq, Debug)]
pub struct GeoJsonGeometry(Value);

impl GeoJsonGeometry {
    /// A point.
    pub fn point(at: Position) -> Self {
        Self(typed("Point", position(at)))
    }
}

/// A GeoJSON geometry of type MultiPolygon: positions as `[longitude, latitude]`, outer rings counter-clockwise.
#[Scalar(
    name = "GeoJSONMultiPolygon",
    specified_by_url = "https://www.rfc-editor.org/rfc/rfc7946#section-3.1.7"
)]
impl ScalarType for GeoJsonMultiPolygon {
    fn parse(value: Value) -> InputValueResult<Self> {
        Err(InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        // GeoJSON repeats the first position at the end; our rings do not.
        let closed = |ring: &[Position]| {
            ring.iter().chain(ring.first()).map(|&at| position_in(self.datum, at)).collect()
        };
        let ring = |ring: &[Position]| Value::List(closed(ring));
        let polygon = |polygon: &Polygon| Value::List(polygon.rings().map(ring).collect());
        typed("MultiPolygon", Value::List(self.polygons.iter().map(polygon).collect()))
    }
}

/// A GeoJSON geometry: positions as `[longitude, latitude]`.
#[Scalar(name = "GeoJSONGeometry", specified_by_url = "https://www.rfc-editor.org/rfc/rfc7946#section-3.1")]
impl ScalarType for GeoJsonGeometry {
    fn parse(value: Value) -> InputValueResult<Self> {
        Err(InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        self.0.clone()
    }
}

fn position(at: Position) -> Value {
    position_in(Datum::Wgs84, at)
}

fn position_in(datum: Datum, at: Position) -> Value {
    // Only Web Mercator has no place for every position, and nobody can ask for it here.
    let Coordinates { x, y } = datum.rounded(at).unwrap_or_else(|_| Coordinates { x: at.lon(), y: at.lat() });
    Value::List(vec![Value::from(x), Value::from(y)])
}

fn typed(kind: &str, coordinates: Value) -> Value {
    let members = [(Name::new("type"), Value::from(kind)), (Name::new("coordinates"), coordinates)];
    Value::Object(members.into_iter().collect())
}
