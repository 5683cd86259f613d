//! Whether the process lives, whether it can answer, and its figures.

use actix_web::{HttpResponse, web};

use super::error::HttpError;
use super::{State, Stopping};

/// `GET /health`: the process lives. Says nothing of the database, so that a slow one does not get it killed.
pub(super) async fn health() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ok\n")
}

/// `GET /ready`: the database answers, and its districts can be read.
pub(super) async fn ready(state: web::Data<State>) -> Result<HttpResponse, HttpError> {
    if *state.stopping.borrow() == Stopping::Yes {
        return Err(HttpError::NotReady("it is stopping"));
    }
    if let Err(error) = state.services.ready().await {
        tracing::warn!(error = %error, "Not ready");
        return Err(HttpError::NotReady("the database does not answer"));
    }
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body("ready\n"))
}

/// `GET /metrics`: the figures in the format of Prometheus.
pub(super) async fn metrics(state: web::Data<State>) -> HttpResponse {
    state.figures.set_open_sockets(state.sockets.count());
    state.figures.set_waiting_operations(state.operations.waiting_count());
    let form = "text/plain; version=0.0.4; charset=utf-8";
    HttpResponse::Ok().content_type(form).body(state.figures.render())
}
