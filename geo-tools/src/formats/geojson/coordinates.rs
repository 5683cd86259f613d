//! The `coordinates` member: scanned into flat lists of positions and of where arrays end, whatever its nesting,
//! because the `type` that says what it should have been may come after it.

use std::fmt::Write as _;
use std::io::Read;

use super::Stop;
use super::lexer::{Lexer, Scalar};
use super::pair;
use crate::datum::Datum;
use crate::position::Position;
use crate::problem::{Code, Problem};
use crate::shown;

/// Problems told of one `coordinates` member; the others are counted.
const MAX_FLAWS: usize = 20;
/// With more than this the rest of the file is not worth the time.
const MAX_COUNTED_FLAWS: usize = 100_000;
/// Room that is made at once: most rings are shorter.
const USUAL_POSITIONS: usize = 64;
/// A position of more numbers than this is none.
const MAX_NUMBERS: usize = 64;

/// A `coordinates` member as it was written.
#[derive(Debug, Default)]
pub(super) struct Coordinates {
    pub(super) positions: Vec<Position>,
    /// What their numbers refer to.
    datum: Datum,
    /// For every array of arrays that ended: how deep it lay, from 1, and how many positions had been read by then.
    pub(super) ends: Vec<(u8, u32)>,
    /// How deep positions lie, from 1; `None` where there is none.
    pub(super) depth: Option<u8>,
    pub(super) flaws: Flaws,
    /// Where the first position of more than two numbers is, and how many there are.
    pub(super) more_dimensions: Option<(String, u64, usize)>,
    /// What stood in the place of the two numbers of a lone position that cannot be used.
    pub(super) point_as_given: Option<[String; 2]>,
}

/// What is wrong inside one `coordinates` member.
#[derive(Debug, Default)]
pub(super) struct Flaws {
    found: Vec<Problem>,
    untold: usize,
}

