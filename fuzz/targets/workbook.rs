//! A workbook: its sheet, its texts, its styles and what leads to them are whatever they are.
#![no_main]

use fuzz::files::{Memory, archive};
use fuzz::reading::{caps, tiny_caps};
use geo_tools::formats::Options;
use geo_tools::formats::csv::{CsvOptions, Ids, Positions};
use libfuzzer_sys::fuzz_target;

const RELATIONS: &str =
    r#"<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/></Relationships>"#;
const BOOK: &str = r#"<workbook><sheets><sheet name="住户" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
/// What parts the sheet, the texts, the styles, the book and its relations of an input.
const BETWEEN: u8 = 0x1e;

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(5, |byte| *byte == BETWEEN);
    let (sheet, texts, styles) = (parts.next(), parts.next(), parts.next());
    let book = parts.next().unwrap_or(BOOK.as_bytes());
    let relations = parts.next().unwrap_or(RELATIONS.as_bytes());
    let mut entries = vec![("xl/workbook.xml", book), ("xl/_rels/workbook.xml.rels", relations)];
    for (name, part) in
        [("xl/worksheets/sheet1.xml", sheet), ("xl/sharedStrings.xml", texts), ("xl/styles.xml", styles)]
    {
        entries.extend(part.map(|part| (name, part)));
    }
    let mut memory = Memory::default();
    memory.put("rows.xlsx", archive(&entries));
    memory.read("rows.xlsx", &Options { caps: caps(), ..Options::default() });
    let csv = CsvOptions { ids: Ids::AsGiven, positions: Positions::Ignored, ..CsvOptions::default() };
    memory.read("rows.xlsx", &Options { caps: tiny_caps(), csv, ..Options::default() });
});
