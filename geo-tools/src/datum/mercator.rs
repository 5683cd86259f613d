//! Web Mercator (EPSG:3857): the sphere of 6,378,137 m, unrolled to a square.

use super::{Coordinates, InvalidCoordinates};
use crate::position::Position;

const RADIUS_M: f64 = 6_378_137.0;
/// Half the side of the square: as far as longitude 180 lies from 0.
pub(super) const EDGE_M: f64 = 20_037_508.342_789_244;
/// The latitude at which the map is as high as it is wide.
pub(super) const EDGE_LAT: f64 = 85.051_128_779_806_6;

pub(super) fn position(Coordinates { x, y }: Coordinates) -> Result<Position, InvalidCoordinates> {
    if !x.is_finite() || !y.is_finite() {
        return Err(InvalidCoordinates::NotFinite { x, y });
    }
    if x.abs() > EDGE_M || y.abs() > EDGE_M {
        return Err(InvalidCoordinates::OutOfSquare { x, y });
    }
    let lon = (x / EDGE_M * 180.0).clamp(-180.0, 180.0);
    let lat = (y / RADIUS_M).sinh().atan().to_degrees();
    Ok(Position::new(lon, lat)?)
}

pub(super) fn coordinates(at: Position) -> Result<Coordinates, InvalidCoordinates> {
    if at.lat().abs() > EDGE_LAT {
        return Err(InvalidCoordinates::TooFarNorthOrSouth { lat: at.lat() });
    }
    let y = at.lat().to_radians().tan().asinh() * RADIUS_M;
    Ok(Coordinates { x: at.lon() / 180.0 * EDGE_M, y: y.clamp(-EDGE_M, EDGE_M) })
}
