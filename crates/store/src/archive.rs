//! Everything a store keeps for ever, as rows: what is moved from one kind of store to another.
//!
//! The tables here are what the backends have in common. What a backend has beside them it makes anew
//! (indexes, sequences), or can do without: what nodes tell each other of recent changes.

use std::fmt;

use async_trait::async_trait;

use rim_core::node::Node;
use rim_core::{Identity, Timestamp};

pub use crate::messages::TABLE as MESSAGES;
pub use crate::objects::CHUNKS;
pub use crate::table::{Column, ColumnType, Table};
pub use crate::uploads::MEDIA;
use crate::{
    chats, consumers, contacts, expiry, files, former, friends, gallery, groups, membership, messages, notes,
    objects, scheduled, sessions, sights, uploads, users,
};

/// All of them, in the order in which they are moved.
pub const TABLES: &[Table] = &[
    users::TABLE,
    sessions::TABLE,
    friends::TABLE,
    groups::GROUPS,
    groups::SINGLE_CHATS,
    membership::MEMBERS,
    chats::TABLE,
    membership::EARLIER_SPANS,
    membership::EARLIER_STAYS,
    membership::FORGOTTEN_MEMBERS,
    contacts::UNASKED,
    groups::DEPARTURES,
    groups::GROUP_EVENTS,
    messages::TABLE,
    notes::STATES,
    notes::NOTES,
    notes::WORDS,
    former::STATES,
    former::NOTES,
    former::MENTIONS,
    notes::MENTIONS,
    notes::REPLIES,
    gallery::TABLE,
    sights::CLEARED,
    sights::HIDDEN,
    sights::STARRED,
    expiry::EXPIRING,
    expiry::EXPIRED,
    expiry::TIMERS,
    scheduled::TABLE,
    scheduled::UNSCHEDULED,
    consumers::TABLE,
    consumers::POSITIONS,
    uploads::UPLOADS,
    uploads::PINNED_UPLOADS,
    uploads::MEDIA,
    files::BLOBS,
    files::FILES,
    files::USES,
    files::AVATARS,
    files::DAYS,
    files::SECRETS,
    objects::CHUNKS,
];

/// Whether the table holds the bytes of files. Only the store of several nodes has it; what another store has are objects elsewhere,
/// which are read as its rows.
pub fn holds_objects(table: &Table) -> bool {
    [MEDIA, CHUNKS].contains(table)
}

/// What is in a column. In the order of the variants, as keys are compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl Value {
    /// Bytes that it takes, about.
    fn size_bytes(&self) -> usize {
        size_of::<Self>()
            + match self {
                Self::Null | Self::Integer(_) => 0,
                Self::Text(text) => text.len(),
                Self::Bytes(bytes) => bytes.len(),
            }
    }

    /// Whether it may stand in the column.
    pub fn fits(&self, column: &Column) -> bool {
        match self {
            Self::Null => column.optional,
            Self::Integer(_) => column.column_type == ColumnType::Integer,
            Self::Text(_) => column.column_type == ColumnType::Text,
            Self::Bytes(_) => column.column_type == ColumnType::Bytes,
        }
    }

    /// Adds bytes that no other value has, and that are the beginning of no other's.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut tagged = |tag: u8, bytes: &[u8]| {
            out.push(tag);
            out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
            out.extend_from_slice(bytes);
        };
        match self {
            Self::Null => tagged(0, &[]),
            Self::Integer(number) => tagged(1, &number.to_be_bytes()),
            Self::Text(text) => tagged(2, text.as_bytes()),
            Self::Bytes(bytes) => tagged(3, bytes),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Integer(number) => number.fmt(f),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Bytes(bytes) => write!(f, "{} bytes", bytes.len()),
        }
    }
}

/// A value for each column of its table, in their order.
pub type Row = Vec<Value>;

/// The first values of a row, which are its place in its table.
pub type Key = Vec<Value>;

/// Rows that are held in memory at the same time.
const CHUNK_ROWS: usize = 4096;
/// And their bytes, about: the last row may go beyond it.
const CHUNK_BYTES: usize = 2 << 20;

/// Rows on their way, as many as one may hold.
#[derive(Debug, Default)]
pub struct Chunk {
    pub rows: Vec<Row>,
    bytes: usize,
}

impl Chunk {
    pub fn push(&mut self, row: Row) {
        self.bytes += row.iter().map(Value::size_bytes).sum::<usize>();
        self.rows.push(row);
    }

