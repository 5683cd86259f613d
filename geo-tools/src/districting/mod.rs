//! Ground in small units cut into cells that hang together, lie within their parents and weigh about the same.
//!
//! Start at [`UnitGraph`], what is cut, at [`partition`], which cuts it, and at [`judge()`], which says of any plan whether
//! it keeps the rules. `barriers` says across which borders no cell reaches, `clear` which anybody can see, `conditions`
//! what a plan keeps besides, `joined` whether it hangs together, `workload` what a unit weighs where that is work,
//! `rounds` how long it takes to visit a cell, `streets` along which streets.
//! `docs/districting.md` explains the method. Of one component: `quota` says how many cells it gets,
//! `halve` cuts it, `duel` betters two cells, `moves` all of them, `regroup` and `shift` what is out of tolerance,
//! `shorten` what takes too long to visit; `exact` looks at every way where the ground is small, `around` where a few cells
//! are. [`explain`] says of a plan that was judged why it is so, and what became of another.
//!
//! Invariant: every unit is in one cell, every cell is one piece of one parent.
//! Invariant: no float decides: weights are thousandths, lengths millimetres. The same units, options and seed give the
//! same plan on any number of threads.

mod around;
mod barriers;
mod clear;
mod component;
mod conditions;
mod duel;
mod exact;
pub mod explain;
mod graph;
mod ground;
mod halve;
mod joined;
mod judge;
mod moves;
mod partition;
mod plan;
mod quota;
mod rebalance;
mod regroup;
mod rounds;
mod shift;
mod shorten;
mod streets;
mod watch;
mod weight;
mod workload;

pub use barriers::{Barrier, barred_pairs};
pub use clear::{ClearBorder, clear_borders};
pub use conditions::{Conditions, Kept, Wishes, partition_within};
pub use graph::{Link, Unit, UnitGraph, links_of, millimetres, perimeter_mm};
pub use judge::{JudgedCell, JudgedParent, JudgedRound, Judgement, Rules, judge, judge_within};
pub use partition::{Options, Undone, foresee, partition};
pub use plan::{Certificate, Plan, PlanHash, PlanRow, PlannedCell, Reason};
pub use rebalance::{Change, Rebalanced, Thrift, rebalance};
pub use rounds::{RoundRules, Rounds, Stop, Ways};
pub use streets::streets_mm;
pub use watch::{Progress, Watch};
pub use weight::{InvalidWeight, Weight};
pub use workload::{Difficulty, InvalidDifficulty, workload};

/// How long to search.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Effort {
    /// Until every cell is in tolerance, as far as that can be had.
    Fast,
    /// For short borders too.
    #[default]
    Full,
}

/// What a cell may weigh, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) least: i64,
    pub(crate) most: i64,
}

impl Span {
    /// Of a cell that is too heavy anyway: it may weigh whatever it takes.
    pub(crate) const OPEN: Self = Self { least: 0, most: i64::MAX / 4 };

    /// How far a weight is outside.
    pub(crate) fn miss(self, weight: i64) -> i64 {
        (self.least - weight).max(weight - self.most).max(0)
    }

    pub(crate) fn is_open(self) -> bool {
        self.most == Self::OPEN.most
    }
}
