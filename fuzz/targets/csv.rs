//! A table of points: answered whatever it is, the same in one piece and byte by byte, and the same in GBK as in UTF-8.
#![no_main]

use fuzz::reading::{Drip, caps, tiny_caps};
use geo_tools::formats::Caps;
use geo_tools::formats::csv::{
    self, CsvOptions, Ids, Item, Positions, TextEncoding, looks_damaged_by_spreadsheet,
};
use geo_tools::{Code, Datum};
use libfuzzer_sys::fuzz_target;

fn read(bytes: &[u8], options: &CsvOptions, caps: &Caps) -> Vec<Item> {
    let items: Vec<Item> = csv::read(bytes, options, caps).collect();
    let mut index = 0;
    for item in &items {
        match item {
            Item::Row(row) => {
                assert_eq!(row.cells.len(), row.columns().len());
                assert!(row.index >= index && row.line > 0);
                assert!(row.cells.iter().map(String::len).sum::<usize>() <= 3 * caps.max_text_bytes);
                if let Some(id) = &row.id {
                    assert!(options.ids == Ids::AsGiven || looks_damaged_by_spreadsheet(id).is_none());
                }
                assert!(row.position.is_some() || options.positions != Positions::Required);
                index = row.index + 1;
            }
            Item::Problem(problem) => {
                // That there are too many problems is said of the file.
                assert!(problem.line.is_some() || problem.code == Code::TooLarge, "{problem:?}");
                assert!(!problem.message.is_empty() && problem.message.len() < 2_000, "{problem:?}");
            }
        }
    }
    let rows = items.iter().filter(|item| matches!(item, Item::Row(_))).count();
    assert!(rows <= caps.max_features, "{rows} rows");
    items
}

/// Rows that are sound in UTF-8 are the same rows in GBK, if that is said.
fn compare_with_gbk(bytes: &[u8], items: &[Item]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (gbk, _, has_unmapped) = encoding_rs::GBK.encode(text);
    let sound = items.iter().all(|item| matches!(item, Item::Row(_)));
    if has_unmapped || !sound || bytes.starts_with(b"\xef\xbb\xbf") || bytes.starts_with(&[0x1f, 0x8b]) {
        return;
    }
    let options = CsvOptions { encoding: Some(TextEncoding::Gbk), ..CsvOptions::default() };
    assert_eq!(read(&gbk, &options, &caps()), items, "{text:?}");
}

fuzz_target!(|bytes: &[u8]| {
    let options = CsvOptions::default();
    let items = read(bytes, &options, &caps());
    let dripped: Vec<Item> = csv::read(Drip(bytes), &options, &caps()).collect();
    assert_eq!(items, dripped, "the same byte by byte");
    compare_with_gbk(bytes, &items);
    read(bytes, &options, &tiny_caps());
    let lenient =
        CsvOptions { ids: Ids::AsGiven, positions: Positions::Optional, datum: Datum::Gcj02, ..options };
    read(bytes, &lenient, &caps());
    let ignoring = CsvOptions { positions: Positions::Ignored, delimiter: Some(b';'), ..lenient };
    read(bytes, &ignoring, &caps());
});
