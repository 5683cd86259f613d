//! Which table holds the features, and what its columns are, from the text that made it.

use super::pages::{Cell, Pages, Row};
use crate::formats::flow::too_large;
use crate::formats::reference::Reference;
use crate::problem::{Code, Problem};
use crate::shown;

/// Rows of the tables that describe the others; real files have a few hundred.
const MOST_ROWS: usize = 10_000;

/// A table of features.
pub(super) struct Layer {
    pub(super) root: i64,
    pub(super) columns: Vec<Column>,
    pub(super) geometry_column: String,
    pub(super) reference: Reference,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    /// It is the row's number, and empty in the row itself.
    pub(super) is_key: bool,
    pub(super) is_logical: bool,
    pub(super) is_real: bool,
}

fn broken(message: impl Into<String>) -> Box<Problem> {
    Box::new(Problem::error(Code::BadFormat, message))
}

impl Layer {
    /// The table of features with a name, or the only one.
    pub(super) fn find(pages: &Pages, wanted: Option<&str>) -> Result<Self, Box<Problem>> {
        let tables = rows(pages, 1)?;
        let shapes = described(pages, &tables, "gpkg_geometry_columns")?;
        let column = |name: &str| {
            let at = shapes.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
            at.ok_or_else(|| broken(format!("gpkg_geometry_columns has no column {name}")))
        };
        let (name, geometry, srs) = (column("table_name")?, column("column_name")?, column("srs_id")?);
        let named = |(_, cells): &&Row| {
            wanted.is_none_or(|wanted| cells.get(name).and_then(Cell::text) == Some(wanted))
        };
        let found: Vec<&Row> = shapes.rows.iter().filter(named).collect();
        let [(_, row)] = found.as_slice() else {
            let names: Vec<String> = shapes
                .rows
                .iter()
                .filter_map(|(_, cells)| cells.get(name)?.text())
                .take(10)
                .map(shown::text)
                .collect();
            let message = match wanted {
                Some(wanted) => format!(
                    "there is no layer \u{201c}{}\u{201d}; there are [{}]",
                    shown::text(wanted),
                    names.join(", ")
                ),
                None => {
                    format!("the file has {} layers [{}]; one must be named", found.len(), names.join(", "))
                }
            };
            return Err(broken(message));
        };
        let text = |at: usize| {
            row.get(at).and_then(Cell::text).ok_or_else(|| broken("gpkg_geometry_columns lacks a name"))
        };
        let srs = row.get(srs).and_then(Cell::integer).unwrap_or(-1);
        let table = table(&tables, text(name)?)?;
        Ok(Self {
            root: table.0,
            columns: table.1,
            geometry_column: text(geometry)?.to_owned(),
            reference: Self::reference(pages, &tables, srs),
        })
    }

    /// A file may number its systems as it likes: what counts is what their table says of the number.
    fn reference(pages: &Pages, tables: &[Row], srs: i64) -> Reference {
        let told = || {
            let systems = described(pages, tables, "gpkg_spatial_ref_sys").ok()?;
            let place =
                |name: &str| systems.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
            let (code, id) = (place("organization_coordsys_id")?, place("srs_id")?);
            let is_key = systems.columns[id].is_key;
            let (_, cells) = systems.rows.iter().find(|(key, cells)| {
                if is_key { *key == srs } else { cells.get(id).and_then(Cell::integer) == Some(srs) }
            })?;
            let text = |name: &str| cells.get(place(name)?)?.text();
            Some(Reference::named(text("organization"), cells.get(code)?.integer()?, text("definition")))
        };
        told().unwrap_or_else(|| Reference::from_epsg(srs))
    }
}

struct Described {
    columns: Vec<Column>,
    rows: Vec<Row>,
}

fn described(pages: &Pages, tables: &[Row], name: &str) -> Result<Described, Box<Problem>> {
    let (root, columns) = table(tables, name)?;
    Ok(Described { columns, rows: rows(pages, root)? })
}

fn rows(pages: &Pages, root: i64) -> Result<Vec<Row>, Box<Problem>> {
    let mut walk = Pages::walk(root);
    let (mut rows, mut held_bytes) = (Vec::new(), 0);
    while let Some(row) = pages.next(&mut walk)? {
        held_bytes += row.1.iter().map(Cell::held_bytes).sum::<usize>() as u64;
        if held_bytes > pages.max_held_bytes {
            let most = pages.max_held_bytes;
            return Err(too_large(format!(
                "the tables that describe the others fill more than {most} bytes"
            )));
        }
        rows.push(row);
        if rows.len() > MOST_ROWS {
            return Err(too_large(format!("more than {MOST_ROWS} tables or layers")));
        }
    }
    Ok(rows)
}

