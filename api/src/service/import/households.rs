//! Records as buildings with their households.
//!
//! A record with a count of dwellings is a building with that many households, `ID/1` to `ID/N`; without the column it is
//! one household, in the building that its building column or its address names.
//!
//! Invariant: what everybody may see of a building never comes from the address of a household, which may name a door.

use domain::household::MAX_MEMBER_COUNT;
use domain::text::Address;
use geo_tools::{Code, Position, Problem};

use super::options::ImportOptions;
use super::record::Record;
use crate::store::imports::Unsaid;

/// The most dwellings that one building may have.
const MAX_DWELLINGS: u32 = 5_000;

/// One building, or one household of one.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Dwelling {
    /// What the source calls it.
    pub(crate) source_id: String,
    /// Its address.
    pub(crate) address: Option<Address>,
    /// Where it is; `None` is found by its building or address.
    pub(crate) position: Option<Position>,
    /// What it is.
    pub(crate) content: DwellingContent,
    /// What the file says nothing of.
    pub(crate) unsaid: Unsaid,
    /// Its place in the file, from 0.
    pub(crate) index: usize,
    /// The line that it starts on.
    pub(crate) line: u64,
    /// JSON pointer to it.
    pub(crate) pointer: Option<String>,
}

/// What a record stands for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum DwellingContent {
    /// A building with so many households.
    Building {
        /// How many.
        dwellings: u32,
        /// Whether the file says an address.
        mention: Mention,
    },
    /// One household.
    Household {
        /// What the source calls its building.
        building: Option<NamedBuilding>,
        /// How many live there.
        member_count: Option<u32>,
    },
}

/// Whether a file says something of a field, such as a building's own address, be it that there is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mention {
    /// It has the column: where that is empty, there is none, whatever there was before.
    Said,
    /// It has no such column, and leaves what there is.
    Unsaid,
}

/// A building as a household names it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct NamedBuilding {
    /// What the source calls it.
    pub(crate) source_id: String,
    /// Its own address, which everybody may see: none where the file does not say it, whatever the household's is.
    pub(crate) address: Option<Address>,
    /// Whether the file says it.
    pub(crate) mention: Mention,
}

/// Reads one record.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn dwelling(record: &Record, options: &ImportOptions) -> Result<Dwelling, Vec<Problem>> {
    let mut problems = Vec::new();
    let source_id = record.id(options.id.as_deref()).map_err(|problem| problems.push(*problem)).ok();
    let position = record.position().map_err(|problem| problems.push(*problem)).ok().flatten();
    let address =
        address("address", record, options).map_err(|problem| problems.push(*problem)).ok().flatten();
    let content = content(record, options).map_err(|problem| problems.push(*problem)).ok();
    if matches!(content, Some(DwellingContent::Building { .. })) && position.is_none() && problems.is_empty()
    {
        problems.push(*record.problem(Code::NullGeometry, "a building needs a position"));
    }
    match (source_id, content) {
        (Some(source_id), Some(content)) if problems.is_empty() => Ok(Dwelling {
            source_id,
            address,
            position,
            content,
            unsaid: unsaid(record, options),
            index: record.index,
            line: record.line,
            pointer: record.pointer.clone(),
        }),
        _ => Err(problems),
    }
}

fn address(field: &str, record: &Record, options: &ImportOptions) -> Result<Option<Address>, Box<Problem>> {
    let columns = options.columns.columns(field);
    let text = if columns.is_empty() { record.text(field) } else { record.joined(columns) };
    let parsed = text.map(|text| Address::parse(&text)).transpose();
    parsed.map_err(|invalid| record.problem(Code::BadValue, format!("{field}: {invalid}")))
}

fn mention(field: &str, record: &Record, options: &ImportOptions) -> Mention {
    let columns = options.columns.columns(field);
    let is_said = record.has(field) && columns.is_empty() || columns.iter().any(|column| record.has(column));
    if is_said { Mention::Said } else { Mention::Unsaid }
}

fn unsaid(record: &Record, options: &ImportOptions) -> Unsaid {
    let is_unsaid = |field: &str| mention(field, record, options) == Mention::Unsaid;
    // A row that stands for a whole building says of none of its households how many live there.
    let is_building = options.columns.column("dwellings").is_some();
    Unsaid { address: is_unsaid("address"), member_count: is_building || is_unsaid("members") }
}

fn content(record: &Record, options: &ImportOptions) -> Result<DwellingContent, Box<Problem>> {
    if let Some(column) = options.columns.column("dwellings") {
        let dwellings = record.whole_number(column, 0..=MAX_DWELLINGS)?;
        let missing =
            || record.problem(Code::MissingField, format!("no {column:?}: how many dwellings does it have?"));
        let mention = mention("address", record, options);
        let building = |dwellings| DwellingContent::Building { dwellings, mention };
        return dwellings.map(building).ok_or_else(missing);
    }
    let members = options.columns.column("members").unwrap_or("members");
    let building = options.columns.column("building").unwrap_or("building");
    let source_id = record.text(building).map(|name| record.short(building, name)).transpose()?;
    let address = address("building_address", record, options)?;
    let mention = mention("building_address", record, options);
    Ok(DwellingContent::Household {
        building: source_id.map(|source_id| NamedBuilding { source_id, address, mention }),
        member_count: record.whole_number(members, 0..=MAX_MEMBER_COUNT)?,
    })
}

impl Dwelling {
    /// A warning with its place in the file.
    pub(crate) fn warning(&self, code: Code, message: String) -> Problem {
        self.at(Problem::warning(code, message))
    }

    /// A problem with its place in the file.
    pub(crate) fn problem(&self, code: Code, message: String) -> Problem {
        self.at(Problem::error(code, message))
    }

    fn at(&self, problem: Problem) -> Problem {
        Problem {
            features: vec![self.source_id.clone()],
            indexes: vec![self.index],
            line: Some(self.line),
            pointer: self.pointer.clone(),
            ..problem
        }
    }
}
