//! A FlatBuffer, written from front to back: a table first, and behind it what it refers to.
//!
//! Invariant: a number of n bytes stands at a multiple of n, counted from the length in front of the buffer.

const WIDEST: usize = 8;
/// The length in front, and the place of the root table.
const START_BYTES: usize = 8;

/// What stands in a table itself.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    Byte(u8),
    Short(u16),
    Int(i32),
    Long(u64),
    /// Something behind the table, written later at the [`Slot`].
    Behind,
}

/// Where an offset waits for what it leads to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot(usize);

impl Field {
    fn width(self) -> usize {
        match self {
            Self::Byte(_) => 1,
            Self::Short(_) => 2,
            Self::Int(_) | Self::Behind => 4,
            Self::Long(_) => 8,
        }
    }
}

/// A FlatBuffer with its length in front.
#[derive(Debug)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
}

impl Buffer {
    /// Begins a buffer with its root table; `None` is a field that is not there.
    pub(super) fn new(fields: &[Option<Field>]) -> (Self, Vec<Slot>) {
        let mut buffer = Self { bytes: vec![0; START_BYTES] };
        let slots = buffer.table(Slot(4), fields);
        (buffer, slots)
    }

    /// The whole, with its length.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let length = (self.bytes.len() - 4) as u32;
        self.bytes[..4].copy_from_slice(&length.to_le_bytes());
        self.bytes
    }

    fn align(&mut self, width: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(width), 0);
    }

    fn lead(&mut self, slot: Slot) {
        let offset = (self.bytes.len() - slot.0) as u32;
        self.bytes[slot.0..slot.0 + 4].copy_from_slice(&offset.to_le_bytes());
    }

    /// Writes a table and gives the slots of its fields that stand behind it, in their order.
    pub(super) fn table(&mut self, slot: Slot, fields: &[Option<Field>]) -> Vec<Slot> {
        let (mut places, mut table_bytes) = (Vec::with_capacity(fields.len()), 4);
        for field in fields {
            let width = field.map_or(0, Field::width);
            let place = if width == 0 { 0 } else { usize::next_multiple_of(table_bytes, width) };
            table_bytes = if width == 0 { table_bytes } else { place + width };
            places.push(place);
        }
        self.align(2);
        let list = self.bytes.len();
        let list_bytes = 4 + 2 * fields.len();
        for number in [list_bytes, table_bytes].iter().chain(&places) {
            self.bytes.extend((*number as u16).to_le_bytes());
        }
        self.align(WIDEST);
        self.lead(slot);
        let start = self.bytes.len();
        self.bytes.extend(((start - list) as i32).to_le_bytes());
        let mut slots = Vec::new();
        for (field, place) in fields.iter().zip(places) {
            let Some(field) = field else { continue };
            self.bytes.resize(start + place, 0);
            match field {
                Field::Byte(number) => self.bytes.push(*number),
                Field::Short(number) => self.bytes.extend(number.to_le_bytes()),
                Field::Int(number) => self.bytes.extend(number.to_le_bytes()),
                Field::Long(number) => self.bytes.extend(number.to_le_bytes()),
                Field::Behind => {
                    slots.push(Slot(self.bytes.len()));
                    self.bytes.extend([0; 4]);
                }
            }
        }
        slots
    }

    /// A run of elements of some width each: their count, then their bytes.
    fn run(&mut self, slot: Slot, count: usize, width: usize) {
        self.align(4);
        if !(self.bytes.len() + 4).is_multiple_of(width) {
            self.bytes.extend([0; 4]);
        }
        self.lead(slot);
        self.bytes.extend((count as u32).to_le_bytes());
    }

    pub(super) fn doubles(&mut self, slot: Slot, numbers: &[f64]) {
        self.run(slot, numbers.len(), 8);
        self.bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    }

    pub(super) fn longs(&mut self, slot: Slot, numbers: &[u32]) {
        self.run(slot, numbers.len(), 4);
        self.bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    }

    pub(super) fn bytes(&mut self, slot: Slot, bytes: &[u8]) {
        self.run(slot, bytes.len(), 1);
        self.bytes.extend(bytes);
    }

    pub(super) fn text(&mut self, slot: Slot, text: &str) {
        self.bytes(slot, text.as_bytes());
        self.bytes.push(0);
    }

    /// Slots for so many tables.
    pub(super) fn tables(&mut self, slot: Slot, count: usize) -> Vec<Slot> {
        self.run(slot, count, 4);
        let start = self.bytes.len();
        self.bytes.resize(start + 4 * count, 0);
        (0..count).map(|index| Slot(start + 4 * index)).collect()
    }
}
