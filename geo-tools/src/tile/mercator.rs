//! Web Mercator: positions to units of one tile, and back.

use std::f64::consts::PI;

use super::{EXTENT, MAX_ZOOM};
use crate::position::{Bounds, Position, UNITS_PER_DEGREE};

/// The latitude at which the map is as high as it is wide.
const MAX_LAT: f64 = 85.051_128_779_806_6;

/// A place in a tile: units from its western and northern side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// One tile among those of its level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    units_around_the_world: f64,
    units_per_e7: f64,
    west: f64,
    north: f64,
    near: Near,
}

/// The way from latitude to units as a polynomial around the middle of a tile, where it strays by less than a thousandth of
/// a unit: sines and logarithms are most of what a tile costs.
#[derive(Clone, Copy, Debug)]
struct Near {
    middle_lat_e7: f64,
    reach_e7: f64,
    /// Of the distance in units of 1e-7 degree to the powers 0 to 3.
    factors: [f64; 4],
}

impl Near {
    fn new(units_around_the_world: f64, north: f64) -> Self {
        let y = (north + f64::from(EXTENT) / 2.0) / units_around_the_world;
        let lat = (PI * (1.0 - 2.0 * y)).sinh().atan();
        // Derivatives of the Mercator latitude; the fourth is less than six times the fourth power of the secant.
        let (sec, tan) = (1.0 / lat.cos(), lat.tan());
        let derivatives = [sec, sec * tan, sec * (sec * sec + tan * tan)];
        let unit = (1.0 / UNITS_PER_DEGREE).to_radians();
        let scale = -units_around_the_world / (2.0 * PI);
        let factor =
            |power: i32, over: f64| scale * derivatives[power as usize - 1] * unit.powi(power) / over;
        // A tenth of a degree changes the secant by less than half, up to the edge of the map.
        let strays_at = |radians: f64| -scale * 6.0 * (1.5 * sec).powi(4) * radians.powi(4) / 24.0;
        let reach = (1e-3 / strays_at(1.0)).powf(0.25).min(0.1_f64.to_radians());
        Self {
            middle_lat_e7: lat / unit,
            reach_e7: reach / unit,
            factors: [f64::from(EXTENT) / 2.0, factor(1, 1.0), factor(2, 2.0), factor(3, 6.0)],
        }
    }

    #[inline]
    fn y(&self, lat_e7: f64) -> Option<f64> {
        let from_middle = lat_e7 - self.middle_lat_e7;
        let [a, b, c, d] = self.factors;
        (from_middle.abs() <= self.reach_e7)
            .then_some(a + from_middle * (b + from_middle * (c + from_middle * d)))
    }
}

impl Frame {
    pub(super) fn new(z: u8, x: u32, y: u32) -> Self {
        let extent = f64::from(EXTENT);
        let units_around_the_world = extent * f64::from(1u32 << z.min(MAX_ZOOM));
        let (west, north) = (f64::from(x) * extent, f64::from(y) * extent);
        let units_per_e7 = units_around_the_world / (360.0 * UNITS_PER_DEGREE);
        Self {
            units_around_the_world,
            units_per_e7,
            west,
            north,
            near: Near::new(units_around_the_world, north),
        }
    }

    #[inline]
    pub(super) fn place(&self, at: Position) -> Place {
        let x = (f64::from(at.lon_e7()) + 180.0 * UNITS_PER_DEGREE) * self.units_per_e7 - self.west;
        let y = self.near.y(f64::from(at.lat_e7())).unwrap_or_else(|| self.far_y(at));
        Place { x, y }
    }

    #[cold]
    fn far_y(&self, at: Position) -> f64 {
        let sin = at.lat().clamp(-MAX_LAT, MAX_LAT).to_radians().sin();
        let y = 0.5 - ((1.0 + sin) / (1.0 - sin)).ln() / (4.0 * PI);
        y * self.units_around_the_world - self.north
    }

    /// The box of this tile and some units around it, cut at the edges of the world.
    #[expect(
        clippy::expect_used,
        reason = "the corners are clamped into the range, and there are two of them"
    )]
    pub(super) fn bounds(&self, buffer: f64) -> Bounds {
        let extent = f64::from(EXTENT);
        let corners = [-buffer, extent + buffer].map(|at| {
            let lon = (at + self.west) / self.units_around_the_world * 360.0 - 180.0;
            let y = (at + self.north) / self.units_around_the_world;
            let lat = (PI * (1.0 - 2.0 * y)).sinh().atan().to_degrees();
            Position::new(lon.clamp(-180.0, 180.0), lat.clamp(-MAX_LAT, MAX_LAT)).expect("clamped")
        });
        Bounds::at(corners[0]).including(corners[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_polynomial_strays_by_less_than_a_hundredth_of_a_unit() {
        let mut near = 0;
        for z in 0..=MAX_ZOOM {
            for share in 1..100 {
                let y = (f64::from(1u32 << z) * f64::from(share) / 100.0) as u32;
                let frame = Frame::new(z, 0, y);
                let middle = frame.near.middle_lat_e7;
                for step in -20..=20 {
                    let lat_e7 = middle + frame.near.reach_e7 * f64::from(step) / 20.0;
                    let Ok(at) = Position::from_e7(0, lat_e7 as i32) else { continue };
                    let Some(y) = frame.near.y(f64::from(at.lat_e7())).filter(|_| at.lat().abs() < MAX_LAT)
                    else {
                        continue;
                    };
                    // What a double can tell of a world that is 2^42 units wide counts too.
                    let unsure = 0.01 + frame.units_around_the_world * 1e-14;
                    assert!(
                        (y - frame.far_y(at)).abs() < unsure,
                        "{z}/{share}: {at}: {y} {}",
                        frame.far_y(at)
                    );
                    near += 1;
                }
            }
        }
        assert!(near > 100_000, "{near}");
    }
}
