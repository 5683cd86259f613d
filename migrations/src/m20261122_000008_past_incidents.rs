//! Past incidents under way into a district, and what their source calls those that came in.

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
        let sources = [uuid("district_id"), string("source_id"), uuid("incident_id")];
        NewTable::new("incident_sources", sources, &["district_id", "source_id"])
            .refers(&["district_id", "incident_id"], "incidents", &["district_id", "id"])
            .create(manager)
            .await?;
        let incidents = [
            uuid("district_id"),
            uuid("import_id"),
            uuid("id"),
            string("source_id"),
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
        NewTable::new("staged_incidents", incidents, &["district_id", "import_id", "id"])
            .of_district()
            .create(manager)
            .await?;
        let steps = [
            uuid("district_id"),
            uuid("import_id"),
            uuid("incident_id"),
            integer("version"),
            big_integer("at_us"),
            string("action"),
            string("stage"),
            uuid_null("by_user_id"),
            text_null("note"),
        ];
        let key = ["district_id", "import_id", "incident_id", "version"];
        NewTable::new("staged_incident_steps", steps, &key).of_district().create(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["staged_incident_steps", "staged_incidents", "incident_sources"]).await
    }
}
