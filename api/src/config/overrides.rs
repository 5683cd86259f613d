//! One list of keys for all three doors: flags, environment, file.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::ValueEnum;
use serde::Deserialize;

use super::{ConfigError, Documents, Introspection, LimitOverrides, LogFormat, Secret};

/// Under what the flags stand in the help of every command.
const PLACES: &str = "Data folder and databases";
const CONNECTIONS: &str = "Connections";
const LOG: &str = "Log";

/// What was set at one door. Every field is a flag, a variable `GRIDWARD_…` and a key of `gridward.toml`.
#[derive(Clone, Debug, Default, Deserialize, clap::Args)]
#[serde(deny_unknown_fields)]
pub struct Overrides {
    /// The folder of the database, the secret and the admin socket [default: the working folder].
    #[arg(long, value_name = "FOLDER", help_heading = PLACES)]
    pub data_dir: Option<PathBuf>,
    /// Where to listen [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS:PORT", help_heading = CONNECTIONS)]
    pub listen: Option<SocketAddr>,
    /// sqlite://FILE or postgres://… [default: sqlite://gridward.db in the data folder].
    #[arg(long, value_name = "URL", help_heading = PLACES)]
    pub database_url: Option<Secret>,
    /// The most connections to PostgreSQL [default: 16].
    #[arg(long, value_name = "COUNT", help_heading = PLACES)]
    pub database_connections: Option<u32>,
    /// The Redis between several servers, as redis://HOST, or none [default: none].
    #[arg(long, value_name = "URL", help_heading = PLACES)]
    pub redis_url: Option<Secret>,
    /// The file with the server's secret; made at the first start [default: gridward.secret in the data folder].
    #[arg(long, value_name = "FILE", help_heading = PLACES)]
    pub secret_file: Option<PathBuf>,
    /// Pages elsewhere that may talk to this server, as https://host.
    #[arg(long, value_name = "ORIGIN", value_delimiter = ',', help_heading = CONNECTIONS)]
    pub origins: Option<Vec<String>>,
    /// Proxies whose X-Forwarded-For is believed, as addresses or networks.
    #[arg(long, value_name = "NETWORK", value_delimiter = ',', help_heading = CONNECTIONS)]
    pub trusted_proxies: Option<Vec<String>>,
    /// Which GraphQL documents are executed [default: any].
    #[arg(long, value_enum, help_heading = CONNECTIONS)]
    pub documents: Option<Documents>,
    /// Who may introspect the schema [default: everybody].
    #[arg(long, value_enum, help_heading = CONNECTIONS)]
    pub introspection: Option<Introspection>,
    /// What is logged, such as info or api=debug [default: info].
    #[arg(long, value_name = "FILTER", help_heading = LOG)]
    pub log: Option<String>,
    /// How it is written [default: text].
    #[arg(long, value_enum, help_heading = LOG)]
    pub log_format: Option<LogFormat>,
    /// Caps.
    #[command(flatten)]
    #[serde(default)]
    pub limits: LimitOverrides,
}

/// Names under our prefix that are not settings: which file to read, and what our own tests and tools look at.
const OTHER_VARIABLES: [&str; 5] =
    ["GRIDWARD_CONFIG", "GRIDWARD_DATA", "GRIDWARD_REQUIRE_DATA", "GRIDWARD_REQUIRE_SUITES", "GRIDWARD_BIN"];

const VARIABLES: [&str; 12] = [
    "GRIDWARD_DATA_DIR",
    "GRIDWARD_LISTEN",
    "GRIDWARD_DATABASE_URL",
    "GRIDWARD_DATABASE_CONNECTIONS",
    "GRIDWARD_REDIS_URL",
    "GRIDWARD_SECRET_FILE",
    "GRIDWARD_ORIGINS",
    "GRIDWARD_TRUSTED_PROXIES",
    "GRIDWARD_DOCUMENTS",
    "GRIDWARD_INTROSPECTION",
    "GRIDWARD_LOG",
    "GRIDWARD_LOG_FORMAT",
];

/// Secrets, which may stand in a file of their own instead: the variable's name with `_FILE` behind it.
const FILES_OF_SECRETS: [&str; 2] = ["GRIDWARD_DATABASE_URL_FILE", "GRIDWARD_REDIS_URL_FILE"];

impl Overrides {
    /// What flags, environment and file say together. `variables` is the environment; `file` is `None` for `gridward.toml`
    /// in the working folder, which need not exist.
    ///
    /// # Errors
    /// [`ConfigError`] for the first key that is unknown or value that cannot be read.
    pub fn combined(
        flags: Self,
        variables: impl IntoIterator<Item = (String, String)>,
        file: Option<&Path>,
    ) -> Result<Self, ConfigError> {
        let variables: BTreeMap<String, String> =
            variables.into_iter().filter(|(name, _)| name.starts_with("GRIDWARD_")).collect();
        let env = Self::from_variables(&variables)?;
        let named =
            file.map(Path::to_path_buf).or_else(|| variables.get("GRIDWARD_CONFIG").map(PathBuf::from));
        let file = match named {
            Some(path) => Self::from_file(&path)?,
            None if Path::new("gridward.toml").exists() => Self::from_file(Path::new("gridward.toml"))?,
            None => Self::default(),
        };
        Ok(flags.or(env).or(file))
    }

