//! What every request gets around it: an id, a trace, figures, and the headers that make pages safe.

use std::sync::Arc;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web;
use tracing::Instrument;

use super::State;
use super::connections::{Connection, Written};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");

/// Pages load only what this server serves; the map needs `data:` and `blob:` images for its icons.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; \
     connect-src 'self'; font-src 'self'; img-src 'self' data: blob:; manifest-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

const SECURITY_HEADERS: [(HeaderName, &str); 7] = [
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::PERMISSIONS_POLICY, "camera=(), microphone=(), payment=(), usb=()"),
];

/// Runs the request in a span, counts it, and completes the headers of its answer.
pub(super) async fn around<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<Written>, actix_web::Error> {
    let under_way = request.conn_data::<Arc<Connection>>().map(Connection::begin);
    let state = request.app_data::<web::Data<State>>().cloned();
    let request_id = request_id(request.headers(), state.as_ref().map(|state| state.get_ref()));
    let route = request.match_pattern().unwrap_or_else(|| "other".to_owned());
    let method = known_method(request.method());
    let trace = trace_id(request.headers()).unwrap_or_default();
    let span = tracing::info_span!("request", id = %request_id, trace.id = %trace, %method, %route);
    let start = Instant::now();
    let answered = next.call(request).instrument(span.clone()).await;
    let mut response = match answered {
        Ok(response) => response,
        Err(error) => return Err(error),
    };
    let seconds = start.elapsed().as_secs_f64();
    let status = response.status().as_u16();
    span.in_scope(|| {
        tracing::debug!(status, duration_ms = seconds * 1e3, "Answered {method} {route} with {status}");
    });
    if let Some(state) = state {
        state.figures.request_answered(method, &route, status, seconds);
    }
    complete(response.headers_mut(), &request_id);
    Ok(response.map_body(|_, body| Written::new(body, under_way)))
}

/// The method as a label. HTTP lets a client make up any, and each would be a figure that is never dropped.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn complete(headers: &mut HeaderMap, request_id: &str) {
    for (name, value) in SECURITY_HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

/// The caller's own id where it is harmless, else a new one.
fn request_id(headers: &HeaderMap, state: Option<&State>) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let harmless = |id: &&str| {
        (8..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    match (given.filter(harmless), state) {
        (Some(id), _) => id.to_owned(),
        (None, Some(state)) => state.ids.next_id().to_string(),
        (None, None) => String::new(),
    }
}

/// The trace that the caller is part of (W3C Trace Context): the second field of `traceparent`.
fn trace_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(TRACE_PARENT)?.to_str().ok()?;
    let mut fields = text.split('-');
    let (version, trace, parent, flags) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let real = |text: &str| text.bytes().any(|byte| byte != b'0');
    let fits = hex(version, 2)
        && version != "ff"
        && hex(trace, 32)
        && real(trace)
        && hex(parent, 16)
        && real(parent);
    (fits && hex(flags, 2)).then(|| trace.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_taken_over_only_where_it_is_well_formed() {
        let check = |text: &'static str, expected: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(TRACE_PARENT, HeaderValue::from_static(text));
            assert_eq!(trace_id(&headers).as_deref(), expected, "{text}");
        };
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", Some(trace));
        check("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-later", Some(trace));
        check("00-00000000000000000000000000000000-00f067aa0ba902b7-01", None);
        check("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", None);
        check("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", None);
        check("nonsense", None);
    }
}
