//! Records as incidents that happened before, with when they were closed.

use chrono::{DateTime, Utc};
use domain::incident::{Channel, IncidentDraft};
use domain::text::{IncidentText, Note};
use geo_tools::{Code, Problem};

use super::options::ImportOptions;
use super::record::Record;

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
    pub(crate) closed: Option<(DateTime<Utc>, Option<Note>)>,
}

/// Reads one record.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn past_incident(
    record: &Record,
    options: &ImportOptions,
    now: DateTime<Utc>,
) -> Result<PastIncident, Vec<Problem>> {
    let mut problems = Vec::new();
    let column = |field: &'static str| options.columns.column(field).unwrap_or(field).to_owned();
    let source_id = record.id(options.id.as_deref()).map_err(|problem| problems.push(*problem)).ok();
    let category = record.text(&column("category"));
    let text = record.text(&column("text")).map(|text| {
        IncidentText::parse(&text)
            .map_err(|invalid| record.problem(Code::BadValue, format!("text: {invalid}")))
    });
    let mut needed = |field: &str| {
        let message =
            format!("no {:?}; every incident needs one", options.columns.column(field).unwrap_or(field));
        problems.push(*record.problem(Code::MissingField, message));
    };
    if category.is_none() {
        needed("category");
    }
    if text.is_none() {
        needed("text");
    }
    let text = text.transpose().map_err(|problem| problems.push(*problem)).ok().flatten();
    let position = match record.position() {
        Ok(None) => {
            problems.push(*record.problem(Code::NullGeometry, "an incident needs a position"));
            None
        }
        other => other.map_err(|problem| problems.push(*problem)).ok().flatten(),
    };
    let channel = channel(record, &column("channel")).map_err(|problem| problems.push(*problem)).ok();
    let reported_at = time(record, &column("occurred_at"), now).map_err(|problem| problems.push(*problem));
    let closed_at = time(record, &column("closed_at"), now).map_err(|problem| problems.push(*problem));
    let note = record.text(&column("note")).and_then(|note| Note::parse(&note).ok());
    let (Ok(reported_at), Ok(closed_at)) = (reported_at, closed_at) else { return Err(problems) };
    let reported_at = reported_at.unwrap_or(now);
    if closed_at.is_some_and(|closed_at| closed_at < reported_at) {
        problems.push(*record.problem(Code::BadValue, "it was closed before it was reported"));
    }
    match (source_id, category, text, position, channel) {
        (Some(source_id), Some(category), Some(text), Some(position), Some(channel))
            if problems.is_empty() =>
        {
            let draft = IncidentDraft {
                category,
                text,
                position,
                accuracy_m: None,
                channel,
                occurred_at: Some(reported_at),
            };
            Ok(PastIncident { source_id, draft, reported_at, closed: closed_at.map(|at| (at, note)) })
        }
        _ => Err(problems),
    }
}

fn channel(record: &Record, column: &str) -> Result<Channel, Box<Problem>> {
    let Some(text) = record.text(column) else { return Ok(Channel::Hotline) };
    serde_json::from_value(serde_json::Value::String(text.to_lowercase())).map_err(|_| {
        let message =
            format!("{column} is {text:?}; allowed are patrol, visit, hotline, web, qr_code, phone, device");
        record.problem(Code::BadValue, message)
    })
}

/// A time with its offset; `None` where the column is empty. What lies ahead is refused.
fn time(record: &Record, column: &str, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Box<Problem>> {
    let Some(text) = record.text(column) else { return Ok(None) };
    let time = DateTime::parse_from_rfc3339(&text).map(|time| time.to_utc()).map_err(|_| {
        let message = format!("{column} is {text:?}; a time such as 2026-03-12T08:30:00+08:00 is allowed");
        record.problem(Code::BadValue, message)
    })?;
    if time > now {
        return Err(record.problem(Code::BadValue, format!("{column} is {text}, which lies in the future")));
    }
    Ok(Some(time))
}
