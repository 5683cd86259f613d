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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_follows_from_the_one_before_from_the_number_and_from_every_field() {
        let id = |number: u128| Uuid::from_u128(number);
        let entry = AuditEntry {
            at: DateTime::UNIX_EPOCH,
            actor: Some(UserId(id(1))),
            action: "incident.report".into(),
            subject: Some(id(2)),
        };
        let others = [
            AuditEntry { at: entry.at + chrono::TimeDelta::microseconds(1), ..entry.clone() },
            AuditEntry { actor: None, ..entry.clone() },
            AuditEntry { actor: Some(UserId(id(2))), subject: Some(id(1)), ..entry.clone() },
            AuditEntry { action: "incident.close".into(), ..entry.clone() },
            AuditEntry { subject: None, ..entry.clone() },
        ];
        let mut seals = vec![seal(&[0; 32], 1, &entry), seal(&[1; 32], 1, &entry), seal(&[0; 32], 2, &entry)];
        seals.extend(others.iter().map(|other| seal(&[0; 32], 1, other)));
        assert_eq!(seals[0], seal(&[0; 32], 1, &entry));
        for (place, first) in seals.iter().enumerate() {
            assert!(!seals[..place].contains(first), "{place} has the seal of another");
        }
    }
}
