//! The HTTP ends. Handlers read the request, make one call and write the answer; what is decided, others decide.
//!
//! [`routes`] is the whole list. Every request passes `observe` (request id, trace, figures, security headers), then
//! `origin` (which pages may ask) and `rate` (how often). `connections`, `body` and `admission` bound what a slow or a
//! busy caller can hold.
//!
//! Invariant: a mutation is made by POST with a JSON body, or over a WebSocket, and by nothing else.
//! Invariant: what a token may do is asked of the service for each request; nothing here decides it.

mod address;
mod admission;
mod body;
mod connections;
mod dashboard;
mod error;
mod files;
mod graphql;
mod health;
mod negotiate;
mod observe;
mod once;
mod origin;
mod rate;
mod server;
mod subscribe;
mod tiles;
mod viewer;

use std::sync::Arc;

use actix_web::middleware::{Compress, from_fn};
use actix_web::web;
use domain::viewer::Viewer;
use tokio::sync::watch;

use crate::clock::{Clock, IdSource};
use crate::config::{ServerSecret, Settings};
use crate::graphql::schema::GridwardSchema;
use crate::live::{Hub, Pace};
use crate::service::Services;
use crate::telemetry::Figures;

pub use body::BodyPace;
pub use server::{BindError, Server, Stop};
pub use subscribe::Patience;

/// What the handlers share.
pub(crate) struct State {
    settings: Settings,
    services: Services,
    schema: GridwardSchema,
    figures: Figures,
    clock: Clock,
    ids: IdSource,
    patience: Patience,
    sockets: Arc<subscribe::OpenSockets>,
    documents: Arc<graphql::DocumentRules>,
    rates: rate::Rates,
    operations: Arc<admission::Admission>,
    imports: admission::Admission,
    stopping: watch::Receiver<Stopping>,
}

impl State {
    /// Counts a request or an operation of a user, and refuses it where there are too many.
    fn count_user(&self, viewer: &Viewer) -> Result<(), rate::Wait> {
        self.rates.count_user(viewer).inspect_err(|_| self.figures.refused("user_rate"))
    }

    /// Counts an operation of the public, and refuses it where there are too many from its address.
    fn count_address(&self, address: Option<address::Address>) -> Result<(), rate::Wait> {
        self.rates.count_address(address).inspect_err(|_| self.figures.refused("address_rate"))
    }

    /// A place for a query or a mutation, perhaps after a while in the queue.
    async fn place_for_operation(&self) -> Result<admission::Running, admission::Full> {
        self.operations.enter().await.inspect_err(|_| self.figures.refused("operations"))
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// Whether the server is asked to stop.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Stopping {
    /// It serves.
    #[default]
    No,
    /// It ends what is under way and takes nothing new.
    Yes,
}

/// Starts the hub that subscriptions hang on, at its usual pace.
pub fn start_hub(services: &Services, secret: ServerSecret) -> Hub {
    Hub::start(services.clone(), services.bus(), secret, Pace::default())
}

/// The contract as text, as it is committed.
pub fn schema_text() -> String {
    crate::graphql::schema::sdl()
}

/// Every route.
fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/health", web::get().to(health::health))
        .route("/ready", web::get().to(health::ready))
        .route("/metrics", web::get().to(health::metrics))
        .route("/schema.graphql", web::get().to(graphql::sdl))
        .service(
            web::scope("")
                .wrap(Compress::default())
                .wrap(from_fn(rate::check))
                .wrap(from_fn(origin::check))
                .configure(guarded_routes),
        );
}

/// The routes that a browser may ask, behind the check of its origin.
fn guarded_routes(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/graphql")
                .route(web::post().to(graphql::post))
                .route(web::get().to(graphql::get))
                .default_service(web::to(graphql::other_method)),
        )
        .route("/graphql/ws", web::get().to(subscribe::upgrade))
        .service(
            web::resource("/graphql/sse")
                .route(web::post().to(subscribe::stream))
                .default_service(web::to(graphql::events_by_post)),
        )
        .route("/d/{district}/tiles.json", web::get().to(tiles::tile_json))
        .route("/d/{district}/tiles/{layer}/{version}/{z}/{x}/{y}.mvt", web::get().to(tiles::tile))
        .route("/d/{district}/import/{kind}", web::post().to(files::import))
        .route("/d/{district}/export/{kind}", web::get().to(files::export))
        .default_service(web::to(dashboard::file));
}
