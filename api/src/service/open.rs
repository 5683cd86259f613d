//! Opening everything that the use cases stand on.

use super::Services;
use crate::bus::Bus;
use crate::cache::Cache;
use crate::clock::{Clock, IdSource};
use crate::config::Settings;
use crate::store::{DatabaseSettings, Store, StoreError};

/// Why the use cases cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database cannot be opened or brought up to date.
    #[error("the database cannot be opened")]
    Database(#[from] StoreError),
}

impl Services {
    /// Opens the database of some settings, brings its tables up to date, and puts the use cases on it.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(settings: &Settings, clock: Clock) -> Result<Self, OpenError> {
        let database = DatabaseSettings {
            url: settings.database.url.expose().to_owned(),
            max_connections: settings.database.max_connections,
        };
        let store = Store::connect(&database).await?;
        store.migrate().await?;
        let cache = Cache::new(store.clone());
        let ids = IdSource::random(clock.clone());
        let services = Self::new(store, cache, Bus::local(), clock, ids);
        Ok(services.with_import_caps(settings.limits.import.clone()))
    }
}
