//! An SQLite file out: rows to records, records to pages, pages to trees. The counterpart of `pages`.

use super::pages::Cell;

pub(super) const PAGE_BYTES: usize = 16_384;
const FIRST_HEAD: usize = 100;
const LEAF: u8 = 0x0d;
const INTERIOR: u8 = 0x05;
const INDEX_LEAF: u8 = 0x0a;

/// The pages of a file that is being made. The first waits for the list of tables.
pub(super) struct File {
    pages: Vec<Vec<u8>>,
    tables: Vec<(i64, Vec<Cell>)>,
}

/// A page of cells.
struct Level {
    cells: Vec<(i64, Vec<u8>)>,
}

impl File {
    pub(super) fn new() -> Self {
        Self { pages: vec![Vec::new()], tables: Vec::new() }
    }

    /// Adds a table with its rows, which must be in the order of their numbers.
    pub(super) fn table(&mut self, name: &str, sql: &str, rows: impl Iterator<Item = (i64, Vec<Cell>)>) {
        let root = self.tree(rows, None);
        self.list("table", name, name, root, Cell::Text(sql.to_owned()));
    }

    /// Adds the index that a key or a unique column of a table brings with it: the entries, in order, with their rows.
    pub(super) fn index(&mut self, table: &str, number: usize, mut entries: Vec<(Vec<&str>, i64)>) {
        entries.sort();
        let cell = |(names, row): (Vec<&str>, i64)| {
            let mut cells: Vec<Cell> = names.into_iter().map(|name| Cell::Text(name.to_owned())).collect();
            cells.push(Cell::Integer(row));
            let payload = record(&cells);
            let mut cell = Vec::new();
            varint(&mut cell, payload.len() as u64);
            cell.extend(payload);
            cell
        };
        let cells: Vec<Vec<u8>> = entries.into_iter().map(cell).collect();
        self.pages.push(page(0, INDEX_LEAF, &cells, None));
        let name = format!("sqlite_autoindex_{table}_{number}");
        self.list("index", &name, table, self.pages.len(), Cell::Null);
    }

    fn list(&mut self, kind: &str, name: &str, table: &str, root: usize, sql: Cell) {
        let text = |text: &str| Cell::Text(text.to_owned());
        let row = vec![text(kind), text(name), text(table), Cell::Integer(root as i64), sql];
        self.tables.push((self.tables.len() as i64 + 1, row));
    }

    /// The bytes of the whole file, with the number of the application and the version of its form.
    pub(super) fn finish(mut self, application: u32, version: u32) -> Vec<u8> {
        let tables = std::mem::take(&mut self.tables);
        self.tree(tables.into_iter(), Some(0));
        let mut header = b"SQLite format 3\0".to_vec();
        header.extend((PAGE_BYTES as u16).to_be_bytes());
        header.extend([1, 1, 0, 64, 32, 32]);
        let numbers = [1, self.pages.len() as u32, 0, 0, 1, 4, 0, 0, 1, version, 0, application];
        header.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
        header.extend([0; 20]);
        header.extend(1_u32.to_be_bytes());
        header.extend(3_045_000_u32.to_be_bytes());
        self.pages[0][..FIRST_HEAD].copy_from_slice(&header);
        self.pages.concat()
    }

    /// Writes the pages of a tree and gives its root's number, which is a given page or a new one.
    fn tree(&mut self, rows: impl Iterator<Item = (i64, Vec<Cell>)>, root: Option<usize>) -> usize {
        let head = if root.is_some() { FIRST_HEAD } else { 0 };
        let mut leaves = Packed::new(PAGE_BYTES - head - 8);
        for (row, cells) in rows {
            let cell = self.leaf_cell(row, &record(&cells));
            leaves.push(row, cell);
        }
        let (mut levels, mut kind) = (leaves.levels, LEAF);
        loop {
            if let [level] = levels.as_slice() {
                let (cells, right) = level.parts(kind);
                let bytes = page(head, kind, &cells, right);
                let at = root.unwrap_or(self.pages.len());
                if root.is_none() {
                    self.pages.push(Vec::new());
                }
                self.pages[at] = bytes;
                return at + 1;
            }
            let mut above = Packed::new(PAGE_BYTES - head - 12);
            for level in levels {
                let (cells, right) = level.parts(kind);
                self.pages.push(page(0, kind, &cells, right));
                let last = level.cells.last().map_or(0, |(row, _)| *row);
                let mut cell = (self.pages.len() as u32).to_be_bytes().to_vec();
                varint(&mut cell, last as u64);
                above.push(last, cell);
            }
            (levels, kind) = (above.levels, INTERIOR);
        }
    }

