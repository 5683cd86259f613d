//! Records as incidents that happened before, with when they were closed.
//!
//! A record says when it happened: without that, it could not be told from one that happens today.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, NaiveDate, NaiveTime, SubsecRound, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use domain::district::District;
use domain::incident::{Channel, Incident, IncidentDraft, category_problem};
use domain::input::quoted;
use domain::text::{IncidentText, Note};
use geo_tools::{Code, Problem, shown};

use super::options::ImportOptions;
use super::record::{Place, Record};

/// An incident as a file tells it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct PastIncident {
    /// What the source calls it.
    pub(crate) source_id: String,
    /// What, where and through which channel.
    pub(crate) draft: IncidentDraft,
    /// When it was reported.
    pub(crate) reported_at: DateTime<Utc>,
    /// When it was closed, and with what note; `None` is open.
    pub(crate) closed: Option<Closing>,
    /// Where it stands.
    pub(crate) place: Place,
}

/// Reads one record.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn past_incident(
    record: &Record,
    options: &ImportOptions,
    district: &District,
    now: DateTime<Utc>,
) -> Result<PastIncident, Vec<Problem>> {
    let mut problems = Vec::new();
    let column = |field: &'static str| options.columns.column(field).unwrap_or(field).to_owned();
    let source_id = record.id(options.id.as_deref()).map_err(|problem| problems.push(*problem)).ok();
    let called = record.text(&column("category"));
    let known = called.as_deref().and_then(|called| district.rules.category_called(called));
    let category = known.map(|category| category.code.clone()).or(called);
    let unknown = category.as_deref().and_then(|category| category_problem(category, &district.rules));
    problems.extend(unknown.map(|problem| *record.problem(Code::BadValue, problem.message)));
    let columns = options.columns.columns("text");
    let text = if columns.is_empty() { record.text("text") } else { record.joined(columns) };
    let occurred_at = record.text(&column("occurred_at"));
    for (field, given) in [("category", &category), ("text", &text), ("occurred_at", &occurred_at)] {
        if given.is_none() {
            let message = format!("no {:?}; every incident needs one", column(field));
            problems.push(*record.problem(Code::MissingField, message));
        }
    }
    let parsed = text.map(|text| IncidentText::parse(&text)).transpose();
    let text = parsed
        .map_err(|invalid| problems.push(*record.problem(Code::BadValue, format!("text: {invalid}"))))
        .ok()
        .flatten();
    let position = match record.position() {
        Ok(None) => {
            problems.push(*record.problem(Code::NullGeometry, "an incident needs a position"));
            None
        }
        other => other.map_err(|problem| problems.push(*problem)).ok().flatten(),
    };
    let channel = channel(record, &column("channel")).map_err(|problem| problems.push(*problem)).ok();
    let clock = Clock { now, time_zone: district.time_zone };
    let reported_at = time(record, &column("occurred_at"), clock).map_err(|problem| problems.push(*problem));
    let reported_at = reported_at.ok().flatten();
    let closed = closed(record, &column, reported_at, clock).map_err(|problem| problems.push(*problem)).ok();
    match (source_id, category, text, position, channel, reported_at, closed) {
        (
            Some(source_id),
            Some(category),
            Some(text),
            Some(position),
            Some(channel),
            Some(reported_at),
            Some(closed),
        ) if problems.is_empty() => {
            let occurred_at = Some(reported_at);
            let draft = IncidentDraft { category, text, position, accuracy_m: None, channel, occurred_at };
            let place = record.place(vec![source_id.clone()]);
            Ok(PastIncident { source_id, draft, reported_at, closed, place })
        }
        _ => Err(problems),
    }
}

impl PastIncident {
    /// Two that differ in what the file says have another one, but for a coincidence of one in 2⁶⁴.
    pub(crate) fn fingerprint(&self) -> u64 {
        let IncidentDraft { category, text, position, channel, .. } = &self.draft;
        let closed = self.closed.as_ref().map(|(at, note)| (at, note.as_ref().map(Note::as_str)));
        let mut hasher = DefaultHasher::new();
        (category, text.as_str(), position.lon_e7(), position.lat_e7(), channel).hash(&mut hasher);
        (self.reported_at, closed).hash(&mut hasher);
        hasher.finish()
    }

