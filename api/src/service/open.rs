//! Opening everything that the use cases stand on.

use std::path::PathBuf;

use super::Services;
use crate::bus::{self, Bus};
use crate::cache::{self, Cache};
use crate::clock::{Clock, IdSource};
use crate::config::{ServerSecret, Settings};
use crate::store::{DatabaseSettings, Store, StoreError};

/// Why the use cases cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database cannot be opened or brought up to date.
    #[error("the database cannot be opened")]
    Database(#[from] StoreError),
    /// The URL of Redis cannot be read.
    #[error("the cache has no Redis")]
    Cache(#[from] cache::BadRedis),
    /// The URL of Redis cannot be read.
    #[error("the doorbell has no Redis")]
    Bus(#[from] bus::BadRedis),
}

impl Services {
    /// Opens the database of some settings, brings its tables up to date, and puts the use cases on it.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(settings: &Settings, clock: Clock) -> Result<Self, OpenError> {
        let store = Store::connect(&database(settings)).await?;
        store.migrate().await?;
        Ok(Self::on(store, settings, clock))
    }

    /// Opens the database of some settings as [`Services::open`] does, where there is one already: a wrong folder is told
    /// instead of filled.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn reopen(settings: &Settings, clock: Clock) -> Result<Self, OpenError> {
        match Self::missing_database(settings) {
            Some(path) => Err(StoreError::Absent { path: path.display().to_string() }.into()),
            None => Self::open(settings, clock).await,
        }
    }

    /// The file that [`Services::open`] would make.
    pub fn missing_database(settings: &Settings) -> Option<PathBuf> {
        database(settings).missing_file()
    }

    /// Opens a database that is there, to look only; its tables stay as they are, also where they are behind.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn look(settings: &Settings, clock: Clock) -> Result<Self, OpenError> {
        Ok(Self::on(Store::look(&database(settings)).await?, settings, clock))
    }

    fn on(store: Store, settings: &Settings, clock: Clock) -> Self {
        let cache = Cache::new(store.clone());
        let ids = IdSource::random(clock.clone());
        let services = Self::new(store, cache, Bus::local(), clock, ids);
        services.with_import_caps(settings.limits.import.clone())
    }

    /// The same with the Redis of some settings, where they name one: a cache that servers share, and a doorbell between
    /// them where the database takes several. To be called before anybody listens to the doorbell.
    ///
    /// # Errors
    /// [`OpenError::Cache`], [`OpenError::Bus`].
    pub fn with_redis(self, settings: &Settings, secret: &ServerSecret) -> Result<Self, OpenError> {
        let Some(redis) = &settings.redis else { return Ok(self) };
        let cache = self.cache.beside_redis(redis, secret)?;
        let bus = if settings.database.takes_several_servers() { Bus::redis(redis)? } else { self.bus };
        Ok(Self { cache, bus, ..self })
    }
}

fn database(settings: &Settings) -> DatabaseSettings {
    DatabaseSettings {
        url: settings.database.url.expose().to_owned(),
        max_connections: settings.database.max_connections,
    }
}
