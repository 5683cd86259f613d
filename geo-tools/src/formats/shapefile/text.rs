//! Letters of a `.dbf`: as the `.cpg` names them, else UTF-8 until something is not, then GBK.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8};

use crate::problem::{Code, Problem};
use crate::shown;

/// How the bytes of a table stand for text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letters {
    /// The `.cpg` or the table says so.
    Named(&'static Encoding),
    /// Nothing says it, and everything so far was UTF-8.
    Guessed(&'static Encoding),
}

impl Letters {
    /// From the text of a `.cpg`, else the language byte of the table.
    pub(super) fn find(cpg: Option<&str>, language: u8) -> Result<Self, Box<Problem>> {
        let label =
            cpg.map(|text| text.trim_start_matches('\u{feff}').trim()).filter(|text| !text.is_empty());
        let Some(label) = label else {
            return Ok(match language {
                0x4d | 0x7a => Self::Named(GB18030),
                _ => Self::Guessed(UTF_8),
            });
        };
        let plain: String =
            label.to_lowercase().chars().filter(|letter| !matches!(letter, ' ' | '_' | '-')).collect();
        let number = plain.trim_start_matches("ansi").trim_start_matches("oem").trim_start_matches("cp");
        let known = match number {
            "65001" | "utf8" => Some(UTF_8),
            "936" | "54936" | "gbk" | "gb2312" | "gb18030" => Some(GB18030),
            "950" | "big5" => Some(encoding_rs::BIG5),
            "1252" | "88591" | "iso88591" | "latin1" => Some(encoding_rs::WINDOWS_1252),
            _ => Encoding::for_label(label.as_bytes()),
        };
        known.map(Self::Named).ok_or_else(|| {
            let message = format!(
                "the .cpg names the encoding \u{201c}{}\u{201d}, which is not known; UTF-8 and GBK are",
                shown::text(label)
            );
            Box::new(Problem::error(Code::Encoding, message))
        })
    }

    /// The text, and whether its last letter was cut off where the field ends; `None` where it is none.
    ///
    /// A guess that proves wrong is corrected here, from this text on.
    pub(super) fn decode(&mut self, bytes: &[u8], field_bytes: usize) -> Option<(String, bool)> {
        let encoding = match self {
            Self::Named(encoding) | Self::Guessed(encoding) => *encoding,
        };
        let whole = bytes.len() == field_bytes;
        if encoding == UTF_8 {
            match std::str::from_utf8(bytes) {
                Ok(text) => return plain(text.to_owned(), false),
                Err(error) if whole && error.error_len().is_none() => {
                    let text = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned();
                    return plain(text, true);
                }
                Err(_) if matches!(self, Self::Guessed(_)) => *self = Self::Guessed(GB18030),
                Err(_) => return None,
            }
            return self.decode(bytes, field_bytes);
        }
        if let Some(text) = strict(encoding, bytes) {
            return plain(text.into_owned(), false);
        }
        let cut = (whole && !bytes.is_empty()).then(|| strict(encoding, &bytes[..bytes.len() - 1])).flatten();
        plain(cut?.into_owned(), true)
    }

    /// Looks at texts ahead of reading, so that a file in GBK is not begun as UTF-8.
    pub(super) fn look(&mut self, bytes: &[u8]) {
        if let (Self::Guessed(encoding), Err(error)) = (&mut *self, std::str::from_utf8(bytes))
            && *encoding == UTF_8
            && error.error_len().is_some()
        {
            *self = Self::Guessed(GB18030);
        }
    }
}

fn strict<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes)
}

fn plain(text: String, cut: bool) -> Option<(String, bool)> {
    (!text.contains('\0')).then_some((text, cut))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cpg_is_understood_in_its_usual_spellings() {
        for label in ["GBK", "936", "cp936", "ANSI 936", "GB2312", "gb18030\r\n"] {
            assert_eq!(Letters::find(Some(label), 0).expect(label), Letters::Named(GB18030));
        }
        for label in ["UTF-8", "utf8", "65001"] {
            assert_eq!(Letters::find(Some(label), 0x4d).expect(label), Letters::Named(UTF_8));
        }
        assert_eq!(Letters::find(Some("klingon"), 0).expect_err("unknown").code, Code::Encoding);
        assert_eq!(Letters::find(None, 0x4d).expect("language byte"), Letters::Named(GB18030));
    }

    #[test]
    fn what_is_not_utf_8_is_read_as_gbk_and_a_letter_cut_by_the_field_is_dropped() {
        let mut letters = Letters::Guessed(UTF_8);
        let gbk = [0xc1, 0xfa, 0xba, 0xfe];
        assert_eq!(letters.decode(&gbk, 10), Some(("龙湖".to_owned(), false)));
        assert_eq!(letters, Letters::Guessed(GB18030));
        assert_eq!(letters.decode(&gbk[..3], 3), Some(("龙".to_owned(), true)));
        let mut named = Letters::Named(UTF_8);
        assert_eq!(named.decode(&"龙湖".as_bytes()[..5], 5), Some(("龙".to_owned(), true)));
        assert_eq!(named.decode(&gbk, 10), None);
    }
}
