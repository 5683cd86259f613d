//! The one place where errors of this server become GraphQL errors, and the one that logs them.
//!
//! What is not expected leaves as `INTERNAL` with nothing of its cause; the cause is in the log with the request's id.

use async_graphql::{Error, ErrorExtensionValues, Pos, Response, ServerError, Value};
use domain::input::InputProblem;

use crate::service::{Outage, ServiceError};

/// What `extensions.code` can be, beside the codes of [`domain::input::InputCode`]. `docs/errors.md` lists them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    /// The document is no GraphQL.
    GraphqlParseFailed,
    /// The document does not fit the schema.
    GraphqlValidationFailed,
    /// The document would cost too much.
    DocumentRefused,
    /// The document is not one of those that are executed here.
    DocumentNotListed,
    /// The schema is not told to this viewer.
    IntrospectionRefused,
    /// The request is not one of GraphQL over HTTP.
    BadRequest,
    /// The token is not known or has expired.
    Unauthenticated,
    /// The role does not allow it.
    Forbidden,
    /// There is no such thing, or it may not be seen.
    NotFound,
    /// The grid is being changed.
    Busy,
    /// The address, or the user, asks too often.
    RateLimited,
    /// As much runs and waits as may.
    Overloaded,
    /// The disk of the database is full.
    StorageFull,
    /// The database does not answer now.
    Unavailable,
    /// Something that should not happen.
    Internal,
}

impl Code {
    /// The code's name in the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GraphqlParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::GraphqlValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::DocumentRefused => "DOCUMENT_REFUSED",
            Self::DocumentNotListed => "DOCUMENT_NOT_LISTED",
            Self::IntrospectionRefused => "INTROSPECTION_REFUSED",
            Self::BadRequest => "BAD_REQUEST",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::Forbidden => "FORBIDDEN",
            Self::NotFound => "NOT_FOUND",
            Self::Busy => "BUSY",
            Self::RateLimited => "RATE_LIMITED",
            Self::Overloaded => "OVERLOADED",
            Self::StorageFull => "STORAGE_FULL",
            Self::Unavailable => "UNAVAILABLE",
            Self::Internal => "INTERNAL",
        }
    }

    fn of_outage(outage: Outage) -> Self {
        match outage {
            Outage::Full => Self::StorageFull,
            Outage::Locked | Outage::Unreachable => Self::Unavailable,
        }
    }
}

/// The most errors that one answer carries; more only repeat what was wrong, at the caller's choice of length.
const MAX_ERRORS: usize = 10;
const MAX_MESSAGE_CHARACTERS: usize = 500;

/// Turns a use case's error into what leaves the server.
pub fn outward(error: ServiceError) -> Error {
    match error {
        ServiceError::Refused(refused) => coded(Code::Forbidden.as_str(), refused.to_string()),
        ServiceError::NotFound { .. } => coded(Code::NotFound.as_str(), error.to_string()),
        ServiceError::Problems(problems) => {
            let code = problems.first().map_or(Code::BadRequest.as_str(), |first| first.code.as_str());
            let mut outward = coded(code, ServiceError::Problems(problems.clone()).to_string());
            if let Some(extensions) = &mut outward.extensions {
                extensions.set("problems", Value::List(problems.iter().map(value_of).collect()));
            }
            outward
        }
        ServiceError::AccessChanged => coded(Code::Unauthenticated.as_str(), error.to_string()),
        ServiceError::Busy | ServiceError::ImportOvertaken => coded(Code::Busy.as_str(), error.to_string()),
        ServiceError::Unavailable { outage, ref source } => {
            tracing::error!(error = %chain(source.as_ref()), "The database is not available: {outage}");
            coded(Code::of_outage(outage).as_str(), error.to_string())
        }
        ServiceError::Internal(source) => {
            tracing::error!(error = %chain(source.as_ref()), "A use case failed unexpectedly");
            coded(
                Code::Internal.as_str(),
                "an internal error; the log has it under this request's id".to_owned(),
            )
        }
    }
}

/// What is not there is null and no error; the field's type says so.
///
/// # Errors
/// Every other error of the use case.
pub fn found<T>(answer: Result<T, ServiceError>) -> Result<Option<T>, ServiceError> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(ServiceError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(super) fn coded(code: &str, message: String) -> Error {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code);
    Error { extensions: Some(extensions), ..Error::new(message) }
}

fn value_of(problem: &InputProblem) -> Value {
    let path = problem.path.iter().map(|step| Value::from(step.as_str())).collect();
    Value::Object(
        [
            (async_graphql::Name::new("code"), Value::from(problem.code.as_str())),
            (async_graphql::Name::new("message"), Value::from(problem.message.as_str())),
            (async_graphql::Name::new("path"), Value::List(path)),
        ]
        .into_iter()
        .collect(),
    )
}

/// An error with all its causes, for the log.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |cause| cause.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// An error of the whole request: nothing was executed.
pub fn request_error(code: Code, message: String, at: Option<Pos>) -> ServerError {
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code.as_str());
    ServerError { extensions: Some(extensions), ..ServerError::new(message, at) }
}

/// What an execution comes to.
#[derive(Debug)]
pub enum Executed {
    /// Nothing ran: the answer has no `data` at all.
    Refused(Vec<ServerError>),
    /// It ran, perhaps with errors in some fields.
    Ran(Response),
}

/// Tells an answer whose operation never ran from one with errors in it; caps what errors it has.
pub fn executed(mut response: Response) -> Executed {
    response.errors.truncate(MAX_ERRORS);
    for error in &mut response.errors {
        shorten(error);
    }
    let ran = response.data != Value::Null || response.errors.iter().any(|error| !error.path.is_empty());
    if ran || response.errors.is_empty() {
        return Executed::Ran(response);
    }
    let code = Code::GraphqlValidationFailed.as_str();
    for error in &mut response.errors {
        let extensions = error.extensions.get_or_insert_default();
        if extensions.get("code").is_none() {
            extensions.set("code", code);
        }
    }
    Executed::Refused(response.errors)
}

fn shorten(error: &mut ServerError) {
    if error.message.chars().count() > MAX_MESSAGE_CHARACTERS {
        error.message = error.message.chars().take(MAX_MESSAGE_CHARACTERS).chain(['…']).collect();
    }
}
