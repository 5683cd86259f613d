//! Many rows in one statement; what they share is said once.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Value};

use super::execute;
use crate::store::StoreError;

/// How many rows one statement inserts. The text of a statement is read anew where it is not the same as one before: so
/// all are of this length but the last.
const STATEMENT_ROWS: usize = 500;

/// The columns of a table: those in which all rows of a chunk are alike, and the others.
pub(super) struct Columns<const SHARED: usize, const EACH: usize> {
    pub(super) table: &'static str,
    pub(super) shared: [&'static str; SHARED],
    pub(super) each: [&'static str; EACH],
}

impl<const SHARED: usize, const EACH: usize> Columns<SHARED, EACH> {
    pub(super) async fn insert(
        &self,
        tx: &DatabaseTransaction,
        shared: [Value; SHARED],
        rows: Vec<[Value; EACH]>,
    ) -> Result<(), StoreError> {
        let mut rows = rows.into_iter();
        while rows.len() > 0 {
            let mut values = Vec::with_capacity(SHARED + STATEMENT_ROWS * EACH);
            values.extend(shared.iter().cloned());
            rows.by_ref().take(STATEMENT_ROWS).for_each(|row| values.extend(row));
            let sql = self.sql((values.len() - SHARED) / EACH, tx.get_database_backend());
            execute(tx, sql, values).await?;
        }
        Ok(())
    }

    fn sql(&self, row_count: usize, backend: DbBackend) -> String {
        let mut sql = format!("INSERT INTO {} ({}", self.table, self.shared.join(", "));
        self.each.iter().for_each(|column| sql.extend([", ", *column]));
        sql.push_str(") SELECT ");
        let mut bind = Binds { backend, count: 0 };
        (0..SHARED).for_each(|place| bind.push(&mut sql, place));
        (1..=EACH).for_each(|number| sql.push_str(&format!(", column{number}")));
        sql.push_str(" FROM (VALUES ");
        for row in 0..row_count {
            sql.push_str(if row == 0 { "(" } else { "), (" });
            (0..EACH).for_each(|place| bind.push(&mut sql, place));
        }
        sql.push_str(")) AS given");
        sql
    }
}

/// Places for values, as each database writes them.
struct Binds {
    backend: DbBackend,
    count: usize,
}

impl Binds {
    fn push(&mut self, sql: &mut String, place: usize) {
        if place > 0 {
            sql.push_str(", ");
        }
        self.count += 1;
        match self.backend {
            DbBackend::Postgres => sql.push_str(&format!("${}", self.count)),
            // SQLite finds a value by its number as if that were a name, in a list of all of them: it must not be asked to.
            _ => sql.push('?'),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_values_come_before_those_of_each_row() {
        let columns = Columns { table: "t", shared: ["a", "b"], each: ["c", "d"] };
        let check = |backend, expected: &str| assert_eq!(columns.sql(2, backend), expected);
        check(
            DbBackend::Postgres,
            "INSERT INTO t (a, b, c, d) SELECT $1, $2, column1, column2 FROM (VALUES ($3, $4), ($5, $6)) AS given",
        );
        check(
            DbBackend::Sqlite,
            "INSERT INTO t (a, b, c, d) SELECT ?, ?, column1, column2 FROM (VALUES (?, ?), (?, ?)) AS given",
        );
    }
}
