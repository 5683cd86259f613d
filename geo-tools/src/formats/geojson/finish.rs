//! From what an object's members said to a feature or its problems.

use super::object::{Draft, Member};
use super::shape::{Findings, Kind, build};
use super::{Code, Feature, Problem};
use crate::formats::Properties;
use crate::geometry::Geometry;
use crate::shown;

/// What the type at the root of a record asks for.
pub(super) enum Root {
    Collection,
    Feature,
    Geometry,
    Unknown(Problem),
}

const TYPES: &str = "FeatureCollection, Feature, Point, MultiPoint, LineString, MultiLineString, Polygon, MultiPolygon \
                     or GeometryCollection";

pub(super) fn root(draft: &Draft) -> Root {
    match &draft.type_name {
        Some(Ok(name)) if name == "FeatureCollection" => Root::Collection,
        Some(Ok(name)) if name == "Feature" => Root::Feature,
        Some(Ok(name)) if name == "GeometryCollection" || Kind::parse(name).is_some() => Root::Geometry,
        other => {
            let given = type_given(other.as_ref());
            let mut problem =
                Problem::error(Code::NotGeojson, format!("{given}; it must be {TYPES}, in these letters"));
            problem.pointer = Some("/type".to_owned());
            problem.line = Some(draft.line);
            Root::Unknown(problem)
        }
    }
}

fn type_given(type_name: Option<&Result<String, String>>) -> String {
    match type_name {
        None => "the object has no type".to_owned(),
        Some(Ok(name)) => format!("the type is \u{201c}{}\u{201d}", shown::text(name)),
        Some(Err(other)) => format!("the type is {other}"),
    }
}

/// Makes a feature of an item of `features`, or of a record that is a feature; the problems are in its warnings,
/// errors among them.
pub(super) fn feature(mut draft: Draft, pointer: &str, index: usize) -> Feature {
    let mut problems = std::mem::take(&mut draft.problems);
    if !matches!(&draft.type_name, Some(Ok(name)) if name == "Feature") {
        let given = type_given(draft.type_name.as_ref());
        let mut problem =
            Problem::error(Code::NotGeojson, format!("{given}; a feature's type is \u{201c}Feature\u{201d}"));
        problem.pointer = Some(format!("{pointer}/type"));
        problems.push(problem);
    }
    let place = format!("{pointer}/geometry");
    let mut findings = Findings { pointer: &place, line: draft.line, problems: &mut problems };
    let geometry = match draft.geometry {
        Member::Object(geometry) => shape(*geometry, &place, findings.problems),
        Member::Null => {
            findings.note(Problem::warning(Code::NullGeometry, "the geometry is null"), "");
            None
        }
        Member::Absent => {
            findings.note(Problem::warning(Code::NullGeometry, "the feature has no geometry"), "");
            None
        }
        Member::Other(what) => {
            let message = format!("a geometry is an object or null, {what} was given");
            findings.note(Problem::error(Code::NotGeojson, message), "");
            None
        }
    };
    made(draft.id, draft.properties, geometry, (draft.line, pointer, index), problems)
}

/// Makes a feature of a record that is a geometry.
pub(super) fn bare_geometry(draft: Draft, index: usize) -> Feature {
    let mut problems = Vec::new();
    let line = draft.line;
    let geometry = shape(draft, "", &mut problems);
    made(None, Properties::default(), geometry, (line, "", index), problems)
}

fn made(
    id: Option<String>,
    properties: Properties,
    geometry: Option<Geometry>,
    (line, pointer, index): (u64, &str, usize),
    mut problems: Vec<Problem>,
) -> Feature {
    for problem in &mut problems {
        problem.features = id.iter().cloned().collect();
        problem.indexes = vec![index];
        problem.line.get_or_insert(line);
    }
    let pointer = pointer.to_owned();
    Feature { index, id, properties, geometry, line, pointer, warnings: problems }
}

