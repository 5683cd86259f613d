//! Use cases for locating: which cell a position lies in, and how sure that is.

use std::sync::Arc;

use domain::district::District;
use domain::incident::accuracy_problem;
use domain::input::{InputCode, InputProblem};
use domain::plan::{Assignment, Location, Plan};
use domain::viewer::Viewer;
use geo_tools::Position;

use super::cells::CellInPlan;
use super::plans::At;
use super::{ServiceError, Services};

/// The most positions that are located in one call.
pub const MAX_POSITIONS: usize = 1000;

/// A position with the radius of the circle it is known to lie in.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Fix {
    /// The position.
    pub position: Position,
    /// The radius.
    pub accuracy_m: Option<f64>,
}

/// Where a position lies in one plan.
#[derive(Clone, Debug)]
pub struct LocatedPosition {
    /// The district.
    pub district: Arc<District>,
    /// The plan.
    pub plan: Arc<Plan>,
    /// The place.
    pub location: Location,
}

impl LocatedPosition {
    /// The cell; `None` is outside.
    pub fn cell(&self) -> Option<CellInPlan> {
        CellInPlan::find(&self.district, &self.plan, self.location.assignment.cell?)
    }

    /// The cells that the accuracy circle touches, with their shares of it; what lies outside every cell is no candidate.
    pub fn candidates(&self) -> impl Iterator<Item = (CellInPlan, f64)> {
        let cell = |cell| CellInPlan::find(&self.district, &self.plan, cell);
        self.location.candidates.iter().filter_map(move |found| Some((cell(found.cell?)?, found.share)))
    }
}

impl Services {
    /// Locates one position.
    pub async fn locate(
        &self,
        viewer: &Viewer,
        district: &str,
        fix: Fix,
        at: At,
    ) -> Result<LocatedPosition, ServiceError> {
        let district = self.district(viewer, district).await?;
        let plan = self.plan(viewer, &district, at).await?;
        if let Some(problem) = accuracy_problem(fix.accuracy_m, &district.rules) {
            return Err(problem.into());
        }
        let location = plan.locate(fix.position, fix.accuracy_m, district.rules.nearest_within_m());
        Ok(LocatedPosition { district, plan, location })
    }

    /// Locates many positions in one plan, in the order given.
    pub async fn locate_many(
        &self,
        viewer: &Viewer,
        district: &str,
        fixes: &[Fix],
        at: At,
    ) -> Result<Vec<LocatedPosition>, ServiceError> {
        if fixes.len() > MAX_POSITIONS {
            let message =
                format!("{} positions; at most {MAX_POSITIONS} are allowed in one call", fixes.len());
            return Err(ServiceError::problem(InputCode::InvalidNumber, message, &["positions"]));
        }
        let district = self.district(viewer, district).await?;
        let plan = self.plan(viewer, &district, at).await?;
        let wrong = |(index, fix): (usize, &Fix)| {
            let mut problem = accuracy_problem(fix.accuracy_m, &district.rules)?;
            problem.path = vec!["positions".to_owned(), index.to_string(), "accuracyM".to_owned()];
            Some(problem)
        };
        let problems: Vec<InputProblem> = fixes.iter().enumerate().filter_map(wrong).collect();
        if !problems.is_empty() {
            return Err(problems.into());
        }
        let positions: Vec<Position> = fixes.iter().map(|fix| fix.position).collect();
        let assignments = plan.assign_all(&positions, district.rules.nearest_within_m());
        let located = |(fix, assignment): (&Fix, Assignment)| {
            let location = plan.location(fix.position, assignment, fix.accuracy_m);
            LocatedPosition { district: Arc::clone(&district), plan: Arc::clone(&plan), location }
        };
        Ok(fixes.iter().zip(assignments).map(located).collect())
    }
}
