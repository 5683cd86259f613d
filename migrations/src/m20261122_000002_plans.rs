//! Plans: cells, borders and the tree, each with the versions that hold it.

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
        let plans = [
            uuid("district_id"),
            integer("version"),
            big_integer("published_at_us"),
            uuid_null("published_by"),
            text_null("note"),
        ];
        NewTable::new("plans", plans, &["district_id", "version"]).of_district().create(manager).await?;
        let cells = [
            uuid("district_id"),
            uuid("id"),
            integer("since_version"),
            integer_null("until_version"),
            string("code"),
            small_integer("rank"),
            text("names"),
            uuid_null("parent_id"),
            string("kind"),
            string("setting"),
        ];
        NewTable::new("cells", cells, &["district_id", "id", "since_version"])
            .of_district()
            .index(&["district_id", "since_version"])
            .create(manager)
            .await?;
        let borders = [
            uuid("district_id"),
            integer("since_version"),
            integer("number"),
            integer_null("until_version"),
            uuid_null("left_cell_id"),
            uuid_null("right_cell_id"),
            blob("line"),
        ];
        NewTable::new("borders", borders, &["district_id", "since_version", "number"])
            .of_district()
            .create(manager)
            .await?;
        let tree = [
            uuid("district_id"),
            uuid("ancestor_id"),
            uuid("descendant_id"),
            integer("since_version"),
            integer_null("until_version"),
        ];
        NewTable::new("cell_tree", tree, &["district_id", "ancestor_id", "descendant_id", "since_version"])
            .of_district()
            .create(manager)
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        drop_tables(manager, &["cell_tree", "borders", "cells", "plans"]).await
    }
}
