//! The port of a database: what it does for the use cases that are written once for all of them.
//!
//! Use cases speak the SQL that the databases have in common, one step after the other, and wait for nothing: what a
//! database has to wait for, it waits for inside of a step. The common SQL is PostgreSQL's, with parameters `$1`, `$2`, …;
//! a statement that reads rows in order to change them ends with ` FOR NO KEY UPDATE`, which a database with one writer
//! leaves out. What one of them does not have is a step of [`Tx`].

use std::ops::ControlFlow;
use std::sync::Arc;

use rim_core::event::Change;
use rim_core::message::{Message, NewMessage, Span};
use rim_core::{GroupId, MessageId, Rev, Seq, Timestamp, UserId};

use crate::failure::{Failure, Result};
use crate::moved::{Mark, Moved};
use crate::value::{Column, Value};

/// Who asks for what the server does by itself.
pub const THE_SERVER: UserId = UserId(0);
/// Who asks for an account.
pub const STRANGERS: UserId = UserId(u64::MAX);

/// Where use cases are carried out.
pub trait Database: Send + Sync + 'static {
    /// Reads. Statements each see what is committed when they run.
    fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Read) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = crate::Result<T>> + Send;

    /// Reads what was there at one moment, by several statements.
    fn read_at_once<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Read) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = crate::Result<T>> + Send;

    /// Changes a handful of rows, for `by`, in a transaction. Once it has begun it goes on to its end, whatever becomes of
    /// the caller.
    fn write<T: Send + 'static>(
        &self,
        by: UserId,
        work: impl FnOnce(&mut dyn Tx) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = crate::Result<T>> + Send;

    /// The same of about so many rows.
    fn write_rows<T: Send + 'static>(
        &self,
        by: UserId,
        rows: usize,
        work: impl FnOnce(&mut dyn Tx) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = crate::Result<T>> + Send;

    /// The same of what may be thousands of rows, and is one whole.
    fn write_many<T: Send + 'static>(
        &self,
        by: UserId,
        work: impl FnOnce(&mut dyn Tx) -> Result<T> + Send + 'static,
    ) -> impl Future<Output = crate::Result<T>> + Send;

    /// A large change in pieces, each in a transaction of its own, between which others have their turns. Once a piece has
    /// succeeded the others come, whatever becomes of the caller.
    ///
    /// # Errors
    /// Those of the work; `Unsure` where a piece of it was carried out and another was not.
    fn write_in_pieces<W: InPieces>(
        &self,
        by: UserId,
        work: W,
    ) -> impl Future<Output = crate::Result<W::Output>> + Send;

    /// See [`crate::Consumers::moved`].
    fn commits_since(&self, since: Option<Mark>) -> impl Future<Output = crate::Result<Moved>> + Send;

    /// See [`crate::Consumers::until_moved`].
    fn until_commits(&self, since: &Mark) -> impl Future<Output = ()> + Send;

    /// What of a mark means the same to whoever opens the store later.
    fn lasting(&self, mark: &Mark) -> Option<Mark>;

    /// See [`crate::Consumers::forget_moved`].
    fn forget_commits(&self) -> impl Future<Output = crate::Result<()>> + Send;

    /// Much was removed from the index of words, whose room is to be used again soon. It may be left for later.
    fn reuse_room_of_index(&self) -> impl Future<Output = ()> + Send;
}

/// A large change. A piece that fails is tried again with a copy from before it.
pub trait InPieces: Clone + Send + 'static {
    type Output: Send + 'static;

    /// How long the next piece takes, in rows that are written.
    fn cost(&self) -> usize;

    /// Carries out the next piece.
    ///
    /// # Errors
    /// The piece has changed nothing.
    fn next(&mut self, tx: &mut dyn Tx) -> Result<Piece<Self::Output>>;
}

/// What came of a piece of a large change.
pub enum Piece<T> {
    /// Others come.
    More,
    /// The same; nothing is written yet.
    Looked,
    Last(T),
}

