//! The audit chain: each row sealed with the one before; its head is in the stream's row, which is locked last.

use domain::audit::{AuditEntry, seal};
use domain::ids::{DistrictId, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::entity::{audit, streams};
use super::rows::{blob32, from_us, to_us};
use super::write::{Attempt, Deed, with_retries};
use super::{Store, StoreError};

/// How many rows of the chain are read at once.
const CHAIN_ROWS: u64 = 5_000;

/// Whether the chain of a district is whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AuditChain {
    /// Every row is there and as it was written.
    Whole {
        /// How many there are.
        rows: i64,
    },
    /// The first row that is missing, or not as it was written.
    BrokenAt {
        /// Its number.
        number: i64,
    },
}

/// Adds an entry and moves the head; the stream's row is locked already.
pub(super) async fn append(
    tx: &DatabaseTransaction,
    district: DistrictId,
    previous: &[u8; 32],
    number: i64,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let sealed = seal(previous, number, entry).to_vec();
    let row = audit::ActiveModel {
        district_id: Set(district.0),
        number: Set(number),
        at_us: Set(to_us(entry.at)),
        actor_id: Set(entry.actor.map(|user| user.0)),
        action: Set(entry.action.clone()),
        subject_id: Set(entry.subject),
        seal: Set(sealed.clone()),
    };
    audit::Entity::insert(row).exec_without_returning(tx).await?;
    streams::Entity::update_many()
        .col_expr(streams::Column::AuditHead, Expr::value(sealed))
        .filter(streams::Column::DistrictId.eq(district.0))
        .exec(tx)
        .await?;
    Ok(())
}

impl Store {
    /// Adds an entry by itself: of a read, which writes nothing else.
    ///
    /// # Errors
    /// [`StoreError::NoDistrict`], [`StoreError::Database`].
    pub async fn record(&self, district: DistrictId, entry: &AuditEntry) -> Result<(), StoreError> {
        with_retries!(self.try_record(district, entry))
    }

    async fn try_record(&self, district: DistrictId, entry: &AuditEntry) -> Result<(), StoreError> {
        let attempt = Attempt { actor: entry.actor, ..Attempt::by_system(entry.at) };
        let write = self.begin_keyless(district, &attempt).await?;
        let locked = write.lock_stream(0).await?;
        write.commit(locked, Deed { action: &entry.action, subject: entry.subject }, Vec::new()).await?;
        Ok(())
    }

    /// Computes the audit chain of a district again, from its first row to its head.
    ///
    /// # Errors
    /// [`StoreError::NoDistrict`], [`StoreError::Database`].
    pub async fn verify_audit(&self, district: DistrictId) -> Result<AuditChain, StoreError> {
        let snapshot = self.snapshot(district).await?;
        let stream = snapshot.stream();
        let mut previous = [0; 32];
        let mut checked = 0;
        while checked < stream.audit_number {
            let rows = audit::Entity::find()
                .filter(audit::Column::DistrictId.eq(district.0))
                .filter(audit::Column::Number.gt(checked))
                .order_by_asc(audit::Column::Number)
                .limit(CHAIN_ROWS)
                .all(snapshot.connection())
                .await?;
            if rows.is_empty() {
                return Ok(AuditChain::BrokenAt { number: checked + 1 });
            }
            for row in rows {
                let entry = AuditEntry {
                    at: from_us("audit", "at_us", row.at_us)?,
                    actor: row.actor_id.map(UserId),
                    action: row.action,
                    subject: row.subject_id,
                };
                let sealed = seal(&previous, checked + 1, &entry);
                if row.number != checked + 1 || blob32("audit", "seal", &row.seal)? != sealed {
                    return Ok(AuditChain::BrokenAt { number: checked + 1 });
                }
                previous = sealed;
                checked += 1;
            }
        }
        match previous.as_slice() == stream.audit_head.as_slice() {
            true => Ok(AuditChain::Whole { rows: checked }),
            false => Ok(AuditChain::BrokenAt { number: checked }),
        }
    }
}