impl Flaws {
    fn push(&mut self, code: Code, place: &[u32], line: u64, message: impl Into<String>) {
        if self.found.len() == MAX_FLAWS {
            self.untold += 1;
            return;
        }
        let mut problem = Problem::error(code, message);
        problem.line = Some(line);
        problem.pointer = Some(tail(place));
        self.found.push(problem);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    pub(super) fn all_are(&self, code: Code) -> bool {
        self.found.iter().all(|problem| problem.code == code)
    }

    /// The problems with their pointers completed, the last one saying how many more there are.
    pub(super) fn into_problems(self, pointer: &str) -> Vec<Problem> {
        let untold = self.untold;
        let mut problems: Vec<Problem> = self.found;
        for problem in &mut problems {
            problem.pointer = Some(format!("{pointer}{}", problem.pointer.as_deref().unwrap_or_default()));
        }
        if let Some(last) = problems.last_mut().filter(|_| untold > 0) {
            let _ = write!(last.message, "; {untold} more coordinates of this geometry are wrong");
        }
        problems
    }
}

/// The end of a JSON pointer.
fn tail(place: &[u32]) -> String {
    place.iter().fold(String::new(), |mut tail, index| {
        let _ = write!(tail, "/{index}");
        tail
    })
}

/// Reads the value of a `coordinates` member; `depth` brackets are open around it.
pub(super) fn scan<R: Read>(
    lexer: &mut Lexer<R>,
    depth: usize,
    max_positions: usize,
    datum: Datum,
) -> Result<Coordinates, Stop> {
    let mut coordinates = Coordinates { datum, ..Coordinates::default() };
    // The index of the element that is being read, for every open array.
    let mut place: Vec<u32> = Vec::new();
    loop {
        value(lexer, &mut coordinates, &mut place, depth, max_positions)?;
        if coordinates.positions.len().max(coordinates.ends.len()) > max_positions {
            let message = format!("more than {max_positions} positions in one geometry");
            return Err(lexer.refuse(Code::TooLarge, &message));
        }
        if coordinates.flaws.untold > MAX_COUNTED_FLAWS {
            let message = format!("more than {MAX_COUNTED_FLAWS} coordinates of one geometry are wrong");
            return Err(lexer.refuse(Code::CoordType, &message));
        }
        // Every array that ends here ends; then the next element of the innermost one that goes on.
        while let Some(index) = place.last_mut() {
            // The opening of an array is followed by its first element, without a comma.
            if *index == OPENED {
                *index = 0;
                break;
            }
            *index += 1;
            if lexer.another(b']')? {
                break;
            }
            coordinates.ends.push((place.len() as u8, coordinates.positions.len() as u32));
            place.pop();
        }
        if place.is_empty() {
            return Ok(coordinates);
        }
    }
}

/// The mark of an array whose first element is still to come.
const OPENED: u32 = u32::MAX;

/// Reads an element: opens an array of arrays, or reads a position, or notes what else is there.
fn value<R: Read>(
    lexer: &mut Lexer<R>,
    coordinates: &mut Coordinates,
    place: &mut Vec<u32>,
    depth: usize,
    max_positions: usize,
) -> Result<(), Stop> {
    let line = lexer.source.line();
    if lexer.skip_space()? != Some(b'[') {
        let shown = show(lexer, depth + place.len())?;
        let message = format!("an array of numbers is expected, {shown} was given");
        coordinates.flaws.push(Code::CoordType, place, line, message);
        return Ok(());
    }
    lexer.check_depth(depth + place.len() + 1)?;
    if run(lexer, coordinates, place, max_positions) {
        return Ok(());
    }
    lexer.source.advance(1);
    match lexer.skip_space()? {
        Some(b'[') => {
            place.push(OPENED);
            Ok(())
        }
        Some(b']') => {
            lexer.source.advance(1);
            coordinates.ends.push((place.len() as u8 + 1, coordinates.positions.len() as u32));
            Ok(())
        }
        _ => numbers(lexer, coordinates, place, depth),
    }
}

/// Reads plain positions in WGS 84, one or many of one array; false where none stands here.
fn run<R: Read>(
    lexer: &mut Lexer<R>,
    coordinates: &mut Coordinates,
    place: &mut [u32],
    max_positions: usize,
) -> bool {
    let depth = place.len() as u8 + 1;
    if coordinates.datum != Datum::Wgs84 || coordinates.depth.is_some_and(|expected| expected != depth) {
        return false;
    }
    // One more than the cap allows, so that the cap is what is told.
    let room = (max_positions + 1).saturating_sub(coordinates.positions.len());
    let max_count = if place.is_empty() { 1 } else { room };
    if coordinates.positions.is_empty() && !place.is_empty() {
        coordinates.positions.reserve(USUAL_POSITIONS);
    }
    let run = pair::positions(lexer.source.rest(), max_count, &mut coordinates.positions);
    if run.count == 0 {
        return false;
    }
    coordinates.depth = Some(depth);
    lexer.source.advance(run.length_bytes);
    lexer.source.count_lines(run.lines);
    if let Some(index) = place.last_mut() {
        *index += run.count as u32 - 1;
    }
    true
}

/// Reads a position after its opening bracket, number by number.
fn numbers<R: Read>(
    lexer: &mut Lexer<R>,
    coordinates: &mut Coordinates,
    place: &mut Vec<u32>,
    depth: usize,
) -> Result<(), Stop> {
    let mut values = [0.0; 2];
    let mut count = 0;
    let mut flawed = false;
    let mut as_given = [String::new(), String::new()];
    loop {
        let next = lexer.skip_space()?;
        let line = lexer.source.line();
        let flaw = if matches!(next, Some(b'[' | b'{')) {
            let shown = show(lexer, depth + place.len() + 1)?;
            Some((Code::CoordType, format!("a number is expected, {shown} was given")))
        } else {
            let scalar = lexer.scalar()?;
            if let Some(slot) = as_given.get_mut(count).filter(|_| place.is_empty()) {
                *slot = text_of(&scalar);
            }
            match scalar {
                Scalar::Number { value, .. } if count >= 2 || value.is_finite() => {
                    if let Some(slot) = values.get_mut(count) {
                        *slot = value;
                    }
                    None
                }
                Scalar::Number { text, .. } => {
                    Some((Code::CoordRange, format!("{} is too large for a coordinate", shown::text(&text))))
                }
                Scalar::NotFinite(word) => Some((
                    Code::CoordRange,
                    format!("{word} is not a finite number, and JSON has no such word"),
                )),
                other => {
                    Some((Code::CoordType, format!("a number is expected, {} was given", describe(&other))))
                }
            }
        };
        if let Some((code, message)) = flaw {
            place.push(count as u32);
            coordinates.flaws.push(code, place, line, message);
            place.pop();
            flawed = true;
        }
        count += 1;
        if count > MAX_NUMBERS {
            let message = format!(
                "a position is a longitude and a latitude, more than {MAX_NUMBERS} numbers were given"
            );
            return Err(lexer.refuse(Code::CoordType, &message));
        }
        if !lexer.another(b']')? {
            break;
        }
    }
    if flawed {
        // Its place is kept, so that the indexes of those behind it stay right.
        values = [0.0; 2];
        count = 2;
    }
    position(coordinates, place, lexer.source.line(), &values, count)?;
    if place.is_empty() && !coordinates.flaws.is_empty() {
        coordinates.point_as_given = Some(as_given);
    }
    Ok(())
}

/// What was written, so that it can be written again.
fn text_of(scalar: &Scalar) -> String {
    match scalar {
        Scalar::String(text) | Scalar::Number { text, .. } => text.clone(),
        Scalar::NotFinite(word) | Scalar::Unknown(word) => word.clone(),
        Scalar::Null | Scalar::Bool => String::new(),
    }
}

/// Takes a position of `count` numbers, of which the first two are given.
fn position(
    coordinates: &mut Coordinates,
    place: &[u32],
    line: u64,
    values: &[f64; 2],
    count: usize,
) -> Result<(), Stop> {
    let depth = place.len() as u8 + 1;
    let expected = *coordinates.depth.get_or_insert(depth);
    if expected != depth {
        let message = format!("this position is nested {depth} deep, those before it {expected} deep");
        coordinates.flaws.push(Code::CoordType, place, line, message);
    }
    if count < 2 {
        let message = "a position is a longitude and a latitude, only one number was given";
        coordinates.flaws.push(Code::CoordType, place, line, message);
    }
    if count > 2 {
        let first = coordinates.more_dimensions.get_or_insert_with(|| (tail(place), line, 0));
        first.2 += 1;
    }
    let [lon, lat] = if count < 2 { [0.0; 2] } else { *values };
    match coordinates.datum.position(lon, lat) {
        Ok(position) => coordinates.positions.push(position),
        Err(error) => {
            coordinates.flaws.push(Code::CoordRange, place, line, error.to_string());
            let [west, south] = [lon.clamp(-180.0, 180.0), lat.clamp(-90.0, 90.0)];
            coordinates.positions.extend(Position::new(west, south));
        }
    }
    Ok(())
}

/// Passes the value that stands here and says what it was.
fn show<R: Read>(lexer: &mut Lexer<R>, depth: usize) -> Result<String, Stop> {
    match lexer.skip_space()? {
        Some(b'{') => lexer.skip_value(depth).map(|()| "an object".to_owned()),
        Some(b'[') => lexer.skip_value(depth).map(|()| "an array".to_owned()),
        _ => lexer.scalar().map(|scalar| describe(&scalar)),
    }
}

/// A scalar as messages show it.
pub(super) fn describe(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Null => "null".to_owned(),
        Scalar::Bool => "true or false".to_owned(),
        Scalar::String(text) => format!("the text \u{201c}{}\u{201d}", shown::text(text)),
        Scalar::Number { text, .. } => format!("the number {}", shown::text(text)),
        Scalar::NotFinite(word) | Scalar::Unknown(word) => {
            format!("\u{201c}{}\u{201d}, which is not JSON,", shown::text(word))
        }
    }
}
