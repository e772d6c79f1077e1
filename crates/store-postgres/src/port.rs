//! What PostgreSQL does for the use cases of `rim-store`.
//!
//! They wait for nothing, and PostgreSQL is waited for: so they run on threads of their own, one for each connection that
//! has a use case, and each of their steps is a question that the thread waits for.

use std::borrow::Cow;
use std::time::Duration;

use deadpool_postgres::{GenericClient, Transaction};
use futures_util::future::try_join_all;
use rim_core::event::Change;
use rim_core::message::{Message, Span};
use rim_core::{GroupId, MessageId, Rev, Seq};
use rim_store::database::{self, Each, Fields};
use rim_store::{Read, Value};
use tokio::runtime::Handle;
use tokio::time::{Instant, timeout_at};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use crate::bound::Bound;
use crate::causes::describe;
use crate::failure::Failure;
use crate::history::Stated;
use crate::text::OwnedText;
use crate::{each, history, moved, place};

/// Inside of a use case.
pub(crate) type Result<T> = std::result::Result<T, rim_store::Failure>;

/// Sets of parameters of one statement that go together.
pub(crate) const TOGETHER: usize = 512;

/// How a thread waits: for so long, all in all.
pub(crate) struct Patience {
    runtime: Handle,
    until: Instant,
}

impl Patience {
    pub(crate) fn new(runtime: Handle, time: Duration) -> Self {
        Self { runtime, until: Instant::now() + time }
    }

    /// # Errors
    /// `Late`.
    pub(crate) fn wait<T>(&self, until: impl Future<Output = T>) -> std::result::Result<T, Failure> {
        self.runtime.block_on(timeout_at(self.until, until)).map_err(|_| Failure::Late)
    }
}

/// What reads, from a thread.
pub(crate) struct Reader<'c, C> {
    pub(crate) db: &'c C,
    pub(crate) patience: &'c Patience,
}

/// A transaction that changes something, from a thread.
pub(crate) struct Writer<'c> {
    pub(crate) db: Transaction<'c>,
    pub(crate) patience: &'c Patience,
    pub(crate) changes: Vec<Change>,
}

