//! How SQLite is opened.

use api::store::{Store, StoreError};
use sea_orm::ConnectionTrait;

use super::world::TestStore;

#[tokio::test]
async fn a_second_server_on_the_same_file_is_refused_until_the_first_has_gone() {
    let test = TestStore::sqlite().await;

    let second = Store::connect(&test.settings).await;

    assert!(matches!(second, Err(StoreError::InUse { .. })), "{second:?}");
    let TestStore { store, settings, folder, .. } = test;
    drop(store);
    let third = Store::connect(&settings).await.expect("the first one has gone");
    assert!(third.is_migrated().await.expect("a statement"));
    drop(folder);
}

#[tokio::test]
async fn an_address_of_another_database_is_refused_by_its_scheme() {
    let settings = api::store::DatabaseSettings::new("mysql://root:secret@localhost/gridward");

    let refused = Store::connect(&settings).await.expect_err("not one of ours");

    assert_eq!(
        refused.to_string(),
        "the database address begins with \"mysql\"; sqlite:// and postgres:// are allowed"
    );
    assert!(!format!("{settings:?}").contains("secret"), "{settings:?}");
}

#[tokio::test]
async fn the_journal_is_a_write_ahead_log() {
    let test = TestStore::sqlite().await;

    let beside = test.beside().await;
    let statement = sea_orm::Statement::from_string(beside.get_database_backend(), "PRAGMA journal_mode");
    let row = beside.query_one_raw(statement).await.expect("a statement").expect("a row");

    assert_eq!(row.try_get_by_index::<String>(0).expect("a text"), "wal");
}
