//! How values lie in columns: times as microseconds, names as JSON, words of the domain by their names in it.

use chrono::{DateTime, Utc};
use domain::ids::{CellId, PlanVersion};
use domain::plan::{Assignment, LocationMethod};
use domain::text::LocalTexts;
use geo_tools::Position;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::StoreError;

pub(super) fn to_us(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

pub(super) fn from_us(
    table: &'static str,
    column: &'static str,
    us: i64,
) -> Result<DateTime<Utc>, StoreError> {
    DateTime::from_timestamp_micros(us).ok_or_else(|| StoreError::corrupt(table, column, us))
}

/// A word of the domain (`inside`, `qr_code`) by the name that its enumeration gives it.
pub(super) fn word<T: Serialize>(value: T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        // Unit variants are words by construction; nothing else is passed here.
        other => unreachable!("a word is a string, not {other:?}"),
    }
}

pub(super) fn from_word<T: DeserializeOwned>(
    table: &'static str,
    column: &'static str,
    word: &str,
) -> Result<T, StoreError> {
    let value = serde_json::Value::String(word.to_owned());
    serde_json::from_value(value).map_err(|_| StoreError::corrupt(table, column, word))
}

pub(super) fn names(names: &LocalTexts) -> String {
    let pairs: Vec<[&str; 2]> =
        names.as_slice().iter().map(|name| [name.language.as_str(), name.text.as_str()]).collect();
    serde_json::json!(pairs).to_string()
}

pub(super) fn from_names(table: &'static str, stored: &str) -> Result<LocalTexts, StoreError> {
    let corrupt = || StoreError::corrupt(table, "names", stored);
    let pairs: Vec<(String, String)> = serde_json::from_str(stored).map_err(|_| corrupt())?;
    let pairs = pairs.iter().map(|(language, text)| (language.as_str(), text.as_str()));
    LocalTexts::new(pairs).map_err(|_| corrupt())
}

pub(super) fn position(table: &'static str, lon_e7: i32, lat_e7: i32) -> Result<Position, StoreError> {
    Position::from_e7(lon_e7, lat_e7).map_err(|problem| StoreError::corrupt(table, "lon_e7", problem))
}

pub(super) fn blob32(
    table: &'static str,
    column: &'static str,
    bytes: &[u8],
) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| StoreError::corrupt(table, column, format!("{} bytes", bytes.len())))
}

pub(super) fn count(table: &'static str, column: &'static str, stored: i32) -> Result<u32, StoreError> {
    u32::try_from(stored).map_err(|_| StoreError::corrupt(table, column, stored))
}

pub(super) fn to_i32(column: &'static str, value: u32) -> Result<i32, StoreError> {
    i32::try_from(value).map_err(|_| StoreError::TooLarge { column, value: u64::from(value) })
}

pub(super) fn assignment(
    table: &'static str,
    cell: Option<Uuid>,
    method: &str,
    distance_to_border_m: Option<f64>,
    plan_version: i32,
) -> Result<Assignment, StoreError> {
    Ok(Assignment {
        cell: cell.map(CellId),
        method: LocationMethod::parse(method).ok_or_else(|| StoreError::corrupt(table, "method", method))?,
        distance_to_border_m,
        plan_version: PlanVersion(plan_version),
    })
}
