//! GraphQL over HTTP: queries and mutations by POST, queries by GET.
//!
//! A request that is refused before anything ran answers without `data`; with `application/graphql-response+json` its
//! status says so (400), with `application/json` it is 200, as the specification asks. Subscriptions have their own ends.

use std::convert::Infallible;
use std::sync::Arc;

use actix_web::body::SizedStream;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use async_graphql::parser::types::OperationType;
use async_graphql::{Request, Response, ServerError, Variables};
use domain::viewer::Viewer;
use futures_util::stream;
use rust_embed::RustEmbed;
use serde::Deserialize;
use serde_json::Value;

use super::State;
use super::body::Body;
use super::error::HttpError;
use super::negotiate::{self, AnswerForm};
use super::once::{OnceMap, Unread};
use super::viewer::Caller;
use crate::config::{Documents, Introspection, Settings};
use crate::graphql::answer::Chunks;
use crate::graphql::context;
use crate::graphql::error::{Code, Executed, executed, request_error};
use crate::graphql::preflight::{self, Introspects, KeptDocuments, ListedDocuments};
use crate::graphql::schema;

/// The members of a request, as they come over HTTP and in the payload of `subscribe`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RequestMembers {
    pub(super) query: String,
    #[serde(default)]
    pub(super) operation_name: Option<String>,
    #[serde(default)]
    pub(super) variables: Option<OnceMap>,
    // Read so that another type than an object is refused; what is in it is left alone.
    #[serde(default)]
    #[expect(dead_code, reason = "only its type is checked")]
    extensions: Option<Unread>,
}

impl RequestMembers {
    /// The document, where a viewer may have it executed with what is given.
    pub(super) fn admitted(
        &self,
        rules: &DocumentRules,
        viewer: &Viewer,
    ) -> Result<preflight::Admitted, ServerError> {
        let refused = |code, message: &str| Err(request_error(code, message.to_owned(), None));
        if rules.listed.as_ref().is_some_and(|listed| !listed.hold(&self.query)) {
            return refused(
                Code::DocumentNotListed,
                "this server executes only the operations that it lists",
            );
        }
        let name = self.operation_name.as_deref();
        let variables = self.variables.as_ref().map(|OnceMap(map)| map);
        let admitted = rules.kept.admit(&self.query, name, variables)?;
        let told = match rules.introspection {
            Introspection::Everybody => true,
            Introspection::Staff => viewer.user().is_some(),
            Introspection::Nobody => false,
        };
        if admitted.introspects == Introspects::Yes && !told {
            return refused(
                Code::IntrospectionRefused,
                "the schema is not told to you here; see /schema.graphql",
            );
        }
        Ok(admitted)
    }
}

/// What a document is held to.
#[derive(Debug)]
pub(super) struct DocumentRules {
    kept: KeptDocuments,
    introspection: Introspection,
    /// `None` where any document may come.
    listed: Option<ListedDocuments>,
}

#[derive(RustEmbed)]
#[folder = "../frontend-schema/operations"]
struct CommittedOperations;

impl DocumentRules {
    pub(super) fn of(settings: &Settings) -> Self {
        let committed = || {
            let files = CommittedOperations::iter().filter_map(|name| CommittedOperations::get(&name));
            let texts: Vec<String> =
                files.map(|file| String::from_utf8_lossy(&file.data).into_owned()).collect();
            ListedDocuments::of(texts.iter().map(String::as_str))
        };
        Self {
            kept: KeptDocuments::new(settings.limits.document),
            introspection: settings.introspection,
            listed: (settings.documents == Documents::Listed).then(committed),
        }
    }
}

const MAX_CAUSE_CHARACTERS: usize = 120;
const OFFERED: &str = "application/graphql-response+json and application/json";

/// `POST /graphql`.
pub(super) async fn post(
    request: HttpRequest,
    body: web::Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, HttpError> {
    let form =
        negotiate::answer_form(request.headers()).ok_or(HttpError::NotAcceptable { offered: OFFERED })?;
    match members(&request, body, &state).await? {
        Ok(members) => {
            let allowed = [OperationType::Query, OperationType::Mutation];
            in_form(form, answer(&request, &state, form, members, &allowed).await)
        }
        Err(error) => Ok(refused(form, StatusCode::BAD_REQUEST, error)),
    }
}

/// A refusal that says nothing about the request in the form of its answer, so that GraphQL's clients read its code.
fn in_form(form: AnswerForm, answered: Result<HttpResponse, HttpError>) -> Result<HttpResponse, HttpError> {
    match answered {
        Err(error) if error.is_about_load() => Ok(error.as_graphql(form)),
        answered => answered,
    }
}

/// The members of a request that is posted as JSON; the inner error is what it says where it cannot be read.
pub(super) async fn members(
    request: &HttpRequest,
    body: web::Payload,
    state: &State,
) -> Result<Result<RequestMembers, ServerError>, HttpError> {
    if !negotiate::is_json(request.headers()) {
        return Err(HttpError::UnsupportedMediaType { taken: "application/json in UTF-8" });
    }
    let body = Body::new(body, state.patience.body).whole(state.settings.limits.body_bytes).await?;
    Ok(serde_json::from_slice(&body).map_err(|problem| unreadable(&problem)))
}

/// The parameters of a query by GET.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    query: Option<String>,
    operation_name: Option<String>,
    variables: Option<String>,
    extensions: Option<String>,
}

