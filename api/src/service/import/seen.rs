//! Ids of a file by a digest of them: a million of them are to fit into little memory, however long they are.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use domain::ids::DistrictId;
use sha2::{Digest, Sha256};

/// What stands for an id of a file. Two ids have the same but for a coincidence of one in 2⁹⁶.
pub(super) type IdDigest = [u8; 12];

/// The digest of an id.
pub(super) fn digest_of(id: &str) -> IdDigest {
    let mut digest = [0; 12];
    digest.copy_from_slice(&Sha256::digest(id)[..12]);
    digest
}

/// The start of a digest of an id in a district.
pub(super) fn digest_in(district: DistrictId, id: &str) -> [u8; 10] {
    let mut hash = Sha256::new();
    hash.update(district.0.as_bytes());
    hash.update(id);
    let mut digest = [0; 10];
    digest.copy_from_slice(&hash.finalize()[..10]);
    digest
}

/// On which line each id was first, and what else is to be known of it there.
pub(super) struct FirstLines<T>(HashMap<IdDigest, (u32, T)>);

impl<T> Default for FirstLines<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T> FirstLines<T> {
    /// Notes an id, or answers the line where it was before and what was known there.
    pub(super) fn note(&mut self, id: &str, line: u64, known: T) -> Result<(), (u32, &T)> {
        match self.0.entry(digest_of(id)) {
            Entry::Vacant(place) => {
                // A file has no more lines than that: readers take 20 million rows.
                place.insert((u32::try_from(line).unwrap_or(u32::MAX), known));
                Ok(())
            }
            Entry::Occupied(first) => {
                let (line, known) = first.into_mut();
                Err((*line, known))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_an_id_is_the_one_that_counts() {
        let mut lines = FirstLines::default();
        assert_eq!(lines.note("a", 2, 'x'), Ok(()));
        assert_eq!(lines.note("b", 3, 'y'), Ok(()));
        assert_eq!(lines.note("a", 4, 'z'), Err((2, &'x')));
        assert_eq!(lines.note("a", 5, 'z'), Err((2, &'x')));
    }

    #[test]
    fn an_id_of_a_file_takes_sixteen_bytes() {
        assert_eq!(size_of::<(IdDigest, (u32, ()))>(), 16);
    }
}
