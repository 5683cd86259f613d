//! The rows: which item goes through which door as what. One file for each kind of door.

mod areas;
mod files;
mod inputs;

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::doors::{Door, Request};
use super::table::{Row, TAKEN};

pub(super) use inputs::at_the_edge;

struct Table {
    rows: Vec<Row>,
    /// A hundred million brackets, packed.
    brackets: Vec<u8>,
}

impl Table {
    fn row(&mut self, item: &'static str, door: Door, case: &str, request: Request, code: &'static str) {
        self.rows.push(Row { item, door, case: case.to_owned(), request, code });
    }

    fn graphql(
        &mut self,
        item: &'static str,
        door: Door,
        case: &str,
        body: impl Into<Vec<u8>>,
        code: &'static str,
    ) {
        self.row(item, door, case, Request::Graphql(body.into()), code);
    }

    fn file(
        &mut self,
        item: &'static str,
        door: Door,
        case: &str,
        bytes: impl Into<Vec<u8>>,
        code: &'static str,
    ) {
        let content_type = door.content_type();
        // What is put right is taken, so it is only tried.
        let query = if code == TAKEN { "dryRun=true" } else { "" };
        self.row(item, door, case, Request::File { bytes: bytes.into(), query, content_type }, code);
    }
}

pub(super) fn rows() -> Vec<Row> {
    let mut table = Table { rows: Vec::new(), brackets: gzip(&[b'['; 1 << 20], 100) };
    for door in Door::POSITIONS {
        inputs::positions(&mut table, door);
    }
    for door in Door::POSITIONS.into_iter().chain([Door::ChangeIncident]) {
        inputs::bodies(&mut table, door);
    }
    for door in Door::GEOJSON {
        files::points_or_corners(&mut table, door);
        files::files(&mut table, door);
        files::datums(&mut table, door);
    }
    for door in Door::TABLES {
        files::tables(&mut table, door);
        files::datums(&mut table, door);
    }
    areas::rings(&mut table);
    areas::coverage(&mut table);
    addresses(&mut table);
    table.rows
}

fn gzip(bytes: &[u8], times: usize) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..times {
        packed.write_all(bytes).expect("a vector takes it");
    }
    packed.finish().expect("a vector takes it")
}

fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

/// Addresses of tiles.
fn addresses(table: &mut Table) {
    let mut check = |item: &'static str, rest: &str| {
        table.row(item, Door::Tiles, rest, Request::Address(rest.to_owned()), "NOT_FOUND");
    };
    check("out of range", "grid/1-0/3/8/0.mvt");
    check("out of range", "grid/1-0/99/0/0.mvt");
    check("out of range", "grid/1-0/300/0/0.mvt");
    check("out of range", "grid/1-0/3/-1/0.mvt");
    check("out of range", "grid/1-0/3/4294967296/0.mvt");
    check("out of range", "grid/99999999999999999999-0/3/4/0.mvt");
    check("NaN", "grid/1-0/NaN/0/0.mvt");
    check("infinity", "grid/1-0/3/1e999/0.mvt");
    check("NUL", "grid/1-0%00/3/4/0.mvt");
    check("NUL", "grid%00/1-0/3/4/0.mvt");
    check("future times", "grid/99-0/3/4/0.mvt");
}
