//! Districts, and the stream of what happens in each.

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
        let districts = [
            uuid("id"),
            string("code"),
            text("names"),
            string("time_zone"),
            boolean("exercise"),
            text_null("attribution"),
            text("rules_text"),
            integer_null("plan_version"),
            integer("basemap_version"),
            big_integer("authorisation_epoch"),
        ];
        NewTable::new("districts", districts, &["id"]).unique(&["code"]).create(manager).await?;
        let streams = [
            uuid("district_id"),
            big_integer("head"),
            big_integer("epoch"),
            big_integer("audit_number"),
            blob("audit_head"),
        ];
        NewTable::new("streams", streams, &["district_id"]).of_district().create(manager).await?;
        let events = [uuid("district_id"), big_integer("number"), big_integer("at_us"), text("change")];
        NewTable::new("events", events, &["district_id", "number"]).of_district().create(manager).await?;
        let audit = [
            uuid("district_id"),
            big_integer("number"),
            big_integer("at_us"),
            uuid_null("actor_id"),
            string("action"),
            uuid_null("subject_id"),
            blob("seal"),
        ];
        NewTable::new("audit", audit, &["district_id", "number"]).of_district().create(manager).await?;
        let client_keys = [
            uuid("district_id"),
            string("scope"),
            uuid("client_key"),
            blob("input_hash"),
            uuid("subject_id"),
            integer("subject_version"),
            big_integer("at_us"),
        ];
        NewTable::new("idempotency", client_keys, &["district_id", "scope", "client_key"])
            .of_district()
            .create(manager)
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["idempotency", "audit", "events", "streams", "districts"]).await
    }
}
