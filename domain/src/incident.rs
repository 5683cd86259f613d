//! Incidents (事件): something to be solved, with a position.
//!
//! Start at [`Incident::file`], which turns a checked draft into a located incident, and at [`Incident::change`], which
//! takes it through the stages of its district's rules.
//!
//! Invariant: a stored incident never loses the plan version it was located under, and its version only grows.

use chrono::{DateTime, TimeDelta, Utc};
use geo_tools::Position;
use serde::{Deserialize, Serialize};

use crate::access::{Action, Audience, permits};
use crate::district::District;
use crate::ids::{DistrictId, IncidentId, UserId};
use crate::input::{InputCode, InputProblem, quoted};
use crate::plan::{Assignment, Plan};
use crate::rules::{Colour, Rules, StageKey};
use crate::text::{IncidentText, Note};
use crate::viewer::Role;

/// Through which channel an incident came.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A worker on patrol.
    Patrol,
    /// A visit.
    Visit,
    /// The hotline 12345.
    Hotline,
    /// This site.
    Web,
    /// A QR code at a door.
    QrCode,
    /// A call.
    Phone,
    /// A device.
    Device,
}

/// What can be done to an incident.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentAction {
    /// Send it on to who handles it.
    Dispatch,
    /// Close it.
    Close,
}

impl IncidentAction {
    /// Every action.
    pub const ALL: [Self; 2] = [Self::Dispatch, Self::Close];

    /// The action's name in the rules and in the history.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Dispatch => "dispatch",
            Self::Close => "close",
        }
    }

    /// What a viewer must be permitted to do for it.
    pub fn permission(self) -> Action {
        match self {
            Self::Dispatch => Action::DispatchIncident,
            Self::Close => Action::CloseIncident,
        }
    }
}

/// An incident.
#[derive(Clone, PartialEq, Debug)]
pub struct Incident {
    /// The id.
    pub id: IncidentId,
    /// The district.
    pub district: DistrictId,
    /// Grows by one with each change, from 1.
    pub version: i32,
    /// The category's code in the district's rules.
    pub category: String,
    /// What kind of problem it is.
    pub colour: Colour,
    /// What the reporter said.
    pub text: IncidentText,
    /// The stage.
    pub stage: StageKey,
    /// Where it came from.
    pub channel: Channel,
    /// Where it is.
    pub position: Position,
    /// The radius of the circle that the position is known to lie in.
    pub accuracy_m: Option<f64>,
    /// The cell it was assigned to, and how.
    pub assignment: Assignment,
    /// Whether everybody may see that it is there.
    pub audience: Audience,
    /// Whether it is part of a drill.
    pub exercise: bool,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// When it was reported.
    pub reported_at: DateTime<Utc>,
    /// When it is to be cleared.
    pub due_at: DateTime<Utc>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// Who reported it; `None` is the public.
    pub reporter: Option<UserId>,
}

/// A report, checked as far as the input alone can be.
#[derive(Clone, PartialEq, Debug)]
pub struct IncidentDraft {
    /// The category's code.
    pub category: String,
    /// What the reporter said.
    pub text: IncidentText,
    /// Where it is.
    pub position: Position,
    /// The radius of the circle that the position is known to lie in.
    pub accuracy_m: Option<f64>,
    /// Where it came from.
    pub channel: Channel,
    /// When it happened; `None` is now.
    pub occurred_at: Option<DateTime<Utc>>,
}

/// One step of an incident's history.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IncidentStep {
    /// When.
    pub at: DateTime<Utc>,
    /// What: `report`, or an action's name.
    pub action: String,
    /// The stage after it.
    pub stage: StageKey,
    /// The incident's version after it.
    pub version: i32,
    /// Who; `None` is the public.
    pub by: Option<UserId>,
    /// What they noted.
    pub note: Option<Note>,
}

