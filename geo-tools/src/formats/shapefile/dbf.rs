//! The rows of a `.dbf` out: widths that fit what is there, in UTF-8.

use std::io;

use serde_json::Value;

use super::write::cut;
use crate::formats::table::{Column, Kind, Table, text};
use crate::problem::Problem;
use crate::shown;

const MOST_NAME_BYTES: usize = 10;
const MOST_TEXT_BYTES: usize = 254;
/// What other programs write reals with: they tell by the decimals that a column is not of whole numbers.
const REAL_BYTES: usize = 24;
const REAL_DECIMALS: u8 = 15;
const MOST_COLUMNS: usize = 255;
/// Of 64 bits at most nineteen digits: beyond eighteen GDAL and others take a column for one of reals.
const MOST_WHOLE_DIGITS: usize = 18;
/// Texts that are cut are told one by one up to here, in each column.
const MOST_CUTS_TOLD: usize = 100;

struct Field {
    column: Column,
    name: String,
    letter: u8,
    width_bytes: usize,
    decimals: u8,
}

pub(super) fn encode(table: &Table, warnings: &mut Vec<Problem>) -> io::Result<Vec<u8>> {
    let columns = table.columns(warnings);
    if columns.len() > MOST_COLUMNS {
        let message = format!("a shapefile holds {MOST_COLUMNS} columns; there are {}", columns.len());
        return Err(io::Error::other(message));
    }
    let mut fields: Vec<Field> = Vec::with_capacity(columns.len());
    for column in columns {
        let field = field(table, column, &fields, warnings);
        fields.push(field);
    }
    if fields.is_empty() {
        // Other programs refuse a table without a column.
        let column = Column { name: "id".to_owned(), kind: Kind::Integer };
        fields.push(Field { name: "id".to_owned(), column, letter: b'N', width_bytes: 10, decimals: 0 });
    }
    let row_bytes: usize = 1 + fields.iter().map(|field| field.width_bytes).sum::<usize>();
    let mut bytes = header(&fields, table.features.len(), row_bytes);
    for feature in &table.features {
        bytes.push(b' ');
        for field in &fields {
            let value = feature.properties.get(&field.column.name).unwrap_or(&Value::Null);
            cell(&mut bytes, field, value);
        }
    }
    bytes.push(0x1a);
    tell_changes(table, &fields, warnings);
    Ok(bytes)
}

/// Tells of texts that are cut, and of those that a field's filling with blanks changes.
fn tell_changes(table: &Table, fields: &[Field], warnings: &mut Vec<Problem>) {
    for field in fields.iter().filter(|field| field.column.kind == Kind::Text) {
        let name = shown::text(&field.column.name);
        let (mut cut_count, mut blank_count, mut first_blank) = (0, 0, None);
        for (index, feature) in table.features.iter().enumerate() {
            let Some(value) = feature.properties.get(&field.column.name).filter(|value| !value.is_null())
            else {
                continue;
            };
            let whole = text(value);
            let kept = start(&whole, field.width_bytes).len();
            if kept < whole.len() {
                cut_count += 1;
                if cut_count <= MOST_CUTS_TOLD {
                    let (shown, bytes) = (shown::text(&whole), whole.len());
                    let message = format!(
                        "column \u{201c}{name}\u{201d}: \u{201c}{shown}\u{201d} has {bytes} bytes and is cut to {kept}"
                    );
                    warnings.push(cut(message, Some(index)));
                }
            } else if whole.is_empty() || whole.ends_with(' ') {
                blank_count += 1;
                first_blank.get_or_insert(index);
            }
        }
        if cut_count > MOST_CUTS_TOLD {
            let message =
                format!("column \u{201c}{name}\u{201d}: {cut_count} texts are cut; the first are told");
            warnings.push(cut(message, None));
        }
        if blank_count > 0 {
            let message = format!(
                "column \u{201c}{name}\u{201d}: {blank_count} texts are empty or end in a blank; a shapefile fills its \
                 fields with blanks, so they are read again as null or without it"
            );
            warnings.push(cut(message, first_blank));
        }
    }
}

