//! Settings: flags, then the environment (`GRIDWARD_*`), then `gridward.toml`, then defaults.
//!
//! Start at [`Settings::load`]. A key that nobody knows is an error, wherever it stands; a secret never shows in `Debug`.

mod document;
mod documents;
mod limits;
mod overrides;
mod proxies;
mod redis_url;
mod secret;
mod shown;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use document::DocumentLimits;
pub use documents::{Documents, Introspection};
pub use limits::{LimitOverrides, Limits};
pub use overrides::Overrides;
pub use proxies::TrustedProxies;
pub use redis_url::{RedisPatience, RedisSettings};
pub use secret::{Secret, SecretError, ServerSecret};
pub use shown::in_force;

/// Everything that can be set, checked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of the database, the secret and the admin socket.
    pub data_dir: PathBuf,
    /// Where the server listens.
    pub listen: SocketAddr,
    /// The database.
    pub database: DatabaseSettings,
    /// The Redis between this server and others; `None` where there is none.
    pub redis: Option<RedisSettings>,
    /// The file with the secret that cursors are signed with; made at the first start.
    pub secret_file: PathBuf,
    /// Which pages may talk to this server.
    pub origins: Origins,
    /// Which peers speak for others.
    pub trusted_proxies: TrustedProxies,
    /// Which documents are executed.
    pub documents: Documents,
    /// Who may ask what the schema is.
    pub introspection: Introspection,
    /// What is logged, in the notation of `RUST_LOG`.
    pub log: String,
    /// How it is written.
    pub log_format: LogFormat,
    /// Caps on what one caller, one document or one file can make the server do.
    pub limits: Limits,
}

/// Which database, and how many connections to it.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// `sqlite://` with an absolute path, or `postgres://`.
    pub url: Secret,
    /// The most connections to PostgreSQL; SQLite has one writer and a few readers.
    pub max_connections: u32,
}

/// Which pages may talk to this server; its own may always.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Origins {
    /// Others, as `scheme://host[:port]`.
    pub listed: Vec<String>,
    /// Whether pages of this machine may, whatever their port: the demo.
    pub localhost: Localhost,
}

/// Whether pages of this machine may talk to the server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Localhost {
    /// Only those listed.
    #[default]
    Listed,
    /// All of them.
    Any,
}

/// How logs are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, serde::Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Why settings were refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file is there but cannot be read.
    #[error("the configuration file {path} cannot be read")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("the configuration file {path} is not valid: {problem}")]
    File {
        /// The file.
        path: PathBuf,
        /// What and where; the line itself is left out, since it may hold a secret.
        problem: String,
    },
    /// A variable that nobody knows.
    #[error("the environment variable {name} is not known; known are {known}")]
    UnknownVariable {
        /// Its name.
        name: String,
        /// What there is.
        known: String,
    },
    /// A value that does not fit.
    #[error("{name} is not valid: {problem}")]
    Value {
        /// Which setting.
        name: String,
        /// What is allowed.
        problem: String,
    },
}

impl Settings {
    /// Puts the settings together. `variables` is the environment; `file` is `None` for `gridward.toml` in the working
    /// folder, which need not exist.
    ///
    /// # Errors
    /// [`ConfigError`] for the first key that is unknown or value that does not fit.
    pub fn load(
        flags: Overrides,
        variables: impl IntoIterator<Item = (String, String)>,
        file: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        Self::from_overrides(Overrides::combined(flags, variables, file)?)
    }

    /// The settings of a few overrides over the defaults.
    ///
    /// # Errors
    /// [`ConfigError::Value`].
    pub fn from_overrides(given: Overrides) -> Result<Self, ConfigError> {
        let data_dir = given.data_dir.unwrap_or_else(|| PathBuf::from("."));
        let data_dir = std::path::absolute(&data_dir).unwrap_or(data_dir);
        let url = given.database_url.unwrap_or_else(|| Secret::new("sqlite://gridward.db"));
        let secret_file = given.secret_file.unwrap_or_else(|| PathBuf::from("gridward.secret"));
        Ok(Self {
            database: DatabaseSettings {
                url: resolved_database_url(&url, &data_dir)?,
                max_connections: given.database_connections.unwrap_or(16).clamp(2, 1_000),
            },
            redis: given.redis_url.map(RedisSettings::checked).transpose()?.flatten(),
            listen: given.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            secret_file: data_dir.join(secret_file),
            origins: Origins {
                listed: checked_origins(given.origins.unwrap_or_default())?,
                ..Origins::default()
            },
            trusted_proxies: TrustedProxies::parse(&given.trusted_proxies.unwrap_or_default())?,
            documents: given.documents.unwrap_or_default(),
            introspection: given.introspection.unwrap_or_default(),
            log: given.log.unwrap_or_else(|| "info".to_owned()),
            log_format: given.log_format.unwrap_or_default(),
            limits: Limits::from_overrides(given.limits)?,
            data_dir,
        })
    }

    /// Where admin commands reach the running server.
    pub fn admin_socket(&self) -> PathBuf {
        self.data_dir.join("gridward.sock")
    }
}

impl DatabaseSettings {
    /// Whether several servers may work on it: a file of SQLite has one server.
    pub fn takes_several_servers(&self) -> bool {
        !self.url.expose().starts_with("sqlite:")
    }
}

/// A relative SQLite path lies in the data folder.
fn resolved_database_url(url: &Secret, data_dir: &Path) -> Result<Secret, ConfigError> {
    let text = url.expose();
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Ok(url.clone());
    }
    let refused = |problem: &str| ConfigError::Value { name: "database_url".into(), problem: problem.into() };
    let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:"));
    let path = path.ok_or_else(|| refused("it must begin with sqlite:// or postgres://"))?;
    if path.is_empty() || path.contains('?') || path == ":memory:" {
        return Err(refused("sqlite:// takes the path of a file and nothing else"));
    }
    Ok(Secret::new(format!("sqlite://{}", data_dir.join(path).display())))
}

fn checked_origins(origins: Vec<String>) -> Result<Vec<String>, ConfigError> {
    for origin in &origins {
        let host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        if host.is_none_or(|host| host.is_empty() || host.contains(['/', '*', ' '])) {
            let problem =
                format!("{origin:?} must be https://host or http://host, with a port where it has one");
            return Err(ConfigError::Value { name: "origins".into(), problem });
        }
    }
    Ok(origins)
}

#[cfg(test)]
mod tests;
