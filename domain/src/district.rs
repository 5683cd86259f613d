//! The district: the tenant. Every row belongs to one.

use std::sync::Arc;

use crate::ids::{DistrictId, PlanVersion};
use crate::rules::Rules;
use crate::text::LocalTexts;

/// A district with its rules.
#[derive(Clone, Debug)]
pub struct District {
    /// Its id.
    pub id: DistrictId,
    /// Its code, as in GB/T 2260 (410184) or its own.
    pub code: DistrictCode,
    /// Its names.
    pub names: LocalTexts,
    /// The zone in which its days begin and its clocks are shown.
    pub time_zone: chrono_tz::Tz,
    /// What happens here is a drill: the real flow, kept out of figures.
    pub exercise: bool,
    /// Whom the map's data is owed to; shown on every map.
    pub attribution: Option<String>,
    /// The plan in force; `None` until cells were imported.
    pub plan_version: Option<PlanVersion>,
    /// Grows each time that the base map is replaced.
    pub basemap_version: i32,
    /// Its levels, categories, stages and clocks.
    pub rules: Arc<Rules>,
}

/// A district's code: 1 to 32 of `a-z`, `A-Z`, `0-9`, `-`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct DistrictCode(String);

/// Why a text is not a code.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("code {given:?} must be 1 to {allowed} letters a-z, digits or hyphens")]
pub struct InvalidCode {
    /// What was given, cut to 60 characters.
    pub given: String,
    /// The longest allowed.
    pub allowed: usize,
}

pub(crate) fn checked_code(text: &str, allowed: usize) -> Result<String, InvalidCode> {
    let fits = (1..=allowed).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if fits {
        Ok(text.to_owned())
    } else {
        Err(InvalidCode { given: text.chars().take(60).collect(), allowed })
    }
}

impl DistrictCode {
    /// Checks a code.
    ///
    /// # Errors
    /// [`InvalidCode`].
    pub fn parse(text: &str) -> Result<Self, InvalidCode> {
        checked_code(text, 32).map(Self)
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
