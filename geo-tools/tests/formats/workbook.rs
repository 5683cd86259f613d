//! Workbooks: rows as they stand in the sheet, codes that a spreadsheet has spoilt refused, broken ones answered.

use std::fmt::Write;
use std::time::{Duration, Instant};

use geo_tools::formats::csv::{self, CsvOptions};
use geo_tools::formats::{Caps, Item, Options};
use geo_tools::{Code, Geometry, Position, Severity};
use serde_json::json;

use crate::folder::{Memory, archive, codes, features, read};

const RELATIONS: &str = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="x" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="x" Target="/xl/worksheets/sheet2.xml"/></Relationships>"#;
const ONE_SHEET: &str =
    r#"<workbook xmlns:r="r"><sheets><sheet name="住户" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const TWO_SHEETS: &str = r#"<workbook xmlns:r="r"><sheets><sheet name="住户" sheetId="1" r:id="rId1"/><sheet name="Sheet2" sheetId="2" r:id="rId2"/></sheets></workbook>"#;
const STRINGS: &str = r#"<sst><si><t>编号</t></si><si><t>经度</t></si><si><t>纬度</t></si><si><r><t>龙湖</t></r><r><t xml:space="preserve"> &amp; &#x9547;</t></r><rPh sb="0" eb="1"><t>lóng</t></rPh></si></sst>"#;
const STYLES: &str = r#"<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy&quot;年&quot;m&quot;月&quot;"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="164"/></cellXfs></styleSheet>"#;
const ROWS: &str = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c><c r="D1" t="inlineStr"><is><t>name</t></is></c><c r="F1" t="str"><f>A1</f><v>since</v></c><c r="G1" t="str"><v>open</v></c></row>
<row r="3"><c r="A3"><v>410184001001</v></c><c r="B3"><v>113.73500000000001</v></c><c r="C3"><v>34.395</v></c><c r="D3" t="s"><v>3</v></c><c r="F3" s="1"><v>46093</v></c><c r="G3" t="b"><v>1</v></c></row>
<row r="4"><c r="A4" t="str"><v>B0385</v></c><c r="B4"><v>113.736</v></c><c r="C4"><v>34.396</v></c><c r="E4"/></row>"#;

fn sheet(rows: &str) -> String {
    format!("<worksheet><sheetData>{rows}</sheetData></worksheet>")
}

fn book(parts: &[(&str, &str)]) -> Vec<u8> {
    let entries: Vec<_> = parts.iter().map(|(name, text)| (*name, text.as_bytes(), None)).collect();
    archive(&entries)
}

/// A workbook with one sheet of these rows.
fn one_sheet(rows: &str) -> Vec<u8> {
    book(&[
        ("[Content_Types].xml", "<Types/>"),
        ("xl/workbook.xml", ONE_SHEET),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/worksheets/sheet1.xml", &sheet(rows)),
        ("xl/sharedStrings.xml", STRINGS),
        ("xl/styles.xml", STYLES),
    ])
}

fn options() -> Options {
    let csv = CsvOptions { id: Some("编号".to_owned()), ..CsvOptions::default() };
    Options { csv, ..Options::default() }
}

fn items(bytes: Vec<u8>) -> Vec<Item> {
    read_by(bytes, &options())
}

fn read_by(bytes: Vec<u8>, options: &Options) -> Vec<Item> {
    let memory = Memory::default();
    memory.put("households.xlsx", bytes);
    read("households.xlsx", &memory, options)
}

#[test]
fn rows_come_with_their_numbers_texts_days_and_gaps() {
    let items = items(one_sheet(ROWS));
    let read = features(&items);
    assert_eq!(read.len(), 2, "{items:#?}");
    assert_eq!((read[0].line, read[0].id.as_deref()), (3, Some("410184001001")));
    assert_eq!(read[0].geometry, Some(Geometry::Point(Position::new(113.735, 34.395).expect("in range"))));
    assert_eq!(
        json!(*read[0].properties),
        json!({"编号": "410184001001", "name": "龙湖 & 镇", "": "", "since": "2026-03-12", "open": "true"})
    );
    assert_eq!(json!(read[1].properties["since"]), json!(""), "cells that are not there are empty");
}

#[test]
fn reading_aids_of_texts_in_the_sheet_are_no_part_of_them() {
    let name = r#"<c r="D2" t="inlineStr"><is><r><t>龙湖</t></r><rPh sb="0" eb="2"><t>lónghú</t></rPh><r><t>镇</t></r><phoneticPr fontId="1"/></is></c>"#;
    let rows = format!(
        r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c><c r="D1" t="str"><v>name</v></c></row><row r="2"><c r="A2" t="str"><v>a</v></c><c r="B2"><v>113.7</v></c><c r="C2"><v>34.3</v></c>{name}</row>"#
    );
    let items = items(one_sheet(&rows));
    assert_eq!(features(&items)[0].properties["name"], json!("龙湖镇"), "{items:#?}");
}

