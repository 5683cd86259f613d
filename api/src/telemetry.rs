//! Logs and figures of this process.
//!
//! Figures belong to a server, not to the process, so that two servers in one test process do not add up.

mod escaped;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use metrics::{Counter, Histogram, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{
    BuildError, Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder,
};
use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, Settings};
use escaped::Escaped;

/// Begins to log. Once a process; a second call changes nothing.
pub fn start_logging(settings: &Settings) {
    let filter = EnvFilter::try_new(&settings.log).unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Escaped(std::io::stderr()));
    // Colours are control characters: what colours a line could not be told from what a caller put into it.
    let logs = logs.with_ansi(false);
    // An error says that logging has begun already.
    let _ = match settings.log_format {
        LogFormat::Text => logs.try_init(),
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
    };
}

/// The figures of one server, as `/metrics` shows them.
#[derive(Clone)]
pub struct Figures {
    recorder: Arc<PrometheusRecorder>,
    handle: PrometheusHandle,
    /// By route. The recorder makes a copy of a figure's name and labels each time that it looks for it.
    routes: Arc<RwLock<HashMap<String, RouteFigures>>>,
}

/// What the requests of one route are counted by.
struct RouteFigures {
    seconds: Histogram,
    /// By method and status.
    answered: Vec<(String, u16, Counter)>,
}

impl RouteFigures {
    /// Counts a request where one of its kind was counted before; says whether it did.
    fn count(&self, method: &str, status: u16, seconds: f64) -> bool {
        let of_its_kind = |(known, code, _): &&(String, u16, Counter)| known == method && *code == status;
        let Some((.., counter)) = self.answered.iter().find(of_its_kind) else { return false };
        counter.increment(1);
        self.seconds.record(seconds);
        true
    }
}

/// Whether something is there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Presence {
    /// It is.
    There,
    /// It is not.
    Away,
}

impl From<bool> for Presence {
    fn from(is_there: bool) -> Self {
        if is_there { Self::There } else { Self::Away }
    }
}

const ABOUT: Metadata<'static> = Metadata::new("gridward", Level::INFO, None);
const REQUEST_SECONDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

impl Figures {
    /// Figures that all stand at nothing.
    ///
    /// # Errors
    /// [`BuildError`] where the limits of the classes are refused, which the tests would see.
    pub fn new() -> Result<Self, BuildError> {
        let classes = Matcher::Full("http_request_duration_seconds".to_owned());
        let recorder =
            PrometheusBuilder::new().set_buckets_for_metric(classes, &REQUEST_SECONDS)?.build_recorder();
        let handle = recorder.handle();
        Ok(Self { recorder: Arc::new(recorder), handle, routes: Arc::default() })
    }

    /// Puts the samples of a while into their classes; until then each is kept by itself.
    pub fn tidy_up(&self) {
        self.handle.run_upkeep();
    }

    /// Counts an answered request.
    pub fn request_answered(&self, method: &str, route: &str, status: u16, seconds: f64) {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        if routes.get(route).is_some_and(|known| known.count(method, status, seconds)) {
            return;
        }
        drop(routes);
        let own = |text: &str| text.to_owned();
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        let known = routes.entry(own(route)).or_insert_with(|| {
            let histogram =
                Key::from_parts("http_request_duration_seconds", vec![Label::new("route", own(route))]);
            let seconds = self.recorder.register_histogram(&histogram, &ABOUT);
            RouteFigures { seconds, answered: Vec::new() }
        });
        // Another of its kind may have come first meanwhile.
        if known.count(method, status, seconds) {
            return;
        }
        let labels = vec![
            Label::new("method", own(method)),
            Label::new("route", own(route)),
            Label::new("status", status.to_string()),
        ];
        let counter = Key::from_parts("http_requests_total", labels);
        let counter = self.recorder.register_counter(&counter, &ABOUT);
        known.answered.push((own(method), status, counter));
        known.count(method, status, seconds);
    }

    /// Counts a request or an operation that was refused because it was too much, by what it was too much for.
    pub fn refused(&self, by: &'static str) {
        let counter = Key::from_parts("refused_total", vec![Label::new("by", by)]);
        self.recorder.register_counter(&counter, &ABOUT).increment(1);
    }

    /// Counts connections that were ended because nothing was asked on them.
    pub fn connections_ended(&self, count: usize) {
        if count > 0 {
            let counter = Key::from_static_name("quiet_connections_ended_total");
            self.recorder.register_counter(&counter, &ABOUT).increment(count as u64);
        }
    }

    /// Says how many operations wait for their turn.
    pub fn set_waiting_operations(&self, count: usize) {
        self.set("operations_waiting", count);
    }

    /// Says how many WebSockets are open.
    pub fn set_open_sockets(&self, count: usize) {
        self.set("websockets_open", count);
    }

    /// Says how often something came to a result since the server began.
    pub fn set_total(&self, name: &'static str, result: &'static str, total: u64) {
        let counter = Key::from_parts(name, vec![Label::new("result", result)]);
        self.recorder.register_counter(&counter, &ABOUT).absolute(total);
    }

    /// Says whether something that the server uses is there: 1 or 0.
    pub fn set_presence(&self, name: &'static str, presence: Presence) {
        self.set(name, usize::from(presence == Presence::There));
    }

    /// All of them, in the text format of Prometheus.
    pub fn render(&self) -> String {
        self.handle.render()
    }

    #[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^53 sockets")]
    fn set(&self, name: &'static str, count: usize) {
        self.recorder.register_gauge(&Key::from_static_name(name), &ABOUT).set(count as f64);
    }
}

impl std::fmt::Debug for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Figures")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_status() {
        let figures = Figures::new().expect("figures");
        figures.request_answered("GET", "/health", 200, 0.002);
        figures.request_answered("GET", "/health", 200, 0.004);
        figures.request_answered("GET", "/health", 503, 0.02);
        figures.request_answered("HEAD", "/health", 200, 0.02);
        figures.request_answered("GET", "/", 200, 0.02);
        figures.set_open_sockets(3);
        let text = figures.render();
        for one in [
            r#"{method="GET",route="/health",status="503"} 1"#,
            r#"{method="HEAD",route="/health",status="200"} 1"#,
            r#"{method="GET",route="/",status="200"} 1"#,
        ] {
            assert!(text.contains(&format!("http_requests_total{one}")), "{one}: {text}");
        }
        assert!(text.contains("http_request_duration_seconds_count{route=\"/health\"} 4"), "{text}");
        assert!(
            text.contains("http_requests_total{method=\"GET\",route=\"/health\",status=\"200\"} 2"),
            "{text}"
        );
        assert!(
            text.contains("http_request_duration_seconds_bucket{route=\"/health\",le=\"0.0025\"} 1"),
            "{text}"
        );
        assert!(text.contains("websockets_open 3"), "{text}");
        let other = Figures::new().expect("figures");
        assert!(!other.render().contains("http_requests_total"));
    }
}
