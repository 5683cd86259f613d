//! Scalars whose form is a standard of its own: GeoJSON geometries. `DateTime` is chrono's, written as RFC 3339.

use async_graphql::{InputValueError, InputValueResult, Name, Scalar, ScalarType, Value};
use bytes::Bytes;
use geo_tools::Position;

/// A GeoJSON geometry of type MultiPolygon, as text: [`super::answer::written`] takes it as it is.
#[derive(Clone, PartialEq, Debug)]
pub struct GeoJsonMultiPolygon(pub Bytes);

/// A GeoJSON geometry: positions as `[longitude, latitude]`.
#[derive(Clone, PartialEq, Debug)]
pub struct GeoJsonGeometry(Value);

impl GeoJsonGeometry {
    /// A point.
    pub fn point(at: Position) -> Self {
        let coordinates = Value::List(vec![Value::from(at.lon()), Value::from(at.lat())]);
        let members = [(Name::new("type"), Value::from("Point")), (Name::new("coordinates"), coordinates)];
        Self(Value::Object(members.into_iter().collect()))
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
        Value::Binary(self.0.clone())
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
