//! The audit chain: who did what, each row sealed with the one before.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::ids::UserId;

/// What is written to the chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// Who; `None` is the public, or the system.
    pub actor: Option<UserId>,
    /// What: `incident.report`, `household.read`.
    pub action: String,
    /// To what.
    pub subject: Option<Uuid>,
}

/// The seal of an entry: SHA-256 over the seal before and the entry's fields, each with its length.
pub fn seal(previous: &[u8; 32], number: i64, entry: &AuditEntry) -> [u8; 32] {
    let mut hash = Sha256::new();
    let mut put = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    put(previous);
    put(&number.to_be_bytes());
    put(&entry.at.timestamp_micros().to_be_bytes());
    put(entry.actor.map_or([0; 16], |user| *user.0.as_bytes()).as_slice());
    put(entry.action.as_bytes());
    put(entry.subject.map_or([0; 16], |subject| *subject.as_bytes()).as_slice());
    hash.finalize().into()
}
