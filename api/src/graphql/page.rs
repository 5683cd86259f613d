//! Pages of lists, the Relay way: connections of edges, with cursors that hold the place after which to go on.
//!
//! A cursor is base64url of a tag and the last row's key. The tag is a hash over the list (its district, area, filter,
//! order) and the key, so that a cursor that was damaged or belongs to another list is refused and never read wrongly.
//! It is no secret: what may be seen is decided anew for each page.

use std::fmt;

use async_graphql::SimpleObject;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::input::{InputCode, InputProblem};
use domain::page::PageSize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Where a page lies in its list.
#[derive(SimpleObject, Clone, Debug)]
pub struct PageInfo {
    /// Whether there is more after this page.
    has_next_page: bool,
    /// Whether this page was asked for with a cursor, so that there is something before it.
    has_previous_page: bool,
    /// The cursor of the first row; null where there is none.
    start_cursor: Option<String>,
    /// The cursor of the last row: give it as `after` to go on.
    end_cursor: Option<String>,
}

/// What a page of a list may cost at most: each of its rows with all that is asked of one, and the statement for it.
///
/// A size that is refused later costs no more than the largest that is not, so that the refusal says what is wrong.
pub(super) fn list_cost(first: i32, row_cost: usize) -> usize {
    const STATEMENT_COST: usize = 5;
    /// Rows share what their loaders read: a quarter of their fields is a fair guess.
    const SHARE: usize = 4;
    let rows = usize::try_from(first.clamp(1, PageSize::MAX)).unwrap_or(1);
    rows.saturating_mul(row_cost).saturating_div(SHARE).saturating_add(STATEMENT_COST)
}

const TAG_BYTES: usize = 8;
const MAX_CURSOR_CHARACTERS: usize = 500;

/// What a list is: everything that a cursor is bound to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListName(String);

impl ListName {
    /// Names a list by what was asked for.
    pub fn new(parts: &[&dyn fmt::Debug]) -> Self {
        Self(format!("{parts:?}"))
    }

    /// The cursor of a row with a key.
    pub fn cursor(&self, key: &str) -> String {
        let mut bytes = self.tag(key).to_vec();
        bytes.extend_from_slice(key.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The key that a cursor of this list holds, as `read` understands it.
    ///
    /// # Errors
    /// [`InputCode::InvalidCursor`].
    pub fn key<K>(&self, cursor: &str, read: impl Fn(&str) -> Option<K>) -> Result<K, InputProblem> {
        self.text(cursor).as_deref().and_then(read).ok_or_else(|| {
            let message = "the cursor is damaged, or belongs to a list with another area, filter or order";
            InputProblem::new(InputCode::InvalidCursor, message, &["after"])
        })
    }

    fn text(&self, cursor: &str) -> Option<String> {
        if cursor.len() > MAX_CURSOR_CHARACTERS {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (tag, key) = bytes.split_at_checked(TAG_BYTES)?;
        let key = std::str::from_utf8(key).ok()?;
        (self.tag(key) == tag).then(|| key.to_owned())
    }

    fn tag(&self, key: &str) -> [u8; TAG_BYTES] {
        let mut hash = Sha256::new();
        for part in [self.0.as_str(), key] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        let digest = hash.finalize();
        std::array::from_fn(|index| digest[index])
    }
}

/// A row's place in an order of the database: what the order is by, then the id.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// What the order is by.
    pub sort: i64,
    /// What tells apart rows that are equal in it.
    pub id: Uuid,
}

impl Place {
    /// Reads what `to_string` wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (sort, id) = text.split_once(':')?;
        Some(Self { sort: sort.parse().ok()?, id: Uuid::try_parse(id).ok()? })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.sort, self.id)
    }
}

/// The rows of one page with their keys: what every connection is made of. Cursors are made for who asks for them.
#[derive(Clone, Debug)]
pub struct Rows<K, T> {
    list: ListName,
    rows: Vec<(K, T)>,
    extent: Extent,
}

/// A row with its cursor.
#[derive(Clone, Debug)]
pub struct Row<T> {
    /// Its place in the list.
    pub cursor: String,
    /// What stands there.
    pub node: T,
}

/// How a page lies in its list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extent {
    /// Whether the page was asked for with a cursor.
    pub has_previous: bool,
    /// Whether there are rows after it.
    pub has_next: bool,
}

impl<K: fmt::Display, T: Clone> Rows<K, T> {
    /// A page of a list.
    pub fn new(list: ListName, rows: Vec<(K, T)>, extent: Extent) -> Self {
        Self { list, rows, extent }
    }

    /// The rows with their cursors.
    pub fn edges(&self) -> Vec<Row<T>> {
        let edge = |row: &(K, T)| Row { cursor: self.cursor(row), node: row.1.clone() };
        self.rows.iter().map(edge).collect()
    }

    /// The rows alone.
    pub fn nodes(&self) -> Vec<T> {
        self.rows.iter().map(|(_, node)| node.clone()).collect()
    }

    /// Where the page lies.
    pub fn info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.extent.has_next,
            has_previous_page: self.extent.has_previous,
            start_cursor: self.rows.first().map(|row| self.cursor(row)),
            end_cursor: self.rows.last().map(|row| self.cursor(row)),
        }
    }

    fn cursor(&self, (key, _): &(K, T)) -> String {
        self.list.cursor(&key.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_that_is_damaged_or_of_another_list_is_refused() {
        let list = ListName::new(&[&"cells", &1]);
        let number = |text: &str| text.parse::<i32>().ok();
        let cursor = list.cursor("42");
        assert_eq!(list.key(&cursor, number), Ok(42));
        let other = ListName::new(&[&"cells", &2]);
        assert_eq!(other.key(&cursor, number).expect_err("another").code, InputCode::InvalidCursor);
        for index in 0..cursor.len() {
            let mut damaged = cursor.clone().into_bytes();
            damaged[index] = if damaged[index] == b'A' { b'B' } else { b'A' };
            let damaged = String::from_utf8(damaged).expect("ASCII");
            assert!(list.key(&damaged, number).is_err(), "byte {index}");
        }
        for text in ["", "!", "AAAA", &"A".repeat(1_000_000)] {
            assert!(list.key(text, number).is_err());
        }
    }
}