/// What is done with a row; breaking off passes over the others.
pub type Each<'e> = &'e mut dyn FnMut(Fields<'_>) -> Result<ControlFlow<()>>;

/// What reads.
pub trait Read {
    /// Hands the rows of a query to `each`, in their order.
    ///
    /// # Errors
    /// Those of the database, and of `each`.
    fn rows(&self, sql: &'static str, params: &[Value<'_>], each: Each<'_>) -> Result<()>;

    /// The same of one query for each of the sets of parameters, which are on their way together.
    ///
    /// # Errors
    /// As above.
    fn rows_of_each(
        &self,
        sql: &'static str,
        params: &[Vec<Value<'_>>],
        each: &mut dyn FnMut(usize, Fields<'_>) -> Result<()>,
    ) -> Result<()>;

    /// A message of the group with its state put on: as it is now, or as it was at the `rev` at which somebody left
    /// ([`rim_core::sight::Sight::as_of`]). Who may see it is not looked at.
    ///
    /// # Errors
    /// Those of the database.
    fn message(&self, group: GroupId, message: MessageId, as_of: Option<Rev>) -> Result<Option<Message>>;

    /// The same of those at these places, which ascend, as do the messages: none behind the one with which they are more
    /// than so many bytes.
    ///
    /// # Errors
    /// Those of the database.
    fn messages_at(
        &self,
        group: GroupId,
        places: &[Span],
        as_of: Option<Rev>,
        bytes: usize,
    ) -> Result<Vec<Message>>;

    /// The same in several groups, which ascend, as they are now.
    ///
    /// # Errors
    /// Those of the database.
    fn messages_in(&self, places: &[(GroupId, Span)], bytes: usize) -> Result<Vec<Message>>;

    /// The last place of a group, which is at `last`, whose message is no newer than this one; 0 if there is none.
    ///
    /// # Errors
    /// Those of the database.
    fn place_up_to(&self, group: GroupId, last: Seq, message: MessageId) -> Result<Seq>;

    /// Groups in which something was said or done that the consumer may not have seen: all of them. `None` where that is not known,
    /// or they are very many: it may be any. To be asked on one snapshot with what is then looked at.
    ///
    /// # Errors
    /// Those of the database.
    fn moved_unseen(&self, consumer: u64) -> Result<Option<Vec<GroupId>>> {
        let _ = consumer;
        Ok(None)
    }

    /// What the index of words takes on the disk, about; 0 if nothing is in it.
    ///
    /// # Errors
    /// Those of the database.
    fn index_bytes(&self) -> Result<u64>;
}

/// A transaction that changes something.
pub trait Tx: Read {
    /// Changes rows and returns how many.
    ///
    /// # Errors
    /// Those of the database.
    fn execute(&self, sql: &'static str, params: &[Value<'_>]) -> Result<u64>;

    /// The same once for each of the sets of parameters, which are on their way together; returns how many in all.
    ///
    /// # Errors
    /// Those of the database.
    fn execute_each(&self, sql: &'static str, params: &[Vec<Value<'_>>]) -> Result<u64>;

    /// Whoever names one of these waits until this transaction has ended. They are taken in this order.
    ///
    /// # Errors
    /// Those of the database.
    fn lock_names(&self, names: &[String]) -> Result<()>;

    /// No message that begins to be stored later has an id up to this one.
    ///
    /// # Errors
    /// Those of the database.
    fn newest_message(&self) -> Result<MessageId>;

    /// The number of a group that is about to be created.
    ///
    /// # Errors
    /// Those of the database.
    fn new_group(&self) -> Result<GroupId>;

    /// Where these groups are, in their order, ascending. From now on until it has ended only this transaction moves them.
    ///
    /// # Errors
    /// `NoSuchGroup`.
    fn lock_groups(&mut self, groups: &[GroupId]) -> Result<Vec<Head>>;

    /// Groups that are locked have moved, or who is in them has changed. Their rows are written.
    ///
    /// # Errors
    /// Those of the database.
    fn moved_groups(&mut self, heads: &[Head]) -> Result<()>;

    /// Appends messages as the message path does ([`crate::Messages::submit`]), in this order, and tells of them. Their groups
    /// are locked with it; where those are then, another [`Self::lock_groups`] says.
    ///
    /// # Errors
    /// Those of an `Append`.
    fn append_messages(&mut self, new: Vec<NewMessage>) -> Result<Vec<Appended>>;

    /// Which messages of a user are stored already, by group and `client_msg_id`.
    ///
    /// # Errors
    /// Those of the database.
    fn stored_messages(&mut self, user: UserId, ids: &[(GroupId, &str)]) -> Result<Vec<Option<Stored>>>;

    /// A group that is locked has taken `rev`s, and who is in it is as before. Its row is written.
    ///
    /// # Errors
    /// Those of the database.
    fn moved_on(&mut self, head: Head) -> Result<()>;

    /// What these messages of the group said is gone from their rows for ever, and what their edits said. Whoever calls it is
    /// [`search::wipe`](crate::search).
    ///
    /// # Errors
    /// Those of the database.
    fn wipe_messages(&mut self, group: GroupId, messages: &[MessageId]) -> Result<()>;

    /// Tells users of a change, once it is committed.
    fn publish(&mut self, change: Change);
}

/// Where a message is that was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    pub stored: Stored,
    /// Nothing of one that was stored before.
    pub message: Option<Arc<Message>>,
}

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    pub id: MessageId,
    pub seq: Seq,
}

/// Where a group is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Head {
    pub group: GroupId,
    pub last_seq: Seq,
    pub last_rev: Rev,
    pub last_message: MessageId,
    /// When something happened in it last, but for receipts.
    pub last_at: Timestamp,
}

