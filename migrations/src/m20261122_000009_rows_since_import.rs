//! Rows that an import brings lie in their place from the beginning and show once their district names the import.
//!
//! `staged_incidents` and `staged_incident_steps` are written no more; they go when no server of the version before runs.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::table::{drop_index, index_on};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const COLUMNS: [(&str, &str); 6] = [
    ("districts", "household_import"),
    ("districts", "incident_import"),
    ("imports", "number"),
    ("buildings", "since_import"),
    ("households", "since_import"),
    ("incidents", "since_import"),
];
/// What counts by cell asks, and since when a row shows: the index answers alone.
const COUNTED_BEFORE: [(&str, &[&str]); 2] = [
    ("households", &["district_id", "cell_id", "id"]),
    ("incidents", &["district_id", "cell_id", "closed_at_us", "due_at_us"]),
];
const COUNTED: [(&str, &[&str]); 2] = [
    ("households", &["district_id", "cell_id", "since_import"]),
    ("incidents", &["district_id", "cell_id", "closed_at_us", "due_at_us", "since_import"]),
];
/// To remove an incident, its source must be found.
const SOURCES: (&str, &[&str]) = ("incident_sources", &["district_id", "incident_id"]);

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, column) in COLUMNS {
            let number = integer(column).default(0).to_owned();
            manager.alter_table(Table::alter().table(table).add_column(number).to_owned()).await?;
        }
        for (table, columns) in COUNTED_BEFORE {
            drop_index(manager, table, columns).await?;
        }
        for (table, columns) in COUNTED.into_iter().chain([SOURCES]) {
            index_on(manager, table, columns).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (table, columns) in COUNTED.into_iter().chain([SOURCES]) {
            drop_index(manager, table, columns).await?;
        }
        for (table, columns) in COUNTED_BEFORE {
            index_on(manager, table, columns).await?;
        }
        for (table, column) in COLUMNS {
            manager.alter_table(Table::alter().table(table).drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