/// That the district has no such category, and which it has; `None` where it has it.
pub fn category_problem(category: &str, rules: &Rules) -> Option<InputProblem> {
    if rules.category(category).is_some() {
        return None;
    }
    let allowed: Vec<&str> = rules.categories().iter().map(|category| category.code.as_str()).collect();
    let message = format!("there is no category {}; allowed are {}", quoted(category), allowed.join(", "));
    Some(InputProblem::new(InputCode::UnknownCategory, message, &["category"]))
}

/// A phone's clock may be this far ahead of ours.
pub const CLOCK_SKEW: TimeDelta = TimeDelta::minutes(5);
/// Reports of what happened longer ago come by import.
const OLDEST_REPORT: TimeDelta = TimeDelta::days(30);

impl Incident {
    /// Files a report: checks it against the district's rules and locates it in the plan in force.
    ///
    /// # Errors
    /// Every problem of the draft.
    pub fn file(
        draft: IncidentDraft,
        district: &District,
        plan: &Plan,
        id: IncidentId,
        reporter: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<(Self, IncidentStep), Vec<InputProblem>> {
        let assignment = plan.assign(draft.position, district.rules.nearest_within_m());
        Self::file_located(draft, assignment, district, id, reporter, now)
    }

    /// [`Incident::file`] of what was located already, with many others.
    ///
    /// # Errors
    /// Every problem of the draft.
    pub fn file_located(
        draft: IncidentDraft,
        assignment: Assignment,
        district: &District,
        id: IncidentId,
        reporter: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<(Self, IncidentStep), Vec<InputProblem>> {
        let rules = &district.rules;
        let category = rules.category(&draft.category);
        let mut problems: Vec<InputProblem> = category_problem(&draft.category, rules).into_iter().collect();
        problems.extend(accuracy_problem(draft.accuracy_m, rules));
        let occurred_at = draft.occurred_at.unwrap_or(now);
        problems.extend(time_problem(occurred_at, now));
        let (Some(category), true) = (category, problems.is_empty()) else { return Err(problems) };
        let stage = rules.stages()[0].key.clone();
        let incident = Self {
            id,
            district: district.id,
            version: 1,
            category: category.code.clone(),
            colour: category.colour,
            text: draft.text,
            stage: stage.clone(),
            channel: draft.channel,
            position: draft.position,
            accuracy_m: draft.accuracy_m,
            assignment,
            audience: if category.public { Audience::Everybody } else { Audience::Staff },
            exercise: district.exercise,
            occurred_at,
            reported_at: now,
            due_at: now + rules.clear_within(category.colour),
            closed_at: None,
            reporter,
        };
        let step =
            IncidentStep { at: now, action: "report".into(), stage, version: 1, by: reporter, note: None };
        Ok((incident, step))
    }

    /// Takes the incident to its next stage. The caller compares versions when it writes.
    ///
    /// # Errors
    /// [`InputCode::ActionNotAllowed`] where the stage does not allow the action.
    pub fn change(
        &self,
        action: IncidentAction,
        note: Option<Note>,
        rules: &Rules,
        by: Option<UserId>,
        now: DateTime<Utc>,
    ) -> Result<(Self, IncidentStep), InputProblem> {
        let Some(stage) = rules.after(&self.stage, action) else {
            let from: Vec<&str> =
                rules.stages_for(action).into_iter().map(|stage| stage.0.as_str()).collect();
            let message = format!(
                "the incident is {}; {} is possible only when it is {}",
                self.stage.0,
                action.as_str(),
                from.join(" or ")
            );
            let problem = InputProblem::new(InputCode::ActionNotAllowed, message, &["action"]);
            return Err(problem.with_param("stage", &self.stage.0).with_param("action", action.as_str()));
        };
        let version = self.version + 1;
        let closed_at = if rules.is_open(stage) { None } else { Some(now) };
        let step =
            IncidentStep { at: now, action: action.as_str().into(), stage: stage.clone(), version, by, note };
        Ok((Self { version, stage: stage.clone(), closed_at, ..self.clone() }, step))
    }

    /// What a role may do to it now: what its stage allows, as far as the role permits it.
    pub fn allowed_actions(&self, role: Role, rules: &Rules) -> Vec<IncidentAction> {
        let allowed = |action: &IncidentAction| {
            permits(role, action.permission()) && rules.after(&self.stage, *action).is_some()
        };
        IncidentAction::ALL.into_iter().filter(allowed).collect()
    }

    /// What a reporter is told to ask by: three groups of four of Crockford's base 32, out of the id's random bits.
    pub fn receipt_code(&self) -> String {
        const ALPHABET: [char; 32] = [
            '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J',
            'K', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X', 'Y', 'Z',
        ];
        let bits = self.id.0.as_u128();
        let letter = |index: u32| ALPHABET[(bits >> (index * 5)) as usize & 31];
        let group = |first: u32| (first..first + 4).map(letter).collect::<String>();
        [group(0), group(4), group(8)].join("-")
    }

    /// Whether it waits for something and its clock has run out.
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.closed_at.is_none() && self.due_at < now
    }
}

/// What is wrong with the radius of an accuracy circle, if anything; none given is fine.
pub fn accuracy_problem(accuracy_m: Option<f64>, rules: &Rules) -> Option<InputProblem> {
    let given = accuracy_m?;
    if given.is_finite() && given > 0.0 && given <= rules.max_accuracy_m() {
        return None;
    }
    // Written out, 1e300 would be three hundred zeros.
    let given = if given.abs() < 1e9 { given.to_string() } else { format!("{given:e}") };
    let message =
        format!("an accuracy of {given} m; more than 0 to {} m are allowed", rules.max_accuracy_m());
    Some(InputProblem::new(InputCode::InvalidAccuracy, message, &["position", "accuracyM"]))
}

fn time_problem(occurred_at: DateTime<Utc>, now: DateTime<Utc>) -> Option<InputProblem> {
    if (now - OLDEST_REPORT..=now + CLOCK_SKEW).contains(&occurred_at) {
        return None;
    }
    let given = occurred_at.to_rfc3339();
    let message =
        format!("it happened at {given}; the last {} days up to now are allowed", OLDEST_REPORT.num_days());
    Some(InputProblem::new(InputCode::InvalidTime, message, &["occurredAt"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{WEST, at, district, noon, plan};
    use crate::plan::LocationMethod;

    fn draft() -> IncidentDraft {
        IncidentDraft {
            category: "street-light".into(),
            text: IncidentText::parse("路灯坏了").expect("a text"),
            position: at(120.9805, 14.6005),
            accuracy_m: Some(12.0),
            channel: Channel::Web,
            occurred_at: None,
        }
    }

    fn file(draft: IncidentDraft) -> Result<Incident, Vec<InputProblem>> {
        let id = IncidentId(uuid::Uuid::from_u128(5));
        Incident::file(draft, &district(), &plan(), id, None, noon()).map(|(incident, _)| incident)
    }

    #[test]
    fn a_report_is_located_under_the_plan_in_force_and_gets_its_clock() {
        let incident = file(draft()).expect("a good report");
        assert_eq!(
            (incident.assignment.cell, incident.assignment.method),
            (Some(WEST), LocationMethod::Inside)
        );
        assert_eq!(incident.assignment.plan_version, plan().version());
        assert_eq!(incident.due_at, noon() + TimeDelta::hours(24), "yellow is cleared within a day");
        assert_eq!((incident.version, incident.stage.0.as_str()), (1, "collected"));
    }

    #[test]
    fn an_incident_outside_every_cell_is_kept_unassigned() {
        let incident = file(IncidentDraft { position: at(125.0, 10.0), ..draft() }).expect("a good report");
        assert_eq!((incident.assignment.cell, incident.assignment.method), (None, LocationMethod::Outside));
    }

    #[test]
    fn every_problem_of_a_report_is_named_at_once() {
        let bad = IncidentDraft {
            category: "ufo".into(),
            accuracy_m: Some(5000.1),
            occurred_at: Some(noon() + TimeDelta::minutes(6)),
            ..draft()
        };
        let problems = file(bad).expect_err("three mistakes");
        let codes: Vec<InputCode> = problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, [InputCode::UnknownCategory, InputCode::InvalidAccuracy, InputCode::InvalidTime]);
    }

    #[test]
    fn an_accuracy_is_a_positive_number_of_metres_up_to_the_cap() {
        let check = |accuracy_m: f64, fits: bool| {
            let filed = file(IncidentDraft { accuracy_m: Some(accuracy_m), ..draft() });
            assert_eq!(filed.is_ok(), fits, "{accuracy_m}");
        };
        check(0.0, false);
        check(-1.0, false);
        check(f64::NAN, false);
        check(0.01, true);
        check(1000.0, true);
        check(5000.0, false);
    }

    #[test]
    fn a_category_that_is_not_public_is_for_staff() {
        let quiet = file(IncidentDraft { category: "dispute".into(), ..draft() }).expect("a good report");
        assert_eq!(quiet.audience, Audience::Staff);
        assert_eq!(file(draft()).expect("a good report").audience, Audience::Everybody);
    }

    #[test]
    fn a_closed_incident_can_neither_be_dispatched_nor_closed_again() {
        let rules = Rules::default();
        let open = file(draft()).expect("a good report");
        let (sent, _) =
            open.change(IncidentAction::Dispatch, None, &rules, None, noon()).expect("from collected");
        let (closed, step) =
            sent.change(IncidentAction::Close, None, &rules, None, noon()).expect("from dispatched");
        assert_eq!((closed.version, closed.closed_at, step.version), (3, Some(noon()), 3));
        for action in IncidentAction::ALL {
            let problem = closed.change(action, None, &rules, None, noon()).expect_err("it is closed");
            assert_eq!(problem.code, InputCode::ActionNotAllowed);
            assert!(problem.message.starts_with("the incident is closed; "), "{}", problem.message);
        }
    }

    #[test]
    fn only_an_open_incident_is_overdue() {
        let incident = file(draft()).expect("a good report");
        assert!(
            !incident.is_overdue(incident.due_at)
                && incident.is_overdue(incident.due_at + TimeDelta::seconds(1))
        );
        let closed = Incident { closed_at: Some(noon()), ..incident.clone() };
        assert!(!closed.is_overdue(incident.due_at + TimeDelta::days(1)));
    }

    fn in_stage(stage: &str) -> Incident {
        Incident { stage: StageKey(stage.into()), ..file(draft()).expect("a good report") }
    }

    #[test]
    fn only_what_both_the_stage_and_the_role_allow_can_be_done() {
        let rules = Rules::default();
        let check = |stage, role, expected: &[IncidentAction]| {
            assert_eq!(in_stage(stage).allowed_actions(role, &rules), expected, "{stage} {role:?}");
        };
        check("collected", Role::Dispatcher, &[IncidentAction::Dispatch, IncidentAction::Close]);
        check("dispatched", Role::Head, &[IncidentAction::Close]);
        check("closed", Role::Admin, &[]);
        check("collected", Role::Worker, &[]);
        check("collected", Role::Public, &[]);
    }

    #[test]
    fn a_receipt_has_twelve_letters_that_cannot_be_misread() {
        let code = Incident {
            id: IncidentId(uuid::Uuid::from_u128(0x0190_0000_0000_7000_8000_0123_4567_89ab)),
            ..in_stage("collected")
        }
        .receipt_code();
        assert_eq!(code, "BD2F-P2D4-1000");
        assert!(!code.contains(['I', 'L', 'O', 'U']));
    }
}