    /// A row on a leaf; what does not fit goes to pages of its own.
    fn leaf_cell(&mut self, row: i64, payload: &[u8]) -> Vec<u8> {
        let mut cell = Vec::new();
        varint(&mut cell, payload.len() as u64);
        varint(&mut cell, row as u64);
        if payload.len() <= PAGE_BYTES - 35 {
            cell.extend(payload);
            return cell;
        }
        let least = (PAGE_BYTES - 12) * 32 / 255 - 23;
        let fitting = least + (payload.len() - least) % (PAGE_BYTES - 4);
        let local = if fitting <= PAGE_BYTES - 35 { fitting } else { least };
        cell.extend(&payload[..local]);
        cell.extend((self.pages.len() as u32 + 1).to_be_bytes());
        let mut chunks = payload[local..].chunks(PAGE_BYTES - 4).peekable();
        while let Some(chunk) = chunks.next() {
            let next = if chunks.peek().is_some() { self.pages.len() as u32 + 2 } else { 0 };
            let mut bytes = next.to_be_bytes().to_vec();
            bytes.extend(chunk);
            bytes.resize(PAGE_BYTES, 0);
            self.pages.push(bytes);
        }
        cell
    }
}

/// Cells as they fill pages, one after the other.
struct Packed {
    levels: Vec<Level>,
    room: usize,
    left: usize,
}

impl Packed {
    fn new(room: usize) -> Self {
        Self { levels: vec![Level { cells: Vec::new() }], room, left: room }
    }

    fn push(&mut self, row: i64, cell: Vec<u8>) {
        let needed = cell.len() + 2;
        if needed > self.left {
            self.levels.push(Level { cells: Vec::new() });
            self.left = self.room;
        }
        self.left -= needed.min(self.left);
        if let Some(level) = self.levels.last_mut() {
            level.cells.push((row, cell));
        }
    }
}

impl Level {
    /// The cells to write; of an inner page the last child stands in its head instead.
    fn parts(&self, kind: u8) -> (Vec<Vec<u8>>, Option<[u8; 4]>) {
        let mut cells: Vec<Vec<u8>> = self.cells.iter().map(|(_, cell)| cell.clone()).collect();
        if kind == LEAF {
            return (cells, None);
        }
        let last = cells.pop().unwrap_or_default();
        (cells, last.get(..4).and_then(|child| child.try_into().ok()))
    }
}

/// The bytes of a page: its head, pointers to the cells, and the cells from the end backwards.
fn page(head: usize, kind: u8, cells: &[Vec<u8>], right: Option<[u8; 4]>) -> Vec<u8> {
    let mut page = vec![0; PAGE_BYTES];
    let mut pointers = Vec::with_capacity(cells.len() * 2);
    let mut end = PAGE_BYTES;
    for cell in cells {
        end -= cell.len();
        page[end..end + cell.len()].copy_from_slice(cell);
        pointers.extend((end as u16).to_be_bytes());
    }
    let mut start = vec![kind, 0, 0];
    start.extend((cells.len() as u16).to_be_bytes());
    start.extend((end as u16).to_be_bytes());
    start.push(0);
    start.extend(right.into_iter().flatten());
    start.extend(pointers);
    page[head..head + start.len()].copy_from_slice(&start);
    page
}

fn record(cells: &[Cell]) -> Vec<u8> {
    let (mut kinds, mut body) = (Vec::new(), Vec::new());
    for cell in cells {
        match cell {
            Cell::Null => varint(&mut kinds, 0),
            Cell::Integer(number) => {
                varint(&mut kinds, 6);
                body.extend(number.to_be_bytes());
            }
            Cell::Real(number) => {
                varint(&mut kinds, 7);
                body.extend(number.to_be_bytes());
            }
            Cell::Text(text) => {
                varint(&mut kinds, text.len() as u64 * 2 + 13);
                body.extend(text.as_bytes());
            }
            Cell::Blob(bytes) => {
                varint(&mut kinds, bytes.len() as u64 * 2 + 12);
                body.extend(bytes);
            }
        }
    }
    // The head's length counts its own bytes too.
    let mut head_bytes = kinds.len() + 1;
    if head_bytes > 127 {
        head_bytes += 1;
    }
    let mut record = Vec::with_capacity(head_bytes + body.len());
    varint(&mut record, head_bytes as u64);
    record.extend(kinds);
    record.extend(body);
    record
}

/// Appends a number as seven bits a byte, the ninth byte whole.
fn varint(bytes: &mut Vec<u8>, number: u64) {
    if number >> 56 != 0 {
        let upper = number >> 8;
        bytes.extend((0..8).rev().map(|at| ((upper >> (7 * at)) as u8 & 0x7f) | 0x80));
        bytes.push(number as u8);
        return;
    }
    let count = (64 - number.leading_zeros()).div_ceil(7).max(1);
    for at in (0..count).rev() {
        let more = if at == 0 { 0 } else { 0x80 };
        bytes.push((number >> (7 * at)) as u8 & 0x7f | more);
    }
}
