//! What SQLite does for the use cases of `rim-store`.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;

use rim_core::event::Change;
use rim_core::message::{Message, NewMessage, Span, Written};
use rim_core::size::Size;
use rim_core::{GroupId, MessageId, Rev, Seq, UserId};
use rim_store::database::{self, Appended, Each, Fields, Head, Stored};
use rim_store::{Read, Tx, Value};

use rusqlite::functions::FunctionFlags;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, Row, ToSql};

use crate::batch::Batch;
use crate::failure::Failure;
use crate::snapshot::Snapshot;
use crate::{history, wipe};

/// What one use case among messages costs, in rows: it has a savepoint and its own statements.
pub(crate) const FEW_ROWS: usize = 4;
/// One that is cut into no pieces, as it is one whole: it has a commit for itself.
pub(crate) const MANY_ROWS: usize = 1024;

/// Inside of a use case.
pub(crate) type Result<T> = std::result::Result<T, rim_store::Failure>;

/// What ends a statement that locks what it reads. Here one writes at a time.
const LOCK: &str = " FOR NO KEY UPDATE";

/// The names of parameters.
const PARAMETERS: [&str; 12] = ["$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10", "$11", "$12"];

/// Teaches a connection those functions of PostgreSQL that the common SQL uses and SQLite does not have.
pub(crate) fn teach(db: &Connection) -> rusqlite::Result<()> {
    let pure = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    db.create_scalar_function("greatest", 2, pure, |two| Ok(two.get::<i64>(0)?.max(two.get(1)?)))?;
    // The place of the first text in which the second begins, from 1; 0 if it does not.
    db.create_scalar_function("strpos", 2, pure, |two| {
        let text = two.get_raw(0).as_str()?;
        let found = text.find(two.get_raw(1).as_str()?);
        Ok(found.map_or(0, |at| text[..at].chars().count() as i64 + 1))
    })
}

fn prepare<'c>(db: &'c Connection, sql: &str) -> rusqlite::Result<CachedStatement<'c>> {
    db.prepare_cached(sql.strip_suffix(LOCK).unwrap_or(sql))
}

fn bind(statement: &mut CachedStatement<'_>, params: &[Value<'_>]) -> rusqlite::Result<()> {
    for (value, name) in params.iter().zip(PARAMETERS) {
        if let Some(index) = statement.parameter_index(name)? {
            statement.raw_bind_parameter(index, Bound(value))?;
        }
    }
    Ok(())
}

struct Bound<'v>(&'v Value<'v>);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// A row, as a use case reads it.
struct Found<'r>(&'r Row<'r>);

impl database::Row for Found<'_> {
    fn value(&self, column: &str) -> std::result::Result<Value<'_>, String> {
        Ok(match self.0.get_ref(column).map_err(|error| error.to_string())? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Integer(number),
            ValueRef::Text(text) => {
                Value::Text(Cow::Borrowed(str::from_utf8(text).map_err(|error| error.to_string())?))
            }
            ValueRef::Blob(bytes) => Value::Bytes(Cow::Borrowed(bytes)),
            ValueRef::Real(_) => return Err("a value of type Real".into()),
        })
    }

    fn key(&self) -> String {
        match self.0.get_ref(0) {
            Ok(ValueRef::Integer(number)) => number.to_string(),
            Ok(value) => format!("a value of type {}", value.data_type()),
            Err(error) => error.to_string(),
        }
    }
}

/// One statement with one set of parameters after the other.
struct Many<'c> {
    statement: CachedStatement<'c>,
    sql: &'static str,
}

impl<'c> Many<'c> {
    fn new(db: &'c Connection, sql: &'static str) -> std::result::Result<Self, Failure> {
        Ok(Self { statement: prepare(db, sql)?, sql })
    }

