//! Client keys: what was done under each, written in the transaction that did it.

use domain::ids::{ClientKey, DistrictId};
use sea_orm::{ActiveValue::Set, DatabaseTransaction, EntityTrait, TryInsertResult};

use super::StoreError;
use super::entity::idempotency;
use super::rows::{blob32, to_us};
use super::write::{Answer, Attempt};

/// Keys used without sign-in share one scope: they are told nothing but the public receipt.
const PUBLIC: &str = "public";

/// What was done under a key before.
pub(super) struct Earlier {
    pub(super) input_hash: [u8; 32],
    pub(super) answer: Answer,
}

/// Claims a key for an answer; says what was done under it where somebody was first.
///
/// On PostgreSQL this waits for a transaction under way with the same key.
pub(super) async fn claim(
    tx: &DatabaseTransaction,
    district: DistrictId,
    attempt: &Attempt,
    key: ClientKey,
    answer: Answer,
) -> Result<Option<Earlier>, StoreError> {
    let scope = attempt.actor.map_or_else(|| PUBLIC.to_owned(), |user| user.0.to_string());
    let row = idempotency::ActiveModel {
        district_id: Set(district.0),
        scope: Set(scope.clone()),
        client_key: Set(key.uuid()),
        input_hash: Set(attempt.input_hash.to_vec()),
        subject_id: Set(answer.subject),
        subject_version: Set(answer.version),
        at_us: Set(to_us(attempt.at)),
    };
    let inserted =
        idempotency::Entity::insert(row).on_conflict_do_nothing().exec_without_returning(tx).await?;
    if let TryInsertResult::Inserted(1) = inserted {
        return Ok(None);
    }
    let row = idempotency::Entity::find_by_id((district.0, scope, key.uuid())).one(tx).await?;
    let row = row.ok_or_else(|| StoreError::corrupt("idempotency", "client_key", key.uuid()))?;
    Ok(Some(Earlier {
        input_hash: blob32("idempotency", "input_hash", &row.input_hash)?,
        answer: Answer { subject: row.subject_id, version: row.subject_version },
    }))
}
