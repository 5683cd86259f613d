//! Many rows in one statement; what they share is said once.
//!
//! SQLite is given each value; PostgreSQL an array for each column, since it plans a list of thousands of values anew for
//! each statement.

use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, Value};

use super::execute;
use crate::store::StoreError;

/// How many rows one statement of SQLite inserts. It reads a statement anew that is not the same as one before, and keeps
/// it: so there are few lengths, and rows are inserted by the longest that they fill.
const STATEMENT_ROWS: [usize; 5] = [500, 100, 20, 5, 1];

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
        if tx.get_database_backend() == DbBackend::Postgres && !rows.is_empty() {
            let (sql, values) = self.arrays(shared, rows);
            execute(tx, sql, values).await?;
            return Ok(());
        }
        let mut rows = rows.into_iter();
        while let Some(count) = STATEMENT_ROWS.into_iter().find(|count| *count <= rows.len()) {
            let mut values = Vec::with_capacity(SHARED + count * EACH);
            values.extend(shared.iter().cloned());
            rows.by_ref().take(count).for_each(|row| values.extend(row));
            execute(tx, self.lists(count), values).await?;
        }
        Ok(())
    }

    fn head(&self) -> String {
        let mut sql = format!("INSERT INTO {} ({}", self.table, self.shared.join(", "));
        self.each.iter().for_each(|column| sql.extend([", ", *column]));
        sql.push_str(") SELECT ");
        sql
    }

    /// A statement with a place for each value. SQLite finds a value by its number as if that were a name, in a list of all
    /// of them: it must not be asked to.
    fn lists(&self, row_count: usize) -> String {
        let mut sql = self.head();
        sql.push_str(&["?"; SHARED].join(", "));
        (1..=EACH).for_each(|number| sql.push_str(&format!(", column{number}")));
        sql.push_str(" FROM (VALUES ");
        let row = format!("({})", ["?"; EACH].join(", "));
        sql.push_str(&vec![row; row_count].join(", "));
        sql.push_str(") AS given");
        sql
    }

    /// A statement with a place for each column, and the columns. An array has no nulls: where a column has some, another
    /// array says which they are.
    fn arrays(&self, shared: [Value; SHARED], rows: Vec<[Value; EACH]>) -> (String, Vec<Value>) {
        let mut columns: [Vec<Value>; EACH] = std::array::from_fn(|_| Vec::with_capacity(rows.len()));
        for row in rows {
            columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
        }
        let mut sql = self.head();
        sql.push_str(&(1..=SHARED).map(|number| format!("${number}")).collect::<Vec<_>>().join(", "));
        let (mut values, mut arrays, mut names) = (Vec::from(shared), Vec::new(), Vec::new());
        for (number, mut column) in (1..).zip(columns) {
            let nulls: Vec<Value> = column.iter().map(|value| (!value.is_some()).into()).collect();
            let has_nulls = nulls.contains(&true.into());
            for value in column.iter_mut().filter(|value| has_nulls && !value.is_some()) {
                *value = value.dummy_value();
            }
            let kind = column.first().map_or(ArrayType::Bool, Value::array_type);
            for (name, kind, array) in [("column", kind, column), ("null", ArrayType::Bool, nulls)] {
                if name == "null" && !has_nulls {
                    continue;
                }
                names.push(format!("{name}{number}"));
                arrays.push(format!("${}::{}[]", values.len() + 1, name_of(&kind)));
                values.push(Value::Array(kind, Some(Box::new(array))));
            }
            sql.push_str(&match has_nulls {
                true => format!(", CASE WHEN NOT null{number} THEN column{number} END"),
                false => format!(", column{number}"),
            });
        }
        sql.push_str(&format!(" FROM unnest({}) AS given({})", arrays.join(", "), names.join(", ")));
        (sql, values)
    }
}

/// What PostgreSQL calls it.
fn name_of(kind: &ArrayType) -> &'static str {
    match kind {
        ArrayType::Bool => "boolean",
        ArrayType::SmallInt => "smallint",
        ArrayType::Int => "integer",
        ArrayType::BigInt => "bigint",
        ArrayType::Double => "double precision",
        ArrayType::String => "text",
        ArrayType::Uuid => "uuid",
        other => unreachable!("no column of an import holds {other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: Columns<2, 2> = Columns { table: "t", shared: ["a", "b"], each: ["c", "d"] };

    #[test]
    fn shared_values_come_before_those_of_each_row() {
        let sql =
            "INSERT INTO t (a, b, c, d) SELECT ?, ?, column1, column2 FROM (VALUES (?, ?), (?, ?)) AS given";
        assert_eq!(COLUMNS.lists(2), sql);
    }

    #[test]
    fn a_column_with_nulls_goes_with_an_array_that_says_which_they_are() {
        let rows = vec![[1.into(), Some(0.5).into()], [2.into(), None::<f64>.into()]];

        let (sql, values) = COLUMNS.arrays(["x".into(), "y".into()], rows);

        let expected = "INSERT INTO t (a, b, c, d) SELECT $1, $2, column1, CASE WHEN NOT null2 THEN column2 END \
            FROM unnest($3::integer[], $4::double precision[], $5::boolean[]) AS given(column1, column2, null2)";
        assert_eq!(sql, expected);
        let array = |kind, values: [Value; 2]| Value::Array(kind, Some(Box::new(values.into())));
        let expected = [
            "x".into(),
            "y".into(),
            array(ArrayType::Int, [1.into(), 2.into()]),
            array(ArrayType::Double, [0.5.into(), 0.0.into()]),
            array(ArrayType::Bool, [false.into(), true.into()]),
        ];
        assert_eq!(values, expected);
    }
}
