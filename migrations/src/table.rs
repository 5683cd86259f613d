//! How a table is written down in a migration: its columns, its key, what it refers to, its indexes.

use sea_orm_migration::prelude::*;

/// A table to be created.
pub(crate) struct NewTable {
    name: &'static str,
    statement: TableCreateStatement,
    indexes: Vec<IndexCreateStatement>,
}

impl NewTable {
    /// A table with a primary key.
    pub(crate) fn new(
        name: &'static str,
        columns: impl IntoIterator<Item = ColumnDef>,
        key: &[&'static str],
    ) -> Self {
        let mut statement = Table::create();
        statement.table(name);
        for column in columns {
            statement.col(column);
        }
        let mut primary = Index::create();
        for &column in key {
            primary.col(column);
        }
        statement.primary_key(&mut primary);
        Self { name, statement, indexes: Vec::new() }
    }

    /// Every row belongs to a district that is there.
    pub(crate) fn of_district(self) -> Self {
        self.refers(&["district_id"], "districts", &["id"])
    }

    /// Some columns hold the key of a row that is there.
    pub(crate) fn refers(mut self, from: &[&'static str], table: &'static str, to: &[&'static str]) -> Self {
        let mut key = ForeignKey::create();
        key.name(format!("fk_{}_{}", self.name, from.last().copied().unwrap_or(table)));
        for &column in from {
            key.from(self.name, column);
        }
        for &column in to {
            key.to(table, column);
        }
        self.statement.foreign_key(&mut key);
        self
    }

    /// No two rows have the same values here.
    pub(crate) fn unique(mut self, columns: &[&'static str]) -> Self {
        let index = self.named_index("uq", columns).unique().to_owned();
        self.indexes.push(index);
        self
    }

    /// Rows are found by these columns.
    pub(crate) fn index(mut self, columns: &[&'static str]) -> Self {
        let index = self.named_index("ix", columns);
        self.indexes.push(index);
        self
    }

    fn named_index(&self, kind: &str, columns: &[&'static str]) -> IndexCreateStatement {
        let mut index = Index::create();
        index.name(index_name(kind, self.name, columns)).table(self.name);
        for &column in columns {
            index.col(column);
        }
        index
    }

    /// Creates the table and its indexes.
    pub(crate) async fn create(self, manager: &SchemaManager<'_>) -> Result<(), DbErr> {
        manager.create_table(self.statement).await?;
        for index in self.indexes {
            manager.create_index(index).await?;
        }
        Ok(())
    }
}

fn index_name(kind: &str, table: &str, columns: &[&str]) -> String {
    let last = columns.iter().filter(|&&column| column != "district_id").copied().collect::<Vec<_>>();
    format!("{kind}_{table}_{}", last.join("_"))
}

/// Rows of a table that is there already are found by these columns.
pub(crate) async fn index_on(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    let mut index = Index::create();
    index.name(index_name("ix", table, columns)).table(table);
    for &column in columns {
        index.col(column);
    }
    manager.create_index(index).await
}

/// Drops an index that is not unique.
pub(crate) async fn drop_index(
    manager: &SchemaManager<'_>,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    let index = Index::drop().name(index_name("ix", table, columns)).table(table).to_owned();
    manager.drop_index(index).await
}

/// Drops tables, in the order given.
pub(crate) async fn drop_tables(manager: &SchemaManager<'_>, names: &[&'static str]) -> Result<(), DbErr> {
    for &name in names {
        manager.drop_table(Table::drop().table(name).to_owned()).await?;
    }
    Ok(())
}
