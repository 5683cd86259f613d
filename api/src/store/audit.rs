//! The audit chain: each row sealed with the one before; its head is in the stream's row, which is locked last.

use domain::audit::{AuditEntry, seal};
use domain::ids::{DistrictId, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::entity::{audit, streams};
use super::rows::{from_us, to_us};
use super::write::{Attempt, Deed, with_retries};
use super::{Snapshot, Store, StoreError};

/// How many rows of the chain are read at once.
const CHAIN_ROWS: u64 = 5_000;

/// Whether the chain of a district is whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AuditChain {
    /// Every row is there and as it was written.
    Whole {
        /// How many there are.
        rows: i64,
        /// The seal of the last one: who keeps it elsewhere can tell that a whole chain is the same one, or goes on from it.
        head: [u8; 32],
    },
    /// The first row that is missing, too many, or not as it was written.
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
        if let Some(number) = beyond(&snapshot, district, stream.audit_number).await? {
            return Ok(AuditChain::BrokenAt { number });
        }
        let mut head = [0; 32];
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
                let number = checked + 1;
                let Some(sealed) = seal_of(&head, number, &row) else {
                    return Ok(AuditChain::BrokenAt { number });
                };
                (head, checked) = (sealed, number);
            }
        }
        match head.as_slice() == stream.audit_head.as_slice() {
            true => Ok(AuditChain::Whole { rows: checked, head }),
            false => Ok(AuditChain::BrokenAt { number: checked }),
        }
    }
}

/// The first row before the first number or behind the last: nobody reaches it by counting.
async fn beyond(snapshot: &Snapshot, district: DistrictId, last: i64) -> Result<Option<i64>, StoreError> {
    let outside = Condition::any().add(audit::Column::Number.lt(1)).add(audit::Column::Number.gt(last));
    let row = audit::Entity::find()
        .filter(audit::Column::DistrictId.eq(district.0))
        .filter(outside)
        .order_by_asc(audit::Column::Number)
        .one(snapshot.connection())
        .await?;
    Ok(row.map(|row| row.number))
}

/// The seal of a row where it is the one of that number and as it was written.
fn seal_of(previous: &[u8; 32], number: i64, row: &audit::Model) -> Option<[u8; 32]> {
    let entry = AuditEntry {
        at: from_us("audit", "at_us", row.at_us).ok()?,
        actor: row.actor_id.map(UserId),
        action: row.action.clone(),
        subject: row.subject_id,
    };
    let sealed = seal(previous, number, &entry);
    (row.number == number && row.seal == sealed).then_some(sealed)
}
