//! Shapes as the commands of a vector tile: whole units, each place written as the step from the one before.

use super::mercator::{Frame, Place};
use super::protobuf::{varint, zigzag};
use super::{BUFFER, clip};
use crate::geometry::{Geometry, Polygon};
use crate::position::Position;

const MOVE_TO: u32 = 1;
const LINE_TO: u32 = 2;
const CLOSE_PATH: u32 = 7;

/// The type of a feature, with its number in the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Point = 1,
    Line = 2,
    Polygon = 3,
}

/// A place in whole units.
type Unit = [i32; 2];

/// Draws geometries one after the other; what it holds is room to work in.
#[derive(Default)]
pub(super) struct Pen {
    /// The commands of the geometry that was drawn last, as the format packs them.
    pub(super) commands: Vec<u8>,
    at: Unit,
    places: Vec<Place>,
    units: Vec<Unit>,
}

impl Pen {
    /// Draws what lies in the tile; `None` where nothing does.
    pub(super) fn draw(&mut self, frame: &Frame, geometry: &Geometry) -> Option<Kind> {
        self.commands.clear();
        self.at = Unit::default();
        let kind = match geometry {
            Geometry::Point(at) => {
                self.points(frame, &[*at]);
                Kind::Point
            }
            Geometry::MultiPoint(positions) => {
                self.points(frame, positions);
                Kind::Point
            }
            Geometry::MultiLine(lines) => {
                for line in lines {
                    self.line(frame, line);
                }
                Kind::Line
            }
            Geometry::MultiPolygon(polygons) => {
                for polygon in polygons {
                    self.polygon(frame, polygon);
                }
                Kind::Polygon
            }
        };
        (!self.commands.is_empty()).then_some(kind)
    }

    fn place(&mut self, frame: &Frame, positions: &[Position]) {
        self.places.clear();
        self.places.extend(positions.iter().map(|at| frame.place(*at)));
    }

    fn points(&mut self, frame: &Frame, positions: &[Position]) {
        self.place(frame, positions);
        self.units.clear();
        self.units.extend(self.places.iter().copied().filter(|at| clip::is_inside(*at)).map(rounded));
        if !self.units.is_empty() {
            self.command(MOVE_TO, self.units.len());
            self.steps(0);
        }
    }

    fn line(&mut self, frame: &Frame, positions: &[Position]) {
        self.place(frame, positions);
        for part in clip::line(&self.places) {
            self.units.clear();
            self.units.extend(part.into_iter().map(rounded));
            self.units.dedup();
            if self.units.len() > 1 {
                self.path();
            }
        }
    }

    /// Draws a polygon; without its outer ring its holes are nothing either.
    fn polygon(&mut self, frame: &Frame, polygon: &Polygon) {
        for (index, positions) in polygon.rings().enumerate() {
            let drawn = self.ring(frame, positions, index == 0);
            if index == 0 && !drawn {
                return;
            }
        }
    }

    fn ring(&mut self, frame: &Frame, positions: &[Position], outer: bool) -> bool {
        if !self.are_inside(frame, positions) {
            self.place(frame, positions);
            clip::ring(&mut self.places);
            self.units.clear();
            self.units.extend(self.places.iter().copied().map(rounded));
            self.units.dedup();
        }
        while self.units.len() > 1 && self.units.first() == self.units.last() {
            self.units.pop();
        }
        let doubled_area = doubled_area(&self.units);
        if self.units.len() < 3 || doubled_area == 0 {
            return false;
        }
        if (doubled_area > 0) != outer {
            self.units.reverse();
        }
        self.path();
        self.command(CLOSE_PATH, 1);
        true
    }

    /// Rounds positions to units, none twice in a row, as nearly always nothing has to be cut; false where it has.
    fn are_inside(&mut self, frame: &Frame, positions: &[Position]) -> bool {
        self.units.clear();
        self.units.reserve(positions.len());
        let mut previous = None;
        for at in positions {
            let place = frame.place(*at);
            if !clip::is_inside(place) {
                return false;
            }
            let unit = rounded(place);
            if previous != Some(unit) {
                self.units.push(unit);
            }
            previous = Some(unit);
        }
        true
    }

    /// Draws a path along the units.
    fn path(&mut self) {
        self.command(MOVE_TO, 1);
        self.step_to(self.units[0]);
        self.command(LINE_TO, self.units.len() - 1);
        self.steps(1);
    }

    fn command(&mut self, command: u32, count: usize) {
        varint(&mut self.commands, u64::from(command | (count as u32) << 3));
    }

    /// Draws the units from one on.
    fn steps(&mut self, from: usize) {
        // Most steps are short.
        self.commands.reserve(2 * self.units.len());
        for at in from..self.units.len() {
            self.step_to(self.units[at]);
        }
    }

    fn step_to(&mut self, to: Unit) {
        let step = |axis: usize| zigzag(i64::from(to[axis]) - i64::from(self.at[axis]));
        let (x, y) = (step(0), step(1));
        if (x | y) < 0x80 {
            self.commands.extend_from_slice(&[x as u8, y as u8]);
        } else {
            varint(&mut self.commands, x);
            varint(&mut self.commands, y);
        }
        self.at = to;
    }
}

/// What is drawn lies less than [`BUFFER`] before zero, so that cutting the fraction off is rounding down.
fn rounded(place: Place) -> Unit {
    let buffer = f64::from(BUFFER) + 0.5;
    [(place.x + buffer) as i32 - BUFFER as i32, (place.y + buffer) as i32 - BUFFER as i32]
}

/// Twice the signed area; positive where the ring runs clockwise on the screen, whose y points down.
fn doubled_area(units: &[Unit]) -> i64 {
    let cross = |a: Unit, b: Unit| i64::from(a[0]) * i64::from(b[1]) - i64::from(b[0]) * i64::from(a[1]);
    let closing = units.last().zip(units.first()).map_or(0, |(last, first)| cross(*last, *first));
    closing + units.windows(2).map(|pair| cross(pair[0], pair[1])).sum::<i64>()
}
