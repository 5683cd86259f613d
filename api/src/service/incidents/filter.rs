//! Which incidents are meant: as the outside says it, as the store asks for it, and asked of one incident in memory.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::district::District;
use domain::event::IncidentFacts;
use domain::input::{InputCode, InputProblem, quoted};
use domain::rules::{Rules, StageKey};

use crate::store;

/// Which incidents are meant, beside where they are. What is not given asks nothing.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct IncidentFilter {
    /// In one of these stages.
    pub stages: Option<Vec<String>>,
    /// Of one of these categories.
    pub categories: Option<Vec<String>>,
    /// Whether it still waits for something.
    pub open: Option<bool>,
    /// Whether its clock has run out.
    pub overdue: Option<bool>,
    /// Reported at this time or later.
    pub reported_after: Option<DateTime<Utc>>,
    /// Reported before this time.
    pub reported_before: Option<DateTime<Utc>>,
}

impl IncidentFilter {
    /// The filter with the district's own stages and categories at a time.
    ///
    /// # Errors
    /// [`InputCode::UnknownStage`], [`InputCode::UnknownCategory`].
    pub fn checked(
        &self,
        district: &District,
        now: DateTime<Utc>,
    ) -> Result<store::IncidentFilter, Vec<InputProblem>> {
        let rules = &district.rules;
        self.check_lengths()?;
        let stages =
            self.stages.iter().flatten().filter(|key| rules.stage(&StageKey((*key).clone())).is_none());
        let categories = self.categories.iter().flatten().filter(|code| rules.category(code).is_none());
        let unknown_stage = |key: &String| {
            let allowed: Vec<&str> = rules.stages().iter().map(|stage| stage.key.0.as_str()).collect();
            let message = format!("there is no stage {}; allowed are {}", quoted(key), allowed.join(", "));
            InputProblem::new(InputCode::UnknownStage, message, &["filter", "stages"])
        };
        let unknown_category = |code: &String| {
            let allowed: Vec<&str> =
                rules.categories().iter().map(|category| category.code.as_str()).collect();
            let message =
                format!("there is no category {}; allowed are {}", quoted(code), allowed.join(", "));
            InputProblem::new(InputCode::UnknownCategory, message, &["filter", "categories"])
        };
        let problems: Vec<InputProblem> =
            stages.map(unknown_stage).chain(categories.map(unknown_category)).collect();
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(store::IncidentFilter {
            stages: once(&self.stages).map(StageKey).collect(),
            categories: once(&self.categories).collect(),
            open: self.open,
            overdue: self.overdue.map(|overdue| (overdue, now)),
            reported_from: self.reported_after,
            reported_before: self.reported_before,
        })
    }

    /// Whether it lets an incident through at a time. Says the same as the predicate that [`Self::checked`] leads to.
    pub fn lets_through(&self, facts: &IncidentFacts, rules: &Rules, now: DateTime<Utc>) -> bool {
        let open = rules.is_open(&facts.stage);
        let any = |list: &Option<Vec<String>>, wanted: &str| match list.as_deref() {
            None | Some([]) => true,
            Some(list) => list.iter().any(|entry| entry == wanted),
        };
        // In the databases' unit: a filter may be given more exactly, and an incident's own times are not.
        let us = DateTime::<Utc>::timestamp_micros;
        let reported = us(&facts.reported_at);
        any(&self.stages, &facts.stage.0)
            && any(&self.categories, &facts.category)
            && self.open.is_none_or(|wanted| wanted == open)
            && self.overdue.is_none_or(|wanted| wanted == (open && us(&facts.due_at) < us(&now)))
            && self.reported_after.is_none_or(|from| reported >= us(&from))
            && self.reported_before.is_none_or(|before| reported < us(&before))
    }
}

/// A longer list can only repeat itself; no district has so many stages or categories.
const MAX_FILTER_ENTRIES: usize = 100;

impl IncidentFilter {
    fn check_lengths(&self) -> Result<(), Vec<InputProblem>> {
        for (name, list) in [("stages", &self.stages), ("categories", &self.categories)] {
            let count = list.as_ref().map_or(0, Vec::len);
            if count > MAX_FILTER_ENTRIES {
                let message = format!("{count} {name}; at most {MAX_FILTER_ENTRIES} are allowed");
                return Err(vec![InputProblem::new(InputCode::InvalidNumber, message, &["filter", name])]);
            }
        }
        Ok(())
    }
}

/// Each entry of a list once.
fn once(list: &Option<Vec<String>>) -> impl Iterator<Item = String> {
    let entries: BTreeSet<&String> = list.iter().flatten().collect();
    entries.into_iter().cloned()
}