impl Head {
    /// Takes the group's next `rev`.
    pub fn next_rev(&mut self) -> Rev {
        self.last_rev.0 += 1;
        self.last_rev
    }

    /// The time of what happens in it `now`: not before what happened in it, whatever clocks do.
    pub fn time(&mut self, now: Timestamp) -> Timestamp {
        self.last_at = self.last_at.max(now);
        self.last_at
    }
}

impl dyn Tx + '_ {
    /// Whoever names the same waits until this transaction has ended.
    ///
    /// # Errors
    /// Those of the database.
    pub fn lock_name(&self, name: &str) -> Result<()> {
        self.lock_names(&[name.to_owned()])
    }

    /// The same as what reads.
    pub fn reader(&self) -> &(dyn Read + '_) {
        self
    }
}

impl dyn Read + '_ {
    /// The first row, if there is one.
    ///
    /// # Errors
    /// Those of [`Read::rows`].
    pub fn first<T>(
        &self,
        sql: &'static str,
        params: &[Value<'_>],
        read: impl Fn(Fields<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let mut first = None;
        self.rows(sql, params, &mut |row| {
            first = Some(read(row)?);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(first)
    }

    /// Every row.
    ///
    /// # Errors
    /// Those of [`Read::rows`].
    pub fn all<T>(
        &self,
        sql: &'static str,
        params: &[Value<'_>],
        read: impl Fn(Fields<'_>) -> Result<T>,
    ) -> Result<Vec<T>> {
        let mut all = Vec::new();
        self.rows(sql, params, &mut |row| {
            all.push(read(row)?);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(all)
    }

    /// Whether there is a row.
    ///
    /// # Errors
    /// Those of [`Read::rows`].
    pub fn exists(&self, sql: &'static str, params: &[Value<'_>]) -> Result<bool> {
        Ok(self.first(sql, params, |_| Ok(()))?.is_some())
    }

    /// The first row for each of the sets of parameters, in their order.
    ///
    /// # Errors
    /// Those of [`Read::rows_of_each`].
    pub fn first_of_each<T>(
        &self,
        sql: &'static str,
        params: &[Vec<Value<'_>>],
        read: impl Fn(Fields<'_>) -> Result<T>,
    ) -> Result<Vec<Option<T>>> {
        let mut found: Vec<Option<T>> = params.iter().map(|_| None).collect();
        self.rows_of_each(sql, params, &mut |at, row| {
            if found[at].is_none() {
                found[at] = Some(read(row)?);
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// A count, or 0.
    ///
    /// # Errors
    /// Those of [`Read::rows`].
    pub fn count(&self, sql: &'static str, params: &[Value<'_>]) -> Result<u64> {
        Ok(self.first(sql, params, |row| row.get("count"))?.unwrap_or(0))
    }
}

/// A row as its database has it.
pub trait Row {
    /// The value of a column.
    ///
    /// # Errors
    /// Why it is none: in words.
    fn value(&self, column: &str) -> std::result::Result<Value<'_>, String>;

    /// What a fault names the row by: the value of its first column.
    fn key(&self) -> String;
}

/// A row that must make sense.
#[derive(Clone, Copy)]
pub struct Fields<'r> {
    row: &'r dyn Row,
    sql: &'static str,
}

impl<'r> Fields<'r> {
    pub fn new(row: &'r dyn Row, sql: &'static str) -> Self {
        Self { row, sql }
    }

    /// The value of a column.
    ///
    /// # Errors
    /// `Corrupt` if it is none that rim writes.
    pub fn get<T: Column>(&self, column: &str) -> Result<T> {
        let value = self.row.value(column);
        match value.as_ref().map(T::of) {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(self.corrupt(column, value.map_or_else(|why| why, |value| value.to_string()))),
            Err(why) => Err(self.corrupt(column, why.clone())),
        }
    }

    /// The same of one in which something else is written.
    ///
    /// # Errors
    /// As above.
    pub fn parse<T: Column, R>(&self, column: &str, parse: impl FnOnce(T) -> Option<R>) -> Result<R> {
        parse(self.get(column)?).ok_or_else(|| {
            let value = self.row.value(column).map_or_else(|why| why, |value| value.to_string());
            self.corrupt(column, value)
        })
    }

    fn corrupt(&self, column: &str, value: String) -> Failure {
        Failure::Corrupt {
            table: table_of(self.sql).to_owned(),
            column: column.to_owned(),
            row: self.row.key(),
            value,
        }
    }
}

/// The first table that a statement names.
fn table_of(sql: &str) -> &str {
    let mut words = sql.split_ascii_whitespace();
    words.find(|word| ["FROM", "INTO", "UPDATE"].contains(word));
    words.next().map_or("unknown", |table| {
        table.trim_matches(|char: char| !char.is_ascii_alphanumeric() && char != '_')
    })
}
