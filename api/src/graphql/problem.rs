//! Problems with an input: business outcomes that a person can act on, in the payload and not among the errors.

use async_graphql::{Error, SimpleObject, Value};
use domain::input::InputProblem;

use super::error::Code;
use super::scalars::GeoJsonGeometry;

/// One thing that is wrong with an input.
#[derive(SimpleObject, Clone, Debug)]
pub struct Problem {
    /// What kind of problem, in UPPER_SNAKE: `docs/errors.md` lists them all.
    code: String,
    /// What, what was given, what is allowed: an English sentence for people.
    message: String,
    /// The field, from the input down: `["position", "accuracyM"]`.
    path: Vec<String>,
    /// Values for a sentence in another language.
    params: Vec<ProblemParam>,
    /// Where on the map, if anywhere.
    geometry: Option<GeoJsonGeometry>,
}

/// A value for a sentence in another language.
#[derive(SimpleObject, Clone, Debug)]
pub struct ProblemParam {
    /// Its name in the sentence.
    name: String,
    /// The value.
    value: String,
}

impl From<InputProblem> for Problem {
    fn from(problem: InputProblem) -> Self {
        let param = |(name, value)| ProblemParam { name, value };
        Self {
            code: problem.code.as_str().to_owned(),
            message: problem.message,
            path: problem.path,
            params: problem.params.into_iter().map(param).collect(),
            geometry: problem.at.map(GeoJsonGeometry::point),
        }
    }
}

impl From<Error> for Problem {
    /// An error that left one operation of a list undone.
    fn from(error: Error) -> Self {
        let code = error.extensions.as_ref().and_then(|extensions| match extensions.get("code") {
            Some(Value::String(code)) => Some(code.clone()),
            _ => None,
        });
        let code = code.unwrap_or_else(|| Code::Internal.as_str().to_owned());
        Self { code, message: error.message, path: Vec::new(), params: Vec::new(), geometry: None }
    }
}

/// Problems as a payload carries them.
pub(super) fn problems(found: Vec<InputProblem>) -> Vec<Problem> {
    found.into_iter().map(Problem::from).collect()
}

/// Gathers every problem of an input before anything is refused.
#[derive(Default, Debug)]
pub(super) struct Gathered(Vec<InputProblem>);

impl Gathered {
    /// Keeps a value, or its problem.
    pub(super) fn keep<T>(&mut self, parsed: Result<T, InputProblem>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(problem) => {
                self.0.push(problem);
                None
            }
        }
    }

    /// What was gathered.
    pub(super) fn into_problems(self) -> Vec<InputProblem> {
        self.0
    }
}
