//! `gridward serve`: everything put together, run until a signal asks it to stop.

use std::net::SocketAddr;

use tokio::signal::unix::{SignalKind, signal};

use super::socket::AdminSocket;
use super::{Failure, operator};
use crate::clock::{Clock, IdSource};
use crate::config::{ServerSecret, Settings};
use crate::http::{self, Patience, Server, Stop};
use crate::service::Services;
use crate::telemetry;

/// Opens the database and serves it.
pub(super) async fn run(settings: Settings) -> Result<(), Failure> {
    telemetry::start_logging(&settings);
    let missing = Services::missing_database(&settings);
    let services = operator::open(&settings).await?;
    if let Some(path) = missing {
        tracing::warn!(
            path = %path.display(),
            "Made a new database, {}, which has no district yet; where one was expected, look at --data-dir and --database-url",
            path.display()
        );
    }
    with_services(settings, services, |_| Ok(())).await
}

/// Serves use cases that are open already, until SIGTERM or SIGINT; `listening` hears the address once it is bound.
pub(super) async fn with_services(
    settings: Settings,
    services: Services,
    listening: impl FnOnce(SocketAddr) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let clock = Clock::system();
    let ids = IdSource::random(clock.clone());
    let secret =
        ServerSecret::load_or_make(&settings.secret_file).map_err(|error| Failure::unusable(&error))?;
    let services = services.with_redis(&settings, &secret).map_err(|error| Failure::unusable(&error))?;
    let hub = http::start_hub(&services, secret);
    let commands = AdminSocket::open(&settings.admin_socket(), services.clone())?;
    let server = Server::bind(&settings, services, hub, clock, ids, Patience::default())
        .map_err(|error| Failure::unusable(&error))?;
    tracing::info!(address = %server.address(), "Listening on http://{}", server.address());
    listening(server.address())?;
    tokio::spawn(stop_when_asked(server.stop_handle()));
    server.run().await.map_err(|error| Failure::unusable(&error))?;
    drop(commands);
    tracing::info!("Stopped");
    Ok(())
}

async fn stop_when_asked(stop: Stop) {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("Signals cannot be listened for; the server only ends when it is killed");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("Stopping: sockets are told, requests under way end");
    stop.gracefully().await;
}