    /// These, and where they say nothing the others.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            data_dir: self.data_dir.or(other.data_dir),
            listen: self.listen.or(other.listen),
            database_url: self.database_url.or(other.database_url),
            database_connections: self.database_connections.or(other.database_connections),
            redis_url: self.redis_url.or(other.redis_url),
            secret_file: self.secret_file.or(other.secret_file),
            origins: self.origins.or(other.origins),
            trusted_proxies: self.trusted_proxies.or(other.trusted_proxies),
            documents: self.documents.or(other.documents),
            introspection: self.introspection.or(other.introspection),
            log: self.log.or(other.log),
            log_format: self.log_format.or(other.log_format),
            limits: self.limits.or(other.limits),
        }
    }

    pub(super) fn from_variables(variables: &BTreeMap<String, String>) -> Result<Self, ConfigError> {
        for name in variables.keys().map(String::as_str) {
            if ![&OTHER_VARIABLES[..], &VARIABLES, LimitOverrides::VARIABLES, &FILES_OF_SECRETS]
                .iter()
                .any(|known| known.contains(&name))
            {
                let known =
                    [&VARIABLES[..], LimitOverrides::VARIABLES, &FILES_OF_SECRETS].concat().join(", ");
                return Err(ConfigError::UnknownVariable { name: name.to_owned(), known });
            }
        }
        Ok(Self {
            data_dir: parsed(variables, "GRIDWARD_DATA_DIR")?,
            listen: parsed(variables, "GRIDWARD_LISTEN")?,
            database_url: secret(variables, "GRIDWARD_DATABASE_URL")?,
            database_connections: parsed(variables, "GRIDWARD_DATABASE_CONNECTIONS")?,
            redis_url: secret(variables, "GRIDWARD_REDIS_URL")?,
            secret_file: parsed(variables, "GRIDWARD_SECRET_FILE")?,
            origins: listed(variables, "GRIDWARD_ORIGINS"),
            trusted_proxies: listed(variables, "GRIDWARD_TRUSTED_PROXIES"),
            documents: one_of(variables, "GRIDWARD_DOCUMENTS")?,
            introspection: one_of(variables, "GRIDWARD_INTROSPECTION")?,
            log: parsed(variables, "GRIDWARD_LOG")?,
            log_format: one_of(variables, "GRIDWARD_LOG_FORMAT")?,
            limits: LimitOverrides::from_variables(variables)?,
        })
    }

    pub(super) fn from_file(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |source| ConfigError::Unreadable { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        toml::from_str(&text).map_err(|error: toml::de::Error| {
            let line = error.span().map(|span| 1 + text[..span.start].matches('\n').count());
            let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
            ConfigError::File { path: path.to_owned(), problem: format!("{place}{}", error.message()) }
        })
    }
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(
    variables: &BTreeMap<String, String>,
    name: &str,
) -> Result<Option<T>, ConfigError> {
    let Some(text) = variables.get(name) else { return Ok(None) };
    let refused =
        |problem: T::Err| ConfigError::Value { name: name.to_owned(), problem: problem.to_string() };
    text.parse().map(Some).map_err(refused)
}

/// One of a few words.
fn one_of<T: ValueEnum>(variables: &BTreeMap<String, String>, name: &str) -> Result<Option<T>, ConfigError> {
    let Some(text) = variables.get(name) else { return Ok(None) };
    T::from_str(text, false).map(Some).map_err(|_| {
        let words = T::value_variants().iter().filter_map(ValueEnum::to_possible_value);
        let words: Vec<String> = words.map(|word| word.get_name().to_owned()).collect();
        let problem = format!("{text:?} must be {}", words.join(" or "));
        ConfigError::Value { name: name.to_owned(), problem }
    })
}

/// What stands between commas.
fn listed(variables: &BTreeMap<String, String>, name: &str) -> Option<Vec<String>> {
    let text = variables.get(name)?;
    Some(text.split(',').map(|part| part.trim().to_owned()).collect())
}

fn secret(variables: &BTreeMap<String, String>, name: &str) -> Result<Option<Secret>, ConfigError> {
    let file = format!("{name}_FILE");
    match (variables.get(name), variables.get(&file)) {
        (Some(_), Some(_)) => {
            let problem = format!("{file} is set as well; give one of the two");
            Err(ConfigError::Value { name: name.to_owned(), problem })
        }
        (Some(text), None) => Ok(Some(Secret::new(text.clone()))),
        (None, Some(path)) => {
            let unreadable = |source| ConfigError::Unreadable { path: PathBuf::from(path), source };
            let text = std::fs::read_to_string(path).map_err(unreadable)?;
            Ok(Some(Secret::new(text.trim_end())))
        }
        (None, None) => Ok(None),
    }
}
