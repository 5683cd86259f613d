//! Users, their tokens and their postings.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::table::{NewTable, drop_tables};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let users = [uuid("district_id"), uuid("id"), string("name"), string("role"), uuid_null("cell_id")];
        NewTable::new("users", users, &["district_id", "id"])
            .of_district()
            .unique(&["district_id", "name"])
            .create(manager)
            .await?;
        let tokens = [uuid("district_id"), blob("hash"), uuid("user_id"), big_integer("expires_at_us")];
        // Who signs in does not name a district: the hash alone finds the row, in every district.
        NewTable::new("tokens", tokens, &["district_id", "hash"])
            .refers(&["district_id", "user_id"], "users", &["district_id", "id"])
            .index(&["hash"])
            .create(manager)
            .await?;
        let postings = [
            uuid("district_id"),
            uuid("id"),
            uuid("cell_id"),
            uuid("user_id"),
            string("role"),
            big_integer("since_us"),
            big_integer_null("until_us"),
        ];
        NewTable::new("postings", postings, &["district_id", "id"])
            .refers(&["district_id", "user_id"], "users", &["district_id", "id"])
            .index(&["district_id", "cell_id"])
            .create(manager)
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["postings", "tokens", "users"]).await
    }
}
