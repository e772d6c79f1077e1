//! Between SQL and the model: parameters, queries, and rows that must make sense.

use rim_core::group::Group;
use rim_core::message::{Kind, Message};
use rim_core::session::Session;
use rim_core::user::User;
use rim_core::{GroupId, MessageId, Rev, Seq, SessionId, Timestamp, UserId};
use rim_store::{Column, Value};
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

/// A row of a known table; its first column is the key by which a fault names it.
pub(crate) struct Fields<'a> {
    pub(crate) table: &'static str,
    pub(crate) row: &'a Row<'a>,
}

impl Fields<'_> {
    pub(crate) fn get<T: FromSql>(&self, index: usize) -> Result<T> {
        self.row.get(index).map_err(|_| self.corrupt(index))
    }

    pub(crate) fn parse<T>(&self, index: usize, parse: impl FnOnce(u8) -> Option<T>) -> Result<T> {
        parse(self.get(index)?).ok_or_else(|| self.corrupt(index))
    }

    /// A number that stands for something.
    pub(crate) fn code<T: Column>(&self, index: usize) -> Result<T> {
        T::of(&Value::Integer(self.get(index)?)).ok_or_else(|| self.corrupt(index))
    }

    pub(crate) fn corrupt(&self, index: usize) -> Failure {
        let text = |index: usize| match self.row.get_ref(index) {
            Ok(ValueRef::Integer(number)) => number.to_string(),
            Ok(value) => format!("a value of type {}", value.data_type()),
            Err(error) => error.to_string(),
        };
        let column = self.row.as_ref().column_name(index).map_or_else(|_| index.to_string(), str::to_owned);
        Failure::Corrupt { table: self.table.into(), column, row: text(0), value: text(index) }
    }
}

/// Of `id, account, name, avatar, email`.
pub(crate) fn user(row: &Row<'_>) -> Result<User> {
    let row = Fields { table: "users", row };
    Ok(User {
        id: UserId(row.get(0)?),
        account: row.get(1)?,
        name: row.get(2)?,
        avatar: row.get(3)?,
        email: row.get(4)?,
    })
}

/// Of `id, user_id, device, address, created_at, last_seen_at, expires_at`.
pub(crate) fn session(row: &Row<'_>) -> Result<Session> {
    let row = Fields { table: "sessions", row };
    Ok(Session {
        id: SessionId(row.get(0)?),
        user: UserId(row.get(1)?),
        device: row.get(2)?,
        address: row.get(3)?,
        created_at: Timestamp(row.get(4)?),
        last_seen_at: Timestamp(row.get(5)?),
        expires_at: Timestamp(row.get(6)?),
    })
}

/// Of `id, name, avatar, mode, creator_id, single`.
pub(crate) fn group(row: &Row<'_>) -> Result<Group> {
    let row = Fields { table: "groups", row };
    Ok(Group {
        id: GroupId(row.get(0)?),
        name: row.get(1)?,
        avatar: row.get(2)?,
        mode: row.get(3)?,
        creator: UserId(row.get(4)?),
        single: row.get(5)?,
    })
}

/// Of `id, group_id, seq, rev, sender_id, client_msg_id, kind, content, created_at, checksum`: the message, and what
/// its checksum should be, where it has one.
pub(crate) fn message(row: &Row<'_>) -> Result<(Message, Option<i64>)> {
    let row = Fields { table: "messages", row };
    let message = Message {
        id: MessageId(row.get(0)?),
        group: GroupId(row.get(1)?),
        seq: Seq(row.get(2)?),
        rev: Rev(row.get(3)?),
        sender: UserId(row.get(4)?),
        client_msg_id: row.get(5)?,
        kind: row.parse(6, Kind::from_code)?,
        content: row.get(7)?,
        created_at: Timestamp(row.get(8)?),
    };
    Ok((message, row.get(9)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_means_nothing_is_named_by_table_column_and_row() {
        let db = Connection::open_in_memory().expect("memory");
        let sql = "SELECT 7 AS id, 1 AS group_id, 1 AS seq, 1 AS rev, 1 AS sender_id, 'c' AS client_msg_id,
                          99 AS kind, '' AS content, 0 AS created_at, NULL AS checksum";
        let failure = first(&db, sql, [], message).expect_err("99 is no kind");
        assert_eq!(failure.to_string(), "table messages, column kind, row 7: a value that means nothing: 99");
    }
}
