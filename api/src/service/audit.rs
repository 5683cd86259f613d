//! Use cases of the audit: who read personal data of households. Writes are sealed with what they write, in `store`.
//!
//! Invariant: an entry that cannot be written in time keeps nobody from what they may see; it is written after the answer.

use std::time::Duration;

use domain::access::{Personal, Scope};
use domain::audit::AuditEntry;
use domain::ids::UserId;
use uuid::Uuid;

use super::Services;

/// How long an answer waits for its entry. The writer is held for longer only where much is written at once.
const MAX_WAIT: Duration = Duration::from_millis(500);

/// What was read of households.
#[derive(Clone, Copy, Debug)]
pub(super) enum HouseholdRead {
    /// One, or a page of them: of a cell where the page was of one.
    Seen { subject: Option<Uuid> },
    /// All of them, as a file.
    Exported,
}

impl Services {
    /// Writes down, once for however many rows, that addresses and the like of households are read; where the scope masks
    /// them there is nothing to write down.
    pub(super) async fn record_household_read(
        &self,
        scope: &Scope,
        reader: Option<UserId>,
        read: HouseholdRead,
    ) {
        if scope.personal() == Personal::Masked {
            return;
        }
        let (action, subject) = match read {
            HouseholdRead::Seen { subject } => ("household.read", subject),
            HouseholdRead::Exported => ("household.export", None),
        };
        let entry = AuditEntry { at: self.clock.now(), actor: reader, action: action.to_owned(), subject };
        let (store, district) = (self.store.clone(), scope.district());
        // A task of its own, so that a client that goes away does not take the entry along.
        let written = tokio::spawn(async move {
            if let Err(error) = store.record(district, &entry).await {
                tracing::error!(district.id = %district, action, error = &error as &dyn std::error::Error, "A read was not audited");
            }
        });
        if tokio::time::timeout(MAX_WAIT, written).await.is_err() {
            tracing::warn!(district.id = %district, action, "A read is answered before it is audited");
        }
    }
}
