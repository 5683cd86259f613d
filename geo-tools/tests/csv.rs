//! What the reader of tables promises.
#![expect(clippy::panic, clippy::expect_used, reason = "a test's own tools fail the test")]

use geo_tools::formats::Caps;
use geo_tools::formats::csv::{CsvOptions, Ids, Item, Positions, Row, TextEncoding, read};
use geo_tools::{Code, Position, Problem};

fn items(bytes: impl AsRef<[u8]>, options: &CsvOptions) -> Vec<Item> {
    read(bytes.as_ref(), options, &Caps::default()).collect()
}

fn rows(bytes: impl AsRef<[u8]>, options: &CsvOptions) -> Vec<Row> {
    let unwrap = |item| match item {
        Item::Row(row) => row,
        Item::Problem(problem) => panic!("{problem:?}"),
    };
    items(bytes, options).into_iter().map(unwrap).collect()
}

/// One problem among the rows, with its code and line.
fn check(text: impl AsRef<[u8]>, options: &CsvOptions, code: Code, line: u64) -> Problem {
    let problems: Vec<Problem> = items(text.as_ref(), options)
        .into_iter()
        .filter_map(|item| if let Item::Problem(problem) = item { Some(problem) } else { None })
        .collect();
    let shown = String::from_utf8_lossy(text.as_ref());
    assert_eq!(problems.len(), 1, "{shown}: {problems:?}");
    assert_eq!((problems[0].code, problems[0].line), (code, Some(line)), "{shown}: {}", problems[0].message);
    problems[0].clone()
}

fn at(lon: f64, lat: f64) -> Option<Position> {
    Some(Position::new(lon, lat).expect("in range"))
}

fn plain() -> CsvOptions {
    CsvOptions::default()
}

#[test]
fn columns_are_found_by_their_usual_names_and_by_given_ones() {
    let found = rows("ID,Name,LNG,Lat\na,x,120.98,14.6\n", &plain());
    assert_eq!((found[0].id.as_deref(), found[0].position, found[0].line), (Some("a"), at(120.98, 14.6), 2));
    assert_eq!((found[0].cell("Name"), found[0].cell("name")), (Some("x"), None));
    let named = CsvOptions { lon: Some("o".into()), lat: Some("a".into()), id: Some("k".into()), ..plain() };
    assert_eq!(rows("k,lon,lat,o,a\n1,0,0,120.98,14.6\n", &named)[0].position, at(120.98, 14.6));
    let missing = check("k,lon,lat,o\n1,0,0,1\n", &named, Code::MissingField, 1);
    assert!(missing.message.contains("k, lon, lat, o"), "{}", missing.message);
    check("id,name\n1,x\n", &plain(), Code::MissingField, 1);
    check("", &plain(), Code::MissingField, 1);
    check("id,lon,lat,lon\n", &plain(), Code::DuplicateKey, 1);
}

#[test]
fn the_delimiter_is_read_off_the_header() {
    for text in [
        "id;lon;lat\n1;120.5;14.5\n",
        "id\tlon\tlat\r\n1\t120.5\t14.5\r\n",
        "sep=;\nid;lon;lat\n1;120.5;14.5",
    ] {
        let found = rows(text, &plain());
        assert_eq!((found[0].id.as_deref(), found[0].position), (Some("1"), at(120.5, 14.5)), "{text}");
    }
    let quoted = rows("\"a;b;c;d\",lon,lat\nx,120.5,14.5\n", &plain());
    assert_eq!(quoted[0].columns()[0], "a;b;c;d");
}

#[test]
fn lines_are_right_after_blank_lines_and_line_breaks_in_cells() {
    let text = "id,lon,lat,note\r\n\r\n1,120.5,14.5,\"one\r\ntwo, \"\"three\"\"\"\r\n\n\n2,120.5,14.5,x\n3,120.5,14.5,y";
    let found = rows(text, &plain());
    assert_eq!(found.iter().map(|row| row.line).collect::<Vec<_>>(), [3, 7, 8]);
    assert_eq!(found[0].cell("note"), Some("one\r\ntwo, \"three\""));
    assert_eq!(found[2].cells.len(), 4);
}

