//! One business transaction: claim the client key, write the rows, and then, last and in this order, lock the stream,
//! compare the plan version, seal the audit row, number the events, commit.
//!
//! Invariant: whoever commits an event holds the stream's row until the commit; a publication does too. So the plan
//! version that was compared is in force at the commit, and numbers follow the order of commits.

use std::convert::Infallible;

use chrono::{DateTime, Utc};
use domain::audit::AuditEntry;
use domain::event::{Change, Event, EventNumber};
use domain::ids::{ClientKey, DistrictId, PlanVersion, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, ExprTrait, QueryFilter};
use uuid::Uuid;

use super::begin::{Purpose, begin};
use super::entity::streams;
use super::rows::blob32;
use super::{Answer, Store, StoreError, audit, districts, events, idempotency};

/// One try of one thing that somebody wants done.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Who; `None` is the public, or the system.
    pub actor: Option<UserId>,
    /// What makes a retry harmless; `None` where the system acts.
    pub key: Option<ClientKey>,
    /// SHA-256 of the input: the same key with another input is refused.
    pub input_hash: [u8; 32],
    /// When.
    pub at: DateTime<Utc>,
}

impl Attempt {
    /// What the system does by itself: no user, no key.
    pub fn by_system(at: DateTime<Utc>) -> Self {
        Self { actor: None, key: None, input_hash: [0; 32], at }
    }
}

/// How a write ended.
#[derive(Clone, PartialEq, Debug)]
#[must_use]
pub enum Outcome<T, Current = Infallible> {
    /// It was done, now.
    Done(T),
    /// The same key with the same input had done it before.
    Replayed(Answer),
    /// The same key had been used with another input; nothing was done.
    KeyReused,
    /// The plan it was located in is not in force any more; this one is. Nothing was done.
    PlanMoved(PlanVersion),
    /// Somebody changed it in between; this is how it is now. Nothing was done.
    Conflict(Current),
    /// It is not there, or not for this viewer. Nothing was done.
    Absent,
}

/// How often a transaction that the database broke off is tried.
pub(super) const MAX_TRIES: u32 = 8;

/// Tries a transaction again while the database says that it may pass then.
macro_rules! with_retries {
    ($attempt:expr) => {{
        let mut tries = 1;
        loop {
            match $attempt.await {
                Err(error) if tries < $crate::store::write::MAX_TRIES && error.is_transient() => tries += 1,
                outcome => break outcome,
            }
        }
    }};
}
pub(super) use with_retries;

impl Store {
    /// Begins a transaction that may write.
    pub(super) async fn begin_write(&self) -> Result<DatabaseTransaction, StoreError> {
        Ok(begin(&self.inner.writer, Purpose::Write).await?)
    }

    /// Begins a write that nothing tries again with the same key: of the command line, or of the system.
    pub(super) async fn begin_keyless(
        &self,
        district: DistrictId,
        attempt: &Attempt,
    ) -> Result<Write, StoreError> {
        Ok(Write { tx: self.begin_write().await?, district, actor: attempt.actor, at: attempt.at })
    }

    /// Begins the write of one attempt, and claims its key.
    pub(super) async fn begin_attempt(
        &self,
        district: DistrictId,
        attempt: &Attempt,
        answer: &Answer,
    ) -> Result<Begun, StoreError> {
        let write = self.begin_keyless(district, attempt).await?;
        let Some(key) = attempt.key else { return Ok(Begun::Fresh(write)) };
        match idempotency::claim(&write.tx, district, attempt, key, answer).await? {
            None => Ok(Begun::Fresh(write)),
            Some(earlier) if earlier.input_hash == attempt.input_hash => Ok(Begun::Replayed(earlier.answer)),
            Some(_) => Ok(Begun::KeyReused),
        }
    }
}

/// Whether an attempt is the first of its key.
pub(super) enum Begun {
    Fresh(Write),
    Replayed(Answer),
    KeyReused,
}

/// Lets the write of an attempt go on, or answers for it.
macro_rules! fresh {
    ($begun:expr) => {
        match $begun {
            $crate::store::write::Begun::Fresh(write) => write,
            $crate::store::write::Begun::Replayed(answer) => return Ok(Outcome::Replayed(answer)),
            $crate::store::write::Begun::KeyReused => return Ok(Outcome::KeyReused),
        }
    };
}
pub(super) use fresh;

/// A transaction under way; dropped without [`Write::commit`], it leaves no trace.
pub(super) struct Write {
    pub(super) tx: DatabaseTransaction,
    pub(super) district: DistrictId,
    actor: Option<UserId>,
    at: DateTime<Utc>,
}

/// What is audited of a write.
pub(super) struct Deed<'a> {
    pub(super) action: &'a str,
    pub(super) subject: Option<Uuid>,
}

/// The stream's row, locked until the transaction ends.
pub(super) struct LockedStream(streams::Model);

impl LockedStream {
    pub(super) fn epoch(&self) -> i64 {
        self.0.epoch
    }
}

impl Write {
    /// Locks the stream: from here on nobody else of the district commits.
    pub(super) async fn lock_stream(&self, new_events: usize) -> Result<LockedStream, StoreError> {
        let rows = streams::Entity::update_many()
            .col_expr(streams::Column::Head, Expr::col(streams::Column::Head).add(new_events as i64))
            .col_expr(streams::Column::AuditNumber, Expr::col(streams::Column::AuditNumber).add(1))
            .filter(streams::Column::DistrictId.eq(self.district.0))
            .exec_with_returning(&self.tx)
            .await?;
        rows.into_iter().next().map(LockedStream).ok_or(StoreError::NoDistrict(self.district))
    }

    /// The plan in force where it is another than the one that was located in.
    pub(super) async fn moved_plan(
        &self,
        _locked: &LockedStream,
        located_in: PlanVersion,
    ) -> Result<Option<PlanVersion>, StoreError> {
        let in_force = districts::plan_version(&self.tx, self.district).await?;
        Ok(in_force.filter(|version| *version != located_in))
    }

    /// Writes the audit row and the events, and commits.
    pub(super) async fn commit(
        self,
        locked: LockedStream,
        deed: Deed<'_>,
        changes: Vec<Change>,
    ) -> Result<Vec<Event>, StoreError> {
        let LockedStream(stream) = locked;
        let entry = AuditEntry {
            at: self.at,
            actor: self.actor,
            action: deed.action.to_owned(),
            subject: deed.subject,
        };
        let previous = blob32("streams", "audit_head", &stream.audit_head)?;
        audit::append(&self.tx, self.district, &previous, stream.audit_number, &entry).await?;
        let first = stream.head - changes.len() as i64 + 1;
        let numbered = |(number, change)| Event {
            district: self.district,
            number: EventNumber(number),
            at: self.at,
            change,
        };
        let written: Vec<Event> = (first..).zip(changes).map(numbered).collect();
        events::insert(&self.tx, &written).await?;
        self.tx.commit().await?;
        Ok(written)
    }
}
