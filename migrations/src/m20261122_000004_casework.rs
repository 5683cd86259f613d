//! Incidents and their steps.

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
        let incidents = [
            uuid("district_id"),
            uuid("id"),
            integer("version"),
            string("category"),
            string("colour"),
            text("text"),
            text("search_text"),
            string("stage"),
            string("channel"),
            integer("lon_e7"),
            integer("lat_e7"),
            big_integer("hilbert"),
            double_null("accuracy_m"),
            uuid_null("cell_id"),
            string("method"),
            double_null("distance_to_border_m"),
            integer("plan_version"),
            boolean("public"),
            boolean("exercise"),
            big_integer("occurred_at_us"),
            big_integer("reported_at_us"),
            big_integer("due_at_us"),
            big_integer_null("closed_at_us"),
            uuid_null("reporter_id"),
        ];
        NewTable::new("incidents", incidents, &["district_id", "id"])
            .of_district()
            .index(&["district_id", "hilbert", "id"])
            .index(&["district_id", "reported_at_us", "id"])
            .index(&["district_id", "due_at_us", "id"])
            .index(&["district_id", "cell_id", "closed_at_us", "due_at_us"])
            .create(manager)
            .await?;
        let steps = [
            uuid("district_id"),
            uuid("incident_id"),
            integer("version"),
            big_integer("at_us"),
            string("action"),
            string("stage"),
            uuid_null("by_user_id"),
            text_null("note"),
        ];
        NewTable::new("incident_steps", steps, &["district_id", "incident_id", "version"])
            .refers(&["district_id", "incident_id"], "incidents", &["district_id", "id"])
            .create(manager)
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["incident_steps", "incidents"]).await
    }
}
