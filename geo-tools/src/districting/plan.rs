//! A plan: which cell each unit is in, and why some cells cannot be as large as they should.

use std::fmt;

use crate::districting::UnitGraph;

/// One line of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanRow {
    /// The unit's id.
    pub unit: String,
    /// The cell's name.
    pub cell: String,
    /// The line of the file it stands on, where it was read from one.
    pub line: Option<u64>,
}

/// Why a cell cannot be in tolerance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// No number of cells in tolerance adds up to the ground that is there.
    ParentArithmetic,
    /// Units are too heavy, or too coarse: one alone weighs more than a cell may, nothing around one is in tolerance, or
    /// several cannot all be.
    OversizeUnit,
    /// Connected ground that weighs less than a cell must.
    SmallComponent,
    /// The cell is locked: it stays as it is.
    Locked,
}

impl Reason {
    /// Its name in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ParentArithmetic => "PARENT_ARITHMETIC",
            Self::OversizeUnit => "OVERSIZE_UNIT",
            Self::SmallComponent => "SMALL_COMPONENT",
            Self::Locked => "LOCKED",
        }
    }
}

/// That a cell out of tolerance could not be in it, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Why.
    pub reason: Reason,
    /// The same with its figures, as a sentence.
    pub detail: String,
    /// The units that cannot all be in cells in tolerance, where that is why.
    pub conflict: Vec<String>,
}

impl Certificate {
    pub(crate) fn of(reason: Reason, detail: String) -> Self {
        Self { reason, detail, conflict: Vec::new() }
    }
}

/// One cell of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedCell {
    /// What it is called.
    pub name: String,
    /// Why it is out of tolerance, where it is and cannot be otherwise.
    pub reason: Option<Reason>,
}

/// Units in cells: every unit of a graph is in one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The cells, in order of parent and place.
    pub cells: Vec<PlannedCell>,
    /// For each unit of the graph the index of its cell.
    pub cell_of: Vec<u32>,
}

impl Plan {
    /// The lines of the plan, in the order of the units.
    pub fn rows(&self, graph: &UnitGraph) -> Vec<PlanRow> {
        let row = |(unit, &cell): (&crate::districting::Unit, &u32)| PlanRow {
            unit: unit.id.clone(),
            cell: self.cells[cell as usize].name.clone(),
            line: None,
        };
        graph.units().iter().zip(&self.cell_of).map(row).collect()
    }
}

/// By what two plans are known to be the same: FNV-1a over units and cells in their order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PlanHash(u64);

impl PlanHash {
    /// Of the lines of a plan.
    pub fn of(rows: &[PlanRow]) -> Self {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let mut hash = OFFSET;
        let mut take = |text: &str, end: u8| {
            for byte in text.bytes().chain([end]) {
                hash = (hash ^ u64::from(byte)).wrapping_mul(PRIME);
            }
        };
        for row in rows {
            take(&row.unit, b',');
            take(&row.cell, b'\n');
        }
        Self(hash)
    }
}

impl fmt::Display for PlanHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
