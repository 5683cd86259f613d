//! Users, their tokens (as hashes only) and their postings.

use chrono::{DateTime, Utc};
use domain::event::{Change, Event};
use domain::ids::{CellId, DistrictId, PostingId, UserId};
use domain::staff::{Posting, User};
use domain::text::StaffName;
use domain::viewer::Role;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder};
use uuid::Uuid;

use super::entity::{postings, tokens, users};
use super::rows::{from_us, from_word, to_us, word};
use super::write::{Deed, Write};
use super::{Attempt, MAX_BINDS, Store, StoreError, districts};

impl Store {
    /// Whose token has a hash, and until when it is good; the caller compares the time.
    ///
    /// The one read that names no district: who signs in brings nothing but the token.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn user_by_token(&self, hash: &[u8; 32]) -> Result<Option<(User, DateTime<Utc>)>, StoreError> {
        let reader = &self.inner.reader;
        let token = tokens::Entity::find().filter(tokens::Column::Hash.eq(hash.to_vec())).one(reader).await?;
        let Some(token) = token else { return Ok(None) };
        let user = users::Entity::find_by_id((token.district_id, token.user_id)).one(reader).await?;
        let Some(user) = user else { return Ok(None) };
        Ok(Some((user_of(user)?, from_us("tokens", "expires_at_us", token.expires_at_us)?)))
    }

    /// The users of a district, by name.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn users(&self, district: DistrictId) -> Result<Vec<User>, StoreError> {
        let rows = users::Entity::find()
            .filter(users::Column::DistrictId.eq(district.0))
            .order_by_asc(users::Column::Name)
            .all(&self.inner.reader)
            .await?;
        rows.into_iter().map(user_of).collect()
    }

    /// Users by their ids; those that are not there are left out.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn users_by_id(&self, district: DistrictId, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        let mut found = Vec::with_capacity(ids.len());
        for chunk in ids.chunks(MAX_BINDS) {
            let rows = users::Entity::find()
                .filter(users::Column::DistrictId.eq(district.0))
                .filter(users::Column::Id.is_in(chunk.iter().map(|id| id.0)))
                .all(&self.inner.reader)
                .await?;
            for row in rows {
                found.push(user_of(row)?);
            }
        }
        Ok(found)
    }

    /// A user by the name.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn user_by_name(&self, district: DistrictId, name: &str) -> Result<Option<User>, StoreError> {
        let row = users::Entity::find()
            .filter(users::Column::DistrictId.eq(district.0))
            .filter(users::Column::Name.eq(name))
            .one(&self.inner.reader)
            .await?;
        row.map(user_of).transpose()
    }

    /// Adds a user; `false` where the name is taken.
    ///
    /// # Errors
    /// [`StoreError::NoDistrict`], [`StoreError::Database`].
    pub async fn insert_user(&self, user: &User, attempt: &Attempt) -> Result<bool, StoreError> {
        let write = self.begin_keyless(user.district, attempt).await?;
        let row = users::ActiveModel {
            district_id: Set(user.district.0),
            id: Set(user.id.0),
            name: Set(user.name.as_str().to_owned()),
            role: Set(user.role.as_str().to_owned()),
            cell_id: Set(user.cell.map(|cell| cell.0)),
        };
        let inserted = users::Entity::insert(row)
            .on_conflict_do_nothing_on([users::Column::DistrictId, users::Column::Name])
            .exec_without_returning(&write.tx)
            .await?;
        if !matches!(inserted, sea_orm::TryInsertResult::Inserted(1)) {
            return Ok(false);
        }
        commit_access_change(write, "user.add", user.id.0).await?;
        Ok(true)
    }

    /// Gives a user the role and the cell that they are to have; `None` where there is no such user.
    ///
    /// # Errors
    /// [`StoreError::NoDistrict`], [`StoreError::Database`].
    pub async fn change_user(&self, user: &User, attempt: &Attempt) -> Result<Option<Event>, StoreError> {
        let write = self.begin_keyless(user.district, attempt).await?;
        let updated = users::Entity::update_many()
            .col_expr(users::Column::Role, Expr::value(user.role.as_str()))
            .col_expr(users::Column::CellId, Expr::value(user.cell.map(|cell| cell.0)))
            .filter(users::Column::DistrictId.eq(user.district.0))
            .filter(users::Column::Id.eq(user.id.0))
            .exec(&write.tx)
            .await?;
        if updated.rows_affected == 0 {
            return Ok(None);
        }
        commit_access_change(write, "user.change", user.id.0).await
    }

    /// Adds a token of a user, by its hash.
    ///
    /// # Errors
    /// [`StoreError::NoDistrict`], [`StoreError::Database`].
    pub async fn insert_token(
        &self,
        user: &User,
        hash: &[u8; 32],
        expires_at: DateTime<Utc>,
        attempt: &Attempt,
    ) -> Result<(), StoreError> {
        let write = self.begin_keyless(user.district, attempt).await?;
        let row = tokens::ActiveModel {
            district_id: Set(user.district.0),
            hash: Set(hash.to_vec()),
            user_id: Set(user.id.0),
            expires_at_us: Set(to_us(expires_at)),
        };
        tokens::Entity::insert(row).exec_without_returning(&write.tx).await?;
        // A new token changes nothing of what somebody may see: no event, no new epoch.
        let locked = write.lock_stream(0).await?;
        write.commit(locked, Deed { action: "token.create", subject: Some(user.id.0) }, Vec::new()).await?;
        Ok(())
    }

    /// Gives a user a role at a cell.
    ///
    /// # Errors
    /// [`StoreError::NoDistrict`], [`StoreError::Database`].
    pub async fn insert_posting(
        &self,
        district: DistrictId,
        posting: &Posting,
        attempt: &Attempt,
    ) -> Result<(), StoreError> {
        let write = self.begin_keyless(district, attempt).await?;
        let row = postings::ActiveModel {
            district_id: Set(district.0),
            id: Set(posting.id.0),
            cell_id: Set(posting.cell.0),
            user_id: Set(posting.user.0),
            role: Set(word(posting.role)),
            since_us: Set(to_us(posting.since)),
            until_us: Set(posting.until.map(to_us)),
        };
        postings::Entity::insert(row).exec_without_returning(&write.tx).await?;
        commit_access_change(write, "posting.add", posting.id.0).await?;
        Ok(())
    }

    /// Who holds which role at some cells at a time, by cell and role.
    ///
    /// # Errors
    /// [`StoreError::Database`], [`StoreError::Corrupt`].
    pub async fn postings(
        &self,
        district: DistrictId,
        cells: &[CellId],
        at: DateTime<Utc>,
    ) -> Result<Vec<Posting>, StoreError> {
        let at_us = to_us(at);
        let still = Condition::any()
            .add(postings::Column::UntilUs.is_null())
            .add(postings::Column::UntilUs.gt(at_us));
        let mut found = Vec::new();
        for chunk in cells.chunks(MAX_BINDS) {
            let rows = postings::Entity::find()
                .filter(postings::Column::DistrictId.eq(district.0))
                .filter(postings::Column::CellId.is_in(chunk.iter().map(|cell| cell.0)))
                .filter(postings::Column::SinceUs.lte(at_us))
                .filter(still.clone())
                .all(&self.inner.reader)
                .await?;
            found.extend(rows);
        }
        let holders: Vec<UserId> = found.iter().map(|row| UserId(row.user_id)).collect();
        let names = self.users_by_id(district, &holders).await?;
        let name_of = |id: Uuid| names.iter().find(|user| user.id.0 == id).map(|user| user.name.clone());
        let mut held = Vec::with_capacity(found.len());
        for row in found {
            let name = name_of(row.user_id)
                .ok_or_else(|| StoreError::corrupt("postings", "user_id", row.user_id))?;
            held.push(posting_of(row, name)?);
        }
        held.sort_by_key(|posting| (posting.cell, posting.role, posting.since, posting.id));
        Ok(held)
    }
}

