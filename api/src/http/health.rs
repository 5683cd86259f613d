//! Whether the process lives, whether it can answer, and its figures.

use actix_web::{HttpResponse, web};

use super::error::HttpError;
use super::{State, Stopping};
use crate::service::system::RedisReport;
use crate::telemetry::Figures;

/// `GET /health`: the process lives. Says nothing of the database, so that a slow one does not get it killed.
pub(super) async fn health(state: web::Data<State>) -> HttpResponse {
    told("ok\n", state.services.redis())
}

/// `GET /ready`: the database answers, and its districts can be read. Without its Redis a server is slower, but ready.
pub(super) async fn ready(state: web::Data<State>) -> Result<HttpResponse, HttpError> {
    if *state.stopping.borrow() == Stopping::Yes {
        return Err(HttpError::NotReady("it is stopping"));
    }
    if let Err(error) = state.services.ready().await {
        tracing::warn!(error = %error, "Not ready");
        return Err(HttpError::NotReady("the database does not answer"));
    }
    Ok(told("ready\n", state.services.redis()))
}

/// `GET /metrics`: the figures in the format of Prometheus.
pub(super) async fn metrics(state: web::Data<State>) -> HttpResponse {
    state.figures.set_open_sockets(state.sockets.count());
    state.figures.set_waiting_operations(state.operations.waiting_count());
    if let Some(redis) = state.services.redis() {
        set_figures(&state.figures, &redis);
    }
    let form = "text/plain; version=0.0.4; charset=utf-8";
    HttpResponse::Ok().content_type(form).body(state.figures.render())
}

/// A line, and how Redis does where one is set.
fn told(line: &str, redis: Option<RedisReport>) -> HttpResponse {
    let redis = match redis {
        None => "",
        Some(redis) if redis.is_well() => "redis: up\n",
        Some(_) => "redis: down (degraded: slower, but right)\n",
    };
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(format!("{line}{redis}"))
}

fn set_figures(figures: &Figures, redis: &RedisReport) {
    let cache = &redis.cache;
    figures.set_presence("redis_cache_up", cache.is_up.into());
    for (result, total) in [
        ("hit", cache.hits),
        ("miss", cache.misses),
        ("wrong", cache.wrong),
        ("failed", cache.failed),
        ("passed_over", cache.passed_over),
    ] {
        figures.set_total("redis_cache_reads_total", result, total);
    }
    for (result, total) in [
        ("stored", cache.stored),
        ("refused", cache.refused),
        ("dropped", cache.dropped),
        ("too_large", cache.too_large),
    ] {
        figures.set_total("redis_cache_writes_total", result, total);
    }
    if let Some(bus) = &redis.bus {
        figures.set_presence("redis_bus_up", bus.is_heard.into());
        for (result, total) in
            [("sent", bus.sent), ("failed", bus.failed), ("heard", bus.heard), ("strange", bus.strange)]
        {
            figures.set_total("redis_rings_total", result, total);
        }
    }
}
