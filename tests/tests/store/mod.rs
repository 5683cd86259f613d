//! The store on SQLite and on PostgreSQL: every claim is one function, and runs on both.

mod audit;
mod events;
mod freshness;
mod households;
mod imports;
mod incidents;
mod look;
mod plans;
mod scopes;
mod settings;
mod tables;

mod world;

/// Makes a test of each claim for each database. A claim is an `async fn(TestStore)`.
macro_rules! on_both_databases {
    ($($claim:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $claim() {
                super::$claim(crate::store::world::TestStore::sqlite().await).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $claim() {
                let Some(store) = crate::store::world::TestStore::postgres().await else { return };
                super::$claim(store).await;
            })*
        }
    };
}
use on_both_databases;