    fn rows(
        &mut self,
        params: &[Value<'_>],
        each: &mut dyn FnMut(Fields<'_>) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        bind(&mut self.statement, params).map_err(Failure::from)?;
        let mut rows = self.statement.raw_query();
        while let Some(row) = rows.next().map_err(Failure::from)? {
            if each(Fields::new(&Found(row), self.sql))?.is_break() {
                break;
            }
        }
        Ok(())
    }
}

fn rows(db: &Connection, sql: &'static str, params: &[Value<'_>], each: Each<'_>) -> Result<()> {
    Many::new(db, sql)?.rows(params, each)
}

fn rows_of_each(
    db: &Connection,
    sql: &'static str,
    params: &[Vec<Value<'_>>],
    each: &mut dyn FnMut(usize, Fields<'_>) -> Result<()>,
) -> Result<()> {
    let mut many = Many::new(db, sql)?;
    for (at, params) in params.iter().enumerate() {
        many.rows(params, &mut |row| each(at, row).map(ControlFlow::Continue))?;
    }
    Ok(())
}

impl Read for Snapshot<'_> {
    fn rows(&self, sql: &'static str, params: &[Value<'_>], each: Each<'_>) -> Result<()> {
        rows(self, sql, params, each)
    }

    fn rows_of_each(
        &self,
        sql: &'static str,
        params: &[Vec<Value<'_>>],
        each: &mut dyn FnMut(usize, Fields<'_>) -> Result<()>,
    ) -> Result<()> {
        rows_of_each(self, sql, params, each)
    }

    fn message(&self, group: GroupId, message: MessageId, as_of: Option<Rev>) -> Result<Option<Message>> {
        Ok(history::find(self, self.health, group, message, as_of)?)
    }

    fn messages_at(
        &self,
        group: GroupId,
        places: &[Span],
        as_of: Option<Rev>,
        bytes: usize,
    ) -> Result<Vec<Message>> {
        Ok(history::at(self, group, places, as_of, bytes)?)
    }

    fn messages_in(&self, places: &[(GroupId, Span)], bytes: usize) -> Result<Vec<Message>> {
        messages_in(self, places, bytes)
    }

    fn place_up_to(&self, group: GroupId, last: Seq, message: MessageId) -> Result<Seq> {
        Ok(place_up_to(last, message, |seq| self.message_at(group, seq))?)
    }

    fn index_bytes(&self) -> Result<u64> {
        index_bytes(self)
    }
}

fn index_bytes(db: &dyn Read) -> Result<u64> {
    db.count("SELECT coalesce(sum(bytes), 0) AS count FROM search_segments WHERE state = 1", &[])
}

fn messages_in(db: &dyn Read, places: &[(GroupId, Span)], bytes: usize) -> Result<Vec<Message>> {
    let (mut messages, mut taken) = (Vec::new(), 0);
    for (group, span) in places {
        if taken > bytes {
            break;
        }
        let found = db.messages_at(*group, &[*span], None, bytes - taken)?;
        taken += found.iter().map(Size::size_bytes).sum::<usize>();
        messages.extend(found);
    }
    Ok(messages)
}

/// By halving: ids ascend with places.
fn place_up_to(
    last: Seq,
    message: MessageId,
    message_at: impl Fn(Seq) -> std::result::Result<Option<MessageId>, Failure>,
) -> std::result::Result<Seq, Failure> {
    let (mut at_least, mut at_most) = (0, last.0);
    while at_least < at_most {
        let middle = at_least + (at_most - at_least).div_ceil(2);
        if message_at(Seq(middle))?.is_some_and(|found| found <= message) {
            at_least = middle;
        } else {
            at_most = middle - 1;
        }
    }
    Ok(Seq(at_least))
}

impl Read for Batch<'_> {
    fn rows(&self, sql: &'static str, params: &[Value<'_>], each: Each<'_>) -> Result<()> {
        rows(self.db, sql, params, each)
    }

    fn rows_of_each(
        &self,
        sql: &'static str,
        params: &[Vec<Value<'_>>],
        each: &mut dyn FnMut(usize, Fields<'_>) -> Result<()>,
    ) -> Result<()> {
        rows_of_each(self.db, sql, params, each)
    }

    fn message(&self, group: GroupId, message: MessageId, as_of: Option<Rev>) -> Result<Option<Message>> {
        Ok(history::find(self.db, None, group, message, as_of)?)
    }

    fn messages_at(
        &self,
        group: GroupId,
        places: &[Span],
        as_of: Option<Rev>,
        bytes: usize,
    ) -> Result<Vec<Message>> {
        let (mut messages, mut taken) = (Vec::new(), 0);
        for seq in places.iter().flat_map(|span| span.after.0 + 1..=span.to.0).map(Seq) {
            if taken > bytes {
                break;
            }
            let Some(message) = self.tail.message_at(self.db, group, seq)? else { continue };
            let found = self.message(group, message, as_of)?;
            taken += found.as_ref().map_or(0, Size::size_bytes);
            messages.extend(found);
        }
        Ok(messages)
    }

    fn messages_in(&self, places: &[(GroupId, Span)], bytes: usize) -> Result<Vec<Message>> {
        messages_in(self, places, bytes)
    }

    fn place_up_to(&self, group: GroupId, last: Seq, message: MessageId) -> Result<Seq> {
        Ok(place_up_to(last, message, |seq| self.tail.message_at(self.db, group, seq))?)
    }

    fn index_bytes(&self) -> Result<u64> {
        index_bytes(self)
    }
}

impl Tx for Batch<'_> {
    fn execute(&self, sql: &'static str, params: &[Value<'_>]) -> Result<u64> {
        let change = || {
            let mut statement = prepare(self.db, sql)?;
            bind(&mut statement, params)?;
            statement.raw_execute()
        };
        Ok(change().map_err(Failure::from)? as u64)
    }

    fn execute_each(&self, sql: &'static str, params: &[Vec<Value<'_>>]) -> Result<u64> {
        params.iter().map(|params| self.execute(sql, params)).sum()
    }

