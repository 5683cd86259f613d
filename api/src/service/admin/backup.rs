//! Backups: taken while the server runs, restored while none does.

use std::path::Path;

use serde_json::{Value, json};

use super::{AdminAnswer, AdminError, done};
use crate::clock::Clock;
use crate::config::Settings;
use crate::service::Services;
use crate::store::backup::{Occupied, Restored};
use crate::store::{DatabaseSettings, Store};

impl Services {
    pub(super) async fn back_up(&self, path: &Path) -> Result<AdminAnswer, AdminError> {
        self.store.back_up(path).await?;
        let size_bytes = std::fs::metadata(path).map(|file| file.len()).unwrap_or_default();
        let message = format!("{} holds everything, checked: {size_bytes} bytes", path.display());
        Ok(done(message, json!({ "size_bytes": size_bytes })))
    }

    /// Puts a backup in the place of the database of some settings, where no server runs on it.
    ///
    /// # Errors
    /// [`AdminError`]; the database is as it was then.
    pub async fn restore(
        settings: &Settings,
        backup: &Path,
        occupied: Occupied,
        clock: &Clock,
    ) -> Result<AdminAnswer, AdminError> {
        let database = DatabaseSettings::new(settings.database.url.expose());
        let Restored { districts, kept } = Store::restore(&database, backup, occupied, clock.now()).await?;
        let codes: Vec<&str> = districts.iter().map(|code| code.as_str()).collect();
        let kept = kept.map(|path| format!("; what was there before is {}", path.display()));
        let message = format!("restored and checked: {}{}", codes.join(", "), kept.unwrap_or_default());
        Ok(done(message, Value::Null))
    }
}
