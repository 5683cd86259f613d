//! Texts that people write, checked for length and control characters, and names in several languages.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Why a text was refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing but white space.
    #[error("the text is empty; at least one character is needed")]
    Empty,
    /// Longer than allowed.
    #[error("the text has {characters} characters; at most {allowed} are allowed")]
    TooLong {
        /// How many it has.
        characters: usize,
        /// How many are allowed.
        allowed: usize,
    },
    /// A control character other than a line break or tab.
    #[error(
        "the text has the control character U+{code:04X} at character {index}; only line breaks and tabs are allowed"
    )]
    Control {
        /// Its code point.
        code: u32,
        /// Which character it is, from 0.
        index: usize,
    },
}

/// Trims a text and checks it.
///
/// # Errors
/// [`InvalidText`] where it is empty, longer than `allowed` characters, or has control characters.
pub fn checked(text: &str, allowed: usize) -> Result<String, InvalidText> {
    let text = text.trim();
    if text.is_empty() {
        return Err(InvalidText::Empty);
    }
    let characters = text.chars().count();
    if characters > allowed {
        return Err(InvalidText::TooLong { characters, allowed });
    }
    let control = |c: &char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if let Some((index, c)) = text.chars().enumerate().find(|(_, c)| control(c)) {
        return Err(InvalidText::Control { code: u32::from(c), index });
    }
    Ok(text.to_owned())
}

/// A text as it is searched: lower case, full-width letters and digits as plain ones, white space as single blanks.
pub fn search_text(text: &str) -> String {
    let plain = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        _ => c,
    };
    let narrow: String = text.chars().map(plain).flat_map(char::to_lowercase).collect();
    narrow.split_whitespace().collect::<Vec<_>>().join(" ")
}

macro_rules! text {
    ($(#[$doc:meta] $name:ident: $allowed:literal),* $(,)?) => {$(
        #[$doc]
        #[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// The longest allowed, in characters.
            pub const MAX_CHARACTERS: usize = $allowed;

            /// Trims and checks a text.
            ///
            /// # Errors
            /// [`InvalidText`].
            pub fn parse(text: &str) -> Result<Self, InvalidText> {
                checked(text, Self::MAX_CHARACTERS).map(Self)
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )*};
}

text! {
    /// What a reporter says of an incident.
    IncidentText: 2000,
    /// What a handler notes with a step.
    Note: 1000,
    /// Street, number, building, entrance, floor, door: as one line.
    Address: 300,
    /// The name of a member of staff, as it is shown.
    StaffName: 60,
}

/// A name in one language.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct LocalText {
    /// BCP 47, such as `zh` or `en`.
    pub language: String,
    /// The name.
    pub text: String,
}

/// Names of one thing, at most one a language. Cheap to clone: who shows a plan's cells has them all in hand.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<LocalText>", into = "Vec<LocalText>")]
pub struct LocalTexts(Arc<[LocalText]>);

impl From<Vec<LocalText>> for LocalTexts {
    fn from(texts: Vec<LocalText>) -> Self {
        Self(texts.into())
    }
}

impl From<LocalTexts> for Vec<LocalText> {
    fn from(texts: LocalTexts) -> Self {
        texts.0.to_vec()
    }
}

impl LocalTexts {
    /// Longest name allowed, in characters.
    pub const MAX_CHARACTERS: usize = 100;

    /// Checks each name; a repeated language keeps the first.
    ///
    /// # Errors
    /// [`InvalidText`] of the first name that is refused.
    pub fn new<'a>(names: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, InvalidText> {
        let mut texts: Vec<LocalText> = Vec::new();
        for (language, name) in names {
            if texts.iter().all(|known| known.language != language) {
                texts.push(LocalText {
                    language: language.to_owned(),
                    text: checked(name, Self::MAX_CHARACTERS)?,
                });
            }
        }
        if texts.is_empty() { Err(InvalidText::Empty) } else { Ok(texts.into()) }
    }

    /// All names, in the order they were given.
    pub fn as_slice(&self) -> &[LocalText] {
        &self.0
    }

    /// The name in a language, else the first.
    pub fn in_language(&self, language: &str) -> Option<&str> {
        let wanted = self.0.iter().find(|name| name.language == language);
        wanted.or(self.0.first()).map(|name| name.text.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_trimmed_and_refused_with_what_is_allowed() {
        let check = |text: &str, expected: Result<&str, InvalidText>| {
            assert_eq!(checked(text, 5), expected.map(str::to_owned), "{text:?}");
        };
        check("  路灯坏了 ", Ok("路灯坏了"));
        check(" \n ", Err(InvalidText::Empty));
        check("abcdef", Err(InvalidText::TooLong { characters: 6, allowed: 5 }));
        check("ab\u{0}c", Err(InvalidText::Control { code: 0, index: 2 }));
        check("a\nb", Ok("a\nb"));
    }

    #[test]
    fn a_search_ignores_case_width_and_repeated_blanks() {
        let check = |text: &str, expected: &str| assert_eq!(search_text(text), expected);
        check("  Äußere　ＭＡＮＮＥＲＨＥＩＭ１２ ", "äußere mannerheim12");
        check("网格 ３号", "网格 3号");
    }

    #[test]
    fn a_missing_language_falls_back_to_the_first_name() {
        let names = LocalTexts::new([("zh", "网格一"), ("en", "Cell one")]).expect("two names");
        assert_eq!(names.in_language("en"), Some("Cell one"));
        assert_eq!(names.in_language("fi"), Some("网格一"));
    }
}
