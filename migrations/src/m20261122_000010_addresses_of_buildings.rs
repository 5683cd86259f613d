//! A building that was named by households had the address of the first of them, with its door, for everybody to see.
//!
//! Only a building that came as a row of its own has an address that is certainly its own: its first household, `ID/1`, has
//! the same. The others lose theirs; a file that says `building_address` brings it back.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const FORGET: &str = "UPDATE buildings SET address = NULL, search_text = '' WHERE address IS NOT NULL AND NOT EXISTS \
    (SELECT 1 FROM households AS first WHERE first.district_id = buildings.district_id \
    AND first.source_id = buildings.source_id || '/1' AND first.address = buildings.address)";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(FORGET).await.map(drop)
    }

    /// What was forgotten stays so.
    async fn down(&self, _manager: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}