#[test]
fn a_first_row_that_is_coloured_to_the_edge_of_the_sheet_has_the_columns_that_it_names() {
    let header = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c><c r="D1" s="1"/><c r="XFD1" s="1"/></row>"#;
    let row = r#"<row r="2"><c r="A2" t="str"><v>a</v></c><c r="B2"><v>113.7</v></c><c r="C2"><v>34.3</v></c><c r="D2" s="1"/></row>"#;
    let read = items(one_sheet(&[header, row].concat()));
    assert_eq!(json!(*features(&read)[0].properties), json!({"编号": "a"}), "{read:#?}");
    let stray = row.replace(r#"<c r="D2" s="1"/>"#, r#"<c r="D2"><v>1</v></c>"#);
    assert_eq!(codes(&items(one_sheet(&[header, &stray].concat()))), [Code::BadValue], "no column has it");
}

#[test]
fn codes_that_a_spreadsheet_has_spoilt_are_refused_with_their_row() {
    let row = |number: usize, cell: &str| {
        format!(
            r#"<row r="{number}">{cell}<c r="B{number}"><v>113.7</v></c><c r="C{number}"><v>34.3</v></c></row>"#
        )
    };
    let header = r#"<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" t="s"><v>2</v></c></row>"#;
    let rows = [
        header.to_owned(),
        row(2, r#"<c r="A2" t="str"><v>4.1E+14</v></c>"#),
        row(3, r#"<c r="A3"><v>410102001002003</v></c>"#),
        row(4, r#"<c r="A4"><v>4.1010200100200301E+17</v></c>"#),
        row(5, r#"<c r="A5" t="e"><v>#N/A</v></c>"#),
        row(6, r#"<c r="A6"><v>410102001002003</v></c>"#),
    ];
    let items = items(one_sheet(&rows.concat()));
    assert_eq!(features(&items).len(), 1, "{items:#?}");
    let problem = |item: &Item| match item {
        Item::Problem(problem) => Some((problem.code, problem.line)),
        Item::Feature(_) => None,
    };
    let told: Vec<_> = items.iter().filter_map(problem).collect();
    let expected = [(Code::BadValue, 2), (Code::BadValue, 4), (Code::BadValue, 5), (Code::DuplicateId, 6)];
    assert_eq!(told, expected.map(|(code, line)| (code, Some(line))), "{items:#?}");
}

#[test]
fn an_empty_sheet_is_passed_over_and_of_several_one_must_be_named() {
    let with = |second: &str| {
        book(&[
            ("xl/workbook.xml", TWO_SHEETS),
            ("xl/_rels/workbook.xml.rels", RELATIONS),
            ("xl/worksheets/sheet1.xml", &sheet(ROWS)),
            ("xl/worksheets/sheet2.xml", &sheet(second)),
            ("xl/sharedStrings.xml", STRINGS),
            ("xl/styles.xml", STYLES),
        ])
    };
    assert_eq!(features(&items(with(r#"<row r="1"><c r="A1" s="1"/></row>"#))).len(), 2);
    let full = with(r#"<row r="1"><c r="A1"><v>1</v></c></row>"#);
    let told = items(full.clone());
    let [Item::Problem(problem)] = told.as_slice() else { std::panic::panic_any(format!("{told:?}")) };
    assert!(problem.message.contains("[住户, Sheet2]"), "{}", problem.message);
    let named = |sheet: &str| {
        let options = CsvOptions { sheet: Some(sheet.to_owned()), ..options().csv };
        csv::read(full.as_slice(), &options, &Caps::default())
            .filter(|item| matches!(item, csv::Item::Row(_)))
            .count()
    };
    assert_eq!((named("住户"), named("absent")), (2, 0));
}

#[test]
fn workbooks_that_are_broken_lie_or_swell_are_answered_with_their_row() {
    let check = |name: &str, bytes: Vec<u8>, code: Code, line: Option<u64>, words: &str| {
        let started = Instant::now();
        let items = read_by(bytes, &Options::default());
        let told = items.iter().rev().find_map(|item| match item {
            Item::Problem(problem) if problem.severity == Severity::Error => Some(problem),
            _ => None,
        });
        let told = told.map(|problem| (problem.code, problem.line, problem.message.clone()));
        let (found, at, message) = told.unwrap_or((Code::Gap, None, format!("nothing is told: {items:?}")));
        assert_eq!((found, at), (code, line), "{name}: {message}");
        assert!(message.contains(words), "{name}: {message}");
        assert!(started.elapsed() < Duration::from_secs(2), "{name}");
    };
    let header = r#"<row r="1"><c r="A1" t="str"><v>lon</v></c><c r="B1" t="str"><v>lat</v></c></row>"#;
    let after_header = |rows: &str| one_sheet(&format!("{header}{rows}"));
    let mut wide = String::from(r#"<row r="2">"#);
    for _ in 0..1_000_000 {
        wide.push_str("<c><v>1</v></c>");
    }
    wide.push_str("</row>");
    check("a million columns", after_header(&wide), Code::TooLarge, Some(2), "column 16385");
    check(
        "far column",
        after_header(r#"<row r="2"><c r="ZZZZZZ2"><v>1</v></c></row>"#),
        Code::TooLarge,
        Some(2),
        "16384",
    );
    check(
        "no place",
        after_header(r#"<row r="2"><c r="2A"><v>1</v></c></row>"#),
        Code::BadFormat,
        Some(2),
        "2A",
    );
    check(
        "back",
        after_header(r#"<row r="2"><c r="B2"/><c r="A2"/></row>"#),
        Code::BadFormat,
        Some(2),
        "next cell",
    );
    check(
        "no text",
        after_header(r#"<row r="2"><c r="A2" t="s"><v>99</v></c></row>"#),
        Code::BadFormat,
        Some(2),
        "shared text 99",
    );
    check(
        "no kind",
        after_header(r#"<row r="2"><c r="A2" t="z"><v>1</v></c></row>"#),
        Code::BadFormat,
        Some(2),
        "of kind",
    );
    check("deep", after_header(&"<x>".repeat(100_000)), Code::BadFormat, Some(2), "nest");
    check("cut", after_header(r#"<row r="2"><c r="A2"><v>1"#), Code::BadFormat, Some(2), "");
    let long = format!(r#"<row r="2"><c r="A2" t="str"><v>{}</v></c></row>"#, "x".repeat(8 << 20));
    check("one cell of 8 MB", after_header(&long), Code::Unreadable, Some(2), "too many bytes");
    let texts = format!("<t>{}</t>", "x".repeat(1 << 16)).repeat(65);
    let pieces = format!(r#"<row r="2"><c r="A2" t="inlineStr"><is>{texts}</is></row>"#);
    check("a cell of many texts, without an end", after_header(&pieces), Code::TooLarge, Some(2), "a row of");
    check(
        "entity",
        after_header(r#"<row r="2"><c r="A2" t="str"><v>&lol;</v></c></row>"#),
        Code::BadFormat,
        Some(2),
        "entity",
    );
    check("not an archive", b"PK\x03\x04 and nothing".to_vec(), Code::BadFormat, Some(1), "ZIP");
    check("no book", book(&[("xl/other.xml", "")]), Code::BadFormat, Some(1), "xl/_rels/workbook.xml.rels");
    check("leads out", book(&[("../xl/workbook.xml", "")]), Code::BadFormat, Some(1), "leads out");
    let mut swollen = String::from("<sst>");
    for _ in 0..3_000_000 {
        let _ = write!(swollen, "<si><t/></si>");
    }
    let bomb = book(&[
        ("xl/workbook.xml", ONE_SHEET),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/worksheets/sheet1.xml", &sheet(header)),
        ("xl/sharedStrings.xml", &swollen),
    ]);
    let caps = Caps { max_held_bytes: 1 << 20, ..Caps::default() };
    let told: Vec<_> = csv::read(bomb.as_slice(), &CsvOptions::default(), &caps).collect();
    let [csv::Item::Problem(problem)] = told.as_slice() else { std::panic::panic_any(format!("{told:?}")) };
    assert_eq!(problem.code, Code::TooLarge, "{}", problem.message);
}

#[test]
fn what_a_workbook_unpacks_to_counts_whole_and_so_do_the_names_of_its_parts() {
    let told = |bytes: &[u8], caps: &Caps| {
        let items: Vec<_> = csv::read(bytes, &CsvOptions::default(), caps).collect();
        match items.last() {
            Some(csv::Item::Problem(problem)) => (problem.code, problem.message.clone()),
            other => std::panic::panic_any(format!("{other:?}")),
        }
    };
    let caps = Caps { max_bytes: 1 << 20, ..Caps::default() };
    let blank = " ".repeat(2 << 20);
    let (code, message) = told(&one_sheet(&format!("{ROWS}{blank}")), &caps);
    assert_eq!(code, Code::TooLarge, "{message}");
    // Each part is small enough.
    let half = " ".repeat(600 << 10);
    let parts = book(&[
        ("xl/workbook.xml", ONE_SHEET),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/worksheets/sheet1.xml", &sheet(&format!("{ROWS}{half}"))),
        ("xl/sharedStrings.xml", &STRINGS.replace("<sst>", &format!("<sst>{half}"))),
        ("xl/styles.xml", STYLES),
    ]);
    let (code, message) = told(&parts, &caps);
    assert_eq!(code, Code::TooLarge, "{message}");
    let target = "x".repeat(1 << 16);
    let relations = format!(r#"<Relationships>{}</Relationships>"#, {
        format!(r#"<Relationship Id="rId1" Target="{target}"/>"#).repeat(65)
    });
    let names = book(&[("xl/workbook.xml", ONE_SHEET), ("xl/_rels/workbook.xml.rels", &relations)]);
    let (code, message) = told(&names, &Caps::default());
    assert_eq!((code, message.contains("names of the workbook")), (Code::TooLarge, true), "{message}");
}

#[test]
fn every_cut_of_a_workbook_is_answered() {
    let whole = one_sheet(ROWS);
    for end in (4..whole.len()).step_by(7) {
        assert!(codes(&items(whole[..end].to_vec())).contains(&Code::BadFormat), "cut at {end}");
    }
    for at in 4..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        drop(items(damaged));
    }
}
