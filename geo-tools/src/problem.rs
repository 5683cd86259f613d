//! What is wrong with data that a person drew or uploaded: one [`Problem`] each, with its code and its place.

use crate::geometry::Geometry;

/// What kind of problem it is. The names in UPPER_SNAKE are contract: see `docs/errors.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Code {
    /// Ground inside the coverage that belongs to no feature.
    Gap,
    /// Ground that belongs to several features.
    Overlap,
    /// A gap or overlap far thinner than long: two drawings of one border that differ.
    Sliver,
    /// A corner of one feature on the border of another that has no corner there.
    TJunction,
    /// A ring that crosses or touches itself.
    SelfIntersection,
    /// A ring whose last position is not its first.
    RingOpen,
    /// A ring of fewer than three different positions.
    RingTooShort,
    /// A ring without area.
    ZeroArea,
    /// A hole that is not inside its polygon, or touches it along a line or twice.
    HoleOutside,
    /// Positions that follow each other and are the same (dropped, with a warning).
    DuplicatePosition,
    /// Rounding to 1e-7 degree changed how rings lie to each other.
    RoundingChanged,
    /// A coordinate outside its range, or not finite.
    CoordRange,
    /// A coordinate that is not a number, or not enough of them.
    CoordType,
    /// Two features with the same id.
    DuplicateId,
    /// The same key twice in one object.
    DuplicateKey,
    /// Nested more deeply than allowed.
    Depth,
    /// Not the format that was expected.
    NotGeojson,
    /// A header, length or count in a binary file that cannot be.
    BadFormat,
    /// A geometry of a kind that is not expected here.
    GeometryType,
    /// A feature without geometry.
    NullGeometry,
    /// A `crs` member that is not WGS 84.
    Crs,
    /// A coordinate with a third number (dropped, with a warning).
    ThirdDimension,
    /// Children that do not tile their parent.
    ParentMismatch,
    /// A level of cells that comes after one below it.
    LevelOrder,
    /// Borders that cross more often than the cap allows.
    TooManyCrossings,
    /// More than a cap allows: bytes, features, positions.
    TooLarge,
    /// Bytes that are not in the expected encoding.
    Encoding,
    /// Bytes that could not be had: a damaged archive, a failing disk.
    Unreadable,
    /// A column or property that is needed and missing.
    MissingField,
    /// A column or property that is not known, and not taken.
    UnknownColumn,
    /// A building that is named and not there, where an address leads to another.
    UnknownBuilding,
    /// A value that is not of its column's kind.
    BadValue,
    /// The outline spans more than a coverage may, or crosses the antimeridian.
    Extent,
    /// Points that fit the ground better when they are taken for another datum than was said.
    DatumSuspected,
    /// A unit that is not among those given.
    UnknownUnit,
    /// A cell should weigh more than all there is.
    TargetTooLarge,
    /// A cell in several pieces.
    NotContiguous,
    /// A cell that weighs too much or too little, where nothing shows that it must.
    OutOfTolerance,
    /// Cells that shall stay as they are, or units that shall stay together, where both cannot be.
    ConditionsClash,
    /// A locked cell that was changed, or units in several cells that shall stay together.
    ConditionBroken,
    /// A border that is moved would cross another, or pass over what lies beside it.
    EditCrosses,
    /// An edit would leave a leaf, or what lies between two borders, without ground.
    FaceEmpty,
    /// A border that is moved would touch another, and the ground between them would fall into pieces.
    FaceInPieces,
    /// A line that was drawn to split a face does not run through it from border to border.
    LineMisses,
    /// A line that was drawn to split a face meets its border more than twice.
    LineTouchesTwice,
    /// Leaves that are to be merged have no border with each other.
    NotNeighbours,
}

