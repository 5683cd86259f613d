//! What units weigh: a number of theirs, or the work that several of their numbers come to.

use std::collections::HashMap;

use clap::Args;
use geo_tools::districting::{Difficulty, InvalidWeight, PlanRow, UnitGraph, Weight, workload};
use geo_tools::formats::Feature;
use geo_tools::{Code, Problem, shown};
use serde_json::{Value, json};

/// By which properties units are weighed.
#[derive(Args, Clone)]
pub(crate) struct WorkArguments {
    /// The property with what a unit counts: households, people, hours; a number from 0.
    #[arg(long, value_name = "PROPERTY")]
    weight: String,
    /// The property with how many visits a household of the unit takes in a period, 1 where it is ordinary: the unit then
    /// weighs its households (--weight) times that. A number from 0.001 to 1000.
    #[arg(long, value_name = "PROPERTY")]
    difficulty: Option<String>,
    /// The property with how many visits are due in the unit besides, in the same period: they are added to what it weighs.
    /// A number from 0.
    #[arg(long, value_name = "PROPERTY")]
    visits: Option<String>,
}

/// What a unit weighs, and of what that is made.
#[derive(Clone, Copy, Default)]
pub(crate) struct Due {
    pub(crate) weight: Weight,
    pub(crate) households: Weight,
    visits: Weight,
}

impl WorkArguments {
    /// What a feature weighs, or everything that keeps that from being known.
    pub(crate) fn due(&self, feature: &Feature) -> Result<Due, Vec<Problem>> {
        let weight = |given: f64| Weight::new(given).map_err(|error| error.to_string());
        let weighed = ("weight", "a weight is one from 0");
        let households = number(feature, &self.weight, weighed, weight);
        let difficulty = self.difficulty.as_ref().map_or(Ok(Difficulty::ORDINARY), |property| {
            let difficulty = |given: f64| Difficulty::new(given).map_err(|error| error.to_string());
            number(feature, property, ("difficulty", "a difficulty is one from 0.001 to 1 000"), difficulty)
        });
        let visits = self.visits.as_ref().map_or(Ok(Weight::default()), |property| {
            let visits = |given: f64| {
                let shown = shown::number(given);
                let wrong =
                    |_| format!("{shown} is not a number of visits, which is from 0 to 1 000 000 000");
                Weight::new(given).map_err(wrong)
            };
            number(feature, property, ("visits", "a number of visits is one from 0"), visits)
        });
        match (households, difficulty, visits) {
            (Ok(households), Ok(difficulty), Ok(visits)) => {
                let too_much = |error: InvalidWeight| {
                    let message = format!("households \u{d7} difficulty + visits: {error}");
                    vec![at(feature, &self.weight, Code::BadValue, message)]
                };
                let weight = workload(households, difficulty, visits).map_err(too_much)?;
                Ok(Due { weight, households, visits })
            }
            (households, difficulty, visits) => {
                let found = [households.err(), difficulty.err(), visits.err()];
                Err(found.into_iter().flatten().map(|problem| *problem).collect())
            }
        }
    }

    /// What weights are made of, for the report; `None` where they are a number of the file.
    pub(crate) fn work(&self, due: Vec<Due>) -> Option<Work> {
        let is_work = self.difficulty.is_some() || self.visits.is_some();
        is_work.then(|| Work { arguments: self.clone(), due })
    }
}

/// A number that a feature has under a property, as what it is meant to be.
fn number<T>(
    feature: &Feature,
    property: &str,
    (called, allowed): (&str, &str),
    meant: impl Fn(f64) -> Result<T, String>,
) -> Result<T, Box<Problem>> {
    let wrong = |code: Code, message: String| Box::new(at(feature, property, code, message));
    match feature.properties.get(property) {
        None | Some(Value::Null) => {
            Err(wrong(Code::MissingField, format!("the unit has no property {property}, its {called}")))
        }
        Some(Value::Number(number)) => {
            let given = number.as_f64().unwrap_or(f64::INFINITY);
            meant(given).map_err(|error| wrong(Code::BadValue, format!("{property}: {error}")))
        }
        Some(other) => {
            let given = shown::text(&other.to_string());
            Err(wrong(Code::BadValue, format!("{property}: {given} is not a number; {allowed}")))
        }
    }
}

/// What is wrong with a property of a feature.
fn at(feature: &Feature, property: &str, code: Code, message: String) -> Problem {
    let pointer = format!("{}/properties/{property}", feature.pointer);
    Problem { pointer: Some(pointer), ..Problem::error(code, message) }
}

/// Of what the weights of units are made.
pub(crate) struct Work {
    arguments: WorkArguments,
    /// For each unit.
    due: Vec<Due>,
}

/// The report with what weights are made of, where they are work: the properties, and what they come to in each cell.
pub(crate) fn with_work(
    mut report: Value,
    work: Option<&Work>,
    (graph, rows): (&UnitGraph, &[PlanRow]),
) -> Value {
    let Some(work) = work else { return report };
    let WorkArguments { weight, difficulty, visits } = &work.arguments;
    report["work"] = json!({ "households": weight, "difficulty": difficulty, "visits": visits });
    // Of several lines of a unit the first counts, as where it is judged.
    let mut cell_of: HashMap<&str, &str> = HashMap::new();
    for row in rows {
        cell_of.entry(&row.unit).or_insert(&row.cell);
    }
    let mut sums: HashMap<&str, [i64; 2]> = HashMap::new();
    for (unit, due) in graph.units().iter().zip(&work.due) {
        let Some(&cell) = cell_of.get(unit.id.as_str()) else { continue };
        let [households, visits] = sums.entry(cell).or_default();
        *households += due.households.thousandths();
        *visits += due.visits.thousandths();
    }
    for cell in report["cells"].as_array_mut().into_iter().flatten() {
        let of_cell = cell["cell"].as_str().and_then(|name| sums.get(name)).copied().unwrap_or_default();
        let [households, visits] = of_cell.map(|sum| Weight::from_thousandths(sum).value());
        cell["households"] = households.into();
        cell["visits"] = visits.into();
    }
    report
}
