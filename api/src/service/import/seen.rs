//! Ids of a file by a digest of them: a million of them are to fit into little memory, however long they are.

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

/// How many bits of a digest say on which shelf it lies. A million are sixty on each.
const SHELF_BITS: u32 = 14;

/// What is to be known of each id.
///
/// They lie in order on many short shelves that grow by an eighth: one large table would be half empty, and all of it twice
/// in memory whenever it grows.
pub(super) struct ByDigest<T>(Vec<Vec<Kept<T>>>);

struct Kept<T> {
    /// The next 64 bits of the digest, in two halves so that none is lost on their alignment. With those of the shelf, two of
    /// a million ids are taken for one another in one of 2³⁹ files.
    rest: [u32; 2],
    value: T,
}

impl<T> Default for ByDigest<T> {
    fn default() -> Self {
        Self(std::iter::repeat_with(Vec::new).take(1 << SHELF_BITS).collect())
    }
}

impl<T> ByDigest<T> {
    pub(super) fn get_mut(&mut self, digest: &IdDigest) -> Option<&mut T> {
        let (shelf, rest) = self.place(digest);
        let at = shelf.binary_search_by_key(&rest, |kept| kept.rest).ok()?;
        Some(&mut shelf[at].value)
    }

    /// Keeps a value, or answers the one that is there.
    pub(super) fn insert(&mut self, digest: &IdDigest, value: T) -> Result<(), &mut T> {
        let (shelf, rest) = self.place(digest);
        match shelf.binary_search_by_key(&rest, |kept| kept.rest) {
            Ok(at) => Err(&mut shelf[at].value),
            Err(at) => {
                if shelf.len() == shelf.capacity() {
                    shelf.reserve_exact(4 + shelf.len() / 8);
                }
                shelf.insert(at, Kept { rest, value });
                Ok(())
            }
        }
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flatten().map(|kept| &kept.value)
    }

    fn place(&mut self, digest: &IdDigest) -> (&mut Vec<Kept<T>>, [u32; 2]) {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = *digest;
        let shelf = u32::from_be_bytes([a, b, c, d]) >> (u32::BITS - SHELF_BITS);
        let rest = [u32::from_be_bytes([e, f, g, h]), u32::from_be_bytes([i, j, k, l])];
        (&mut self.0[shelf as usize], rest)
    }
}

/// On which line each id was first, and what else is to be known of it there.
pub(super) struct FirstLines<T>(ByDigest<(u32, T)>);

impl<T> Default for FirstLines<T> {
    fn default() -> Self {
        Self(ByDigest::default())
    }
}

impl<T> FirstLines<T> {
    /// Notes an id, or answers the line where it was before and what was known there.
    pub(super) fn note(&mut self, id: &str, line: u64, known: T) -> Result<(), (u32, &T)> {
        // A file has no more lines than that: readers take 20 million rows.
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        self.0.insert(&digest_of(id), (line, known)).map_err(|(line, known)| (*line, &*known))
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

    /// As good as chance.
    fn digest(number: u32) -> IdDigest {
        let spread = (u128::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let mut digest = [0; 12];
        digest.copy_from_slice(&(spread ^ (spread >> 64)).to_be_bytes()[4..]);
        digest
    }

    #[test]
    fn each_of_a_million_ids_is_known_again_and_all_take_sixteen_megabytes() {
        let mut lines = ByDigest::default();
        for line in 0..1_000_000_u32 {
            assert_eq!(lines.insert(&digest(line), (line, ())), Ok(()));
        }
        for line in 0..1_000_000_u32 {
            assert_eq!(lines.insert(&digest(line), (0, ())), Err(&mut (line, ())));
        }
        let shelf_size = |shelf: &Vec<Kept<(u32, ())>>| {
            // What the allocator holds with it.
            size_of_val(shelf) + 16 + size_of::<Kept<(u32, ())>>() * shelf.capacity()
        };
        let held: usize = lines.0.iter().map(shelf_size).sum();
        assert!(held <= 16_000_000, "{held} bytes");
    }
}
