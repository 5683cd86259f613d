//! The server as a whole: bound, running, stopped.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, web};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
#[cfg(target_os = "linux")]
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::admission::Admission;
use super::connections::Connections;
use super::error::HttpError;
use super::graphql::DocumentRules;
use super::rate::Rates;
use super::subscribe::{OpenSockets, Patience};
use super::{State, Stopping, observe, routes};
use crate::clock::{Clock, IdSource};
use crate::config::Settings;
use crate::graphql::schema;
use crate::live::Hub;
use crate::service::Services;
use crate::telemetry::Figures;

/// How long requests under way may take after the server was asked to stop.
const STOP_WITHIN_S: u64 = 10;
/// Connections that wait to be taken.
const BACKLOG: u32 = 1024;

/// A server that is bound to its address; it answers while [`Server::run`] is awaited.
pub struct Server {
    address: SocketAddr,
    running: actix_web::dev::Server,
    figures: Figures,
    connections: Arc<Connections>,
    patience: Patience,
    stopping: watch::Sender<Stopping>,
    forgetting: BoxFuture<'static, ()>,
}

/// How often the figures are put in order.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// How often connections are looked at on which nothing is asked, at least.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Asks a server to stop.
#[derive(Clone, Debug)]
pub struct Stop {
    handle: ServerHandle,
    stopping: watch::Sender<Stopping>,
}

/// Why the server does not listen.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address is taken or not allowed.
    #[error("cannot listen on {address}")]
    Address {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The figures could not be made.
    #[error("the figures could not be made")]
    Figures(#[from] metrics_exporter_prometheus::BuildError),
}

impl Server {
    /// Listens on the address in the settings; port 0 takes a free one.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn bind(
        settings: &Settings,
        services: Services,
        hub: Hub,
        clock: Clock,
        ids: IdSource,
        patience: Patience,
    ) -> Result<Self, BindError> {
        let (stopping, heard) = watch::channel(Stopping::No);
        let figures = Figures::new()?;
        let forgetting = services.clone().keep_forgetting_events(settings.limits.kept_events).boxed();
        let state = web::Data::new(State {
            schema: schema::build(services.clone(), hub, &settings.limits.document),
            settings: settings.clone(),
            services,
            figures: figures.clone(),
            clock,
            ids,
            patience,
            sockets: Arc::new(OpenSockets::default()),
            documents: Arc::new(DocumentRules::of(settings)),
            rates: Rates::new(&settings.limits, Instant::now()),
            operations: Arc::new(Admission::new(
                settings.limits.running_operations,
                settings.limits.waiting_operations,
                patience.queue,
            )),
            // An import takes minutes: to wait for one is nothing that a request can do.
            imports: Admission::new(settings.limits.running_imports, 0, patience.queue),
            stopping: heard,
        });
        let refused = |source| BindError::Address { address: settings.listen, source };
        // An address whose parts are not what they must be is one where nothing is, and answers like it.
        let path = web::PathConfig::default().error_handler(|_, _| HttpError::NotFound.into());
        let app = move || {
            let app = App::new().app_data(state.clone()).app_data(path.clone());
            app.wrap(from_fn(observe::around)).configure(routes)
        };
        let connections = Arc::new(Connections::default());
        let open = Arc::clone(&connections);
        let server = HttpServer::new(app)
            .on_connect(move |connection, extensions| {
                if let Some(stream) = connection.downcast_ref::<TcpStream>() {
                    let_go_of_who_takes_nothing(stream, patience.write);
                    send_at_once(stream);
                    extensions.insert(open.take_in(stream));
                }
            })
            .client_request_timeout(patience.head)
            .keep_alive(patience.idle)
            .backlog(BACKLOG)
            .shutdown_timeout(STOP_WITHIN_S)
            .disable_signals()
            .bind(settings.listen)
            .map_err(refused)?;
        let address = server.addrs().first().copied().unwrap_or(settings.listen);
        Ok(Self { address, running: server.run(), figures, connections, patience, stopping, forgetting })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What stops it.
    pub fn stop_handle(&self) -> Stop {
        Stop { handle: self.running.handle(), stopping: self.stopping.clone() }
    }

    /// Answers until it is stopped.
    ///
    /// # Errors
    /// Where the operating system takes the address away.
    pub async fn run(self) -> std::io::Result<()> {
        let mut upkeep = tokio::time::interval(UPKEEP_EVERY);
        // One that asks nothing is ended by actix after `idle`; what is left then has begun a head and does not end it.
        let quiet = self.patience.idle + self.patience.head;
        let mut look = tokio::time::interval((quiet / 4).min(LOOK_EVERY));
        let mut running = std::pin::pin!(self.running);
        let mut forgetting = self.forgetting;
        loop {
            tokio::select! {
                ended = &mut running => return ended,
                () = &mut forgetting => {}
                _ = upkeep.tick() => self.figures.tidy_up(),
                _ = look.tick() => self.figures.connections_ended(self.connections.end_quiet(quiet)),
            }
        }
    }
}

/// Has the system end a connection whose other side takes nothing for so long, whatever is written on it. A response that
/// is written as it is read has no deadline otherwise.
fn let_go_of_who_takes_nothing(stream: &TcpStream, patience: Duration) {
    #[cfg(target_os = "linux")]
    if let Err(error) = SockRef::from(stream).set_tcp_user_timeout(Some(patience)) {
        tracing::warn!(error = %error, "A connection got no deadline for its writes");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (stream, patience);
}

/// Has the system send what is written when it is written. Otherwise the end of an answer that is written in parts, and an
/// event that comes soon after another, wait until the other side says that it has what was sent before.
fn send_at_once(stream: &TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::warn!(error = %error, "A connection holds back what is written on it");
    }
}

impl Stop {
    /// Takes nothing new, tells the sockets, and ends what is under way, within ten seconds.
    pub async fn gracefully(self) {
        self.stopping.send_replace(Stopping::Yes);
        self.handle.stop(true).await;
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}
