//! Buildings, households and the base map.

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
        let buildings = [
            uuid("district_id"),
            uuid("id"),
            string_null("source_id"),
            text_null("address"),
            text("search_text"),
            integer("lon_e7"),
            integer("lat_e7"),
            big_integer("hilbert"),
            integer("dwellings"),
        ];
        NewTable::new("buildings", buildings, &["district_id", "id"])
            .of_district()
            .unique(&["district_id", "source_id"])
            .index(&["district_id", "search_text"])
            .create(manager)
            .await?;
        let households = [
            uuid("district_id"),
            uuid("id"),
            integer("version"),
            string_null("source_id"),
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
        NewTable::new("households", households, &["district_id", "id"])
            .of_district()
            .refers(&["district_id", "building_id"], "buildings", &["district_id", "id"])
            .unique(&["district_id", "source_id"])
            .index(&["district_id", "hilbert", "id"])
            .index(&["district_id", "cell_id", "id"])
            .index(&["district_id", "building_id"])
            .create(manager)
            .await?;
        create_basemap(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["footprints", "roads", "households", "buildings"]).await
    }
}

async fn create_basemap(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let roads = [
        uuid("district_id"),
        integer("basemap_version"),
        integer("number"),
        string("class"),
        small_integer("importance"),
        text_null("name"),
        text("search_text"),
        integer("west_e7"),
        integer("south_e7"),
        integer("east_e7"),
        integer("north_e7"),
        blob("line"),
    ];
    NewTable::new("roads", roads, &["district_id", "basemap_version", "number"])
        .of_district()
        .index(&["district_id", "basemap_version", "search_text"])
        .create(manager)
        .await?;
    let footprints = [
        uuid("district_id"),
        integer("basemap_version"),
        integer("number"),
        string("kind"),
        integer("west_e7"),
        integer("south_e7"),
        integer("east_e7"),
        integer("north_e7"),
        blob("area"),
    ];
    NewTable::new("footprints", footprints, &["district_id", "basemap_version", "number"])
        .of_district()
        .create(manager)
        .await?;
    Ok(())
}