/// The root page and the columns of a table, from the list of tables: type, name, table, root page, text.
fn table(tables: &[Row], name: &str) -> Result<(i64, Vec<Column>), Box<Problem>> {
    let shown = shown::text(name);
    let is_it = |cells: &[Cell]| {
        cells.first().and_then(Cell::text) == Some("table")
            && cells.get(1).and_then(Cell::text).is_some_and(|given| given.eq_ignore_ascii_case(name))
    };
    let row = tables.iter().map(|(_, cells)| cells).find(|cells| is_it(cells));
    let row = row.ok_or_else(|| broken(format!("the file has no table \u{201c}{shown}\u{201d}")))?;
    let (Some(Cell::Integer(root)), Some(Cell::Text(text))) = (row.get(3), row.get(4)) else {
        return Err(broken(format!("the table \u{201c}{shown}\u{201d} has no text that made it")));
    };
    let columns = columns(text).filter(|columns| !columns.is_empty());
    let columns =
        columns.ok_or_else(|| broken(format!("the columns of \u{201c}{shown}\u{201d} cannot be read")))?;
    Ok((*root, columns))
}

/// The columns of a `CREATE TABLE`; `None` where the text is not one, or its rows have no number.
fn columns(text: &str) -> Option<Vec<Column>> {
    let start = body_start(text)?;
    let (parts, rest) = split(&text[start..])?;
    if rest.to_ascii_uppercase().contains("WITHOUT") {
        return None;
    }
    parts.iter().filter_map(|part| column(part.trim())).collect::<Option<Vec<_>>>()
}

/// The place after the first bracket that is not within a name.
fn body_start(text: &str) -> Option<usize> {
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(end), letter) if letter == end => quote = None,
            (None, '"' | '`' | '\'') => quote = Some(letter),
            (None, '[') => quote = Some(']'),
            (None, '(') => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The parts between commas, up to the bracket that closes, and what follows it.
fn split(text: &str) -> Option<(Vec<&str>, &str)> {
    let (mut parts, mut start, mut depth, mut quote) = (Vec::new(), 0, 0, None);
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(end), letter) if letter == end => quote = None,
            (Some(_), _) => {}
            (None, '"' | '`' | '\'') => quote = Some(letter),
            (None, '[') => quote = Some(']'),
            (None, '(') => depth += 1,
            (None, ')') if depth == 0 => {
                parts.push(&text[start..at]);
                return Some((parts, &text[at + 1..]));
            }
            (None, ')') => depth -= 1,
            (None, ',') if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    None
}

/// A column; nothing for a constraint, `Some(None)` for what is neither.
fn column(part: &str) -> Option<Option<Column>> {
    let first = part.chars().next();
    let (name, rest) = match first {
        None => return Some(None),
        Some(open @ ('"' | '`' | '\'' | '[')) => {
            let close = if open == '[' { ']' } else { open };
            let Some((name, rest)) = quoted(&part[1..], close) else { return Some(None) };
            (name, rest)
        }
        Some(_) => {
            let end = part.find(|letter: char| letter.is_whitespace() || letter == '(').unwrap_or(part.len());
            let word = &part[..end];
            if ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"]
                .iter()
                .any(|one| word.eq_ignore_ascii_case(one))
            {
                return None;
            }
            (word.to_owned(), &part[end..])
        }
    };
    let upper = rest.to_ascii_uppercase();
    let kind = upper.split_whitespace().next().unwrap_or("");
    let words: Vec<&str> = upper.split_whitespace().collect();
    let is_key =
        kind == "INTEGER" && words.windows(2).any(|pair| pair[0] == "PRIMARY" && pair[1].starts_with("KEY"));
    let is_real = ["REAL", "DOUBLE", "FLOAT"].iter().any(|start| kind.starts_with(start));
    Some(Some(Column { name, is_key, is_logical: kind == "BOOLEAN", is_real }))
}

/// A quoted name, in which a doubled quote stands for one, and what follows.
fn quoted(text: &str, close: char) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        if letter != close {
            name.push(letter);
        } else if letters.peek().is_some_and(|(_, next)| *next == close) {
            name.push(close);
            letters.next();
        } else {
            return Some((name, &text[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_whatever_their_quotes_and_constraints() {
        let text = r#"CREATE TABLE "a (b" ( "fid" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, geom BLOB,
            [区,划] TEXT(20) DEFAULT 'x,)y', `say ""hi` BOOLEAN, "q""q" DOUBLE, plain, CONSTRAINT c UNIQUE (plain, geom))"#;
        let columns = columns(text).expect("a table");
        let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["fid", "geom", "区,划", "say \"\"hi", "q\"q", "plain"]);
        assert!(columns[0].is_key && columns[3].is_logical && columns[4].is_real);
        assert_eq!(super::columns("CREATE TABLE a (b TEXT PRIMARY KEY) WITHOUT ROWID"), None);
        assert_eq!(super::columns("CREATE TABLE a (b TEXT"), None);
    }
}