/// Makes the geometry of an object's members; `None` where it is empty or where an error has been noted.
fn shape(mut draft: Draft, pointer: &str, problems: &mut Vec<Problem>) -> Option<Geometry> {
    problems.append(&mut draft.problems);
    let mut findings = Findings { pointer, line: draft.line, problems };
    let name = match &draft.type_name {
        Some(Ok(name)) => name.as_str(),
        other => {
            let given = type_given(other.as_ref());
            findings
                .note(Problem::error(Code::NotGeojson, format!("{given}; a geometry needs one")), "/type");
            return None;
        }
    };
    if name == "GeometryCollection" {
        return collection(draft.geometries, pointer, draft.line, problems);
    }
    let Some(kind) = Kind::parse(name) else {
        let given = type_given(draft.type_name.as_ref());
        let message =
            format!("{given}, which is no kind of geometry; the kinds are {KINDS}, in these letters");
        findings.note(Problem::error(Code::GeometryType, message), "/type");
        return None;
    };
    let place = format!("{pointer}/coordinates");
    let mut findings = Findings { pointer: &place, line: draft.line, problems };
    let Some(coordinates) = draft.coordinates else {
        findings.note(Problem::error(Code::CoordType, format!("a {name} needs coordinates")), "");
        return None;
    };
    build(kind, coordinates, &mut findings)
}

const KINDS: &str =
    "Point, MultiPoint, LineString, MultiLineString, Polygon, MultiPolygon and GeometryCollection";

/// Joins the members of a collection, which must be of one family: points, lines or polygons.
fn collection(
    members: Option<Vec<Member>>,
    pointer: &str,
    line: u64,
    problems: &mut Vec<Problem>,
) -> Option<Geometry> {
    let place = format!("{pointer}/geometries");
    let Some(members) = members else {
        let mut findings = Findings { pointer: &place, line, problems };
        findings
            .note(Problem::error(Code::NotGeojson, "a GeometryCollection needs an array of geometries"), "");
        return None;
    };
    let count = members.len();
    let mut joined: Option<Geometry> = None;
    for (index, member) in members.into_iter().enumerate() {
        let member_place = format!("{place}/{index}");
        let mut findings = Findings { pointer: &member_place, line, problems };
        let geometry = match member {
            Member::Object(draft) => shape(*draft, &member_place, findings.problems),
            Member::Null | Member::Absent => {
                findings
                    .note(Problem::error(Code::NullGeometry, "a member of a collection cannot be null"), "");
                None
            }
            Member::Other(what) => {
                let message = format!("a geometry is an object, {what} was given");
                findings.note(Problem::error(Code::NotGeojson, message), "");
                None
            }
        };
        let Some(geometry) = geometry else { continue };
        joined = match joined.take() {
            None => Some(geometry),
            Some(others) => match join(others, geometry) {
                Ok(both) => Some(both),
                Err(others) => {
                    let message = "a collection that mixes points, lines and polygons is not one shape";
                    let mut findings = Findings { pointer: &member_place, line, problems };
                    findings.note(Problem::error(Code::GeometryType, message), "");
                    Some(others)
                }
            },
        };
    }
    if count == 0 {
        let mut findings = Findings { pointer: &place, line, problems };
        findings.note(Problem::warning(Code::NullGeometry, "the collection is empty"), "");
    }
    joined
}

/// Both as one geometry, or the first again where they are of different families.
fn join(first: Geometry, second: Geometry) -> Result<Geometry, Geometry> {
    use Geometry::{MultiLine, MultiPoint, MultiPolygon, Point};
    match (first, second) {
        (Point(first), Point(second)) => Ok(MultiPoint(vec![first, second])),
        (Point(first), MultiPoint(second)) => Ok(MultiPoint([vec![first], second].concat())),
        (MultiPoint(mut first), Point(second)) => {
            first.push(second);
            Ok(MultiPoint(first))
        }
        (MultiPoint(mut first), MultiPoint(second)) => {
            first.extend(second);
            Ok(MultiPoint(first))
        }
        (MultiLine(mut first), MultiLine(second)) => {
            first.extend(second);
            Ok(MultiLine(first))
        }
        (MultiPolygon(mut first), MultiPolygon(second)) => {
            first.extend(second);
            Ok(MultiPolygon(first))
        }
        (first, _) => Err(first),
    }
}
