//! GCJ-02 and BD-09: the published formulas forwards, and backwards by iteration.
//!
//! The formulas were never given out by those who made them; everybody uses these, first published by "emq" in 2010
//! (on4wp7.codeplex.com) and kept in github.com/googollee/eviltransform and github.com/wandergis/coordtransform.
//! Their "way back" subtracts the shift of the wrong place and is off by up to some metres: here it is iterated. For
//! BD-09 the first of the two leaves out the 3000 / 180 of the waves; the second, with it, is what Baidu's maps show.
//!
//! Invariant: both ways agree on the box, so that what goes there comes back within 1e-9 degree before it is rounded.

use std::f64::consts::PI;

use super::{Coordinates, Datum, InvalidCoordinates};
use crate::position::Position;

/// The box of the published formula, in 1e-7 degree of WGS 84, edges included.
const WEST_E7: i32 = 720_040_000;
const EAST_E7: i32 = 1_378_347_000;
const SOUTH_E7: i32 = 8_293_000;
const NORTH_E7: i32 = 558_271_000;
/// So far outside the box a way back still counts as on its edge: what a file rounds is not on it exactly.
const EDGE_TOLERANCE_E7: i32 = 10;

/// Krasovsky's ellipsoid: major axis in metres, square of the eccentricity.
const AXIS_M: f64 = 6_378_245.0;
const ECCENTRICITY_2: f64 = 0.006_693_421_622_965_943;
const BD_PI: f64 = PI * 3000.0 / 180.0;

/// When the way back ends: a step of 1e-11 degree is a millionth of a metre.
const LAST_STEP: f64 = 1e-11;
/// A step is at most 0.03 of the one before; eight steps suffice, and more than this never converge.
const MAX_STEPS: usize = 40;

pub(super) fn there(datum: Datum, at: Position) -> Coordinates {
    let given = Coordinates { x: at.lon(), y: at.lat() };
    if in_box(at, 0) { shifted(datum, given) } else { given }
}

/// The position that is shifted to this place. Where one in the box and one outside it are, the one in the box.
pub(super) fn back(datum: Datum, given: Coordinates) -> Result<Position, InvalidCoordinates> {
    let unshifted = Position::new(given.x, given.y)?;
    let source = source(datum, given).and_then(|source| Position::new(source.x, source.y).ok());
    match source.filter(|source| in_box(*source, EDGE_TOLERANCE_E7)) {
        Some(source) => Ok(onto_box(source)?),
        None if in_box(unshifted, 0) => {
            Err(InvalidCoordinates::NoSource { datum, lon: given.x, lat: given.y })
        }
        None => Ok(unshifted),
    }
}

fn in_box(at: Position, tolerance_e7: i32) -> bool {
    (WEST_E7 - tolerance_e7..=EAST_E7 + tolerance_e7).contains(&at.lon_e7())
        && (SOUTH_E7 - tolerance_e7..=NORTH_E7 + tolerance_e7).contains(&at.lat_e7())
}

fn onto_box(at: Position) -> Result<Position, InvalidCoordinates> {
    let lon_e7 = at.lon_e7().clamp(WEST_E7, EAST_E7);
    let lat_e7 = at.lat_e7().clamp(SOUTH_E7, NORTH_E7);
    Ok(Position::from_e7(lon_e7, lat_e7)?)
}

/// Looks for the place that is shifted to `given`, whether the formula holds there or not.
fn source(datum: Datum, given: Coordinates) -> Option<Coordinates> {
    let mut source = given;
    for _ in 0..MAX_STEPS {
        let reached = shifted(datum, source);
        let (step_x, step_y) = (given.x - reached.x, given.y - reached.y);
        source = Coordinates { x: source.x + step_x, y: source.y + step_y };
        if step_x.abs().max(step_y.abs()) < LAST_STEP {
            return Some(source);
        }
    }
    None
}

/// The formula, whatever the place.
fn shifted(datum: Datum, at: Coordinates) -> Coordinates {
    let gcj = gcj(at);
    if datum == Datum::Bd09 { bd(gcj) } else { gcj }
}

fn gcj(at: Coordinates) -> Coordinates {
    let (x, y) = (at.x - 105.0, at.y - 35.0);
    let (east_m, north_m) = (metres_east(x, y), metres_north(x, y));
    let lat = at.y / 180.0 * PI;
    let magic = 1.0 - ECCENTRICITY_2 * lat.sin() * lat.sin();
    let metres_of_latitude = AXIS_M * (1.0 - ECCENTRICITY_2) / (magic * magic.sqrt()) * PI;
    let metres_of_longitude = AXIS_M / magic.sqrt() * lat.cos() * PI;
    Coordinates {
        x: at.x + east_m * 180.0 / metres_of_longitude,
        y: at.y + north_m * 180.0 / metres_of_latitude,
    }
}

fn metres_east(x: f64, y: f64) -> f64 {
    let slope = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * x.abs().sqrt();
    let waves = 20.0 * (6.0 * x * PI).sin()
        + 20.0 * (2.0 * x * PI).sin()
        + 20.0 * (x * PI).sin()
        + 40.0 * (x / 3.0 * PI).sin()
        + 150.0 * (x / 12.0 * PI).sin()
        + 300.0 * (x / 30.0 * PI).sin();
    slope + waves * 2.0 / 3.0
}

fn metres_north(x: f64, y: f64) -> f64 {
    let slope = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * x.abs().sqrt();
    let waves = 20.0 * (6.0 * x * PI).sin()
        + 20.0 * (2.0 * x * PI).sin()
        + 20.0 * (y * PI).sin()
        + 40.0 * (y / 3.0 * PI).sin()
        + 160.0 * (y / 12.0 * PI).sin()
        + 320.0 * (y / 30.0 * PI).sin();
    slope + waves * 2.0 / 3.0
}

fn bd(gcj: Coordinates) -> Coordinates {
    let radius = gcj.x.hypot(gcj.y) + 0.000_02 * (gcj.y * BD_PI).sin();
    let angle = gcj.y.atan2(gcj.x) + 0.000_003 * (gcj.x * BD_PI).cos();
    Coordinates { x: radius * angle.cos() + 0.0065, y: radius * angle.sin() + 0.006 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_converges_to_a_billionth_of_a_degree_all_over_the_box() {
        for datum in [Datum::Gcj02, Datum::Bd09] {
            let mut worst: f64 = 0.0;
            for lon_step in 0..=659 {
                for lat_step in 0..=550 {
                    let at = Coordinates {
                        x: 72.0 + 0.1 * f64::from(lon_step),
                        y: 0.8293 + 0.1 * f64::from(lat_step),
                    };
                    let found = source(datum, shifted(datum, at)).expect("it converges");
                    worst = worst.max((found.x - at.x).abs()).max((found.y - at.y).abs());
                }
            }
            assert!(worst < 1e-9, "{datum}: {worst:e}");
        }
    }
}
