//! Client keys: what was done under each, written in the transaction that did it.

use domain::ids::{ClientKey, DistrictId};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DatabaseTransaction, EntityTrait, TryInsertResult};

use super::entity::idempotency;
use super::rows::{blob32, to_us};
use super::write::Attempt;
use super::{Answer, Store, StoreError};

/// Keys used without sign-in share one scope: they are told nothing but the public receipt.
const PUBLIC: &str = "public";

/// What was done under a key before.
#[derive(Clone, PartialEq, Debug)]
pub struct Earlier {
    /// The hash of the input that it was done for.
    pub input_hash: [u8; 32],
    /// What it did.
    pub answer: Answer,
}

impl Store {
    /// What was done under an attempt's key before; `None` where it is the first, or has no key.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn earlier(
        &self,
        district: DistrictId,
        attempt: &Attempt,
    ) -> Result<Option<Earlier>, StoreError> {
        let Some(key) = attempt.key else { return Ok(None) };
        find(&self.inner.reader, district, &scope_of(attempt), key).await
    }
}

fn scope_of(attempt: &Attempt) -> String {
    attempt.actor.map_or_else(|| PUBLIC.to_owned(), |user| user.0.to_string())
}

async fn find(
    db: &impl ConnectionTrait,
    district: DistrictId,
    scope: &str,
    key: ClientKey,
) -> Result<Option<Earlier>, StoreError> {
    let row = idempotency::Entity::find_by_id((district.0, scope.to_owned(), key.uuid())).one(db).await?;
    row.map(|row| {
        Ok(Earlier {
            input_hash: blob32("idempotency", "input_hash", &row.input_hash)?,
            answer: Answer::read(row.subject_id, row.subject_version, row.answer.as_deref())?,
        })
    })
    .transpose()
}

/// Claims a key for an answer; says what was done under it where somebody was first.
///
/// On PostgreSQL this waits for a transaction under way with the same key.
pub(super) async fn claim(
    tx: &DatabaseTransaction,
    district: DistrictId,
    attempt: &Attempt,
    key: ClientKey,
    answer: &Answer,
) -> Result<Option<Earlier>, StoreError> {
    let scope = scope_of(attempt);
    let row = idempotency::ActiveModel {
        district_id: Set(district.0),
        scope: Set(scope.clone()),
        client_key: Set(key.uuid()),
        input_hash: Set(attempt.input_hash.to_vec()),
        subject_id: Set(answer.subject),
        subject_version: Set(answer.version),
        answer: Set(answer.stored()?),
        at_us: Set(to_us(attempt.at)),
    };
    let inserted =
        idempotency::Entity::insert(row).on_conflict_do_nothing().exec_without_returning(tx).await?;
    if let TryInsertResult::Inserted(1) = inserted {
        return Ok(None);
    }
    let earlier = find(tx, district, &scope, key).await?;
    let earlier = earlier.ok_or_else(|| StoreError::corrupt("idempotency", "client_key", key.uuid()))?;
    Ok(Some(earlier))
}
