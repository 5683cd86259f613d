//! The languages that are spoken.

use std::str::FromStr;

/// A language in which plans are explained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Simplified Chinese.
    Chinese,
    /// English.
    #[default]
    English,
}

impl Language {
    /// All of them, in the order in which pages name them.
    pub const ALL: [Self; 2] = [Self::Chinese, Self::English];

    /// What a page says it is written in (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }
}

/// Why a text names no language that is spoken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the languages are zh and en")]
pub struct UnknownLanguage;

impl FromStr for Language {
    type Err = UnknownLanguage;

    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        match text {
            "zh" | "zh-CN" => Ok(Self::Chinese),
            "en" => Ok(Self::English),
            _ => Err(UnknownLanguage),
        }
    }
}