#[test]
fn utf_8_and_gbk_are_told_apart_and_others_refused() {
    let text = "编号,经度,纬度,名称\n1,113.73,34.39,新郑市龙湖镇\n";
    let named = CsvOptions { id: Some("编号".into()), ..plain() };
    let (gbk, _, _) = encoding_rs::GBK.encode(text);
    let late = format!("id,lon,lat,name\n1,113.73,34.39,{}\n", "x".repeat(100_000));
    for bytes in [text.as_bytes().to_vec(), ["\u{feff}", text].concat().into_bytes(), gbk.to_vec()] {
        let found = rows(&bytes, &named);
        assert_eq!((found[0].cell("名称"), found[0].position), (Some("新郑市龙湖镇"), at(113.73, 34.39)));
    }
    let late_gbk = [late.as_bytes(), &encoding_rs::GBK.encode("2,113.73,34.39,龙湖\n").0].concat();
    assert_eq!(rows(&late_gbk, &plain())[1].cell("name"), Some("龙湖"));
    let forced = CsvOptions { encoding: Some(TextEncoding::Gbk), ..named.clone() };
    assert_eq!(rows(&gbk, &forced)[0].cell("名称"), Some("新郑市龙湖镇"));
    check(
        b"id,lon,lat,\xe5\x90\x8d\n1,1,2,\xe5\x90\x8d\xff\n2,1,2,x\n".as_slice(),
        &CsvOptions { encoding: Some(TextEncoding::Utf8), ..plain() },
        Code::Encoding,
        2,
    );
    check(b"\xff\xfei\0d\0".as_slice(), &plain(), Code::Encoding, 1);
    assert!(check(b"PK\x03\x04....".as_slice(), &plain(), Code::BadFormat, 1).message.contains("ZIP"));
    check(b"id,lon,lat\n\0,1,2\n".as_slice(), &plain(), Code::Encoding, 2);
}

#[test]
fn a_row_of_cells_that_are_no_text_is_one_problem_however_many_they_are() {
    for (cells, told) in [
        (1, "cell 1: bytes"),
        (5, "cells 1, 2, 3, 4, 5: bytes"),
        (500, "cells 1, 2, 3, 4, 5 and 495 more: bytes"),
    ] {
        let text = [b"id,lon,lat\n", b"\xff,".repeat(cells).as_slice(), b"1\n2,1,2\n"].concat();
        let problem = check(&text, &plain(), Code::Encoding, 2);
        assert!(problem.message.starts_with(told), "{}", problem.message);
        let header = [b"\xff,".repeat(cells).as_slice(), b"id,lon,lat\n2,1,2\n"].concat();
        check(&header, &plain(), Code::Encoding, 1);
    }
}

#[test]
fn every_bad_cell_is_told_with_its_line_and_column_and_the_other_rows_come() {
    let text =
        "id,lon,lat\na,x,14\nb,34.39,113.73\nc,120.5,14.5\nd,1,2,3\ne,,1\nf,nan,1\ng,\"1,5\",2\nh,1e999,2\n";
    let found = items(text, &plain());
    let told: Vec<_> = found
        .iter()
        .map(|item| match item {
            Item::Row(row) => (row.line, None),
            Item::Problem(problem) => (problem.line.expect("a line"), Some(problem.code)),
        })
        .collect();
    let coord = Some(Code::CoordType);
    let expected = [
        (2, coord),
        (3, Some(Code::CoordRange)),
        (4, None),
        (5, Some(Code::BadValue)),
        (6, coord),
        (7, coord),
        (8, coord),
        (9, Some(Code::CoordRange)),
    ];
    assert_eq!(told, expected);
    let message = |at: usize| {
        if let Item::Problem(problem) = &found[at] { problem.message.clone() } else { String::new() }
    };
    assert!(message(0).contains("\u{201c}lon\u{201d}"), "{}", message(0));
    assert!(message(1).contains("swapped"), "{}", message(1));
    assert!(message(6).contains("decimal comma"), "{}", message(6));
}

