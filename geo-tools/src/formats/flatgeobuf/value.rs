//! The properties of a feature: each value behind the place of its column.

use serde_json::{Map, Number, Value};

use super::view::Flaw::{self, Broken};
use super::view::View;
use crate::problem::{Code, Problem};
use crate::shown;

/// As many as a value can name the place of.
const MOST_COLUMNS: usize = 1 << 16;

/// A column of the header.
#[derive(Debug)]
pub(super) struct Column {
    name: String,
    kind: u8,
}

impl Column {
    /// The columns in a field of a table; their names have at most so many bytes together.
    pub(super) fn all(table: &View<'_>, field: usize, most_bytes: usize) -> Result<Vec<Self>, Flaw> {
        let (mut columns, mut name_bytes) = (Vec::new(), 0);
        for column in table.tables(field, (MOST_COLUMNS, "columns"))? {
            name_bytes += column.run(0, 1)?.len();
            if name_bytes > most_bytes {
                return Err(Flaw::TooMany(most_bytes, "bytes of column names"));
            }
            let name = column.text(0)?.ok_or(Broken)?.to_owned();
            columns.push(Self { name, kind: column.byte(1)?.unwrap_or(0) });
        }
        Ok(columns)
    }
}

/// What is left of a feature's values.
pub(super) struct Values<'a> {
    rest: &'a [u8],
}

impl<'a> Values<'a> {
    pub(super) fn new(rest: &'a [u8]) -> Self {
        Self { rest }
    }

    /// All of them by the names of their columns; null where a column has none.
    pub(super) fn read(
        mut self,
        columns: &[Column],
        warnings: &mut Vec<Problem>,
    ) -> Result<Map<String, Value>, Flaw> {
        let mut properties: Map<String, Value> =
            columns.iter().map(|column| (column.name.clone(), Value::Null)).collect();
        let mut has_value = vec![false; columns.len()];
        while !self.rest.is_empty() {
            let at = usize::from(u16::from_le_bytes(self.take()?));
            let column = columns.get(at).ok_or(Broken)?;
            // Else a name, or a warning, would be made as often as the values say.
            if std::mem::replace(&mut has_value[at], true) {
                return Err(Flaw::TooMany(1, "values of one column"));
            }
            let value = self.value(column, warnings)?;
            properties.insert(column.name.clone(), value);
        }
        Ok(properties)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Flaw> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Broken)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn run(&mut self) -> Result<&'a [u8], Flaw> {
        let count = u32::from_le_bytes(self.take()?) as usize;
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(Broken)?;
        self.rest = rest;
        Ok(taken)
    }

    fn value(&mut self, column: &Column, warnings: &mut Vec<Problem>) -> Result<Value, Flaw> {
        let real = |number: f64| Number::from_f64(number).map_or(Value::Null, Value::Number);
        Ok(match column.kind {
            0 => i8::from_le_bytes(self.take()?).into(),
            1 => u8::from_le_bytes(self.take()?).into(),
            2 => (u8::from_le_bytes(self.take()?) != 0).into(),
            3 => i16::from_le_bytes(self.take()?).into(),
            4 => u16::from_le_bytes(self.take()?).into(),
            5 => i32::from_le_bytes(self.take()?).into(),
            6 => u32::from_le_bytes(self.take()?).into(),
            7 => i64::from_le_bytes(self.take()?).into(),
            8 => u64::from_le_bytes(self.take()?).into(),
            9 => real(f64::from(f32::from_le_bytes(self.take()?))),
            10 => real(f64::from_le_bytes(self.take()?)),
            11 | 13 => std::str::from_utf8(self.run()?).map_err(|_| Broken)?.into(),
            12 => serde_json::from_slice(self.run()?).map_err(|_| Broken)?,
            14 => {
                let name = shown::text(&column.name);
                let count = self.run()?.len();
                let message =
                    format!("column \u{201c}{name}\u{201d}: {count} bytes that are no text are left out");
                warnings.push(Problem::warning(Code::BadValue, message));
                Value::Null
            }
            _ => return Err(Broken),
        })
    }
}
