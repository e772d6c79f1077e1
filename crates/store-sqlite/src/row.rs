//! Between SQL and the model: parameters, queries, and rows that must make sense.

use rim_core::message::Message;
use rim_core::{GroupId, MessageId, Rev, Seq, SessionId, UserId};
use rim_store::columns::{self, Columns};
use rusqlite::types::{FromSql, ValueRef};
use rusqlite::{Connection, Params, Row, Statement};

use crate::failure::{Failure, Result};

/// A number as SQLite keeps it. One beyond its range matches no row, as it should.
pub(crate) trait Sql {
    fn sql(self) -> i64;
}

impl Sql for u64 {
    fn sql(self) -> i64 {
        i64::try_from(self).unwrap_or(i64::MAX)
    }
}

macro_rules! sql {
    ($($id:ty)*) => { $(impl Sql for $id {
        fn sql(self) -> i64 {
            self.0.sql()
        }
    })* };
}
sql!(UserId GroupId MessageId SessionId Seq Rev);

/// The first row, if there is one.
pub(crate) fn first<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T>,
) -> Result<Option<T>> {
    first_of(&mut *db.prepare_cached(sql)?, params, read)
}

/// The first row of a statement that is at hand, if there is one.
pub(crate) fn first_of<T>(
    statement: &mut Statement<'_>,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> Result<T>,
) -> Result<Option<T>> {
    statement.query(params)?.next()?.map(read).transpose()
}

/// Every row.
pub(crate) fn all<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

/// The row of each key, in this order. A key that has none is passed over.
pub(crate) fn each<T>(
    db: &Connection,
    sql: &str,
    keys: impl IntoIterator<Item = impl Sql>,
    read: impl Fn(&Row<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let mut statement = db.prepare_cached(sql)?;
    let mut found = Vec::new();
    for key in keys {
        found.extend(first_of(&mut statement, [key.sql()], &read)?);
    }
    Ok(found)
}

/// Changes rows and returns how many.
pub(crate) fn execute(db: &Connection, sql: &str, params: impl Params) -> Result<usize> {
    Ok(db.prepare_cached(sql)?.execute(params)?)
}

/// Reads the columns of a row of this table, in their order; the first is the key by which a fault names it.
pub(crate) fn of<T>(table: &'static str) -> impl Fn(&Row<'_>) -> Result<T>
where
    T: for<'r> Columns<Fields<'r>>,
{
    move |row| Fields { table, row }.read(0)
}

/// The same of those behind the first, which is there for faults alone.
pub(crate) fn behind_key<T>(table: &'static str) -> impl Fn(&Row<'_>) -> Result<T>
where
    T: for<'r> Columns<Fields<'r>>,
{
    move |row| Fields { table, row }.read(1)
}

/// A row of a known table.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) table: &'static str,
    pub(crate) row: &'a Row<'a>,
}

impl<'a> Fields<'a> {
    /// The columns from `first` on.
    #[inline]
    pub(crate) fn read<T: Columns<Self>>(self, first: usize) -> Result<T> {
        T::read(self, first)
    }

    #[inline]
    fn get<T: FromSql>(self, index: usize) -> Result<T> {
        self.row.get(index).map_err(|_| columns::Row::corrupt(self, index))
    }
}

impl columns::Row for Fields<'_> {
    type Failure = Failure;

    #[inline]
    fn is_null(self, at: usize) -> bool {
        matches!(self.row.get_ref(at), Ok(ValueRef::Null))
    }

    #[inline]
    fn number(self, at: usize) -> Result<u64> {
        self.get(at)
    }

    #[inline]
    fn signed(self, at: usize) -> Result<i64> {
        self.get(at)
    }

    #[inline]
    fn bool(self, at: usize) -> Result<bool> {
        self.get(at)
    }

    #[inline]
    fn text(self, at: usize) -> Result<String> {
        self.get(at)
    }

    #[inline]
    fn code(self, at: usize) -> Result<u8> {
        self.get(at)
    }

    fn corrupt(self, at: usize) -> Failure {
        let text = |index: usize| match self.row.get_ref(index) {
            Ok(ValueRef::Integer(number)) => number.to_string(),
            Ok(value) => format!("a value of type {}", value.data_type()),
            Err(error) => error.to_string(),
        };
        let column = self.row.as_ref().column_name(at).map_or_else(|_| at.to_string(), str::to_owned);
        Failure::Corrupt { table: self.table.into(), column, row: text(0), value: text(at) }
    }
}

/// A message, and the column `checksum` behind it: what it should be, where it has one.
pub(crate) type Checked = (Message, Option<i64>);
/// How many columns these are.
pub(crate) const CHECKED_COLUMNS: usize = <Checked as Columns<Fields<'_>>>::COUNT;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_means_nothing_is_named_by_table_column_and_row() {
        let db = Connection::open_in_memory().expect("memory");
        let sql = "SELECT 7 AS id, 1 AS group_id, 1 AS seq, 1 AS rev, 1 AS sender_id, 'c' AS client_msg_id,
                          99 AS kind, '' AS content, 0 AS created_at, NULL AS checksum";
        let failure = first(&db, sql, [], of::<Checked>("messages")).expect_err("99 is no kind");
        assert_eq!(failure.to_string(), "table messages, column kind, row 7: a value that means nothing: 99");
    }
}
