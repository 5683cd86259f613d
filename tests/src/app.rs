//! A whole server in this process: on a free port, over SQLite in a temporary folder, with a clock that tests set, and a
//! client for each role.
//!
//! `TestApp::start()` has the district of [`crate::world`]; [`TestApp::empty`] has none.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use api::bus::Bus;
use api::cache::Cache;
use api::clock::{Clock, IdSource};
use api::config::{LimitOverrides, Overrides, RedisPatience, Secret, ServerSecret, Settings};
use api::http::{Patience, Server, Stop};
use api::live::{Hub, Pace};
use api::service::Services;
use api::store::{DatabaseSettings, Store};
use chrono::TimeDelta;
use domain::viewer::Role;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::world;

/// Quicker than in earnest, so that tests do not wait.
pub const PACE: Pace = Pace {
    heads: Duration::from_millis(100),
    figures: Duration::from_millis(200),
    bookmarks: Duration::from_millis(500),
    rights: Duration::from_millis(500),
};

/// Redis gets longer than in earnest, so that a busy machine does not pass for a slow Redis, and is asked for signs of life
/// more often, so that tests do not wait.
pub const REDIS_PATIENCE: RedisPatience = RedisPatience {
    read: Duration::from_secs(1),
    other: Duration::from_secs(2),
    beat: Duration::from_millis(200),
};

/// Whether a server finds an empty database or one with the district of [`crate::world`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum World {
    /// It writes the district and its staff first.
    Founded,
    /// It leaves the database as it is.
    Left,
}

/// A running server and what it stands on.
#[derive(Debug)]
pub struct TestApp {
    /// What the server stands on, to arrange and to look behind it.
    pub store: Store,
    /// The use cases, past the HTTP ends.
    pub services: Services,
    /// The clock of everything; it stands still until advanced.
    pub clock: Clock,
    /// Where the database is, to look at its tables beside the store.
    pub database_url: String,
    address: SocketAddr,
    stop: Option<Stop>,
    folder: tempfile::TempDir,
}

/// Somebody who asks.
#[derive(Clone, Debug)]
pub struct Client {
    address: SocketAddr,
    token: Option<String>,
    http: reqwest::Client,
}

/// An answer over HTTP.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body, `null` where it is no JSON.
    pub body: Value,
}

/// A socket of a test.
pub type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

impl TestApp {
    /// A server with the district of [`crate::world`] and its staff.
    pub async fn start() -> Self {
        Self::started(Overrides::default(), Patience::default(), PACE, World::Founded).await
    }

    /// The same, with other settings.
    pub async fn start_with(overrides: Overrides) -> Self {
        Self::started(overrides, Patience::default(), PACE, World::Founded).await
    }

    /// The same, with sockets that wait less for the other side.
    pub async fn start_with_patience(overrides: Overrides, patience: Patience) -> Self {
        Self::started(overrides, patience, PACE, World::Founded).await
    }

    /// A server without any district.
    pub async fn empty() -> Self {
        Self::started(Overrides::default(), Patience::default(), PACE, World::Left).await
    }

    /// The same, with other settings.
    pub async fn empty_with(overrides: Overrides) -> Self {
        Self::started(overrides, Patience::default(), PACE, World::Left).await
    }

    /// One of several servers on one database: the first founds the world. Its hub looks by itself at that pace.
    pub async fn node(overrides: Overrides, pace: Pace, world: World) -> Self {
        Self::started(overrides, Patience::default(), pace, world).await
    }

    async fn started(overrides: Overrides, patience: Patience, pace: Pace, world: World) -> Self {
        let now = world::noon();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let own = Overrides {
            data_dir: Some(folder.path().to_owned()),
            database_url: Some(Secret::new("sqlite://gridward.db")),
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 0))),
            // A test asks in a second what people ask in an hour; those about the rate set it.
            limits: LimitOverrides { max_user_requests: Some(1_000_000_000), ..LimitOverrides::default() },
            ..Overrides::default()
        };
        let mut settings = Settings::from_overrides(overrides.or(own)).expect("settings");
        if let Some(redis) = &mut settings.redis {
            redis.patience = REDIS_PATIENCE;
        }
        let database_url = settings.database.url.expose().to_owned();
        let store = Store::connect(&DatabaseSettings::new(database_url.as_str())).await;
        let store = store.expect("the database opens");
        store.migrate().await.expect("the migrations run");
        let clock = Clock::set_to(now);
        if world == World::Founded {
            world::found(&store, now).await;
        }
        let ids = IdSource::random(clock.clone());
        let bus = Bus::local();
        let services =
            Services::new(store.clone(), Cache::new(store.clone()), bus, clock.clone(), ids.clone());
        let services = services.with_import_caps(settings.limits.import.clone());
        let secret = ServerSecret::new("of the tests");
        let services = services.with_redis(&settings, &secret).expect("a Redis that may be there");
        let hub = Hub::start(services.clone(), services.bus(), secret, pace);
        let server = Server::bind(&settings, services.clone(), hub, clock.clone(), ids, patience);
        let server = server.expect("a free port");
        let (address, stop) = (server.address(), server.stop_handle());
        tokio::spawn(server.run());
        Self { store, services, clock, database_url, address, stop: Some(stop), folder }
    }

    /// Nobody who signed in.
    pub fn public(&self) -> Client {
        Client { address: self.address, token: None, http: reqwest::Client::new() }
    }

    /// The user of a role; the worker's and the head's cell is `T1-SW`.
    pub fn staff(&self, role: Role) -> Client {
        match role {
            Role::Public => self.public(),
            role => self.with_token(&world::token_of(role)),
        }
    }

    /// Whoever a token belongs to.
    pub fn with_token(&self, token: &str) -> Client {
        Client { token: Some(token.to_owned()), ..self.public() }
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The folder of its data.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Lets time pass for everything that looks at the clock.
    pub fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// Stops the server as a signal would.
    pub async fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            stop.gracefully().await;
        }
    }
}

impl Client {
    /// Asks over GraphQL and takes the answer's `data`.
    ///
    /// # Panics
    /// Where the answer has errors.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        let answer = self.post(json!({ "query": query, "variables": variables })).await;
        assert!(answer.body.get("errors").is_none(), "{query}\n{:#}", answer.body);
        answer.body["data"].clone()
    }

    /// Sends a GraphQL request as it is.
    pub async fn post(&self, body: Value) -> Answer {
        let request = self.request(reqwest::Method::POST, "/graphql");
        let accept = "application/graphql-response+json";
        answered(request.header("accept", accept).json(&body)).await
    }

    /// Reads an address of the server.
    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.request(reqwest::Method::GET, path).send().await.expect("an answer")
    }

    /// A request to be completed and sent.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method, format!("http://{}{path}", self.address));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Opens a WebSocket that speaks `graphql-transport-ws`, without `connection_init`.
    pub async fn socket(&self) -> Socket {
        let mut request =
            format!("ws://{}/graphql/ws", self.address).into_client_request().expect("a request");
        let protocol = "graphql-transport-ws".parse().expect("a header");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        let (socket, _) = tokio_tungstenite::connect_async(request).await.expect("a socket");
        socket
    }

    /// The token, for `connection_init`.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }
}

/// Settings with other caps.
pub fn limited(limits: LimitOverrides) -> Overrides {
    Overrides { limits, ..Overrides::default() }
}

/// Sends a request and reads the answer.
pub async fn answered(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let text = response.text().await.expect("a body");
    Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::Null) }
}
