//! Between SQL and the model: parameters, queries, and rows that must make sense.

use deadpool_postgres::GenericClient;
use rim_core::{GroupId, MessageId, Rev, Seq, SessionId, UserId};
use rim_store::columns::{self, Columns};
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, ToSql, Type};

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
pub(crate) fn read<T: for<'r> Columns<Fields<'r>>>(row: Fields<'_>) -> Result<T> {
    T::read(row, 0)
}

/// The same of those behind the first, which is there for faults alone.
pub(crate) fn behind_key<T: for<'r> Columns<Fields<'r>>>(row: Fields<'_>) -> Result<T> {
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
        self.row.try_get(index).map_err(|error| self.meaningless(index, describe(&error)))
    }

    pub(crate) fn number<T: Number>(self, index: usize) -> Result<T> {
        let found: i64 = self.get(index)?;
        u64::try_from(found).map(T::number).map_err(|_| self.meaningless(index, found))
    }

    pub(crate) fn meaningless(self, index: usize, value: impl ToString) -> Failure {
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

impl columns::Row for Fields<'_> {
    type Failure = Failure;

    fn is_null(self, at: usize) -> bool {
        matches!(self.row.try_get(at), Ok(IsNull(true)))
    }

    fn number(self, at: usize) -> Result<u64> {
        Fields::number(self, at)
    }

    fn signed(self, at: usize) -> Result<i64> {
        self.get(at)
    }

    fn bool(self, at: usize) -> Result<bool> {
        self.get(at)
    }

    fn text(self, at: usize) -> Result<String> {
        Ok(self.get::<OwnedText>(at)?.0)
    }

    fn code(self, at: usize) -> Result<u8> {
        let code: i16 = self.get(at)?;
        u8::try_from(code).map_err(|_| self.meaningless(at, code))
    }

    fn corrupt(self, at: usize) -> Failure {
        self.meaningless(
            at,
            self.get::<i16>(at).map_or_else(|_| "not what it should be".into(), |code| code.to_string()),
        )
    }
}

/// Whether there is nothing in a column, whatever its type.
struct IsNull(bool);

impl FromSql<'_> for IsNull {
    fn from_sql(_: &Type, _: &[u8]) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(false))
    }

    fn from_sql_null(_: &Type) -> std::result::Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(true))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