    /// Whether it tells something else than what is stored; what was done here since is no difference.
    pub(crate) fn differs(&self, held: &Incident) -> bool {
        let IncidentDraft { category, text, position, channel, .. } = &self.draft;
        *category != held.category
            || *text != held.text
            || *position != held.position
            || *channel != held.channel
            || self.reported_at != held.reported_at
            || self.closed.as_ref().is_some_and(|(at, _)| Some(*at) != held.closed_at)
    }
}

/// When it was closed, and with what note.
type Closing = (DateTime<Utc>, Option<Note>);

fn closed(
    record: &Record,
    column: &impl Fn(&'static str) -> String,
    reported_at: Option<DateTime<Utc>>,
    clock: Clock,
) -> Result<Option<Closing>, Box<Problem>> {
    let Some(at) = time(record, &column("closed_at"), clock)? else { return Ok(None) };
    if reported_at.is_some_and(|reported_at| at < reported_at) {
        return Err(record.problem(Code::BadValue, "it was closed before it was reported"));
    }
    let note = record.text(&column("note")).map(|note| Note::parse(&note)).transpose();
    let note = note.map_err(|invalid| record.problem(Code::BadValue, format!("note: {invalid}")))?;
    Ok(Some((at, note)))
}

fn channel(record: &Record, column: &str) -> Result<Channel, Box<Problem>> {
    let Some(text) = record.text(column) else { return Ok(Channel::Hotline) };
    serde_json::from_value(serde_json::Value::String(text.to_lowercase())).map_err(|_| {
        let message = format!(
            "{column} is {}; allowed are patrol, visit, hotline, web, qr_code, phone, device",
            quoted(&text)
        );
        record.problem(Code::BadValue, message)
    })
}

/// What a file's times are read by.
#[derive(Clone, Copy)]
struct Clock {
    now: DateTime<Utc>,
    /// Where a day begins that has no time.
    time_zone: Tz,
}

/// A time with its offset, or a day of the district; `None` where the column is empty. What lies ahead is refused.
fn time(record: &Record, column: &str, clock: Clock) -> Result<Option<DateTime<Utc>>, Box<Problem>> {
    let Some(text) = record.text(column) else { return Ok(None) };
    // As exact as it is stored, or the same row would differ from itself.
    let exact = DateTime::parse_from_rfc3339(&text).map(|time| time.to_utc().trunc_subsecs(6)).ok();
    let Some(time) = exact.or_else(|| start_of_day(&text, clock.time_zone)) else {
        let message = format!(
            "{column} is {}; a time such as 2026-03-12T08:30:00+08:00 or a day such as 2026-03-12 is allowed",
            quoted(&text)
        );
        return Err(record.problem(Code::BadValue, message));
    };
    if time > clock.now {
        let message = format!("{column} is {}, which lies in the future", shown::text(&text));
        return Err(record.problem(Code::BadValue, message));
    }
    Ok(Some(time))
}

/// The first moment of a day: not always midnight, where clocks are put forward then.
fn start_of_day(text: &str, time_zone: Tz) -> Option<DateTime<Utc>> {
    let midnight = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_time(NaiveTime::MIN);
    let first = |hours| time_zone.from_local_datetime(&(midnight + TimeDelta::hours(hours))).earliest();
    (0..=3).find_map(first).map(|time| time.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_where_the_district_is_and_after_the_hour_that_is_left_out() {
        let check = |text: &str, time_zone: Tz, expected: &str| {
            let begun = start_of_day(text, time_zone).map(|time| time.to_rfc3339());
            assert_eq!(begun.as_deref(), Some(expected), "{text}");
        };
        check("2026-03-12", Tz::Asia__Shanghai, "2026-03-11T16:00:00+00:00");
        check("2000-01-03", Tz::America__Chicago, "2000-01-03T06:00:00+00:00");
        check("2026-04-24", Tz::Africa__Cairo, "2026-04-23T22:00:00+00:00");
        assert_eq!(start_of_day("2026-02-30", Tz::UTC), None);
        assert_eq!(start_of_day("12/03/2026", Tz::UTC), None);
    }
}