#[test]
fn ids_that_repeat_or_that_a_spreadsheet_spoilt_are_refused() {
    let repeated = check("id,lon,lat\n1,1,2\n2,1,2\n1,1,2\n", &plain(), Code::DuplicateId, 4);
    assert_eq!(repeated.indexes, [0, 2]);
    let spoilt = check("id,lon,lat\n4.1E+14,1,2\n", &plain(), Code::BadValue, 2);
    assert!(spoilt.message.contains("spreadsheet"), "{}", spoilt.message);
    let as_given = CsvOptions { ids: Ids::AsGiven, ..plain() };
    assert_eq!(rows("id,lon,lat\n4.1E+14,1,2\n4.1E+14,1,2\n", &as_given).len(), 2);
}

#[test]
fn a_quotation_mark_that_is_never_closed_is_told_and_bounded() {
    let text = "id,lon,lat\n1,1,2\n2,1,\"2\n3,1,2\n";
    check(text, &plain(), Code::BadValue, 3);
    check("id,lon,lat\n2,1,\"2\"x\n", &plain(), Code::BadValue, 2);
    let endless = [text.as_bytes(), &vec![b'x'; 8 << 20]].concat();
    check(endless, &plain(), Code::TooLarge, 3);
}

#[test]
fn a_row_is_held_to_its_cap_however_it_comes_in_and_blank_lines_are_no_row() {
    let caps = Caps { max_text_bytes: 20, ..Caps::default() };
    let codes = |text: &str| -> Vec<Option<Code>> {
        let code = |item| if let Item::Problem(problem) = item { Some(problem.code) } else { None };
        read(text.as_bytes(), &plain(), &caps).map(code).collect()
    };
    assert_eq!(codes("id,lon,lat\n1,113.737,34.39\n"), [None], "sixteen bytes");
    assert_eq!(codes("id,lon,lat\n1,113.7370000,34.3900\n"), [Some(Code::TooLarge)], "23 bytes in one piece");
    let blank = "\n".repeat(50);
    assert_eq!(codes(&format!("id,lon,lat\n{blank}1,113.737,34.39\n{blank}2,113.737,34.39\n")), [None, None]);
}

#[test]
fn rows_without_a_position_come_where_that_is_allowed() {
    let optional = CsvOptions { positions: Positions::Optional, ..plain() };
    assert_eq!(rows("id,lon,lat\n1,,\n2,120.5,14.5\n", &optional)[0].position, None);
    assert_eq!(rows("id,name\n1,x\n", &optional)[0].position, None);
    check("id,lon,lat\n1,,14\n", &optional, Code::CoordType, 2);
    let ignored = CsvOptions { positions: Positions::Ignored, ..plain() };
    assert_eq!(rows("id,lon,lat\n1,x,y\n", &ignored)[0].position, None);
}

#[test]
fn a_refused_row_is_given_back_with_its_cells_as_they_stand_in_the_file() {
    let table =
        "id,lon,lat,name\na,113.7,34.4,A\nb,east,95,B\nc,113.7\nd,113.7,34.4,D,,more\ne,113.7,34.4,E\n";
    let mut reader = read(table.as_bytes(), &plain(), &Caps::default());
    let mut given = Vec::new();
    while let Some(item) = reader.next() {
        let cells = reader.refused().map(|row| (row.line, row.cells.join("|")));
        match item {
            Item::Row(_) => assert_eq!(cells, None),
            Item::Problem(_) => given.extend(cells),
        }
    }
    let b = (3, "b|east|95|B".to_owned());
    let [c, d] = [(4, "c|113.7".to_owned()), (5, "d|113.7|34.4|D||more".to_owned())];
    assert_eq!(given, [b, c, d]);
}