    /// Whether nothing should be added any more.
    pub fn is_full(&self) -> bool {
        self.rows.len() >= CHUNK_ROWS || self.bytes >= CHUNK_BYTES
    }
}

pub type Result<T> = std::result::Result<T, ArchiveError>;

/// A backend failed, or holds what no rim writes. The text is for people.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ArchiveError(pub String);

/// Tables that are read and filled. Nobody else writes to them meanwhile.
#[async_trait]
pub trait Archive: Send {
    /// How many rows the table has.
    async fn count(&mut self, table: &'static Table) -> Result<u64>;

    /// The last key of the table.
    async fn last_key(&mut self, table: &'static Table) -> Result<Option<Key>>;

    /// The rows above the key, by key: as many as make a [`Chunk`], and none only where there are none. To go on
    /// where the last answer ended costs no more than the rows.
    async fn rows(&mut self, table: &'static Table, above: Option<&[Value]>) -> Result<Vec<Row>>;

    /// Adds rows, whose keys are new. All of them are on the disk when this returns, and none if it fails; but for the chunks of an
    /// object that is not whole yet, which come again if this is broken off.
    async fn add(&mut self, table: &'static Table, rows: Vec<Row>) -> Result<()>;

    /// Nothing more comes, so the last object is whole.
    async fn settle(&mut self) -> Result<()> {
        Ok(())
    }
}

/// What a store is to one who would fill it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Empty,
    /// Whatever it holds came from there, and not all of it has come. No server opens it.
    Unfinished {
        source: String,
    },
    InUse,
}

/// A store that is opened to be moved, instead of being served from.
#[async_trait]
pub trait StoreArchive: Archive {
    async fn state(&mut self) -> Result<State>;

    /// The time by the clock of those who run on it; see [`crate::SharedStore::now`].
    async fn now(&mut self) -> Result<Timestamp>;

    /// The nodes that were noted in it at `since` or later: servers that run on it.
    async fn nodes(&mut self, since: Timestamp) -> Result<Vec<Node>>;

    /// The highest id that a session ever had: unlike other things, sessions are deleted.
    async fn last_session_id(&mut self) -> Result<i64>;

    /// Which store it is. An epoch of 0 is drawn when a server opens it.
    async fn identity(&mut self) -> Result<Identity>;

    /// Makes an empty store `Unfinished`.
    async fn begin(&mut self, source: &str) -> Result<()>;

    /// Every row is there: makes what the backend has beside the rows. New ids go on above all that were given out.
    /// From now on it is the store that the rows came from. May be repeated.
    async fn finish(&mut self, last_session_id: i64, identity: &Identity) -> Result<()>;

    /// The store is whole, and servers may open it.
    async fn complete(&mut self) -> Result<()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_is_full_by_rows_or_by_bytes() {
        let mut small = Chunk::default();
        while !small.is_full() {
            small.push(vec![Value::Integer(1)]);
        }
        assert_eq!(small.rows.len(), CHUNK_ROWS);

        let mut large = Chunk::default();
        while !large.is_full() {
            large.push(vec![Value::Text("x".repeat(64 * 1024))]);
        }
        assert!(large.rows.len() <= CHUNK_BYTES / (64 * 1024));
    }

    #[test]
    fn different_rows_are_encoded_differently() {
        let text = |text: &str| Value::Text(text.to_owned());
        let rows = [
            vec![text("a"), text("b")],
            vec![text("ab"), text("")],
            vec![text("a\0b")],
            vec![Value::Bytes(b"a\0b".to_vec())],
            vec![Value::Null, Value::Null],
            vec![text(""), text("")],
            vec![Value::Integer(0), Value::Null],
            vec![Value::Integer(256), Value::Null],
        ];
        let encoded = rows.each_ref().map(|row| {
            let mut bytes = Vec::new();
            row.iter().for_each(|value| value.encode(&mut bytes));
            bytes
        });
        for (index, one) in encoded.iter().enumerate() {
            for other in &encoded[index + 1..] {
                assert!(!one.starts_with(other) && !other.starts_with(one), "{one:?} and {other:?}");
            }
        }
    }

    #[test]
    fn every_table_has_a_key_that_is_never_null() {
        for table in TABLES {
            assert!((1..=table.columns.len()).contains(&table.key), "{}", table.name);
            assert!(table.key_columns().iter().all(|column| !column.optional), "{}", table.name);
        }
    }
}
