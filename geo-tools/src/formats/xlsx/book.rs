//! What a workbook says of its sheets: their names and files, the shared texts, and which styles show a day.

use std::io::Read;

use super::broken;
use super::value::Kind;
use super::xml::{Node, Xml};
use crate::formats::Caps;
use crate::formats::archive::Archive;
use crate::formats::flow::too_large;
use crate::problem::Problem;
use crate::shown;

/// What a text costs beside its bytes.
const TEXT_BYTES: u64 = 24;
/// Real workbooks have a few hundred.
const MOST_STYLES: usize = 100_000;
const MOST_SHEETS: usize = 1_000;
/// More than a million rows with seven different texts each.
const MOST_TEXTS: usize = 8_000_000;

/// A name, or an id, and the file that goes by it.
pub(super) type Named = (String, String);

/// What the cells of all sheets refer to.
#[derive(Debug, Default)]
pub(super) struct Book {
    texts: Vec<Box<str>>,
    /// For each style whether it shows a number as a day or a time.
    shows_time: Vec<bool>,
    /// Days count from 1904, as once on a Macintosh.
    pub(super) from_1904: bool,
}

/// The bytes of a file in the archive.
pub(super) fn entry(archive: &Archive, path: &str) -> Result<Box<dyn Read>, Box<Problem>> {
    let found = archive.entries().iter().find(|entry| entry.name.eq_ignore_ascii_case(path));
    let missing = || broken(format!("the workbook has no \u{201c}{}\u{201d}", shown::text(path)));
    archive.read(found.ok_or_else(missing)?)
}

fn xml(archive: &Archive, path: &str, caps: &Caps) -> Result<Xml<Box<dyn Read>>, Box<Problem>> {
    Ok(Xml::new(entry(archive, path)?, caps))
}

fn has(archive: &Archive, path: &str) -> bool {
    archive.entries().iter().any(|entry| entry.name.eq_ignore_ascii_case(path))
}

fn attribute<'a>(attributes: &'a [(String, String)], wanted: &str) -> Option<&'a str> {
    attributes.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
}

impl Book {
    /// Reads it, with the name and the file of every sheet that is not hidden.
    pub(super) fn open(archive: &Archive, caps: &Caps) -> Result<(Self, Vec<Named>), Box<Problem>> {
        let files = files(archive, caps)?;
        let (mut sheets, mut from_1904) = (Vec::new(), false);
        let mut book = xml(archive, "xl/workbook.xml", caps)?;
        loop {
            match book.node()? {
                Node::End => break,
                Node::Open { name, attributes } if name == "workbookPr" => {
                    from_1904 = matches!(attribute(&attributes, "date1904"), Some("1" | "true"));
                }
                Node::Open { name, attributes } if name == "sheet" => {
                    let shown = attribute(&attributes, "state").is_none_or(|state| state == "visible");
                    let file = attribute(&attributes, "id").and_then(|id| {
                        files.iter().find(|(known, _)| known == id).map(|(_, file)| file.clone())
                    });
                    if let (Some(name), Some(file)) = (attribute(&attributes, "name"), file.filter(|_| shown))
                    {
                        sheets.push((name.to_owned(), file));
                        check_names(&sheets, "sheets", caps)?;
                    }
                }
                _ => {}
            }
        }
        let texts = texts(archive, caps)?;
        Ok((Self { texts, shows_time: styles(archive, caps)?, from_1904 }, sheets))
    }

    /// What a cell with this type and style holds.
    pub(super) fn kind(&self, kind: Option<&str>, style: Option<&str>) -> Result<Kind, Box<Problem>> {
        Ok(match kind {
            Some("s") => Kind::Shared,
            Some("b") => Kind::Logical,
            Some("str" | "inlineStr" | "d" | "e") => Kind::Text,
            None | Some("n") => {
                let style = style.and_then(|style| style.parse::<usize>().ok()).unwrap_or(0);
                if self.shows_time.get(style).copied().unwrap_or(false) { Kind::Time } else { Kind::Number }
            }
            Some(other) => {
                return Err(broken(format!("a cell is of kind \u{201c}{}\u{201d}", shown::text(other))));
            }
        })
    }

    pub(super) fn shared(&self, index: &str) -> Result<&str, Box<Problem>> {
        let text = index.trim().parse::<usize>().ok().and_then(|index| self.texts.get(index));
        text.map(|text| &**text).ok_or_else(|| {
            broken(format!("there is no shared text {}; there are {}", shown::text(index), self.texts.len()))
        })
    }
}

/// Holds names, and what goes by them, to their count and their bytes.
fn check_names(names: &[Named], what: &str, caps: &Caps) -> Result<(), Box<Problem>> {
    if names.len() > MOST_SHEETS {
        return Err(too_large(format!("more than {MOST_SHEETS} {what}")));
    }
    let most = caps.max_text_bytes;
    if names.iter().map(|(name, file)| name.len() + file.len()).sum::<usize>() > most {
        return Err(too_large(format!("the names of the workbook's {what} fill more than {most} bytes")));
    }
    Ok(())
}

