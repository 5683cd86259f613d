//! The history of Gridward's tables. A migration that has landed is never edited; the next one changes what it made.
//!
//! Start at [`Migrator`]. To change a table: add a file, first what the old and the new version both can live with
//! (expand), and in a later release what only the new one needs (contract).
//!
//! Invariant: every key begins with `district_id`, and no reference leaves its district.
//! Invariant: no sequences, no triggers, no column type that only one database has; times are microseconds since 1970 UTC.

mod m20261122_000001_districts;
mod m20261122_000002_plans;
mod m20261122_000003_registry;
mod m20261122_000004_casework;
mod m20261122_000005_staff;
mod m20261122_000006_imports;
mod m20261122_000007_answers;
mod m20261122_000008_past_incidents;
mod m20261122_000009_rows_since_import;
mod m20261122_000010_addresses_of_buildings;
mod table;

use sea_orm_migration::prelude::{MigrationTrait, MigratorTrait, async_trait};

/// Runs the migrations, each once and in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_districts::Migration),
            Box::new(m20261122_000002_plans::Migration),
            Box::new(m20261122_000003_registry::Migration),
            Box::new(m20261122_000004_casework::Migration),
            Box::new(m20261122_000005_staff::Migration),
            Box::new(m20261122_000006_imports::Migration),
            Box::new(m20261122_000007_answers::Migration),
            Box::new(m20261122_000008_past_incidents::Migration),
            Box::new(m20261122_000009_rows_since_import::Migration),
            Box::new(m20261122_000010_addresses_of_buildings::Migration),
        ]
    }
}
