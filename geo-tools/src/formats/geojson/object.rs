//! Objects of GeoJSON member by member: what was written, before its type is acted on.

use std::collections::HashSet;
use std::io::Read;

use serde_json::Value;

use super::coordinates::{self, Coordinates, describe};
use super::lexer::{Lexer, Scalar};
use super::properties::{self, escape};
use super::{Caps, Stop, crs, flat};
use crate::datum::Datum;
use crate::formats::Properties;
use crate::problem::{Code, Problem};
use crate::shown;

/// Keys that nearly every object has; for these no text is kept.
const KNOWN: [&str; 8] =
    ["type", "geometry", "coordinates", "properties", "id", "bbox", "features", "geometries"];

/// Which object is read: some members mean something only there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Root,
    Feature,
    Geometry,
}

/// A member that should be an object.
#[derive(Debug, Default)]
pub(super) enum Member {
    #[default]
    Absent,
    Null,
    Object(Box<Draft>),
    /// Something else, and how to name it.
    Other(String),
}

/// What the members of one object said.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) line: u64,
    /// The type, or what stands in its place.
    pub(super) type_name: Option<Result<String, String>>,
    pub(super) id: Option<String>,
    pub(super) properties: Properties,
    pub(super) geometry: Member,
    pub(super) coordinates: Option<Coordinates>,
    pub(super) geometries: Option<Vec<Member>>,
    pub(super) problems: Vec<Problem>,
    /// Whether an array of features was seen.
    pub(super) has_features: bool,
    /// Which of [`KNOWN`] were seen, as bits.
    known_keys: u16,
    other_keys: HashSet<String>,
}

impl Draft {
    pub(super) fn at(line: u64) -> Self {
        Self { line, ..Self::default() }
    }

    /// What stood in the place of a point's two numbers, where they cannot be used.
    pub(super) fn point_as_given(&self) -> Option<[String; 2]> {
        match &self.geometry {
            Member::Object(geometry) => geometry.coordinates.as_ref()?.point_as_given.clone(),
            _ => None,
        }
    }

    /// Whether a key was seen before; it is from now on, unless `max_count` others are remembered already.
    fn has_seen(&mut self, key: &str, max_count: usize) -> bool {
        if let Some(at) = KNOWN.iter().position(|known| *known == key) {
            let bit = 1 << at;
            let has_seen = self.known_keys & bit != 0;
            self.known_keys |= bit;
            return has_seen;
        }
        self.other_keys.len() < max_count && !self.other_keys.insert(key.to_owned())
    }

    fn note(&mut self, line: u64, pointer: String, problem: Problem) {
        self.problems.push(Problem { line: Some(line), pointer: Some(pointer), ..problem });
    }
}

pub(super) struct Parser<R: Read> {
    pub(super) lexer: Lexer<R>,
    pub(super) caps: Caps,
    /// What the file's numbers refer to, as its bringer says.
    pub(super) datum: Datum,
}

impl<R: Read> Parser<R> {
    /// Reads an object with everything in it; `depth` brackets are open around it.
    pub(super) fn object(&mut self, role: Role, pointer: &str, depth: usize) -> Result<Draft, Stop> {
        self.lexer.check_depth(depth + 1)?;
        let mut draft = Draft::at(self.lexer.source.line());
        self.lexer.expect(b'{')?;
        if self.lexer.skip_space()? == Some(b'}') {
            self.lexer.source.advance(1);
            return Ok(draft);
        }
        loop {
            let key = self.key(&mut draft, pointer)?;
            self.member(&mut draft, role, &key, pointer, depth + 1)?;
            if !self.lexer.another(b'}')? {
                return Ok(draft);
            }
        }
    }

    /// Reads a key and its colon.
    pub(super) fn key(&mut self, draft: &mut Draft, pointer: &str) -> Result<String, Stop> {
        self.lexer.skip_space()?;
        let line = self.lexer.source.line();
        let key = self.lexer.string()?;
        self.lexer.expect(b':')?;
        if draft.has_seen(&key, self.caps.max_text_bytes / 64) {
            let message = format!("the key \u{201c}{}\u{201d} stands twice in one object", shown::text(&key));
            let place = format!("{pointer}/{}", escape(&key));
            draft.note(line, place, Problem::error(Code::DuplicateKey, message));
        }
        Ok(key)
    }

    /// Reads the value of a member; `depth` brackets are open around it.
    pub(super) fn member(
        &mut self,
        draft: &mut Draft,
        role: Role,
        key: &str,
        pointer: &str,
        depth: usize,
    ) -> Result<(), Stop> {
        match (key, role) {
            ("type", _) => self.type_name(draft, depth)?,
            ("id", Role::Root | Role::Feature) => self.id(draft, pointer, depth)?,
            ("properties", Role::Root | Role::Feature) => self.properties(draft, pointer, depth)?,
            ("geometry", Role::Root | Role::Feature) => {
                draft.geometry = self.member_object(&format!("{pointer}/geometry"), depth)?;
            }
            ("coordinates", Role::Root | Role::Geometry) => {
                let max_positions = self.caps.max_feature_positions;
                draft.coordinates =
                    Some(coordinates::scan(&mut self.lexer, depth, max_positions, self.datum)?);
            }
            ("geometries", Role::Root | Role::Geometry) => {
                draft.geometries = self.geometries(&format!("{pointer}/geometries"), depth)?;
            }
            ("crs", _) => self.crs(draft, pointer, depth)?,
            ("datum", Role::Root) => self.datum(draft, pointer, depth)?,
            _ => self.lexer.skip_value(depth)?,
        }
        Ok(())
    }

