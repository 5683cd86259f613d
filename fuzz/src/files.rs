//! Files in memory, and ZIP archives whose sums are right, so that what lies behind the sums is reached.

use std::io::{self, Cursor, Read};

use flate2::Crc;
use geo_tools::formats::{Item, Options, open};

use crate::reading::check;

/// Files by their names.
#[derive(Debug, Default)]
pub struct Memory(Vec<(&'static str, Vec<u8>)>);

impl Memory {
    pub fn put(&mut self, name: &'static str, bytes: Vec<u8>) {
        self.0.push((name, bytes));
    }

    /// Reads a file, as far as the caps allow.
    pub fn read(&self, name: &str, options: &Options) -> Vec<Item> {
        let items: Vec<Item> = match open(name, &|name| self.find(name), options) {
            Ok(source) => source.collect(),
            Err(problem) => vec![Item::Problem(*problem)],
        };
        // A file of no features may have no answer.
        if !items.is_empty() {
            check(&items, &options.caps);
        }
        items
    }

    fn find(&self, path: &str) -> io::Result<Option<Box<dyn Read>>> {
        let found = self.0.iter().find(|(name, _)| *name == path);
        Ok(found.map(|(_, bytes)| Box::new(Cursor::new(bytes.clone())) as Box<dyn Read>))
    }
}

/// An archive of these files, not packed.
pub fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut bytes, mut list) = (Vec::new(), Vec::new());
    for (name, content) in entries {
        let mut sum = Crc::new();
        sum.update(content);
        let size = content.len() as u32;
        // Version, flags, method, time, day; then the sum, both sizes, and the lengths of the name and of what is extra.
        let mut facts = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        facts.extend(sum.sum().to_le_bytes());
        facts.extend(size.to_le_bytes());
        facts.extend(size.to_le_bytes());
        facts.extend((name.len() as u16).to_le_bytes());
        facts.extend([0, 0]);
        list.extend(b"PK\x01\x02\x14\x00");
        list.extend(&facts);
        list.extend([0; 10]);
        list.extend((bytes.len() as u32).to_le_bytes());
        list.extend(name.as_bytes());
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&facts);
        bytes.extend(name.as_bytes());
        bytes.extend(*content);
    }
    let (start, count) = (bytes.len() as u32, entries.len() as u16);
    bytes.extend(&list);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend(count.to_le_bytes());
    bytes.extend(count.to_le_bytes());
    bytes.extend((list.len() as u32).to_le_bytes());
    bytes.extend(start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}