/// `GET /graphql`: queries only.
pub(super) async fn get(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, HttpError> {
    let form =
        negotiate::answer_form(request.headers()).ok_or(HttpError::NotAcceptable { offered: OFFERED })?;
    let given = web::Query::<Parameters>::from_query(request.query_string());
    let Ok(web::Query(Parameters { query: Some(query), operation_name, variables, extensions })) = given
    else {
        return Ok(refused(form, StatusCode::BAD_REQUEST, bad_request("the parameter query is missing")));
    };
    let members = match (object::<OnceMap>(variables), object::<Unread>(extensions)) {
        (Ok(variables), Ok(extensions)) => {
            let operation_name = operation_name.filter(|name| !name.is_empty());
            RequestMembers { query, operation_name, variables, extensions }
        }
        (Err(problem), _) | (_, Err(problem)) => return Ok(malformed(form, &problem)),
    };
    in_form(form, answer(&request, &state, form, members, &[OperationType::Query]).await)
}

/// An object in a parameter; left out, empty and `null` are the same.
fn object<T: for<'de> Deserialize<'de>>(text: Option<String>) -> Result<Option<T>, serde_json::Error> {
    match text.filter(|text| !text.is_empty()) {
        Some(text) => serde_json::from_str(&text),
        None => Ok(None),
    }
}

/// Any other method at `/graphql`.
pub(super) async fn other_method() -> Result<HttpResponse, HttpError> {
    Err(HttpError::MethodNotAllowed {
        allowed: "GET, POST",
        reason: "GraphQL takes POST, and GET for queries",
    })
}

/// Any other method at `/graphql/sse`.
pub(super) async fn events_by_post() -> Result<HttpResponse, HttpError> {
    Err(HttpError::MethodNotAllowed { allowed: "POST", reason: "subscriptions are streamed by POST" })
}

/// `GET /schema.graphql`: the contract, as it is committed.
pub(super) async fn sdl() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(schema::sdl())
}

async fn answer(
    request: &HttpRequest,
    state: &State,
    form: AnswerForm,
    members: RequestMembers,
    allowed: &[OperationType],
) -> Result<HttpResponse, HttpError> {
    let Some(caller) = Caller::of_request(request, state).await? else {
        let error = request_error(Code::Unauthenticated, HttpError::Unauthenticated.to_string(), None);
        return Ok(refused(form, StatusCode::UNAUTHORIZED, error));
    };
    let admitted = match members.admitted(&state.documents, &caller.viewer) {
        Ok(admitted) => admitted,
        Err(error) => return Ok(refused(form, status_of_refusal(form), error)),
    };
    if !allowed.contains(&admitted.kind) {
        return match admitted.kind {
            OperationType::Subscription => {
                let error = bad_request(
                    "subscriptions run over the WebSocket /graphql/ws, or by POST to /graphql/sse",
                );
                Ok(refused(form, status_of_refusal(form), error))
            }
            _ => Err(HttpError::MethodNotAllowed { allowed: "POST", reason: "mutations are made by POST" }),
        };
    }
    let _running = state.place_for_operation().await?;
    let request = context::for_viewer(executable(members, admitted), &state.services, caller.viewer);
    Ok(match executed(state.schema.execute(request).await) {
        Executed::Refused(errors) => refusal(form, status_of_refusal(form), &errors),
        Executed::Ran(response) => ran(form, &response),
    })
}

/// The request that runs what was admitted; the document is not parsed again.
pub(super) fn executable(members: RequestMembers, admitted: preflight::Admitted) -> Request {
    let variables = members.variables.map(|OnceMap(map)| Variables::from_json(Value::Object(map)));
    let variables = variables.unwrap_or_default();
    let mut request = Request::new(members.query).variables(variables);
    if let Some(name) = members.operation_name {
        request = request.operation_name(name);
    }
    request.set_parsed_query(admitted.document);
    request
}

fn bad_request(message: &str) -> ServerError {
    request_error(Code::BadRequest, message.to_owned(), None)
}

fn malformed(form: AnswerForm, problem: &serde_json::Error) -> HttpResponse {
    refused(form, StatusCode::BAD_REQUEST, unreadable(problem))
}

/// What cannot be read as a request, with its line and column.
pub(super) fn unreadable(problem: &serde_json::Error) -> ServerError {
    // What the parser says ends with the line and column; what it repeats of the body is cut.
    let what = problem.to_string();
    let at = format!(" at line {} column {}", problem.line(), problem.column());
    let cause: String = what.strip_suffix(&at).unwrap_or(&what).chars().take(MAX_CAUSE_CHARACTERS).collect();
    let message = format!(
        "the request must be a JSON object with query, and if wanted operationName, variables, extensions{at}: {cause}"
    );
    bad_request(&message)
}

fn status_of_refusal(form: AnswerForm) -> StatusCode {
    match form {
        AnswerForm::GraphqlResponse => StatusCode::BAD_REQUEST,
        AnswerForm::Json => StatusCode::OK,
    }
}

fn refused(form: AnswerForm, status: StatusCode, error: ServerError) -> HttpResponse {
    refusal(form, status, &[error])
}

pub(super) fn refusal(form: AnswerForm, status: StatusCode, errors: &[ServerError]) -> HttpResponse {
    let body = serde_json::json!({ "errors": errors });
    HttpResponse::build(status).content_type(form.content_type()).body(body.to_string())
}

fn ran(form: AnswerForm, response: &Response) -> HttpResponse {
    match Chunks::of(response) {
        Ok(chunks) => {
            let mut answer = HttpResponse::Ok();
            answer.content_type(form.content_type());
            match chunks.only() {
                Ok(whole) => answer.body(whole),
                Err(chunks) => {
                    let byte_count = chunks.byte_count() as u64;
                    answer.body(SizedStream::new(byte_count, stream::iter(chunks.map(Ok::<_, Infallible>))))
                }
            }
        }
        Err(problem) => actix_web::ResponseError::error_response(&HttpError::Internal(Arc::new(problem))),
    }
}