/// The files that the workbook's parts go by, each with its id.
fn files(archive: &Archive, caps: &Caps) -> Result<Vec<Named>, Box<Problem>> {
    let mut files = Vec::new();
    let mut list = xml(archive, "xl/_rels/workbook.xml.rels", caps)?;
    loop {
        match list.node()? {
            Node::End => return Ok(files),
            Node::Open { name, attributes } if name == "Relationship" => {
                if let (Some(id), Some(target)) =
                    (attribute(&attributes, "Id"), attribute(&attributes, "Target"))
                {
                    let whole = target.strip_prefix('/');
                    let path = whole.map_or_else(|| format!("xl/{target}"), str::to_owned);
                    files.push((id.to_owned(), path));
                    check_names(&files, "parts", caps)?;
                }
            }
            _ => {}
        }
    }
}

/// The texts that cells share; reading aids for Chinese and Japanese are no part of them.
fn texts(archive: &Archive, caps: &Caps) -> Result<Vec<Box<str>>, Box<Problem>> {
    const FILE: &str = "xl/sharedStrings.xml";
    let mut texts = Vec::new();
    if !has(archive, FILE) {
        return Ok(texts);
    }
    let mut list = xml(archive, FILE, caps)?;
    let (mut text, mut in_text, mut in_aid, mut held_bytes) = (String::new(), false, false, 0_u64);
    loop {
        match list.node()? {
            Node::End => return Ok(texts),
            Node::Open { name, .. } => match name.as_str() {
                "si" => text.clear(),
                "t" => in_text = !in_aid,
                "rPh" => in_aid = true,
                _ => {}
            },
            Node::Text(part) if in_text => text.push_str(&part),
            Node::Text(_) => {}
            Node::Close(name) => match name.as_str() {
                "si" => {
                    held_bytes += text.len() as u64 + TEXT_BYTES;
                    if held_bytes > caps.max_held_bytes {
                        let most = caps.max_held_bytes;
                        return Err(too_large(format!("the shared texts fill more than {most} bytes")));
                    }
                    if texts.len() == MOST_TEXTS {
                        return Err(too_large(format!("more than {MOST_TEXTS} shared texts")));
                    }
                    texts.push(text.as_str().into());
                }
                "t" => in_text = false,
                "rPh" => in_aid = false,
                _ => {}
            },
        }
        if text.len() > caps.max_text_bytes {
            return Err(too_large(format!("a text of more than {} bytes", caps.max_text_bytes)));
        }
    }
}

/// For each style of cells whether it shows a day or a time.
fn styles(archive: &Archive, caps: &Caps) -> Result<Vec<bool>, Box<Problem>> {
    const FILE: &str = "xl/styles.xml";
    let mut shows_time = Vec::new();
    if !has(archive, FILE) {
        return Ok(shows_time);
    }
    let mut own: Vec<(u32, bool)> = Vec::new();
    let mut in_cells = false;
    let mut list = xml(archive, FILE, caps)?;
    loop {
        match list.node()? {
            Node::End => return Ok(shows_time),
            Node::Open { name, attributes } => {
                let format = attribute(&attributes, "numFmtId").and_then(|id| id.parse::<u32>().ok());
                match name.as_str() {
                    "cellXfs" => in_cells = true,
                    "numFmt" => {
                        let code = attribute(&attributes, "formatCode").unwrap_or("");
                        own.extend(format.map(|id| (id, names_time(code))));
                    }
                    "xf" if in_cells => {
                        let known = own.iter().find(|(id, _)| Some(*id) == format).map(|(_, time)| *time);
                        shows_time.push(known.unwrap_or_else(|| format.is_some_and(is_time)));
                    }
                    _ => {}
                }
            }
            Node::Close(name) if name == "cellXfs" => in_cells = false,
            Node::Close(_) | Node::Text(_) => {}
        }
        if own.len() > MOST_STYLES || shows_time.len() > MOST_STYLES {
            return Err(too_large(format!("more than {MOST_STYLES} styles")));
        }
    }
}

/// The numbers of formats that every spreadsheet program has for days and times, those of China and Japan included.
fn is_time(format: u32) -> bool {
    matches!(format, 14..=22 | 27..=36 | 45..=47 | 50..=58)
}

/// Whether a format's code shows parts of a day outside quotation marks and brackets.
fn names_time(code: &str) -> bool {
    let mut quote = None;
    let mut letters = code.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(end), letter) if letter == end => quote = None,
            (Some(_), _) => {}
            (None, '"') => quote = Some('"'),
            (None, '[') => quote = Some(']'),
            (None, '\\' | '_' | '*') => drop(letters.next()),
            (None, 'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'h' | 'H' | 's' | 'S') => return true,
            (None, _) => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_of_days_are_told_from_those_of_numbers() {
        for code in ["yyyy-mm-dd", "yyyy\"年\"m\"月\"d\"日\"", "h:mm", "[$-804]d"] {
            assert!(names_time(code), "{code}");
        }
        for code in ["General", "0.00", "#,##0", "0\"members\"", "[Red]0", "@", "0\\m"] {
            assert!(!names_time(code), "{code}");
        }
    }
}