async fn commit_access_change(
    write: Write,
    action: &str,
    subject: Uuid,
) -> Result<Option<Event>, StoreError> {
    districts::bump_authorisation_epoch(&write.tx, write.district).await?;
    let locked = write.lock_stream(1).await?;
    let deed = Deed { action, subject: Some(subject) };
    Ok(write.commit(locked, deed, vec![Change::AccessChanged]).await?.into_iter().next())
}

fn staff_name(table: &'static str, name: &str) -> Result<StaffName, StoreError> {
    StaffName::parse(name).map_err(|_| StoreError::corrupt(table, "name", name))
}

fn user_of(row: users::Model) -> Result<User, StoreError> {
    Ok(User {
        id: UserId(row.id),
        district: DistrictId(row.district_id),
        name: staff_name("users", &row.name)?,
        role: Role::parse(&row.role).ok_or_else(|| StoreError::corrupt("users", "role", &row.role))?,
        cell: row.cell_id.map(CellId),
    })
}

fn posting_of(row: postings::Model, name: StaffName) -> Result<Posting, StoreError> {
    Ok(Posting {
        id: PostingId(row.id),
        cell: CellId(row.cell_id),
        user: UserId(row.user_id),
        name,
        role: from_word("postings", "role", &row.role)?,
        since: from_us("postings", "since_us", row.since_us)?,
        until: row.until_us.map(|us| from_us("postings", "until_us", us)).transpose()?,
    })
}
