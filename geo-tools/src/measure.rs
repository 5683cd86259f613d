//! The only place that measures: metres and square metres on the WGS 84 ellipsoid (Karney 2013, through `geo`'s `Geodesic`).
//!
//! Invariant: floats made here are shown and compared with tolerances; they never decide what touches what.

use geo::{Destination, Distance, Geodesic, GeodesicArea};

use crate::{Polygon, Position};

/// The shortest way between two positions, in metres.
/// ```
/// # use geo_tools::{Position, measure::distance_m};
/// let (here, there) = (Position::new(120.98, 14.60)?, Position::new(120.99, 14.60)?);
/// assert!((distance_m(here, there) - 1077.4).abs() < 0.5);
/// # Ok::<(), geo_tools::InvalidPosition>(())
/// ```
pub fn distance_m(a: Position, b: Position) -> f64 {
    Geodesic.distance(point(a), point(b))
}

/// The length of a line, in metres; a closed ring repeats its first position to be measured whole.
pub fn length_m(line: &[Position]) -> f64 {
    line.windows(2).map(|pair| distance_m(pair[0], pair[1])).sum()
}

/// The ground a polygon covers, in square metres: never negative, holes taken off, whatever the winding.
pub fn area_m2(polygon: &Polygon) -> f64 {
    let holes_m2: f64 = polygon.holes.iter().map(|hole| ring_area_m2(hole)).sum();
    (ring_area_m2(&polygon.exterior) - holes_m2).max(0.0)
}

/// The corners of a circle as a ring, counter-clockwise, not closed; at least three corners are made.
///
/// A corner that would lie beyond a pole is left out.
pub fn circle(center: Position, radius_m: f64, corners: usize) -> Vec<Position> {
    let corners = corners.max(3);
    (0..corners)
        .filter_map(|corner| {
            let bearing = 90.0 - 360.0 * corner as f64 / corners as f64;
            let at = Geodesic.destination(point(center), bearing, radius_m);
            Position::new(at.x(), at.y()).ok()
        })
        .collect()
}

/// Metres per degree of longitude and of latitude at a latitude: a plane around a position, to find there what is
/// nearest and to weigh parts of a circle. What is told as a distance is measured along the ellipsoid.
pub(crate) fn local_scale_m(lat: f64) -> (f64, f64) {
    const EQUATOR_RADIUS_M: f64 = 6_378_137.0;
    const ECCENTRICITY_SQUARED: f64 = 0.006_694_379_990_141_316;
    let (sin, cos) = lat.to_radians().sin_cos();
    let bend = 1.0 - ECCENTRICITY_SQUARED * sin * sin;
    let across = EQUATOR_RADIUS_M / bend.sqrt();
    let along = across * (1.0 - ECCENTRICITY_SQUARED) / bend;
    ((across * cos).to_radians(), along.to_radians())
}

/// The shortest way from a position to a place that need not lie on the 1e-7 grid, in metres.
pub(crate) fn distance_to_place_m(at: Position, place: [f64; 2]) -> f64 {
    Geodesic.distance(point(at), geo::Point::from(place))
}

/// The ground inside one ring, in square metres.
pub(crate) fn ring_area_m2(ring: &[Position]) -> f64 {
    let line: geo::LineString = ring.iter().map(|&position| point(position)).collect();
    geo::Polygon::new(line, Vec::new()).geodesic_area_signed().abs()
}

fn point(position: Position) -> geo::Point {
    geo::Point::new(position.lon(), position.lat())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lon: f64, lat: f64) -> Position {
        Position::new(lon, lat).expect("in range")
    }

    #[test]
    fn a_hole_is_taken_off_and_the_winding_does_not_matter() {
        let ring = |from: f64, to: f64| {
            vec![
                at(121.0 + from, 14.0 + from),
                at(121.0 + to, 14.0 + from),
                at(121.0 + to, 14.0 + to),
                at(121.0 + from, 14.0 + to),
            ]
        };
        let whole = Polygon { exterior: ring(0.0, 0.03), holes: Vec::new() };
        let mut pierced = Polygon { exterior: ring(0.0, 0.03), holes: vec![ring(0.01, 0.02)] };
        let hole_m2 = area_m2(&Polygon { exterior: ring(0.01, 0.02), holes: Vec::new() });
        pierced.exterior.reverse();
        // A square metre of tolerance on 11 km²: the sums run in another order.
        assert!((area_m2(&whole) - hole_m2 - area_m2(&pierced)).abs() < 1.0);
        assert!((hole_m2 - 1_194_000.0).abs() < 3_000.0, "{hole_m2}");
    }

    #[test]
    fn every_corner_of_a_circle_is_its_radius_away() {
        let center = at(121.0, 14.0);
        let corners = circle(center, 250.0, 32);
        assert_eq!(corners.len(), 32);
        // Rounding to 1e-7 degree moves a corner by less than a centimetre.
        assert!(corners.iter().all(|&corner| (distance_m(center, corner) - 250.0).abs() < 0.01));
    }
}
