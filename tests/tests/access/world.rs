//! What there is, in plain numbers and texts: nothing here knows how Gridward keeps it.
//!
//! Ground is a lattice of squares; a leaf cell is one square. What is for some eyes only carries a mark, `km00042z`, so that it
//! can be found in any bytes.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

/// The side of a square, in 1e-7 degree.
pub(crate) const STEP: i32 = 100_000;

/// Everything.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) districts: Vec<District>,
    pub(crate) people: Vec<Person>,
    pub(crate) now: DateTime<Utc>,
}

/// A district, and how its ground was cut first and is cut now.
#[derive(Clone, Debug)]
pub(crate) struct District {
    pub(crate) id: Uuid,
    pub(crate) code: String,
    pub(crate) grids: [Grid; 2],
    pub(crate) incidents: Vec<Incident>,
    pub(crate) households: Vec<Household>,
    pub(crate) buildings: Vec<Building>,
    pub(crate) postings: Vec<Posting>,
}

/// One cut of the ground. Versions are 1 and 2.
#[derive(Clone, Debug)]
pub(crate) struct Grid {
    pub(crate) version: i32,
    pub(crate) west: i32,
    pub(crate) south: i32,
    pub(crate) columns: i32,
    pub(crate) cells: Vec<Cell>,
    /// The leaf of each square, row by row from the south-west.
    pub(crate) squares: Vec<usize>,
}

/// A cell of one cut.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Cell {
    pub(crate) id: Uuid,
    pub(crate) code: String,
    pub(crate) rank: u8,
    pub(crate) parent: Option<usize>,
}

/// A place in 1e-7 degree.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Spot {
    pub(crate) lon: i32,
    pub(crate) lat: i32,
}

/// What incidents can be about, as the worked example of the rules says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Category {
    pub(crate) code: &'static str,
    pub(crate) colour: &'static str,
    pub(crate) hours: i64,
    pub(crate) public: bool,
}

pub(crate) const CATEGORIES: [Category; 6] = [
    Category { code: "street-light", colour: "YELLOW", hours: 24, public: true },
    Category { code: "water", colour: "ORANGE", hours: 72, public: true },
    Category { code: "fire-hazard", colour: "RED", hours: 240, public: true },
    Category { code: "dispute", colour: "ORANGE", hours: 72, public: false },
    Category { code: "help", colour: "ORANGE", hours: 72, public: false },
    Category { code: "other", colour: "YELLOW", hours: 24, public: false },
];

#[derive(Clone, Debug)]
pub(crate) struct Incident {
    /// Given by the server.
    pub(crate) id: Uuid,
    pub(crate) text: String,
    pub(crate) category: Category,
    pub(crate) spot: Spot,
    pub(crate) steps: Vec<Step>,
}

/// What was done to an incident; the first is the report.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) action: &'static str,
    pub(crate) at: DateTime<Utc>,
    /// Nobody where somebody reported without signing in.
    pub(crate) by: Option<usize>,
    pub(crate) note: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Household {
    /// Given by the server.
    pub(crate) id: Uuid,
    pub(crate) address: String,
    pub(crate) members: Option<u32>,
    pub(crate) spot: Option<Spot>,
    pub(crate) building: Option<usize>,
    /// What the file calls it that it came in.
    pub(crate) source: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct Building {
    /// Given by the server.
    pub(crate) id: Uuid,
    pub(crate) source: String,
    pub(crate) address: String,
    pub(crate) spot: Spot,
    pub(crate) dwellings: u32,
}

/// Who holds which role at a cell.
#[derive(Clone, Debug)]
pub(crate) struct Posting {
    pub(crate) cell: Uuid,
    pub(crate) person: usize,
    pub(crate) role: usize,
    pub(crate) since: DateTime<Utc>,
}

/// Roles of postings in their order, and which of them everybody may know of.
pub(crate) const POSTING_ROLES: [(&str, bool); 8] = [
    ("HEAD", true),
    ("WORKER", true),
    ("SUPERVISOR", false),
    ("COMMANDER", false),
    ("INFORMANT", false),
    ("VOLUNTEER", false),
    ("DEPARTMENT_OFFICER", false),
    ("SUBSTITUTE", true),
];

/// Somebody with a token.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) token: String,
    pub(crate) district: usize,
    pub(crate) role: &'static str,
    /// The cell whose subtree they work in.
    pub(crate) root: Option<Uuid>,
    /// Whether the token has run out.
    pub(crate) expired: bool,
}

