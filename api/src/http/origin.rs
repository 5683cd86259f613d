//! Which pages may talk to this server: its own, those listed, and in the demo all of this machine.
//!
//! A browser sends `Origin` with every WebSocket and every POST; a program sends none and is let through. So a page of
//! another site that a signed-in person visits can neither read nor change anything.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpResponse, web};

use super::State;
use super::error::HttpError;
use crate::config::{Localhost, Origins};

/// What of an answer a page may read beside what every page may.
const EXPOSED_HEADERS: &str = "retry-after, x-request-id";
const ALLOWED_HEADERS: &str = "authorization, content-type, last-event-id, x-request-id, traceparent";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asker {
    /// A program, or a page of this server.
    Own,
    /// A page of an origin that is allowed.
    Allowed,
    /// Any other page.
    Foreign,
}

/// Refuses foreign pages on every route, answers what allowed ones ask first (`OPTIONS`), and lets them read.
pub(super) async fn check<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let origin = request.headers().get(header::ORIGIN).cloned();
    let asker = match request.app_data::<web::Data<State>>() {
        Some(state) => asker(request.headers(), &state.settings.origins),
        None => Asker::Foreign,
    };
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = match (asker, preflight) {
        (Asker::Foreign, _) => {
            let response = actix_web::ResponseError::error_response(&HttpError::ForeignOrigin);
            return Ok(request.into_response(response).map_into_right_body());
        }
        (_, true) => {
            let mut allowed = HttpResponse::NoContent();
            allowed.insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"));
            allowed.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS));
            allowed.insert_header((header::ACCESS_CONTROL_MAX_AGE, "600"));
            request.into_response(allowed.finish()).map_into_right_body()
        }
        (_, false) => next.call(request).await?.map_into_left_body(),
    };
    if let (Asker::Allowed, Some(origin)) = (asker, origin) {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED_HEADERS));
        headers.append(header::VARY, HeaderValue::from_static("origin"));
    }
    Ok(response)
}

fn asker(headers: &HeaderMap, origins: &Origins) -> Asker {
    let Some(origin) = headers.get(header::ORIGIN) else { return Asker::Own };
    let Ok(origin) = origin.to_str() else { return Asker::Foreign };
    let Some((_, authority)) = origin.split_once("://") else { return Asker::Foreign };
    let own = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    if own.is_some_and(|host| host.eq_ignore_ascii_case(authority)) {
        return Asker::Own;
    }
    let listed = origins.listed.iter().any(|listed| listed.eq_ignore_ascii_case(origin));
    if listed || (origins.localhost == Localhost::Any && is_localhost(authority)) {
        Asker::Allowed
    } else {
        Asker::Foreign
    }
}

fn is_localhost(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_own_listed_and_in_the_demo_local_pages_are_let_in() {
        let listed = || vec!["https://map.example.org".to_owned()];
        let strict = Origins { listed: listed(), localhost: Localhost::Listed };
        let demo = Origins { listed: listed(), localhost: Localhost::Any };
        let check = |origin: Option<&str>, in_strict: Asker, in_demo: Asker| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("grid.example.org:8080"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, HeaderValue::from_str(origin).expect("a header"));
            }
            assert_eq!(asker(&headers, &strict), in_strict, "{origin:?}");
            assert_eq!(asker(&headers, &demo), in_demo, "{origin:?}");
        };
        check(None, Asker::Own, Asker::Own);
        check(Some("http://grid.example.org:8080"), Asker::Own, Asker::Own);
        check(Some("http://grid.example.org"), Asker::Foreign, Asker::Foreign);
        check(Some("https://map.example.org"), Asker::Allowed, Asker::Allowed);
        check(Some("https://map.example.org.evil.example"), Asker::Foreign, Asker::Foreign);
        check(Some("http://localhost:5173"), Asker::Foreign, Asker::Allowed);
        check(Some("http://127.0.0.1"), Asker::Foreign, Asker::Allowed);
        check(Some("http://[::1]:3000"), Asker::Foreign, Asker::Allowed);
        check(Some("http://localhost.evil.example"), Asker::Foreign, Asker::Foreign);
        check(Some("http://localhost:80@evil.example"), Asker::Foreign, Asker::Foreign);
        check(Some("null"), Asker::Foreign, Asker::Foreign);
    }
}
