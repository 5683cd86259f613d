//! From a type and scanned coordinates to a [`Geometry`]: nesting, rings, lines.

use std::fmt::{Arguments, Display};

use super::coordinates::Coordinates;
use crate::geometry::{Geometry, Polygon};
use crate::position::Position;
use crate::problem::{Code, Problem};

/// A longer step in longitude than this is a shape that goes round the back of the map.
pub(super) const MAX_STEP_E7: u32 = 1_800_000_000;

/// The kinds of geometry that have coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Point,
    MultiPoint,
    LineString,
    MultiLineString,
    Polygon,
    MultiPolygon,
}

impl Kind {
    pub(super) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "Point" => Self::Point,
            "MultiPoint" => Self::MultiPoint,
            "LineString" => Self::LineString,
            "MultiLineString" => Self::MultiLineString,
            "Polygon" => Self::Polygon,
            "MultiPolygon" => Self::MultiPolygon,
            _ => return None,
        })
    }

    fn depth(self) -> u8 {
        match self {
            Self::Point => 1,
            Self::MultiPoint | Self::LineString => 2,
            Self::MultiLineString | Self::Polygon => 3,
            Self::MultiPolygon => 4,
        }
    }
}

/// Where a geometry is, and what has been found wrong with it.
pub(in crate::formats) struct Findings<'a> {
    pub(in crate::formats) pointer: &'a str,
    pub(in crate::formats) line: u64,
    pub(in crate::formats) problems: &'a mut Vec<Problem>,
}

impl Findings<'_> {
    pub(in crate::formats) fn note(&mut self, problem: Problem, place: impl Display) {
        self.problems.push(Problem {
            line: Some(self.line),
            pointer: Some(format!("{}{place}", self.pointer)),
            ..problem
        });
    }
}

/// Builds the geometry; `None` where it is empty or where an error has been noted.
pub(super) fn build(kind: Kind, coordinates: Coordinates, findings: &mut Findings<'_>) -> Option<Geometry> {
    let Coordinates { positions, ends, depth, flaws, more_dimensions, .. } = coordinates;
    if let Some((place, line, count)) = more_dimensions {
        let message =
            format!("{count} positions have more than a longitude and a latitude; the rest is dropped");
        findings.note(Problem::warning(Code::ThirdDimension, message), &place);
        if let Some(warning) = findings.problems.last_mut() {
            warning.line = Some(line);
        }
    }
    let flawed = !flaws.is_empty();
    let only_out_of_range = flawed && flaws.all_are(Code::CoordRange);
    findings.problems.extend(flaws.into_problems(findings.pointer));
    let wanted = kind.depth();
    let nested = depth.filter(|depth| *depth != wanted);
    if let Some(depth) = nested {
        let message =
            format!("the positions of a {kind:?} are nested {wanted} deep, these are nested {depth} deep");
        findings.note(Problem::error(Code::CoordType, message), "");
    }
    if positions.is_empty() && !flawed {
        findings.note(Problem::warning(Code::NullGeometry, format!("this {kind:?} has no position")), "");
    }
    if nested.is_none() && !flawed && !positions.is_empty() && ends.iter().any(|(depth, _)| *depth >= wanted)
    {
        let message = format!("an empty array stands where a {kind:?} has a position");
        findings.note(Problem::error(Code::CoordType, message), "");
        return None;
    }
    if only_out_of_range && nested.is_none() {
        // What lies out of range was clamped: that cannot open a closed ring, but it can fold one.
        let mut others = Vec::new();
        let mut aside = Findings { problems: &mut others, ..*findings };
        assemble(kind, positions, &ends, &mut aside);
        findings.problems.extend(others.into_iter().filter(|problem| problem.code == Code::RingOpen));
        return None;
    }
    if flawed || nested.is_some() || positions.is_empty() {
        return None;
    }
    assemble(kind, positions, &ends, findings)
}

fn assemble(
    kind: Kind,
    positions: Vec<Position>,
    ends: &[(u8, u32)],
    findings: &mut Findings<'_>,
) -> Option<Geometry> {
    let errors_before = error_count(findings.problems);
    let geometry = match kind {
        Kind::Point => Geometry::Point(*positions.first()?),
        Kind::MultiPoint => Geometry::MultiPoint(positions),
        Kind::LineString => Geometry::MultiLine(vec![line(&positions, format_args!(""), findings)]),
        Kind::MultiLineString => {
            let lines = slices(&positions, ends, 2);
            let read = |(index, positions): (usize, &&[Position])| {
                line(positions, format_args!("/{index}"), findings)
            };
            Geometry::MultiLine(lines.iter().enumerate().map(read).collect())
        }
        Kind::Polygon => {
            let rings = slices(&positions, ends, 2);
            Geometry::MultiPolygon(vec![polygon(&rings, "", findings)])
        }
        Kind::MultiPolygon => multi_polygon(&positions, ends, findings),
    };
    (error_count(findings.problems) == errors_before).then_some(geometry)
}

