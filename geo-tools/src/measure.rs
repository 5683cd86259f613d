//! The only place that measures: metres and square metres on the WGS 84 ellipsoid (Karney 2013, through `geo`'s `Geodesic`).
//!
//! Invariant: floats made here are shown and compared with tolerances; they never decide what touches what.

use geo::{Destination, Distance, Geodesic, GeodesicArea};

use crate::position::UNITS_PER_DEGREE;
use crate::{Bounds, Polygon, Position};

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
/// nearest, how wide a strait is, and to weigh parts of a circle. What is told as a distance is measured along the ellipsoid.
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
///
/// Karney's sum is good to about 0.1 m² whatever the size; that would drown a sliver. Below 0.01 degree the ring is
/// therefore measured flat, with the ellipsoid's two radii at its centroid: the rest is below a part in a million.
pub(crate) fn ring_area_m2(ring: &[Position]) -> f64 {
    let Some(bounds) = Bounds::of(ring.iter().copied()) else { return 0.0 };
    let (south_west, north_east) = (bounds.south_west(), bounds.north_east());
    let is_small = north_east.lon() - south_west.lon() < SMALL_DEGREES
        && north_east.lat() - south_west.lat() < SMALL_DEGREES;
    if is_small {
        return small_ring_area_m2(ring, south_west);
    }
    let line: geo::LineString = ring.iter().map(|&position| point(position)).collect();
    geo::Polygon::new(line, Vec::new()).geodesic_area_signed().abs()
}

const SMALL_DEGREES: f64 = 0.01;

fn small_ring_area_m2(ring: &[Position], origin: Position) -> f64 {
    let offset = |at: Position| {
        (
            i64::from(at.lon_e7()) - i64::from(origin.lon_e7()),
            i64::from(at.lat_e7()) - i64::from(origin.lat_e7()),
        )
    };
    let (mut doubled_area, mut moment) = (0_i64, 0_i128);
    for (index, &to) in ring.iter().enumerate() {
        let from = ring[if index == 0 { ring.len() - 1 } else { index - 1 }];
        let ((ax, ay), (bx, by)) = (offset(from), offset(to));
        let cross = ax * by - ay * bx;
        doubled_area += cross;
        moment += i128::from(cross) * i128::from(ay + by);
    }
    if doubled_area == 0 {
        return 0.0;
    }
    let centroid = origin.lat() + moment as f64 / (3.0 * doubled_area as f64) / UNITS_PER_DEGREE;
    let (lon_m, lat_m) = metres_per_radian(centroid.to_radians());
    let unit = (1.0 / UNITS_PER_DEGREE).to_radians();
    doubled_area.unsigned_abs() as f64 / 2.0 * (lon_m * unit) * (lat_m * unit)
}

/// How many metres a radian of longitude and of latitude are at a latitude, on WGS 84.
fn metres_per_radian(lat: f64) -> (f64, f64) {
    const SEMI_MAJOR_M: f64 = 6_378_137.0;
    const FLATTENING: f64 = 1.0 / 298.257_223_563;
    let squared = FLATTENING * (2.0 - FLATTENING);
    let root = (1.0 - squared * lat.sin().powi(2)).sqrt();
    (SEMI_MAJOR_M / root * lat.cos(), SEMI_MAJOR_M * (1.0 - squared) / root.powi(3))
}

/// A flat map around a position: equal to the ellipsoid within 1 % as far as 100 km, for comparing widths with tolerances.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plane {
    lon_m: f64,
    lat_m: f64,
}

impl Plane {
    /// The flat map around a position; metres per degree are measured on the ellipsoid there.
    pub(crate) fn at(center: Position) -> Self {
        const STEP_E7: i32 = 10_000;
        let towards = |lon_e7: i32, lat_e7: i32| {
            let step = |sign: i32| {
                Position::from_e7(center.lon_e7() + sign * lon_e7, center.lat_e7() + sign * lat_e7)
            };
            step(1).or_else(|_| step(-1)).map_or(0.0, |other| distance_m(center, other) / f64::from(STEP_E7))
        };
        Self { lon_m: towards(STEP_E7, 0), lat_m: towards(0, STEP_E7) }
    }

    fn vector(self, from: Position, to: Position) -> (f64, f64) {
        (
            (f64::from(to.lon_e7()) - f64::from(from.lon_e7())) * self.lon_m,
            (f64::from(to.lat_e7()) - f64::from(from.lat_e7())) * self.lat_m,
        )
    }

    /// The distance of two positions.
    pub(crate) fn distance_m(self, a: Position, b: Position) -> f64 {
        let (x, y) = self.vector(a, b);
        x.hypot(y)
    }

    /// How far a position is from a side, and where along the side (0 to 1) it is nearest.
    pub(crate) fn to_side_m(self, at: Position, from: Position, to: Position) -> (f64, f64) {
        let ((x, y), (px, py)) = (self.vector(from, to), self.vector(from, at));
        let squared = x * x + y * y;
        let along = if squared > 0.0 { ((px * x + py * y) / squared).clamp(0.0, 1.0) } else { 0.0 };
        ((px - along * x).hypot(py - along * y), along)
    }

    /// The position that far along a side.
    pub(crate) fn between(self, from: Position, to: Position, along: f64) -> Position {
        let mix = |a: f64, b: f64| a + (b - a) * along;
        Position::new(mix(from.lon(), to.lon()), mix(from.lat(), to.lat())).unwrap_or(from)
    }
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
    fn small_rings_and_large_ones_are_measured_alike() {
        // A square metre of tolerance on 1.2 million: Karney's own noise and the bow of a geodesic of a kilometre.
        let corners =
            [at(121.0, 47.0), at(121.009_9, 47.000_1), at(121.008, 47.009_9), at(121.000_2, 47.007)];
        let line: geo::LineString = corners.iter().map(|&corner| point(corner)).collect();
        let karney_m2 = geo::Polygon::new(line, Vec::new()).geodesic_area_signed().abs();
        assert!(
            (ring_area_m2(&corners) / karney_m2 - 1.0).abs() < 3e-5,
            "{} {karney_m2}",
            ring_area_m2(&corners)
        );
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
