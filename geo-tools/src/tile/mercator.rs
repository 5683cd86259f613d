//! Web Mercator: positions to units of one tile, and back.

use std::f64::consts::PI;

use super::{EXTENT, MAX_ZOOM};
use crate::position::{Bounds, Position};

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
    west: f64,
    north: f64,
}

impl Frame {
    pub(super) fn new(z: u8, x: u32, y: u32) -> Self {
        let extent = f64::from(EXTENT);
        Self {
            units_around_the_world: extent * f64::from(1u32 << z.min(MAX_ZOOM)),
            west: f64::from(x) * extent,
            north: f64::from(y) * extent,
        }
    }

    pub(super) fn place(&self, at: Position) -> Place {
        let lat = at.lat().clamp(-MAX_LAT, MAX_LAT).to_radians();
        let x = (at.lon() + 180.0) / 360.0;
        let y = (1.0 - lat.tan().asinh() / PI) / 2.0;
        Place {
            x: x * self.units_around_the_world - self.west,
            y: y * self.units_around_the_world - self.north,
        }
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
