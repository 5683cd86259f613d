//! Which columns of a header hold what is wanted.

use std::collections::HashSet;

use super::{CsvOptions, Positions};
use crate::problem::{Code, Problem};
use crate::shown;

/// What longitude is called, in the order in which it is looked for.
const LON_NAMES: [&str; 7] = ["lon", "lng", "longitude", "long", "经度", "x", "wgs84_lon"];
/// What latitude is called; the same place in the list goes with the same longitude.
const LAT_NAMES: [&str; 7] = ["lat", "lat", "latitude", "lat", "纬度", "y", "wgs84_lat"];
/// Names that mean nothing else, so that one of a pair alone is a column that was lost.
const CERTAIN_NAMES: [&str; 8] = ["lon", "lng", "longitude", "经度", "lat", "latitude", "纬度", "wgs84_lat"];

/// Places of the wanted columns.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Columns {
    pub(super) id: Option<usize>,
    pub(super) lon_lat: Option<(usize, usize)>,
}

/// Finds the wanted columns, or says which are missing or doubtful.
pub(super) fn find(header: &[String], options: &CsvOptions) -> Result<Columns, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut seen = HashSet::new();
    for name in header {
        if !name.is_empty() && !seen.insert(name) {
            let message = format!("two columns are called \u{201c}{}\u{201d}", shown::text(name));
            problems.push(Problem { line: Some(1), ..Problem::error(Code::DuplicateKey, message) });
        }
    }
    let id = match &options.id {
        Some(name) => named(header, name, &mut problems),
        None => place(header, "id"),
    };
    let lon_lat =
        if options.positions == Positions::Ignored { None } else { lon_lat(header, options, &mut problems) };
    if problems.is_empty() { Ok(Columns { id, lon_lat }) } else { Err(problems) }
}

fn lon_lat(header: &[String], options: &CsvOptions, problems: &mut Vec<Problem>) -> Option<(usize, usize)> {
    let guessed = |names: &[&str; 7]| names.iter().find_map(|name| place(header, name));
    let pair = match (&options.lon, &options.lat) {
        (None, None) => LON_NAMES
            .iter()
            .zip(LAT_NAMES)
            .find_map(|(lon, lat)| Some((place(header, lon)?, place(header, lat)?))),
        (lon, lat) => {
            let lon = lon.as_ref().map_or_else(|| guessed(&LON_NAMES), |name| named(header, name, problems));
            let lat = lat.as_ref().map_or_else(|| guessed(&LAT_NAMES), |name| named(header, name, problems));
            lon.zip(lat)
        }
    };
    let half = CERTAIN_NAMES.iter().find_map(|name| place(header, name));
    let message = match (pair, half) {
        (None, Some(half)) => format!(
            "column \u{201c}{}\u{201d} is half a position; longitude and latitude (such as lon and lat) are needed, or \
             neither; there are {}",
            shown::text(&header[half]),
            list(header)
        ),
        (None, None) if options.positions == Positions::Required => format!(
            "no columns for longitude and latitude (such as lon and lat) among {}; say which they are",
            list(header)
        ),
        _ => return pair,
    };
    if problems.is_empty() {
        problems.push(Problem { line: Some(1), ..Problem::error(Code::MissingField, message) });
    }
    None
}

/// The place of a column that was asked for by name: exactly, else whatever its capitals.
fn named(header: &[String], name: &str, problems: &mut Vec<Problem>) -> Option<usize> {
    let found = header.iter().position(|column| column == name).or_else(|| place(header, name));
    if found.is_none() {
        let message =
            format!("no column is called \u{201c}{}\u{201d}; there are {}", shown::text(name), list(header));
        problems.push(Problem { line: Some(1), ..Problem::error(Code::MissingField, message) });
    }
    found
}

fn place(header: &[String], name: &str) -> Option<usize> {
    let name = name.to_lowercase();
    header.iter().position(|column| column.to_lowercase() == name)
}

fn list(header: &[String]) -> String {
    const SHOWN: usize = 20;
    let shown: Vec<String> = header.iter().take(SHOWN).map(|name| shown::text(name)).collect();
    let more = if header.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}
