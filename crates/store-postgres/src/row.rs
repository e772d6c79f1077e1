//! Between SQL and the model: parameters, queries, and rows that must make sense.

use deadpool_postgres::GenericClient;
use rim_core::friend::Friendship;
use rim_core::group::{Group, Role};
use rim_core::group_event::EventKind;
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

/// Reads the columns of a row, in their order.
pub(crate) fn read<T: Columns>(row: Fields<'_>) -> Result<T> {
    T::read(row, 0)
}

/// The same of those behind the first, which is there for faults alone.
pub(crate) fn behind_key<T: Columns>(row: Fields<'_>) -> Result<T> {
    T::read(row, 1)
}

/// A row; its first column is the key by which a fault names it.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    row: &'a Row,
}

impl<'a> Fields<'a> {
    pub(crate) const fn of(row: &'a Row) -> Self {
        Self { row }
    }

    pub(crate) fn get<T: FromSql<'a>>(self, index: usize) -> Result<T> {
        self.row.try_get(index).map_err(|error| self.corrupt(index, describe(&error)))
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
    fn code<T>(self, index: usize, meaning: impl FnOnce(u8) -> Option<T>) -> Result<T> {
        let code: i16 = self.get(index)?;
        u8::try_from(code).ok().and_then(meaning).ok_or_else(|| self.corrupt(index, code))
    }

    pub(crate) fn corrupt(self, index: usize, value: impl ToString) -> Failure {
        let column = self.row.columns().get(index);
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

/// What columns of a row hold, read in their order: a tuple names them where it is taken apart, beside the statement.
pub(crate) trait Columns: Sized {
    /// How many they are.
    const COUNT: usize;

    /// Of the columns from `first` on.
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
    u8: |row, at| row.code(at, Some);
    u64: |row, at| row.number(at);
    bool: |row, at| row.get(at);
    String: |row, at| row.text(at);
    UserId: |row, at| row.number(at);
    GroupId: |row, at| row.number(at);
    MessageId: |row, at| row.number(at);
    SessionId: |row, at| row.number(at);
    Seq: |row, at| row.number(at);
    Rev: |row, at| row.number(at);
    Timestamp: |row, at| row.time(at);
    Kind: |row, at| row.code(at, Self::from_code);
    EventKind: |row, at| row.code(at, Self::from_code);
    Role: |row, at| row.code(at, |code| Self::of(&Value::from(code)));
    Friendship: |row, at| row.code(at, |code| Self::of(&Value::from(code)));
    Option<String>: |row, at| Ok(row.get::<Option<OwnedText>>(at)?.map(|text| text.0));
    Vec<Seq>: |row, at| {
        let places: Vec<i64> = row.get(at)?;
        Ok(places.into_iter().map(|place| Seq(place.unsigned_abs())).collect())
    };
}

impl<T: Number> Columns for Option<T> {
    const COUNT: usize = 1;

    fn read(row: Fields<'_>, at: usize) -> Result<Self> {
        row.maybe(at)
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
        let (id, account, name, avatar, email) = Columns::read(row, first)?;
        Ok(Self { id, account, name, avatar, email })
    }
}

/// Of `id, user_id, device, address, created_at, last_seen_at, expires_at`.
impl Columns for Session {
    const COUNT: usize = 7;

    fn read(row: Fields<'_>, first: usize) -> Result<Self> {
        let (id, user, device, address, created_at, last_seen_at, expires_at) = Columns::read(row, first)?;
        Ok(Self { id, user, device, address, created_at, last_seen_at, expires_at })
    }
}

/// Of `id, name, avatar, mode, creator_id, single`.
impl Columns for Group {
    const COUNT: usize = 6;

    fn read(row: Fields<'_>, first: usize) -> Result<Self> {
        let (id, name, avatar, mode, creator, single) = Columns::read(row, first)?;
        Ok(Self { id, name, avatar, mode, creator, single })
    }
}

/// Of `id, group_id, seq, rev, sender_id, client_msg_id, kind, content, created_at`.
impl Columns for Message {
    const COUNT: usize = 9;

    fn read(row: Fields<'_>, first: usize) -> Result<Self> {
        let (id, group, seq, rev, sender, client_msg_id, kind, content, created_at) =
            Columns::read(row, first)?;
        Ok(Self { id, group, seq, rev, sender, client_msg_id, kind, content, created_at })
    }
}