fn error_count(problems: &[Problem]) -> usize {
    problems.iter().filter(|problem| problem.severity == crate::Severity::Error).count()
}

/// The runs of positions that the arrays at one depth hold.
fn slices<'a>(positions: &'a [Position], ends: &[(u8, u32)], depth: u8) -> Vec<&'a [Position]> {
    let mut start = 0;
    let mut slices = Vec::new();
    for (_, end) in ends.iter().filter(|(at, _)| *at == depth) {
        slices.push(&positions[start..*end as usize]);
        start = *end as usize;
    }
    slices
}

fn multi_polygon(positions: &[Position], ends: &[(u8, u32)], findings: &mut Findings<'_>) -> Geometry {
    let mut polygons = Vec::new();
    let mut rings: Vec<&[Position]> = Vec::new();
    let mut start = 0;
    for (depth, end) in ends {
        match depth {
            3 => {
                rings.push(&positions[start..*end as usize]);
                start = *end as usize;
            }
            2 => {
                polygons.push(polygon(&rings, &format!("/{}", polygons.len()), findings));
                rings.clear();
            }
            _ => {}
        }
    }
    Geometry::MultiPolygon(polygons)
}

pub(in crate::formats) fn polygon(
    rings: &[&[Position]],
    place: &str,
    findings: &mut Findings<'_>,
) -> Polygon {
    if rings.is_empty() {
        findings.note(Problem::error(Code::RingTooShort, "a polygon without an outer ring"), place);
    }
    let mut rings = rings
        .iter()
        .enumerate()
        .map(|(index, positions)| ring(positions, format_args!("{place}/{index}"), findings));
    let exterior = rings.next().unwrap_or_default();
    Polygon { exterior, holes: rings.collect() }
}

/// Checks a ring and takes off its repeated first position and what stands twice in a row.
fn ring(positions: &[Position], place: Arguments<'_>, findings: &mut Findings<'_>) -> Vec<Position> {
    let closed = positions.len() >= 2 && positions.first() == positions.last();
    check_steps(positions, place, findings);
    let body = if closed { &positions[..positions.len() - 1] } else { positions };
    let mut kept = body.to_vec();
    kept.dedup();
    while kept.len() > 1 && kept.first() == kept.last() {
        kept.pop();
    }
    let different = count_different(&kept, 3);
    if positions.len() < 4 || different < 3 {
        let message = format!(
            "a ring needs at least four positions, three of them different at 1e-7 degree; this one has {} and {different}",
            positions.len()
        );
        findings.note(Problem::error(Code::RingTooShort, message), place);
    } else {
        note_dropped(body.len() - kept.len(), place, findings);
    }
    if let (false, Some(first), Some(last)) = (closed, positions.first(), positions.last()) {
        let message = format!("the ring ends at {last} and must end where it starts, at {first}");
        findings
            .note(Problem::error(Code::RingOpen, message), format_args!("{place}/{}", positions.len() - 1));
    }
    kept
}

/// How many different positions there are, counted up to `enough`.
fn count_different(positions: &[Position], enough: usize) -> usize {
    let mut seen: Vec<Position> = Vec::with_capacity(enough);
    for position in positions {
        if seen.len() < enough && !seen.contains(position) {
            seen.push(*position);
        }
    }
    seen.len()
}

/// Checks a line and takes off what stands twice in a row.
pub(in crate::formats) fn line(
    positions: &[Position],
    place: Arguments<'_>,
    findings: &mut Findings<'_>,
) -> Vec<Position> {
    check_steps(positions, place, findings);
    let mut kept = positions.to_vec();
    kept.dedup();
    if kept.len() < 2 {
        let message = format!(
            "a line needs at least two positions that differ at 1e-7 degree; this one has {}",
            positions.len()
        );
        findings.note(Problem::error(Code::CoordType, message), place);
    } else {
        note_dropped(positions.len() - kept.len(), place, findings);
    }
    kept
}

fn note_dropped(count: usize, place: Arguments<'_>, findings: &mut Findings<'_>) {
    if count > 0 {
        let message = format!("{count} positions repeat the one before them at 1e-7 degree and are dropped");
        findings.note(Problem::warning(Code::DuplicatePosition, message), place);
    }
}

/// Refuses a step of more than half way round the Earth: its shape crosses the antimeridian, or nobody knows.
fn check_steps(positions: &[Position], place: Arguments<'_>, findings: &mut Findings<'_>) {
    let jump =
        positions.windows(2).position(|step| step[0].lon_e7().abs_diff(step[1].lon_e7()) > MAX_STEP_E7);
    if let Some(at) = jump {
        let message = format!(
            "from {} to {} the longitude leaps by more than 180 degrees; a shape across the antimeridian is cut there \
             into two parts (RFC 7946, 3.1.9)",
            positions[at],
            positions[at + 1]
        );
        findings.note(Problem::error(Code::Extent, message), format_args!("{place}/{}", at + 1));
    }
}