    fn type_name(&mut self, draft: &mut Draft, depth: usize) -> Result<(), Stop> {
        draft.type_name = Some(match self.lexer.skip_space()? {
            Some(b'{' | b'[') => {
                self.lexer.skip_value(depth)?;
                Err("an array or object".to_owned())
            }
            _ => match self.lexer.scalar()? {
                Scalar::String(name) => Ok(name),
                other => Err(describe(&other)),
            },
        });
        Ok(())
    }

    fn id(&mut self, draft: &mut Draft, pointer: &str, depth: usize) -> Result<(), Stop> {
        let line = self.lexer.skip_space().map(|_| self.lexer.source.line())?;
        let refused = match self.lexer.skip_space()? {
            Some(b'{' | b'[') => {
                self.lexer.skip_value(depth)?;
                "an array or object".to_owned()
            }
            _ => match self.lexer.scalar()? {
                Scalar::Null => return Ok(()),
                Scalar::String(text) if !text.contains('\0') => {
                    draft.id = Some(text);
                    return Ok(());
                }
                Scalar::Number { value, text } => {
                    draft.id = Some(number_id(value, text));
                    return Ok(());
                }
                other => describe(&other),
            },
        };
        let message = format!("an id is a text or a number, {refused} was given and is passed over");
        draft.note(line, format!("{pointer}/id"), Problem::warning(Code::BadValue, message));
        Ok(())
    }

    fn properties(&mut self, draft: &mut Draft, pointer: &str, depth: usize) -> Result<(), Stop> {
        self.lexer.skip_space()?;
        let line = self.lexer.source.line();
        let raw = self.lexer.raw_value(depth)?;
        if let Some(text) = flat::whole(raw) {
            draft.properties = Properties::of_object(text);
            return Ok(());
        }
        let (value, findings) = match properties::parse(raw) {
            Ok(parsed) => parsed,
            Err(error) => {
                let line = line + error.line().saturating_sub(1) as u64;
                let message = format!("the properties are not JSON: {error}");
                draft.note(line, format!("{pointer}/properties"), Problem::error(Code::NotGeojson, message));
                return Ok(());
            }
        };
        for place in &findings.repeated_keys {
            let problem = Problem::error(Code::DuplicateKey, "this key stands twice in one object");
            draft.note(line, format!("{pointer}/properties{place}"), problem);
        }
        for place in &findings.nul_texts {
            let problem = Problem::error(Code::Encoding, "a text holds a NUL character, which no text may");
            draft.note(line, format!("{pointer}/properties{place}"), problem);
        }
        match value {
            Value::Object(map) => draft.properties = map.into(),
            Value::Null => {}
            _ => {
                let message = "properties must be an object or null";
                draft.note(line, format!("{pointer}/properties"), Problem::error(Code::BadValue, message));
            }
        }
        Ok(())
    }

    fn crs(&mut self, draft: &mut Draft, pointer: &str, depth: usize) -> Result<(), Stop> {
        self.lexer.skip_space()?;
        let line = self.lexer.source.line();
        let problem = crs::check(self.lexer.raw_value(depth)?, self.datum);
        if let Some(problem) = problem {
            draft.note(line, format!("{pointer}/crs"), problem);
        }
        Ok(())
    }

    /// Reads the member by which [`super::Writer`] names a datum other than WGS 84.
    fn datum(&mut self, draft: &mut Draft, pointer: &str, depth: usize) -> Result<(), Stop> {
        self.lexer.skip_space()?;
        let line = self.lexer.source.line();
        if let Some(problem) = crs::check_datum(self.lexer.raw_value(depth)?, self.datum) {
            draft.note(line, format!("{pointer}/datum"), problem);
        }
        Ok(())
    }

    /// Reads a geometry, or what stands in its place. Geometries nest at most as deeply as [`Caps::max_depth`].
    fn member_object(&mut self, pointer: &str, depth: usize) -> Result<Member, Stop> {
        Ok(match self.lexer.skip_space()? {
            Some(b'{') => Member::Object(Box::new(self.object(Role::Geometry, pointer, depth)?)),
            Some(b'[') => {
                self.lexer.skip_value(depth)?;
                Member::Other("an array".to_owned())
            }
            _ => match self.lexer.scalar()? {
                Scalar::Null => Member::Null,
                other => Member::Other(describe(&other)),
            },
        })
    }

    /// Reads the members of a collection; `None` where they are no array.
    fn geometries(&mut self, pointer: &str, depth: usize) -> Result<Option<Vec<Member>>, Stop> {
        if self.lexer.skip_space()? != Some(b'[') {
            self.lexer.skip_value(depth)?;
            return Ok(None);
        }
        self.lexer.check_depth(depth + 1)?;
        self.lexer.source.advance(1);
        let mut members = Vec::new();
        if self.lexer.skip_space()? == Some(b']') {
            self.lexer.source.advance(1);
            return Ok(Some(members));
        }
        loop {
            let place = format!("{pointer}/{}", members.len());
            members.push(self.member_object(&place, depth + 1)?);
            if members.len() > self.caps.max_feature_positions / 64 {
                return Err(self.lexer.refuse(Code::TooLarge, "too many geometries in one collection"));
            }
            if !self.lexer.another(b']')? {
                return Ok(Some(members));
            }
        }
    }
}

/// A number as an id: `1` and `1.0` are the same.
fn number_id(value: f64, text: String) -> String {
    const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() <= MAX_EXACT { format!("{}", value as i64) } else { text }
}
