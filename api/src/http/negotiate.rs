//! What a caller sends and takes: the headers `Content-Type` and `Accept`, as GraphQL over HTTP reads them.

use actix_web::http::header::{ACCEPT, CONTENT_TYPE, HeaderMap};

/// The media type of server-sent events.
pub(super) const EVENT_STREAM: &str = "text/event-stream";

/// In which form a GraphQL answer goes out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum AnswerForm {
    /// `application/graphql-response+json`: the status says whether anything ran.
    GraphqlResponse,
    /// `application/json`: 200 for every well-formed request, for clients from before.
    Json,
}

impl AnswerForm {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// The form that a caller likes best; `None` where it takes neither.
pub(super) fn answer_form(headers: &HeaderMap) -> Option<AnswerForm> {
    let mut best: Option<(AnswerForm, f32)> = None;
    let mut asked = false;
    for header in headers.get_all(ACCEPT) {
        let Ok(text) = header.to_str() else { continue };
        for range in text.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
            if kind.is_empty() {
                continue;
            }
            asked = true;
            let quality =
                parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
            let form = match kind.as_str() {
                "application/graphql-response+json" => AnswerForm::GraphqlResponse,
                "application/json" | "application/*" | "*/*" => AnswerForm::Json,
                _ => continue,
            };
            let Some(quality) = quality.filter(|quality: &f32| *quality > 0.0) else { continue };
            if best.is_none_or(|(_, known)| quality > known) {
                best = Some((form, quality));
            }
        }
    }
    if asked { best.map(|(form, _)| form) } else { Some(AnswerForm::Json) }
}

/// Whether a caller takes a stream of events.
pub(super) fn takes_events(headers: &HeaderMap) -> bool {
    let mut asked = false;
    for header in headers.get_all(ACCEPT) {
        for range in header.to_str().unwrap_or_default().split(',') {
            let mut parts = range.split(';').map(|part| part.trim().to_ascii_lowercase());
            let kind = parts.next().unwrap_or_default();
            let refused = parts.any(|part| part.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0)));
            if matches!(kind.as_str(), EVENT_STREAM | "text/*" | "*/*") && !refused {
                return true;
            }
            asked |= !kind.is_empty();
        }
    }
    !asked
}

/// Whether the body is JSON in UTF-8.
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(text) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return false };
    let text = text.to_ascii_lowercase();
    let mut parts = text.split(';').map(str::trim);
    let utf8 = |part: &str| match part.strip_prefix("charset=") {
        Some(charset) => matches!(charset.trim_matches('"'), "utf-8" | "utf8"),
        None => true,
    };
    parts.next() == Some("application/json") && parts.all(utf8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn headers(name: actix_web::http::header::HeaderName, value: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        headers
    }

    #[test]
    fn a_stream_of_events_goes_to_those_who_take_one() {
        assert!(takes_events(&HeaderMap::new()));
        for accept in ["text/event-stream", "*/*", "application/json, Text/Event-Stream; q=0.3", "text/*"] {
            assert!(takes_events(&headers(ACCEPT, accept)), "{accept}");
        }
        for accept in ["application/json", "text/event-stream;q=0", "text/event-stream; q=0.0", "text/html"] {
            assert!(!takes_events(&headers(ACCEPT, accept)), "{accept}");
        }
    }

    #[test]
    fn the_form_is_the_one_the_caller_likes_best() {
        use AnswerForm::{GraphqlResponse, Json};
        let check = |accept: &'static str, expected: Option<AnswerForm>| {
            assert_eq!(answer_form(&headers(ACCEPT, accept)), expected, "{accept}");
        };
        assert_eq!(answer_form(&HeaderMap::new()), Some(Json));
        check("*/*", Some(Json));
        check("application/json", Some(Json));
        check("application/graphql-response+json", Some(GraphqlResponse));
        check("application/graphql-response+json, application/json;q=0.9", Some(GraphqlResponse));
        check("application/json;q=0.4, application/graphql-response+json;q=0.5", Some(GraphqlResponse));
        check("application/json; charset=utf-8", Some(Json));
        check("text/html", None);
        check("application/json;q=0", None);
        check(
            "application/graphql-response+json; charset=utf-8, application/json; charset=utf-8",
            Some(GraphqlResponse),
        );
    }

    #[test]
    fn only_json_in_utf_8_counts_as_json() {
        let check = |content_type: &'static str, expected: bool| {
            assert_eq!(is_json(&headers(CONTENT_TYPE, content_type)), expected, "{content_type}");
        };
        check("application/json", true);
        check("application/json; charset=UTF-8", true);
        check("application/json; charset=utf-16", false);
        check("text/plain", false);
        check("application/x-www-form-urlencoded", false);
        check("application/jsonp", false);
        assert!(!is_json(&HeaderMap::new()));
    }
}
