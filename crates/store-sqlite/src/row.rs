//! Between SQL and the model: parameters, queries, and rows that must make sense.

use rim_core::friend::Friendship;
use rim_core::group::{Group, Role};
use rim_core::group_event::EventKind;
use rim_core::message::{Kind, Message};
use rim_core::session::Session;
use rim_core::user::User;
use rim_core::{GroupId, MessageId, Rev, Seq, SessionId, Timestamp, UserId};
use rim_store::Column;
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
pub(crate) fn of<T: Columns>(table: &'static str) -> impl Fn(&Row<'_>) -> Result<T> {
    move |row| Fields { table, row }.read(0)
}

/// The same of those behind the first, which is there for faults alone.
pub(crate) fn behind_key<T: Columns>(table: &'static str) -> impl Fn(&Row<'_>) -> Result<T> {
    move |row| Fields { table, row }.read(1)
}

/// A row of a known table.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    pub(crate) table: &'static str,
    pub(crate) row: &'a Row<'a>,
}

impl Fields<'_> {
    /// The columns from `first` on.
    pub(crate) fn read<T: Columns>(self, first: usize) -> Result<T> {
        T::read(self, first)
    }

    fn get<T: FromSql>(self, index: usize) -> Result<T> {
        self.row.get(index).map_err(|_| self.corrupt(index))
    }

    /// A number that stands for something.
    fn code<T>(self, index: usize, meaning: impl FnOnce(u8) -> Option<T>) -> Result<T> {
        meaning(self.get(index)?).ok_or_else(|| self.corrupt(index))
    }

    pub(crate) fn corrupt(self, index: usize) -> Failure {
        let text = |index: usize| match self.row.get_ref(index) {
            Ok(ValueRef::Integer(number)) => number.to_string(),
            Ok(value) => format!("a value of type {}", value.data_type()),
            Err(error) => error.to_string(),
        };
        let column = self.row.as_ref().column_name(index).map_or_else(|_| index.to_string(), str::to_owned);
        Failure::Corrupt { table: self.table.into(), column, row: text(0), value: text(index) }
    }
}

/// What columns of a row hold, read in their order: a tuple names them where it is taken apart, beside the statement.
pub(crate) trait Columns: Sized {
    /// How many they are.
    const COUNT: usize;

    fn read(row: Fields<'_>, first: usize) -> Result<Self>;
}

macro_rules! column {
    ($($kind:ty: |$row:ident, $at:ident| $read:expr;)*) => { $(
        impl Columns for $kind {
            const COUNT: usize = 1;

            fn read($row: Fields<'_>, $at: usize) -> Result<Self> {
                $read
            }
        }
    )* };
}
column! {
    u8: |row, at| row.get(at);
    u64: |row, at| row.get(at);
    i64: |row, at| row.get(at);
    bool: |row, at| row.get(at);
    String: |row, at| row.get(at);
    UserId: |row, at| row.get(at).map(Self);
    GroupId: |row, at| row.get(at).map(Self);
    MessageId: |row, at| row.get(at).map(Self);
    SessionId: |row, at| row.get(at).map(Self);
    Seq: |row, at| row.get(at).map(Self);
    Rev: |row, at| row.get(at).map(Self);
    Timestamp: |row, at| row.get(at).map(Self);
    Kind: |row, at| row.code(at, Self::from_code);
    EventKind: |row, at| row.code(at, Self::from_code);
    Role: |row, at| row.code(at, |code| Self::of(&code.into()));
    Friendship: |row, at| row.code(at, |code| Self::of(&code.into()));
}

impl<T: Columns> Columns for Option<T> {
    const COUNT: usize = T::COUNT;

    fn read(row: Fields<'_>, first: usize) -> Result<Self> {
        match row.row.get_ref(first) {
            Ok(ValueRef::Null) => Ok(None),
            _ => T::read(row, first).map(Some),
        }
    }
}

macro_rules! tuples {
    ($($($part:ident)*;)*) => { $(
        impl<$($part: Columns),*> Columns for ($($part,)*) {
            const COUNT: usize = 0 $(+ $part::COUNT)*;

            fn read(row: Fields<'_>, first: usize) -> Result<Self> {
                let mut next = first;
                let mut at = |count| {
                    let at = next;
                    next += count;
                    at
                };
                Ok(($($part::read(row, at($part::COUNT))?,)*))
            }
        }
    )* };
}
tuples! {
    A B;
    A B C;
    A B C D;
    A B C D E;
    A B C D E F;
    A B C D E F G;
    A B C D E F G H;
    A B C D E F G H I;
}

/// Of `id, account, name, avatar, email`.
impl Columns for User {
    const COUNT: usize = 5;

    fn read(row: Fields<'_>, first: usize) -> Result<Self> {
        let (id, account, name, avatar, email) = row.read(first)?;
        Ok(Self { id, account, name, avatar, email })
    }
}

/// Of `id, user_id, device, address, created_at, last_seen_at, expires_at`.
impl Columns for Session {
    const COUNT: usize = 7;

    fn read(row: Fields<'_>, first: usize) -> Result<Self> {
        let (id, user, device, address, created_at, last_seen_at, expires_at) = row.read(first)?;
        Ok(Self { id, user, device, address, created_at, last_seen_at, expires_at })
    }
}

/// Of `id, name, avatar, mode, creator_id, single`.
impl Columns for Group {
    const COUNT: usize = 6;

    fn read(row: Fields<'_>, first: usize) -> Result<Self> {
        let (id, name, avatar, mode, creator, single) = row.read(first)?;
        Ok(Self { id, name, avatar, mode, creator, single })
    }
}

/// Of `id, group_id, seq, rev, sender_id, client_msg_id, kind, content, created_at`.
impl Columns for Message {
    const COUNT: usize = 9;

    fn read(row: Fields<'_>, first: usize) -> Result<Self> {
        let (id, group, seq, rev, sender, client_msg_id, kind, content, created_at) = row.read(first)?;
        Ok(Self { id, group, seq, rev, sender, client_msg_id, kind, content, created_at })
    }
}

/// A message, and the column `checksum` behind it: what it should be, where it has one.
pub(crate) type Checked = (Message, Option<i64>);

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
