//! A FlatBuffer that comes from anywhere: every offset and count is held to the bytes that are there.
//!
//! Offsets can all lead to the same bytes, so whoever follows several counts what they come to.

use self::Flaw::Broken;
use crate::formats::flow::number;
use crate::problem::{Code, Problem};

/// What is wrong with a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Something in it leads out of it.
    Broken,
    /// It comes to more than so many of something.
    TooMany(usize, &'static str),
}

impl Flaw {
    pub(super) fn problem(self, place: &str) -> Problem {
        match self {
            Broken => {
                let message = format!("an offset or a count within the {place} leads out of it");
                Problem::error(Code::BadFormat, message)
            }
            Self::TooMany(most, what) => {
                Problem::error(Code::TooLarge, format!("more than {most} {what} in the {place}"))
            }
        }
    }
}

/// A table of a buffer.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'a> {
    bytes: &'a [u8],
    at: usize,
    list: usize,
    list_bytes: usize,
}

impl<'a> View<'a> {
    /// The root table of a buffer without its length.
    pub(super) fn root(bytes: &'a [u8]) -> Result<Self, Flaw> {
        let at = number(bytes, 0).map(u32::from_le_bytes).ok_or(Broken)?;
        Self::table_at(bytes, at as usize)
    }

    fn table_at(bytes: &'a [u8], at: usize) -> Result<Self, Flaw> {
        let back = number(bytes, at).map(i32::from_le_bytes).ok_or(Broken)?;
        let list = (at as i64).checked_sub(i64::from(back)).and_then(|list| usize::try_from(list).ok());
        let list = list.ok_or(Broken)?;
        let list_bytes = usize::from(number(bytes, list).map(u16::from_le_bytes).ok_or(Broken)?);
        if list_bytes < 4 || bytes.get(list..).is_none_or(|rest| rest.len() < list_bytes) {
            return Err(Broken);
        }
        Ok(Self { bytes, at, list, list_bytes })
    }

    /// Where a field stands; `None` where it does not.
    fn place(&self, field: usize) -> Option<usize> {
        let entry = 4 + 2 * field;
        let inside = entry + 2 <= self.list_bytes;
        let offset = number(self.bytes, self.list + entry).map(u16::from_le_bytes).filter(|_| inside)?;
        (offset != 0).then(|| self.at + usize::from(offset))
    }

    fn value<const N: usize>(&self, field: usize) -> Result<Option<[u8; N]>, Flaw> {
        self.place(field).map(|place| number(self.bytes, place).ok_or(Broken)).transpose()
    }

    pub(super) fn byte(&self, field: usize) -> Result<Option<u8>, Flaw> {
        Ok(self.value::<1>(field)?.map(u8::from_le_bytes))
    }

    pub(super) fn short(&self, field: usize) -> Result<Option<u16>, Flaw> {
        Ok(self.value(field)?.map(u16::from_le_bytes))
    }

    pub(super) fn int(&self, field: usize) -> Result<Option<i32>, Flaw> {
        Ok(self.value(field)?.map(i32::from_le_bytes))
    }

    pub(super) fn long(&self, field: usize) -> Result<Option<u64>, Flaw> {
        Ok(self.value(field)?.map(u64::from_le_bytes))
    }

    fn behind(&self, field: usize) -> Result<Option<usize>, Flaw> {
        let Some(place) = self.place(field) else { return Ok(None) };
        let offset = number(self.bytes, place).map(u32::from_le_bytes).ok_or(Broken)?;
        place.checked_add(offset as usize).map(Some).ok_or(Broken)
    }

    /// The bytes of a run of elements, each of some width.
    pub(super) fn run(&self, field: usize, element_bytes: usize) -> Result<&'a [u8], Flaw> {
        let Some(at) = self.behind(field)? else { return Ok(&[]) };
        let count = number(self.bytes, at).map(u32::from_le_bytes).ok_or(Broken)?;
        let run_bytes = (count as usize).checked_mul(element_bytes).ok_or(Broken)?;
        self.bytes.get(at + 4..).and_then(|rest| rest.get(..run_bytes)).ok_or(Broken)
    }

    pub(super) fn doubles(&self, field: usize) -> Result<impl Iterator<Item = f64> + 'a, Flaw> {
        let run = self.run(field, 8)?;
        Ok(run.chunks_exact(8).filter_map(|bytes| Some(f64::from_le_bytes(bytes.try_into().ok()?))))
    }

    pub(super) fn longs(&self, field: usize) -> Result<impl Iterator<Item = usize> + 'a, Flaw> {
        let run = self.run(field, 4)?;
        Ok(run.chunks_exact(4).filter_map(|bytes| Some(u32::from_le_bytes(bytes.try_into().ok()?) as usize)))
    }

    pub(super) fn text(&self, field: usize) -> Result<Option<&'a str>, Flaw> {
        let Some(_) = self.place(field) else { return Ok(None) };
        std::str::from_utf8(self.run(field, 1)?).map(Some).map_err(|_| Broken)
    }

    pub(super) fn table(&self, field: usize) -> Result<Option<Self>, Flaw> {
        self.behind(field)?.map(|at| Self::table_at(self.bytes, at)).transpose()
    }

    /// The tables of a run of at most so many.
    pub(super) fn tables(
        &self,
        field: usize,
        (most, what): (usize, &'static str),
    ) -> Result<Vec<Self>, Flaw> {
        let Some(start) = self.behind(field)? else { return Ok(Vec::new()) };
        if self.run(field, 4)?.len() / 4 > most {
            return Err(Flaw::TooMany(most, what));
        }
        let places = self.longs(field)?.enumerate();
        places.map(|(at, offset)| Self::table_at(self.bytes, start + 4 + 4 * at + offset)).collect()
    }
}
