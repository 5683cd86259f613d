//! Errors of every route but GraphQL's answers, as problem details (RFC 9457). Unexpected ones are logged here, once.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};

use super::admission::Full;
use super::negotiate::AnswerForm;
use super::rate::Wait;
use crate::service::{Outage, ServiceError};

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
pub(in crate::http) enum HttpError {
    /// No such page, tile or district; or it may not be seen.
    #[error("there is nothing at this address")]
    NotFound,
    /// A page of another site asked.
    #[error(
        "pages of this origin may not talk to this server; `origins` in the configuration lists those that may"
    )]
    ForeignOrigin,
    /// More bytes than allowed.
    #[error("the body is larger than {allowed_bytes} bytes")]
    TooLarge {
        /// What is allowed.
        allowed_bytes: usize,
    },
    /// The caller takes none of what the route can answer.
    #[error("this route answers {offered}; the header Accept allows neither")]
    NotAcceptable {
        /// What it can answer.
        offered: &'static str,
    },
    /// The body is of another kind.
    #[error("this route takes {taken}; the header Content-Type says something else")]
    UnsupportedMediaType {
        /// What it takes.
        taken: &'static str,
    },
    /// The method is not one of this route's.
    #[error("{reason}")]
    MethodNotAllowed {
        /// Which are.
        allowed: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// The token is not known or has expired.
    #[error("the token is not known or has expired")]
    Unauthenticated,
    /// The role does not allow it.
    #[error("your role does not allow this")]
    Forbidden,
    /// The request itself is wrong.
    #[error("{0}")]
    BadRequest(String),
    /// What was asked for does not fit the district: with the code that GraphQL would answer.
    #[error("{detail}")]
    Input {
        /// The code of the first problem.
        code: &'static str,
        /// Every problem in a sentence.
        detail: String,
    },
    /// Every WebSocket and stream of events that may be open is.
    #[error(
        "too many WebSockets and streams of events are open, in all or from one address or user; try again later"
    )]
    TooManySockets,
    /// The body came too slowly.
    #[error("the body came too slowly; send it again over a better connection, or in smaller parts")]
    BodyTooSlow,
    /// The address, or the user, asks too often.
    #[error("too many requests; ask again in {0}")]
    RateLimited(Wait),
    /// As much runs and waits as may.
    #[error("the server has too much to do; try again in a moment")]
    Overloaded,
    /// The server cannot answer now.
    #[error("the server is not ready: {0}")]
    NotReady(&'static str),
    /// The database takes or gives nothing now.
    #[error("{outage}; try again in a moment")]
    Unavailable {
        /// Why.
        outage: Outage,
        /// What the database said, for the log.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// Something that should not happen.
    #[error("an internal error; the log has it under this request's id")]
    Internal(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

impl HttpError {
    fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "NOT_FOUND"),
            Self::ForeignOrigin => (StatusCode::FORBIDDEN, "FOREIGN_ORIGIN"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE"),
            Self::NotAcceptable { .. } => (StatusCode::NOT_ACCEPTABLE, "NOT_ACCEPTABLE"),
            Self::UnsupportedMediaType { .. } => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE")
            }
            Self::MethodNotAllowed { .. } => (StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "FORBIDDEN"),
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "BAD_REQUEST"),
            Self::Input { code, .. } => (StatusCode::BAD_REQUEST, code),
            Self::TooManySockets => (StatusCode::SERVICE_UNAVAILABLE, "TOO_MANY_SOCKETS"),
            Self::BodyTooSlow => (StatusCode::REQUEST_TIMEOUT, "BODY_TOO_SLOW"),
            Self::RateLimited(_) => (StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED"),
            Self::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, "OVERLOADED"),
            Self::NotReady(_) => (StatusCode::SERVICE_UNAVAILABLE, "NOT_READY"),
            Self::Unavailable { outage: Outage::Full, .. } => {
                (StatusCode::INSUFFICIENT_STORAGE, "STORAGE_FULL")
            }
            Self::Unavailable { .. } => (StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"),
            Self::Internal(_) => (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL"),
        }
    }
}

impl HttpError {
    /// The same in the form of an answer of GraphQL, for its clients to read.
    pub(super) fn as_graphql(&self, form: AnswerForm) -> HttpResponse {
        let (status, code) = self.status_and_code();
        let error = serde_json::json!({ "message": self.to_string(), "extensions": { "code": code } });
        let mut response = HttpResponse::build(status);
        self.put_headers(&mut response);
        let body = serde_json::json!({ "errors": [error] });
        response.content_type(form.content_type()).body(body.to_string())
    }

    /// Whether it says nothing about what was asked, only that it was too much just now.
    pub(super) fn is_about_load(&self) -> bool {
        matches!(self, Self::RateLimited(_) | Self::Overloaded)
    }

    fn put_headers(&self, response: &mut HttpResponseBuilder) {
        match self {
            Self::MethodNotAllowed { allowed, .. } => drop(response.insert_header((ALLOW, *allowed))),
            Self::Unauthenticated => drop(response.insert_header((WWW_AUTHENTICATE, "Bearer"))),
            Self::RateLimited(wait) => drop(response.insert_header((RETRY_AFTER, wait.seconds()))),
            Self::Overloaded | Self::TooManySockets => drop(response.insert_header((RETRY_AFTER, 1))),
            // What is still sent of the body is nobody's.
            Self::BodyTooSlow => drop(response.force_close()),
            _ => {}
        }
    }
}

impl From<Wait> for HttpError {
    fn from(wait: Wait) -> Self {
        Self::RateLimited(wait)
    }
}

impl From<Full> for HttpError {
    fn from(_: Full) -> Self {
        Self::Overloaded
    }
}

impl From<ServiceError> for HttpError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Refused(_) => Self::Forbidden,
            // As in GraphQL: who asks again is somebody else by now.
            ServiceError::AccessChanged => Self::Unauthenticated,
            ServiceError::NotFound { .. } => Self::NotFound,
            ServiceError::Problems(ref problems) => match problems.first() {
                Some(first) => Self::Input { code: first.code.as_str(), detail: error.to_string() },
                None => Self::BadRequest(error.to_string()),
            },
            ServiceError::Busy => Self::NotReady("the grid is being changed"),
            ServiceError::ImportOvertaken => Self::NotReady("a later import of the same kind took over"),
            ServiceError::Unavailable { outage, source } => Self::Unavailable { outage, source },
            ServiceError::Internal(source) => Self::Internal(source),
        }
    }
}

