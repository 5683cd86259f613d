//! Shapes as the commands of a vector tile: whole units, each place written as the step from the one before.

use super::mercator::{Frame, Place};
use super::protobuf::zigzag;
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

/// A geometry that is ready to be written.
#[derive(Debug)]
pub(super) struct Drawing {
    pub(super) kind: Kind,
    pub(super) commands: Vec<u32>,
}

/// A place in whole units.
type Unit = [i32; 2];

/// Draws what lies in the tile; `None` where nothing does.
pub(super) fn draw(frame: &Frame, geometry: &Geometry) -> Option<Drawing> {
    let mut pen = Pen::default();
    let kind = match geometry {
        Geometry::Point(at) => {
            pen.points(frame, &[*at]);
            Kind::Point
        }
        Geometry::MultiPoint(positions) => {
            pen.points(frame, positions);
            Kind::Point
        }
        Geometry::MultiLine(lines) => {
            for line in lines {
                pen.line(&places(frame, line));
            }
            Kind::Line
        }
        Geometry::MultiPolygon(polygons) => {
            let rings = polygons.iter().flat_map(Polygon::rings);
            pen.commands.reserve(rings.map(|ring| 2 * ring.len() + 4).sum());
            for polygon in polygons {
                pen.polygon(frame, polygon);
            }
            Kind::Polygon
        }
    };
    (!pen.commands.is_empty()).then_some(Drawing { kind, commands: pen.commands })
}

fn places(frame: &Frame, positions: &[Position]) -> Vec<Place> {
    positions.iter().map(|at| frame.place(*at)).collect()
}

#[derive(Default)]
struct Pen {
    commands: Vec<u32>,
    at: Unit,
}

impl Pen {
    fn points(&mut self, frame: &Frame, positions: &[Position]) {
        let inside: Vec<Unit> =
            places(frame, positions).into_iter().filter(|at| clip::is_inside(*at)).map(rounded).collect();
        if !inside.is_empty() {
            self.command(MOVE_TO, inside.len());
            inside.into_iter().for_each(|unit| self.step(unit));
        }
    }

    fn line(&mut self, places: &[Place]) {
        for part in clip::line(places) {
            let mut units: Vec<Unit> = part.into_iter().map(rounded).collect();
            units.dedup();
            if let [first, rest @ ..] = units.as_slice()
                && !rest.is_empty()
            {
                self.path(*first, rest);
            }
        }
    }

    /// Draws a polygon; without its outer ring its holes are nothing either.
    fn polygon(&mut self, frame: &Frame, polygon: &Polygon) {
        for (index, positions) in polygon.rings().enumerate() {
            let drawn = self.ring(places(frame, positions), index == 0);
            if index == 0 && !drawn {
                return;
            }
        }
    }

    fn ring(&mut self, places: Vec<Place>, outer: bool) -> bool {
        let mut units: Vec<Unit> = clip::ring(places).into_iter().map(rounded).collect();
        units.dedup();
        while units.len() > 1 && units.first() == units.last() {
            units.pop();
        }
        let doubled_area = doubled_area(&units);
        if units.len() < 3 || doubled_area == 0 {
            return false;
        }
        if (doubled_area > 0) != outer {
            units.reverse();
        }
        if let [first, rest @ ..] = units.as_slice() {
            self.path(*first, rest);
            self.command(CLOSE_PATH, 1);
        }
        true
    }

    fn path(&mut self, first: Unit, rest: &[Unit]) {
        self.command(MOVE_TO, 1);
        self.step(first);
        self.command(LINE_TO, rest.len());
        rest.iter().for_each(|unit| self.step(*unit));
    }

    fn command(&mut self, command: u32, count: usize) {
        self.commands.push(command | (count as u32) << 3);
    }

    fn step(&mut self, to: Unit) {
        for (to, at) in to.into_iter().zip(self.at) {
            self.commands.push(zigzag(i64::from(to) - i64::from(at)) as u32);
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
    let next = units.iter().cycle().skip(1);
    let cross =
        |(a, b): (&Unit, &Unit)| i64::from(a[0]) * i64::from(b[1]) - i64::from(b[0]) * i64::from(a[1]);
    units.iter().zip(next).map(cross).sum()
}
