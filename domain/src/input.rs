//! What is wrong with an input that a person gave: a list of problems, each with the field it is about.

use geo_tools::Position;

/// What kind of problem it is; the names in UPPER_SNAKE are contract: see `docs/errors.md`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum InputCode {
    /// A coordinate that is out of range or not finite.
    InvalidPosition,
    /// An accuracy that is not a positive number of metres within the cap.
    InvalidAccuracy,
    /// A text that is empty, too long or has control characters.
    InvalidText,
    /// A category that the district does not have.
    UnknownCategory,
    /// A stage that the district does not have.
    UnknownStage,
    /// An area in which more matches than one answer can hold.
    AreaTooLarge,
    /// A level that the district does not have.
    UnknownLevel,
    /// A client key that is no UUIDv7.
    InvalidClientKey,
    /// A client key that was used with another input.
    ClientKeyReused,
    /// A time in the future, or too long ago.
    InvalidTime,
    /// A number outside its range.
    InvalidNumber,
    /// An id of the wrong kind or form.
    InvalidId,
    /// The thing was changed since the caller read it.
    VersionConflict,
    /// The stage does not allow the action.
    ActionNotAllowed,
    /// A box whose corners are the wrong way round.
    InvalidBounds,
    /// A cursor that is damaged or belongs to another list.
    InvalidCursor,
    /// Asked for more than a page may hold, or less than one.
    InvalidPageSize,
    /// The district has no published plan yet.
    NoPlan,
}

impl InputCode {
    /// Every code, for the documents' test.
    pub const ALL: [Self; 18] = [
        Self::InvalidPosition,
        Self::InvalidAccuracy,
        Self::InvalidText,
        Self::UnknownCategory,
        Self::UnknownStage,
        Self::AreaTooLarge,
        Self::UnknownLevel,
        Self::InvalidClientKey,
        Self::ClientKeyReused,
        Self::InvalidTime,
        Self::InvalidNumber,
        Self::InvalidId,
        Self::VersionConflict,
        Self::ActionNotAllowed,
        Self::InvalidBounds,
        Self::InvalidCursor,
        Self::InvalidPageSize,
        Self::NoPlan,
    ];

    /// The code's name in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidPosition => "INVALID_POSITION",
            Self::InvalidAccuracy => "INVALID_ACCURACY",
            Self::InvalidText => "INVALID_TEXT",
            Self::UnknownCategory => "UNKNOWN_CATEGORY",
            Self::UnknownStage => "UNKNOWN_STAGE",
            Self::AreaTooLarge => "AREA_TOO_LARGE",
            Self::UnknownLevel => "UNKNOWN_LEVEL",
            Self::InvalidClientKey => "INVALID_CLIENT_KEY",
            Self::ClientKeyReused => "CLIENT_KEY_REUSED",
            Self::InvalidTime => "INVALID_TIME",
            Self::InvalidNumber => "INVALID_NUMBER",
            Self::InvalidId => "INVALID_ID",
            Self::VersionConflict => "VERSION_CONFLICT",
            Self::ActionNotAllowed => "ACTION_NOT_ALLOWED",
            Self::InvalidBounds => "INVALID_BOUNDS",
            Self::InvalidCursor => "INVALID_CURSOR",
            Self::InvalidPageSize => "INVALID_PAGE_SIZE",
            Self::NoPlan => "NO_PLAN",
        }
    }
}

/// The longest part of an input that a sentence repeats.
const MAX_SHOWN_CHARACTERS: usize = 60;

/// What was given, in quotation marks, cut where it is long: a sentence says what was wrong and does not repeat it all.
pub fn quoted(given: &str) -> String {
    if given.chars().count() <= MAX_SHOWN_CHARACTERS {
        return format!("{given:?}");
    }
    let shown: String = given.chars().take(MAX_SHOWN_CHARACTERS).chain(['…']).collect();
    format!("{shown:?}")
}

/// One thing that is wrong with an input.
#[derive(Clone, PartialEq, Debug)]
pub struct InputProblem {
    /// What kind.
    pub code: InputCode,
    /// What, what was given, what is allowed.
    pub message: String,
    /// The field, from the input down: `["position", "accuracyM"]`.
    pub path: Vec<String>,
    /// Values for a translated sentence.
    pub params: Vec<(String, String)>,
    /// Where on the map, if anywhere.
    pub at: Option<Position>,
}

impl InputProblem {
    /// A problem with a field.
    pub fn new(code: InputCode, message: impl ToString, path: &[&str]) -> Self {
        let path = path.iter().map(|&step| step.to_owned()).collect();
        Self { code, message: message.to_string(), path, params: Vec::new(), at: None }
    }

    /// The same, with a value for a translated sentence.
    #[must_use]
    pub fn with_param(mut self, name: &str, value: impl ToString) -> Self {
        self.params.push((name.to_owned(), value.to_string()));
        self
    }
}