impl Code {
    /// The code's name in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gap => "GAP",
            Self::Overlap => "OVERLAP",
            Self::Sliver => "SLIVER",
            Self::TJunction => "T_JUNCTION",
            Self::SelfIntersection => "SELF_INTERSECTION",
            Self::RingOpen => "RING_OPEN",
            Self::RingTooShort => "RING_TOO_SHORT",
            Self::ZeroArea => "ZERO_AREA",
            Self::HoleOutside => "HOLE_OUTSIDE",
            Self::DuplicatePosition => "DUPLICATE_POSITION",
            Self::RoundingChanged => "ROUNDING_CHANGED",
            Self::CoordRange => "COORD_RANGE",
            Self::CoordType => "COORD_TYPE",
            Self::DuplicateId => "DUPLICATE_ID",
            Self::DuplicateKey => "DUPLICATE_KEY",
            Self::Depth => "DEPTH",
            Self::NotGeojson => "NOT_GEOJSON",
            Self::BadFormat => "BAD_FORMAT",
            Self::GeometryType => "GEOMETRY_TYPE",
            Self::NullGeometry => "NULL_GEOMETRY",
            Self::Crs => "CRS",
            Self::ThirdDimension => "THIRD_DIMENSION",
            Self::ParentMismatch => "PARENT_MISMATCH",
            Self::LevelOrder => "LEVEL_ORDER",
            Self::TooManyCrossings => "TOO_MANY_CROSSINGS",
            Self::TooLarge => "TOO_LARGE",
            Self::Encoding => "ENCODING",
            Self::Unreadable => "UNREADABLE",
            Self::MissingField => "MISSING_FIELD",
            Self::UnknownColumn => "UNKNOWN_COLUMN",
            Self::UnknownBuilding => "UNKNOWN_BUILDING",
            Self::BadValue => "BAD_VALUE",
            Self::Extent => "EXTENT",
            Self::DatumSuspected => "DATUM_SUSPECTED",
            Self::UnknownUnit => "UNKNOWN_UNIT",
            Self::TargetTooLarge => "TARGET_TOO_LARGE",
            Self::NotContiguous => "NOT_CONTIGUOUS",
            Self::OutOfTolerance => "OUT_OF_TOLERANCE",
            Self::ConditionsClash => "CONDITIONS_CLASH",
            Self::ConditionBroken => "CONDITION_BROKEN",
            Self::EditCrosses => "EDIT_CROSSES",
            Self::FaceEmpty => "FACE_EMPTY",
            Self::FaceInPieces => "FACE_IN_PIECES",
            Self::LineMisses => "LINE_MISSES",
            Self::LineTouchesTwice => "LINE_TOUCHES_TWICE",
            Self::NotNeighbours => "NOT_NEIGHBOURS",
        }
    }

    /// Whether data with such a warning waits until somebody has confirmed it: it can be used, and is probably wrong.
    pub fn holds(self) -> bool {
        self == Self::DatumSuspected
    }
}

/// Whether the data can be used in spite of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The data can be used; it is worth a look.
    Warning,
    /// The data is refused.
    Error,
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// What kind.
    pub code: Code,
    /// Whether the data is refused for it.
    pub severity: Severity,
    /// What, what was given, what is allowed: a sentence that the person who drew it can act on.
    pub message: String,
    /// Ids of the features concerned, as the file gives them.
    pub features: Vec<String>,
    /// Their indexes in the file, from 0.
    pub indexes: Vec<usize>,
    /// The line in the file, from 1.
    pub line: Option<u64>,
    /// JSON pointer (RFC 6901) to the place in the file, the coordinate's index included.
    pub pointer: Option<String>,
    /// The ground concerned.
    pub area_m2: Option<f64>,
    /// The place as a shape.
    pub geometry: Option<Geometry>,
}

impl Problem {
    /// A problem that refuses the data, its place still to be filled in.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            features: Vec::new(),
            indexes: Vec::new(),
            line: None,
            pointer: None,
            area_m2: None,
            geometry: None,
        }
    }

    /// A problem that does not refuse the data, its place still to be filled in.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }
}