    fn lock_names(&self, _names: &[String]) -> Result<()> {
        Ok(())
    }

    fn newest_message(&self) -> Result<MessageId> {
        Ok(MessageId(self.heads.next_message().0 - 1))
    }

    fn new_group(&self) -> Result<GroupId> {
        let reader: &dyn Read = self;
        let last =
            reader.first("SELECT id FROM groups ORDER BY id DESC LIMIT 1", &[], |row| row.get("id"))?;
        Ok(GroupId(last.map_or(0, |GroupId(last)| last) + 1))
    }

    fn lock_groups(&mut self, groups: &[GroupId]) -> Result<Vec<Head>> {
        groups.iter().map(|group| Ok(self.heads.head_for_use_case(self.db, *group)?)).collect()
    }

    fn moved_groups(&mut self, heads: &[Head]) -> Result<()> {
        Ok(self.heads.moved(self.db, heads)?)
    }

    fn append_messages(&mut self, new: Vec<NewMessage>) -> Result<Vec<Appended>> {
        let mut appended = Vec::with_capacity(new.len());
        for new in new {
            let (written, change) = self.append(new)?;
            let Written::Appended { id, seq } = written else { continue };
            let message = change.as_ref().and_then(|change| match change {
                Change::Message { message, .. } => Some(Arc::clone(message)),
                _ => None,
            });
            appended.push(Appended { stored: Stored { id, seq }, message });
            change.into_iter().for_each(|change| self.tell(change));
        }
        // Whatever the use case reads next is in the tables.
        self.heads.flush(&mut self.statements)?;
        Ok(appended)
    }

    fn stored_messages(&mut self, user: UserId, ids: &[(GroupId, &str)]) -> Result<Vec<Option<Stored>>> {
        let found = |(group, id): &(GroupId, &str)| Ok(self.stored(*group, user, id)?);
        ids.iter().map(found).collect()
    }

    fn moved_on(&mut self, head: Head) -> Result<()> {
        Ok(self.heads.moved_on(self.db, head)?)
    }

    fn wipe_messages(&mut self, group: GroupId, messages: &[MessageId]) -> Result<()> {
        Ok(wipe::messages(self.db, group, messages)?)
    }

    /// They are beside the database.
    fn publish(&mut self, change: Change) {
        self.tell(change);
    }
}
