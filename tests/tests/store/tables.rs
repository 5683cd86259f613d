//! The migrated catalogue keeps the rules that let it be distributed by district.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, QueryResult, Statement};

use super::world::TestStore;

super::on_both_databases!(
    every_key_begins_with_the_district_and_no_reference_leaves_it,
    no_column_asks_for_a_sequence_a_trigger_or_a_type_of_one_database,
);

/// The columns of one primary key, unique index, or reference; a reference also says where it leads.
#[derive(Debug, Default)]
struct Key {
    table: String,
    columns: Vec<String>,
    target: Option<String>,
    target_columns: Vec<String>,
}

async fn every_key_begins_with_the_district_and_no_reference_leaves_it(test: TestStore) {
    let beside = test.beside().await;
    let keys = match beside.get_database_backend() {
        DbBackend::Postgres => postgres_keys(&beside).await,
        _ => sqlite_keys(&beside).await,
    };

    let own: Vec<&Key> = keys.iter().filter(|key| key.table != "seaql_migrations").collect();
    assert!(own.len() > 45, "{} keys were found", own.len());
    for key in own {
        let of_districts = key.table == "districts";
        let first = key.columns[0].as_str();
        assert!(first == "district_id" || (of_districts && key.target.is_none()), "{key:?}");
        if let Some(target) = &key.target {
            let expected = if target == "districts" { "id" } else { "district_id" };
            assert_eq!(key.target_columns[0], expected, "{key:?} leaves its district");
        }
    }
}

async fn rows(beside: &DatabaseConnection, sql: impl Into<String>) -> Vec<QueryResult> {
    let statement = Statement::from_string(beside.get_database_backend(), sql);
    beside.query_all_raw(statement).await.expect("the catalogue answers")
}

fn text(row: &QueryResult, column: &str) -> String {
    row.try_get("", column).expect("a text")
}

async fn postgres_keys(beside: &DatabaseConnection) -> Vec<Key> {
    let sql = "SELECT c.oid::text AS key, t.relname::text AS tab, \
        COALESCE(f.relname::text, '') AS target, a.attname::text AS col, COALESCE(fa.attname::text, '') AS target_col \
        FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid \
        JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public' \
        LEFT JOIN pg_class f ON f.oid = c.confrelid AND c.contype = 'f' \
        CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k(attnum, place) \
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum \
        LEFT JOIN pg_attribute fa ON fa.attrelid = f.oid AND fa.attnum = c.confkey[k.place] \
        WHERE c.contype IN ('p', 'u', 'f') \
        UNION ALL SELECT i.indexrelid::text, t.relname::text, '', a.attname::text, '' FROM pg_index i \
        JOIN pg_class t ON t.oid = i.indrelid \
        JOIN pg_namespace n ON n.oid = t.relnamespace AND n.nspname = 'public' \
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = i.indkey[0] WHERE i.indisunique AND NOT i.indisprimary";
    let mut keys: BTreeMap<String, Key> = BTreeMap::new();
    for row in rows(beside, sql).await {
        let key = keys.entry(text(&row, "key")).or_default();
        key.table = text(&row, "tab");
        key.columns.push(text(&row, "col"));
        key.target = Some(text(&row, "target")).filter(|target| !target.is_empty());
        key.target_columns.push(text(&row, "target_col"));
    }
    keys.into_values().collect()
}

async fn sqlite_keys(beside: &DatabaseConnection) -> Vec<Key> {
    let mut keys = Vec::new();
    let tables =
        rows(beside, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
            .await;
    for table in tables.iter().map(|row| text(row, "name")) {
        let indexes =
            rows(beside, format!("SELECT name FROM pragma_index_list('{table}') WHERE \"unique\" = 1"));
        for index in indexes.await.iter().map(|row| text(row, "name")) {
            let columns =
                rows(beside, format!("SELECT name FROM pragma_index_info('{index}') ORDER BY seqno"));
            let columns = columns.await.iter().map(|row| text(row, "name")).collect();
            keys.push(Key { table: table.clone(), columns, ..Key::default() });
        }
        let mut references: BTreeMap<i32, Key> = BTreeMap::new();
        let sql = format!(
            "SELECT id, \"table\" AS target, \"from\" AS col, \"to\" AS target_col FROM pragma_foreign_key_list('{table}') ORDER BY id, seq"
        );
        for row in rows(beside, sql).await {
            let key = references.entry(row.try_get("", "id").expect("a number")).or_default();
            key.table.clone_from(&table);
            key.columns.push(text(&row, "col"));
            key.target = Some(text(&row, "target"));
            key.target_columns.push(text(&row, "target_col"));
        }
        keys.extend(references.into_values());
    }
    keys
}

async fn no_column_asks_for_a_sequence_a_trigger_or_a_type_of_one_database(test: TestStore) {
    let beside = test.beside().await;
    let (types, others, allowed): (_, _, &[&str]) = match beside.get_database_backend() {
        DbBackend::Postgres => (
            "SELECT DISTINCT data_type::text AS name FROM information_schema.columns WHERE table_schema = 'public' \
             AND table_name <> 'seaql_migrations'",
            "SELECT relname::text AS name FROM pg_class WHERE relkind = 'S' \
             UNION ALL SELECT tgname::text FROM pg_trigger WHERE NOT tgisinternal",
            &[
                "bigint",
                "boolean",
                "bytea",
                "character varying",
                "double precision",
                "integer",
                "smallint",
                "text",
                "uuid",
            ],
        ),
        _ => (
            "SELECT DISTINCT lower(c.type) AS name FROM sqlite_schema t, pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND t.name NOT IN ('seaql_migrations', 'sqlite_sequence')",
            "SELECT name FROM sqlite_schema WHERE type = 'trigger' OR sql LIKE '%AUTOINCREMENT%'",
            &["bigint", "boolean", "blob", "varchar", "double", "integer", "smallint", "text", "uuid_text"],
        ),
    };

    for name in rows(&beside, types).await.iter().map(|row| text(row, "name")) {
        assert!(allowed.contains(&name.as_str()), "{name} is a type of its own");
    }
    let others: Vec<String> = rows(&beside, others).await.iter().map(|row| text(row, "name")).collect();
    assert_eq!(others, Vec::<String>::new());
}
