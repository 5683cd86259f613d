//! What a use case answers when it does not do what was asked.
//!
//! Invariant: nothing here is shown as it is; `graphql/error.rs` and `http/error.rs` decide what leaves.

use std::sync::Arc;

use domain::access::Refused;
use domain::input::{InputCode, InputProblem};

use crate::cache::CacheError;
pub use crate::store::Outage;
use crate::store::StoreError;

/// Why a use case did nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ServiceError {
    /// The viewer's role does not allow it.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// What was named is not there, or may not be seen: the two look alike.
    #[error("there is no {what} {given:?}")]
    NotFound {
        /// What kind of thing: `district`, `cell`.
        what: &'static str,
        /// How it was named, cut to 60 characters.
        given: String,
    },
    /// The input is wrong: every problem of it.
    #[error("{}", sentences(.0))]
    Problems(Vec<InputProblem>),
    /// The grid changed again and again while this tried to write.
    #[error("the grid is being changed; try again in a moment")]
    Busy,
    /// A later import of the same kind has begun.
    #[error("a later import of the same kind took over; nothing of this one came in")]
    ImportOvertaken,
    /// What the viewer may see changed while they were watching.
    #[error("your rights have changed; connect again")]
    AccessChanged,
    /// The database takes or gives nothing now. A write under a client key may be sent again: if it was done, it is not done
    /// twice.
    #[error("{outage}; try again in a moment, under the same client key")]
    Unavailable {
        /// Why.
        outage: Outage,
        /// What the database said, for the log.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// Something that should not happen.
    #[error("an internal error")]
    Internal(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

impl ServiceError {
    /// That something named in the input is not there.
    pub fn not_found(what: &'static str, given: impl ToString) -> Self {
        Self::NotFound { what, given: given.to_string().chars().take(60).collect() }
    }

    /// One problem of a field.
    pub fn problem(code: InputCode, message: impl ToString, path: &[&str]) -> Self {
        Self::Problems(vec![InputProblem::new(code, message, path)])
    }

    /// An unexpected error, or an outage of the database; kept with its cause.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let source: Box<dyn std::error::Error + Send + Sync> = source.into();
        let of_store = match source.downcast_ref::<CacheError>() {
            Some(CacheError::Store(error)) => Some(&**error),
            _ => source.downcast_ref::<StoreError>(),
        };
        let outage = of_store.and_then(StoreError::outage);
        let source: Arc<dyn std::error::Error + Send + Sync> = Arc::from(source);
        match outage {
            Some(outage) => Self::Unavailable { outage, source },
            None => Self::Internal(source),
        }
    }
}

impl From<InputProblem> for ServiceError {
    fn from(problem: InputProblem) -> Self {
        Self::Problems(vec![problem])
    }
}

impl From<Vec<InputProblem>> for ServiceError {
    fn from(problems: Vec<InputProblem>) -> Self {
        Self::Problems(problems)
    }
}

fn sentences(problems: &[InputProblem]) -> String {
    let sentences: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    sentences.join("; ")
}
