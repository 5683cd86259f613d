//! A list in memory of its own once it is large, where the system is asked for large pages.
//!
//! Look-ups go all over the list. With pages of 4 KiB it has more of them than a processor keeps in mind, and every fetch
//! waits for the page table before it waits for the memory. glibc's own setting for this (`glibc.malloc.hugetlb=1`) is one
//! that a user has to know of, and with 2.36 it works by chance.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use memmap2::MmapMut;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// Bytes of a large page, and of a small one, on the usual processors.
const LARGE_PAGE: usize = 1 << 21;
const SMALL_PAGE: usize = 1 << 12;
/// Shorter lists stay where all memory comes from.
const OWN_MEMORY: usize = 1 << 16;

/// What may be kept as bytes.
pub(super) trait Record: FromBytes + IntoBytes + Immutable + Copy {}

impl<T: FromBytes + IntoBytes + Immutable + Copy> Record for T {}

/// A list of records.
#[derive(Debug)]
pub(super) enum List<T> {
    Small(Vec<T>),
    Large { memory: MmapMut, len: usize, records: PhantomData<T> },
}

impl<T: Record> List<T> {
    pub(super) fn new() -> Self {
        Self::Small(Vec::new())
    }

    /// So many records, all bits 0.
    pub(super) fn zeroed(len: usize) -> Self {
        let bytes = len * size_of::<T>();
        if bytes < OWN_MEMORY {
            Self::Small(vec![T::new_zeroed(); len])
        } else {
            Self::Large { memory: map(bytes), len, records: PhantomData }
        }
    }

    pub(super) fn push(&mut self, record: T) {
        let old_len = self.len();
        match self {
            Self::Small(list) if (old_len + 1) * size_of::<T>() < OWN_MEMORY => return list.push(record),
            Self::Large { memory, len, .. } if (old_len + 1) * size_of::<T>() <= memory.len() => *len += 1,
            _ => *self = self.copied(2 * old_len, old_len + 1),
        }
        self[old_len] = record;
    }

    pub(super) fn shrink_to_fit(&mut self) {
        match self {
            Self::Small(list) => list.shrink_to_fit(),
            Self::Large { .. } => *self = self.clone(),
        }
    }

    /// Bytes held.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Small(list) => list.len() * size_of::<T>(),
            Self::Large { memory, .. } => memory.len(),
        }
    }

    /// A copy with room for more, cut or filled up with 0 to a length.
    fn copied(&self, capacity: usize, new_len: usize) -> Self {
        let mut copy = Self::zeroed(capacity.max(new_len));
        match &mut copy {
            Self::Small(list) => list.truncate(new_len),
            Self::Large { len, .. } => *len = new_len,
        }
        for (new, old) in copy.iter_mut().zip(self.iter()) {
            *new = *old;
        }
        copy
    }
}

#[expect(clippy::expect_used, reason = "without memory a program ends, as it does where a Vec gets none")]
fn map(bytes: usize) -> MmapMut {
    let page = if bytes < LARGE_PAGE { SMALL_PAGE } else { LARGE_PAGE };
    let memory = MmapMut::map_anon(bytes.next_multiple_of(page)).expect("memory");
    #[cfg(target_os = "linux")]
    if page == LARGE_PAGE {
        // Where there are none to have, small pages do.
        memory.advise(memmap2::Advice::HugePage).ok();
    }
    memory
}

impl<T: Record> Clone for List<T> {
    fn clone(&self) -> Self {
        self.copied(self.len(), self.len())
    }
}

#[expect(clippy::expect_used, reason = "memory is as long as its records, and no bytes are none")]
impl<T: Record> Deref for List<T> {
    type Target = [T];

    #[inline]
    fn deref(&self) -> &[T] {
        match self {
            Self::Small(list) => list,
            // Memory begins with a page, so no record lies askew in it, nor across two cache lines.
            Self::Large { memory, len, .. } => {
                <[T]>::ref_from_bytes(&memory[..len * size_of::<T>()]).expect("whole records")
            }
        }
    }
}

#[expect(clippy::expect_used, reason = "as above")]
impl<T: Record> DerefMut for List<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        match self {
            Self::Small(list) => list,
            Self::Large { memory, len, .. } => {
                <[T]>::mut_from_bytes(&mut memory[..*len * size_of::<T>()]).expect("whole records")
            }
        }
    }
}
