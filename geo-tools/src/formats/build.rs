//! Geometry of binary formats: pairs of numbers become positions, rings become polygons, under the rules of GeoJSON.

use super::geojson::shape::{Findings, line, polygon};
use crate::datum::{Datum, InvalidCoordinates};
use crate::geometry::{Geometry, Polygon};
use crate::position::Position;
use crate::problem::{Code, Problem, Severity};

/// What is wrong with coordinates; only the first is told in full.
#[derive(Debug, Default)]
pub(super) struct Flaws {
    first: Option<(usize, InvalidCoordinates)>,
    count: usize,
}

/// Makes positions of numbers, in their order.
#[derive(Debug)]
pub(super) struct Positions {
    datum: Datum,
    seen: usize,
    flaws: Flaws,
}

impl Positions {
    pub(super) fn new(datum: Datum) -> Self {
        Self { datum, seen: 0, flaws: Flaws::default() }
    }

    /// The position; where the numbers are none, some position, and the flaw is kept.
    pub(super) fn take(&mut self, x: f64, y: f64) -> Option<Position> {
        let index = self.seen;
        self.seen += 1;
        match self.datum.position(x, y) {
            Ok(position) => Some(position),
            Err(error) => {
                self.flaws.count += 1;
                self.flaws.first.get_or_insert((index, error));
                None
            }
        }
    }

    /// The flaws as a problem, if there were any.
    pub(super) fn problem(self) -> Option<Problem> {
        let (index, message) = self.flaws.first?;
        let more = match self.flaws.count {
            1 => String::new(),
            count => format!("; {} more positions of this feature are none either", count - 1),
        };
        let message = format!("position {} of the feature: {message}{more}", index + 1);
        Some(Problem::error(Code::CoordRange, message))
    }
}

/// A shape as a binary format tells it, before its rings and lines are checked.
#[derive(Debug)]
pub(super) enum Raw {
    Point(Position),
    MultiPoint(Vec<Position>),
    MultiLine(Vec<Vec<Position>>),
    /// Each polygon as its rings, closed by repeating the first position.
    MultiPolygon(Vec<Vec<Vec<Position>>>),
}

/// The checked geometry; `None` where it is empty or an error has been noted.
pub(super) fn checked(raw: Raw, pointer: &str, record: u64, problems: &mut Vec<Problem>) -> Option<Geometry> {
    let errors = |problems: &[Problem]| problems.iter().filter(|one| one.severity == Severity::Error).count();
    let before = errors(problems);
    let empty = match &raw {
        Raw::Point(_) => false,
        Raw::MultiPoint(positions) => positions.is_empty(),
        Raw::MultiLine(lines) => lines.is_empty(),
        Raw::MultiPolygon(polygons) => polygons.is_empty(),
    };
    let mut findings = Findings { pointer, line: record, problems };
    if empty {
        findings.note(Problem::warning(Code::NullGeometry, "the geometry has no position"), "");
        return None;
    }
    let geometry = match raw {
        Raw::Point(position) => Geometry::Point(position),
        Raw::MultiPoint(positions) => Geometry::MultiPoint(positions),
        Raw::MultiLine(lines) => {
            let mut checked = Vec::with_capacity(lines.len());
            for (index, positions) in lines.iter().enumerate() {
                checked.push(line(positions, format_args!("/{index}"), &mut findings));
            }
            Geometry::MultiLine(checked)
        }
        Raw::MultiPolygon(polygons) => {
            let mut checked: Vec<Polygon> = Vec::with_capacity(polygons.len());
            for (index, rings) in polygons.iter().enumerate() {
                let rings: Vec<&[Position]> = rings.iter().map(Vec::as_slice).collect();
                checked.push(polygon(&rings, &format!("/{index}"), &mut findings));
            }
            Geometry::MultiPolygon(checked)
        }
    };
    (errors(problems) == before).then_some(geometry)
}