impl ResponseError for HttpError {
    fn status_code(&self) -> StatusCode {
        self.status_and_code().0
    }

    fn error_response(&self) -> HttpResponse {
        let (status, code) = self.status_and_code();
        if let Self::Internal(source) | Self::Unavailable { source, .. } = self {
            let causes =
                std::iter::successors(Some(&**source as &dyn std::error::Error), |cause| cause.source());
            let chain = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
            tracing::error!(error = %chain, "A request failed: {self}");
        }
        let mut response = HttpResponse::build(status);
        self.put_headers(&mut response);
        let body = serde_json::json!({
            "type": "about:blank",
            "title": status.canonical_reason().unwrap_or_default(),
            "status": status.as_u16(),
            "code": code,
            "detail": self.to_string(),
        });
        response.content_type("application/problem+json").body(body.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graphql::error::outward;

    #[test]
    fn who_may_not_go_on_gets_the_same_code_as_over_graphql() {
        let code_of = |error: ServiceError| outward(error).extensions?.get("code").cloned();
        for error in [
            ServiceError::AccessChanged,
            ServiceError::Refused(domain::access::Refused { action: domain::access::Action::Export }),
            ServiceError::not_found("incident", 1),
        ] {
            let (_, code) = HttpError::from(error.clone()).status_and_code();
            assert_eq!(code_of(error.clone()), Some(code.into()), "{error}");
        }
    }
}