/// A confidential text's mark.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Mark(pub(crate) u32);

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "km{:05}z", self.0)
    }
}

impl Spot {
    pub(crate) fn degrees(self) -> (f64, f64) {
        (f64::from(self.lon) / 1e7, f64::from(self.lat) / 1e7)
    }
}

impl Incident {
    pub(crate) fn stage(&self) -> &'static str {
        match self.steps.last().map(|step| step.action) {
            Some("dispatch") => "dispatched",
            Some("close") => "closed",
            _ => "collected",
        }
    }

    pub(crate) fn reported_at(&self) -> DateTime<Utc> {
        self.steps[0].at
    }

    pub(crate) fn due_at(&self) -> DateTime<Utc> {
        self.reported_at() + TimeDelta::hours(self.category.hours)
    }

    pub(crate) fn closed_at(&self) -> Option<DateTime<Utc>> {
        self.steps.last().filter(|step| step.action == "close").map(|step| step.at)
    }
}

impl Grid {
    /// The leaf that owns a spot. One on a border belongs to who lies north-east of it, else north-west, else south-east,
    /// else south-west.
    pub(crate) fn leaf_at(&self, spot: Spot) -> Option<usize> {
        let (x, y) = (spot.lon - self.west, spot.lat - self.south);
        let before = |units: i32| (units - 1).div_euclid(STEP);
        let [east, north] = [x, y].map(|units| units.div_euclid(STEP));
        [(east, north), (before(x), north), (east, before(y)), (before(x), before(y))]
            .into_iter()
            .find_map(|(column, row)| self.square(column, row))
    }

    fn square(&self, column: i32, row: i32) -> Option<usize> {
        let inside = (0..self.columns).contains(&column) && row >= 0;
        self.squares.get(usize::try_from(row * self.columns + column).ok()?).copied().filter(|_| inside)
    }

    pub(crate) fn index_of(&self, id: Uuid) -> Option<usize> {
        self.cells.iter().position(|cell| cell.id == id)
    }

    /// A cell and all above it.
    pub(crate) fn lineage(&self, cell: usize) -> Vec<usize> {
        std::iter::successors(Some(cell), |&cell| self.cells[cell].parent).collect()
    }

    /// Whether a cell is another or lies below it.
    pub(crate) fn is_under(&self, cell: usize, root: Uuid) -> bool {
        self.lineage(cell).into_iter().any(|above| self.cells[above].id == root)
    }

    pub(crate) fn rows(&self) -> i32 {
        self.squares.len() as i32 / self.columns
    }

    /// Every cell by level, then code.
    pub(crate) fn in_order(&self) -> Vec<usize> {
        let mut all: Vec<usize> = (0..self.cells.len()).collect();
        all.sort_by_key(|&cell| (self.cells[cell].rank, &self.cells[cell].code));
        all
    }

    /// West, south, east, north of a cell.
    pub(crate) fn bounds(&self, cell: usize) -> [i32; 4] {
        let own = self.squares.iter().enumerate().filter(|(_, leaf)| self.lineage(**leaf).contains(&cell));
        own.fold([i32::MAX, i32::MAX, i32::MIN, i32::MIN], |[west, south, east, north], (square, _)| {
            let (column, row) = (square as i32 % self.columns, square as i32 / self.columns);
            let (own_west, own_south) = (self.west + column * STEP, self.south + row * STEP);
            [west.min(own_west), south.min(own_south), east.max(own_west + STEP), north.max(own_south + STEP)]
        })
    }
}

impl District {
    /// The cut in force.
    pub(crate) fn grid(&self) -> &Grid {
        &self.grids[1]
    }

    /// Where something lies now, and the version of the grid that said so: one whose leaf stayed was not written anew.
    pub(crate) fn placed(&self, spot: Option<Spot>) -> (Option<usize>, i32) {
        let [leaf_then, leaf_now] = [0, 1].map(|version: usize| {
            let grid = &self.grids[version];
            spot.and_then(|spot| grid.leaf_at(spot)).map(|leaf| (leaf, grid.cells[leaf].id))
        });
        let moved = leaf_then.map(|(_, id)| id) != leaf_now.map(|(_, id)| id);
        (leaf_now.map(|(leaf, _)| leaf), if moved { 2 } else { 1 })
    }
}
