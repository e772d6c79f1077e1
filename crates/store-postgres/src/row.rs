//! Between SQL and the model: parameters, queries, and rows that must make sense.

use deadpool_postgres::GenericClient;
use rim_core::group::Group;
use rim_core::message::{Kind, Message};
use rim_core::session::Session;
use rim_core::user::User;
use rim_core::{GroupId, MessageId, Rev, Seq, SessionId, Timestamp, UserId};
use rim_store::{Column, Value};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, ToSql};

use crate::causes::describe;
use crate::failure::{Failure, Result};
use crate::text::OwnedText;

pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A number as PostgreSQL keeps it. One beyond its range matches no row, as it should.
pub(crate) trait Sql {
    fn sql(self) -> i64;
}

impl Sql for u64 {
    fn sql(self) -> i64 {
        i64::try_from(self).unwrap_or(i64::MAX)
    }
}

/// A number as rim has it.
pub(crate) trait Number {
    fn number(number: u64) -> Self;
}

impl Number for u64 {
    fn number(number: u64) -> Self {
        number
    }
}

macro_rules! numbers {
    ($($id:ident)*) => { $(
        impl Sql for $id {
            fn sql(self) -> i64 {
                self.0.sql()
            }
        }

        impl Number for $id {
            fn number(number: u64) -> Self {
                Self(number)
            }
        }
    )* };
}
numbers!(UserId GroupId MessageId SessionId Seq Rev);

/// Many of them, as an array.
pub(crate) fn array<T: Sql>(numbers: impl IntoIterator<Item = T>) -> Vec<i64> {
    numbers.into_iter().map(Sql::sql).collect()
}

/// The first row, if there is one.
pub(crate) async fn first<T>(
    db: &impl GenericClient,
    sql: &str,
    params: Params<'_>,
    read: impl FnOnce(Fields<'_>) -> Result<T>,
) -> Result<Option<T>> {
    let statement = db.prepare_cached(sql).await?;
    let row = db.query_opt(&statement, params).await?;
    row.as_ref().map(Fields::of).map(read).transpose()
}

/// Every row.
pub(crate) async fn all<T>(
    db: &impl GenericClient,
    sql: &str,
    params: Params<'_>,
    read: impl FnMut(Fields<'_>) -> Result<T>,
) -> Result<Vec<T>> {
    let statement = db.prepare_cached(sql).await?;
    let rows = db.query(&statement, params).await?;
    rows.iter().map(Fields::of).map(read).collect()
}

/// Changes rows and returns how many.
pub(crate) async fn execute(db: &impl GenericClient, sql: &str, params: Params<'_>) -> Result<u64> {
    let statement = db.prepare_cached(sql).await?;
    Ok(db.execute(&statement, params).await?)
}

/// A row; its first column is the key by which a fault names it.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    row: &'a Row,
    /// Where its columns begin.
    first: usize,
}

impl<'a> Fields<'a> {
    pub(crate) const fn of(row: &'a Row) -> Self {
        Self { row, first: 0 }
    }

    /// The columns from the given one on.
    pub(crate) const fn from(self, index: usize) -> Self {
        Self { first: self.first + index, ..self }
    }

    pub(crate) fn get<T: FromSql<'a>>(self, index: usize) -> Result<T> {
        self.row.try_get(self.first + index).map_err(|error| self.corrupt(index, describe(&error)))
    }

    pub(crate) fn text(self, index: usize) -> Result<String> {
        Ok(self.get::<OwnedText>(index)?.0)
    }

    pub(crate) fn number<T: Number>(self, index: usize) -> Result<T> {
        let found: i64 = self.get(index)?;
        u64::try_from(found).map(T::number).map_err(|_| self.corrupt(index, found))
    }

    pub(crate) fn maybe<T: Number>(self, index: usize) -> Result<Option<T>> {
        if self.get::<Option<i64>>(index)?.is_none() { Ok(None) } else { self.number(index).map(Some) }
    }

    pub(crate) fn time(self, index: usize) -> Result<Timestamp> {
        self.get(index).map(Timestamp)
    }

    /// A number that stands for something.
    pub(crate) fn code<T>(self, index: usize, parse: impl FnOnce(u8) -> Option<T>) -> Result<T> {
        let code: i16 = self.get(index)?;
        u8::try_from(code).ok().and_then(parse).ok_or_else(|| self.corrupt(index, code))
    }

    /// The same of what has one number in every database.
    pub(crate) fn known<T: Column>(self, index: usize) -> Result<T> {
        self.code(index, |code| T::of(&Value::from(code)))
    }

    pub(crate) fn corrupt(self, index: usize, value: impl ToString) -> Failure {
        let column = self.row.columns().get(self.first + index);
        let key = self.row.try_get::<_, i64>(0).map_or_else(|_| "unknown".into(), |key| key.to_string());
        Failure::Corrupt {
            table: column
                .and_then(|column| column.table_oid())
                .map_or_else(|| "unknown".into(), |oid| format!("with oid {oid}")),
            column: column.map_or_else(|| index.to_string(), |column| column.name().to_owned()),
            row: key,
            value: value.to_string(),
        }
    }
}

/// Of `id, account, name, avatar, email`.
pub(crate) fn user(row: Fields<'_>) -> Result<User> {
    Ok(User {
        id: row.number(0)?,
        account: row.text(1)?,
        name: row.text(2)?,
        avatar: row.text(3)?,
        email: row.text(4)?,
    })
}

/// Of `id, user_id, device, address, created_at, last_seen_at, expires_at`.
pub(crate) fn session(row: Fields<'_>) -> Result<Session> {
    Ok(Session {
        id: row.number(0)?,
        user: row.number(1)?,
        device: row.text(2)?,
        address: row.text(3)?,
        created_at: row.time(4)?,
        last_seen_at: row.time(5)?,
        expires_at: row.time(6)?,
    })
}

/// Of `id, name, avatar, mode, creator_id, single`.
pub(crate) fn group(row: Fields<'_>) -> Result<Group> {
    Ok(Group {
        id: row.number(0)?,
        name: row.text(1)?,
        avatar: row.text(2)?,
        mode: row.code(3, Some)?,
        creator: row.number(4)?,
        single: row.get(5)?,
    })
}

/// Of `id, group_id, seq, rev, sender_id, client_msg_id, kind, content, created_at`.
pub(crate) fn message(row: Fields<'_>) -> Result<Message> {
    Ok(Message {
        id: row.number(0)?,
        group: row.number(1)?,
        seq: row.number(2)?,
        rev: row.number(3)?,
        sender: row.number(4)?,
        client_msg_id: row.text(5)?,
        kind: row.code(6, Kind::from_code)?,
        content: row.text(7)?,
        created_at: row.time(8)?,
    })
}
