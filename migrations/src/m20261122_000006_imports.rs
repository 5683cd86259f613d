//! Imports under way: which one has the word, and the rows it has brought so far.

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
        let imports = [uuid("district_id"), string("what"), uuid("import_id"), big_integer("started_at_us")];
        NewTable::new("imports", imports, &["district_id", "what"]).of_district().create(manager).await?;
        let buildings = [
            uuid("district_id"),
            uuid("import_id"),
            string("source_id"),
            uuid("id"),
            text_null("address"),
            text("search_text"),
            integer("lon_e7"),
            integer("lat_e7"),
            big_integer("hilbert"),
            integer("dwellings"),
        ];
        NewTable::new("staged_buildings", buildings, &["district_id", "import_id", "source_id"])
            .of_district()
            .index(&["district_id", "import_id", "id"])
            .create(manager)
            .await?;
        let households = [
            uuid("district_id"),
            uuid("import_id"),
            string("source_id"),
            uuid("id"),
            uuid_null("building_id"),
            text_null("address"),
            text("search_text"),
            integer_null("lon_e7"),
            integer_null("lat_e7"),
            big_integer("hilbert"),
            integer_null("member_count"),
            uuid_null("cell_id"),
            string("method"),
            double_null("distance_to_border_m"),
            integer("plan_version"),
            big_integer("registered_at_us"),
        ];
        NewTable::new("staged_households", households, &["district_id", "import_id", "source_id"])
            .of_district()
            .create(manager)
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["staged_households", "staged_buildings", "imports"]).await
    }
}