async fn query(
    db: &impl GenericClient,
    sql: &str,
    params: &[Value<'_>],
) -> std::result::Result<Vec<Row>, Failure> {
    let statement = db.prepare_cached(sql).await?;
    let params: Vec<_> = params.iter().map(Bound).collect();
    let params: Vec<_> = params.iter().map(|param| param as &(dyn ToSql + Sync)).collect();
    Ok(db.query(&statement, &params).await?)
}

pub(crate) async fn execute(
    db: &impl GenericClient,
    sql: &str,
    params: &[Value<'_>],
) -> std::result::Result<u64, Failure> {
    let statement = db.prepare_cached(sql).await?;
    let params: Vec<_> = params.iter().map(Bound).collect();
    let params: Vec<_> = params.iter().map(|param| param as &(dyn ToSql + Sync)).collect();
    Ok(db.execute(&statement, &params).await?)
}

impl<C: GenericClient> Read for Reader<'_, C> {
    fn rows(&self, sql: &'static str, params: &[Value<'_>], each: Each<'_>) -> Result<()> {
        let rows = self.patience.wait(query(self.db, sql, params)).flatten()?;
        for row in &rows {
            if each(Fields::new(&Found(row), sql))?.is_break() {
                break;
            }
        }
        Ok(())
    }

    fn rows_of_each(
        &self,
        sql: &'static str,
        params: &[Vec<Value<'_>>],
        each: &mut dyn FnMut(usize, Fields<'_>) -> Result<()>,
    ) -> Result<()> {
        for (at, params) in params.chunks(TOGETHER).enumerate() {
            if params.len() > 1
                && let Some(rows) = self.patience.wait(each::query(self.db, sql, params)).flatten()?
            {
                for (answer, row) in &rows {
                    each(at * TOGETHER + answer, Fields::new(&Found(row), sql))?;
                }
                continue;
            }
            let asked = params.iter().map(|params| query(self.db, sql, params));
            let answers = self.patience.wait(try_join_all(asked)).flatten()?;
            for (answer, rows) in answers.iter().enumerate() {
                for row in rows {
                    each(at * TOGETHER + answer, Fields::new(&Found(row), sql))?;
                }
            }
        }
        Ok(())
    }

    fn message(&self, group: GroupId, message: MessageId, as_of: Option<Rev>) -> Result<Option<Message>> {
        Ok(self.patience.wait(history::find(self.db, group, message, as_of)).flatten()?)
    }

    fn messages_at(
        &self,
        group: GroupId,
        places: &[Span],
        as_of: Option<Rev>,
        bytes: usize,
    ) -> Result<Vec<Message>> {
        let places: Vec<_> = places.iter().map(|span| (group, *span)).collect();
        Ok(self
            .patience
            .wait(history::runs(self.db, &places, &Stated::all(&places, as_of), bytes))
            .flatten()?)
    }

    fn messages_in(&self, places: &[(GroupId, Span)], bytes: usize) -> Result<Vec<Message>> {
        let stated = Stated::all(places, None);
        Ok(self.patience.wait(history::runs(self.db, places, &stated, bytes)).flatten()?)
    }

    fn place_up_to(&self, group: GroupId, _last: Seq, message: MessageId) -> Result<Seq> {
        Ok(self.patience.wait(place::up_to(self.db, group, message)).flatten()?)
    }

    fn moved_unseen(&self, consumer: u64) -> Result<Option<Vec<GroupId>>> {
        Ok(self.patience.wait(moved::unseen(self.db, consumer)).flatten()?)
    }

    fn index_bytes(&self) -> Result<u64> {
        index_bytes(self)
    }
}

impl<'c> Writer<'c> {
    fn reader(&self) -> Reader<'_, Transaction<'c>> {
        Reader { db: &self.db, patience: self.patience }
    }
}

impl Read for Writer<'_> {
    fn rows(&self, sql: &'static str, params: &[Value<'_>], each: Each<'_>) -> Result<()> {
        self.reader().rows(sql, params, each)
    }

    fn rows_of_each(
        &self,
        sql: &'static str,
        params: &[Vec<Value<'_>>],
        each: &mut dyn FnMut(usize, Fields<'_>) -> Result<()>,
    ) -> Result<()> {
        self.reader().rows_of_each(sql, params, each)
    }

    fn message(&self, group: GroupId, message: MessageId, as_of: Option<Rev>) -> Result<Option<Message>> {
        self.reader().message(group, message, as_of)
    }

    fn messages_at(
        &self,
        group: GroupId,
        places: &[Span],
        as_of: Option<Rev>,
        bytes: usize,
    ) -> Result<Vec<Message>> {
        self.reader().messages_at(group, places, as_of, bytes)
    }

    fn messages_in(&self, places: &[(GroupId, Span)], bytes: usize) -> Result<Vec<Message>> {
        self.reader().messages_in(places, bytes)
    }

    fn place_up_to(&self, group: GroupId, last: Seq, message: MessageId) -> Result<Seq> {
        self.reader().place_up_to(group, last, message)
    }

    fn index_bytes(&self) -> Result<u64> {
        index_bytes(self)
    }
}

/// With what is free in it.
fn index_bytes(db: &dyn Read) -> Result<u64> {
    if !db.exists("SELECT segment FROM search_segments WHERE state = 1 LIMIT 1", &[])? {
        return Ok(0);
    }
    let sql = "SELECT pg_total_relation_size('search_segments') + pg_total_relation_size('search_blocks')
                      + pg_total_relation_size('search_entries') AS count";
    db.count(sql, &[])
}

/// A row, as a use case reads it.
struct Found<'r>(&'r Row);

impl database::Row for Found<'_> {
    fn value(&self, column: &str) -> std::result::Result<Value<'_>, String> {
        let at = self.0.columns().iter().position(|found| found.name() == column);
        let at = at.ok_or("there is no such column")?;
        let whole = |number: Option<i64>| number.map_or(Value::Null, Value::Integer);
        let read = || {
            Ok(Ok(match *self.0.columns()[at].type_() {
                Type::INT8 => whole(self.0.try_get(at)?),
                Type::INT4 => whole(self.0.try_get::<_, Option<i32>>(at)?.map(i64::from)),
                Type::INT2 => whole(self.0.try_get::<_, Option<i16>>(at)?.map(i64::from)),
                Type::BOOL => whole(self.0.try_get::<_, Option<bool>>(at)?.map(i64::from)),
                Type::TEXT => self
                    .0
                    .try_get::<_, Option<OwnedText>>(at)?
                    .map_or(Value::Null, |OwnedText(text)| Value::Text(Cow::Owned(text))),
                Type::BYTEA => self
                    .0
                    .try_get::<_, Option<&[u8]>>(at)?
                    .map_or(Value::Null, |bytes| Value::Bytes(Cow::Borrowed(bytes))),
                ref other => return Ok(Err(format!("a value of type {other}"))),
            }))
        };
        read().unwrap_or_else(|error: tokio_postgres::Error| Err(describe(&error)))
    }

    fn key(&self) -> String {
        self.0.try_get::<_, i64>(0).map_or_else(|_| "unknown".into(), |key| key.to_string())
    }
}
