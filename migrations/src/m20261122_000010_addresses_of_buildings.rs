//! A building that was named by households had the address of the first of them, with its door, for everybody to see.
//!
//! A building that came as a row of its own shares its address with all households of that row, the first of which is
//! `ID/1`; one that has none of them can only have come so. The others lose theirs, since it may name a door; a file that
//! says `building_address` brings it back. A building whose only household is `ID/1` keeps its address: the two ways cannot
//! be told apart there, and by far the most of them are houses with one dwelling.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const FORGET: &str = "UPDATE buildings SET address = NULL, search_text = '' WHERE address IS NOT NULL AND dwellings > 0 \
    AND (NOT EXISTS (SELECT 1 FROM households AS first WHERE first.district_id = buildings.district_id \
    AND first.source_id = buildings.source_id || '/1' AND first.address = buildings.address) \
    OR EXISTS (SELECT 1 FROM households AS other WHERE other.district_id = buildings.district_id \
    AND other.building_id = buildings.id AND other.source_id IS NOT NULL \
    AND (other.address IS NULL OR other.address <> buildings.address)))";

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