fn field(table: &Table, column: Column, others: &[Field], warnings: &mut Vec<Problem>) -> Field {
    let name = name(&column.name, others);
    if name != column.name {
        let shown = shown::text(&column.name);
        let message = format!(
            "column \u{201c}{shown}\u{201d} is written as \u{201c}{name}\u{201d}: a shapefile's names have at most \
             {MOST_NAME_BYTES} bytes"
        );
        warnings.push(cut(message, None));
    }
    let longest = |least: usize, most: usize| {
        let values = table.features.iter().filter_map(|feature| feature.properties.get(&column.name));
        let lengths = values.filter(|value| !value.is_null()).map(|value| text(value).len());
        lengths.max().unwrap_or(least).clamp(least, most)
    };
    let (letter, width_bytes, decimals) = match column.kind {
        Kind::Logical => (b'L', 1, 0),
        Kind::Integer => (b'N', longest(9, 20), 0),
        Kind::Real => (b'N', REAL_BYTES, REAL_DECIMALS),
        Kind::Text => (b'C', longest(1, MOST_TEXT_BYTES), 0),
    };
    if column.kind == Kind::Integer && width_bytes > MOST_WHOLE_DIGITS {
        let shown = shown::text(&column.name);
        let message = format!(
            "column \u{201c}{shown}\u{201d}: whole numbers of more than {MOST_WHOLE_DIGITS} characters are written in \
             full; many programs read them from a shapefile as rounded"
        );
        warnings.push(cut(message, None));
    }
    Field { column, name, letter, width_bytes, decimals }
}

/// The start of a name that fits and that no other column has.
fn name(whole: &str, others: &[Field]) -> String {
    let taken = |name: &str| others.iter().any(|field| field.name.eq_ignore_ascii_case(name));
    let first = start(whole, MOST_NAME_BYTES).to_owned();
    if !taken(&first) {
        return first;
    }
    let numbered = (1..=others.len() + 1).map(|count| {
        let ending = format!("_{count}");
        format!("{}{ending}", start(whole, MOST_NAME_BYTES - ending.len()))
    });
    numbered.into_iter().find(|name| !taken(name)).unwrap_or(first)
}

/// As much of a text as fits into some bytes.
fn start(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn header(fields: &[Field], row_count: usize, row_bytes: usize) -> Vec<u8> {
    // The day of writing is not told: the same features make the same bytes.
    let mut bytes = vec![3, 100, 1, 1];
    bytes.extend((row_count as u32).to_le_bytes());
    bytes.extend((33 + 32 * fields.len() as u16).to_le_bytes());
    bytes.extend((row_bytes as u16).to_le_bytes());
    bytes.resize(32, 0);
    for field in fields {
        let at = bytes.len();
        bytes.extend(field.name.as_bytes());
        bytes.resize(at + 11, 0);
        bytes.push(field.letter);
        bytes.extend([0; 4]);
        bytes.extend([field.width_bytes as u8, field.decimals]);
        bytes.resize(at + 32, 0);
    }
    bytes.push(0x0d);
    bytes
}

fn cell(bytes: &mut Vec<u8>, field: &Field, value: &Value) {
    let width_bytes = field.width_bytes;
    match (field.column.kind, value) {
        (Kind::Logical, value) => bytes.push(match value {
            Value::Bool(true) => b'T',
            Value::Bool(false) => b'F',
            _ => b'?',
        }),
        (_, Value::Null) => bytes.extend(std::iter::repeat_n(b' ', width_bytes)),
        // The longest real has 24 characters, the longest whole number 20.
        (Kind::Integer | Kind::Real, value) => bytes.extend(format!("{:>width_bytes$}", text(value)).bytes()),
        (Kind::Text, value) => {
            let whole = text(value);
            let fits = start(&whole, width_bytes);
            bytes.extend(fits.as_bytes());
            bytes.extend(std::iter::repeat_n(b' ', width_bytes - fits.len()));
        }
    }
}
