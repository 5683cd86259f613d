//! Rows of imports that never came into force: found along the key by a reader, removed in chunks.

use sea_orm::{FromQueryResult, Statement, Value};
use uuid::Uuid;

use super::{CHUNK_ROWS, Import, execute};
use crate::store::StoreError;

/// A table whose rows carry the number of their import, and the column of the district that names the last in force.
struct Hidden {
    table: &'static str,
    named: &'static str,
    /// Tables whose rows go with these, and the columns by which they are found.
    with: &'static [(&'static str, &'static str)],
}

const HOUSEHOLDS: Hidden = Hidden { table: "households", named: "household_import", with: &[] };
const BUILDINGS: Hidden = Hidden { table: "buildings", named: "household_import", with: &[] };
const INCIDENTS: Hidden = Hidden {
    table: "incidents",
    named: "incident_import",
    with: &[("incident_sources", "incident_id"), ("incident_steps", "incident_id")],
};

#[derive(FromQueryResult)]
struct HiddenRow {
    id: Uuid,
}

impl Import {
    pub(super) async fn remove_hidden_households(&self) -> Result<(), StoreError> {
        self.remove_hidden(&HOUSEHOLDS).await?;
        self.remove_hidden(&BUILDINGS).await
    }

    pub(super) async fn remove_hidden_incidents(&self) -> Result<(), StoreError> {
        self.remove_hidden(&INCIDENTS).await
    }

    /// Removes what this import and those before it have hidden; a promotion that committed unseen has nothing hidden.
    async fn remove_hidden(&self, hidden: &Hidden) -> Result<(), StoreError> {
        let Hidden { table, named, with } = hidden;
        let is_hidden = format!(
            "district_id = $1 AND since_import <= $2 AND since_import > (SELECT {named} FROM districts WHERE id = $1) \
             AND id > $3"
        );
        let find = format!("SELECT id FROM {table} WHERE {is_hidden} ORDER BY id LIMIT {CHUNK_ROWS}");
        let mut after = Uuid::nil();
        loop {
            let values: [Value; 3] = [self.district.0.into(), self.number.into(), after.into()];
            let reader = &self.store.inner.reader;
            let statement =
                Statement::from_sql_and_values(reader.get_database_backend(), &find, values.clone());
            let found = HiddenRow::find_by_statement(statement).all(reader).await?;
            let Some(last) = found.last() else { return Ok(()) };
            let values = values.into_iter().chain([last.id.into()]);
            let tx = self.store.begin_write().await?;
            for (other, column) in *with {
                let these = format!("SELECT id FROM {table} WHERE {is_hidden} AND id <= $4");
                let sql = format!("DELETE FROM {other} WHERE district_id = $1 AND {column} IN ({these})");
                execute(&tx, sql, values.clone()).await?;
            }
            execute(&tx, format!("DELETE FROM {table} WHERE {is_hidden} AND id <= $4"), values).await?;
            tx.commit().await?;
            after = last.id;
        }
    }
}
