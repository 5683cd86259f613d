//! Packed files: what was packed is read as if it were not, whatever was done to it in between is answered, bombs are capped.
#![no_main]

use std::io::Write;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use fuzz::choices::Choices;
use fuzz::reading::{caps, check, tiny_caps};
use geo_tools::Code;
use geo_tools::formats::csv::{self, CsvOptions};
use geo_tools::formats::{Item, geojson};
use libfuzzer_sys::fuzz_target;

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("into memory")
}

/// A megabyte of blanks.
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| packed(&vec![b' '; 1 << 20]));

fn read(bytes: &[u8]) -> Vec<Item> {
    let items: Vec<Item> = geojson::read(bytes, &caps()).collect();
    check(&items, &caps());
    items
}

fuzz_target!(|bytes: &[u8]| {
    // As it came, whether it is gzip or not.
    let mut raw = vec![0x1f, 0x8b, 8];
    raw.extend_from_slice(bytes);
    read(&raw);
    csv::read(raw.as_slice(), &CsvOptions::default(), &caps()).for_each(drop);

    let mut choices = Choices::new(bytes);
    let (task, at, bit) = (choices.below(4), usize::from(choices.short()), choices.byte() & 7);
    let text = choices.rest();
    let whole = packed(text);
    let place = at % whole.len();
    let is_text = !text.starts_with(&[0x1f, 0x8b]);
    match task {
        0 if is_text => assert_eq!(read(&whole), read(text), "packed and not"),
        1 if is_text => {
            let (first, second) = text.split_at(at.min(text.len()));
            assert_eq!(read(&[packed(first), packed(second)].concat()), read(text), "in two members");
        }
        2 => drop(read(&whole[..place])),
        _ => {
            let mut spoilt = whole;
            spoilt[place] ^= 1 << bit;
            read(&spoilt);
        }
    }

    let Some(Item::Problem(problem)) = geojson::read(BOMB.as_slice(), &tiny_caps()).last() else {
        panic!("blanks are no file");
    };
    assert_eq!(problem.code, Code::TooLarge);
});
