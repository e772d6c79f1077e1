//! What a reader sees: the database at one moment, and with it the newest places.

use std::ops::Deref;
use std::sync::Arc;

use rim_core::message::Span;
use rim_core::{GroupId, MessageId, Seq, sight};
use rusqlite::{Connection, Transaction};

use crate::failure::Result;
use crate::health::Health;
use crate::places::{self, Oldest, Recent};

/// One moment of the database.
pub(crate) struct Snapshot<'c> {
    db: Transaction<'c>,
    /// The places that may not be in its tables yet.
    pub(crate) recent: Arc<Recent>,
    /// Who is told of damage; nobody in tests of the tables.
    pub(crate) health: Option<&'c Health>,
}

impl<'c> Snapshot<'c> {
    pub(crate) fn open(db: &'c Connection, oldest: &Oldest) -> Result<Self> {
        Self::with(db, oldest.hold())
    }

    /// `recent` was taken hold of before: see places.rs.
    pub(crate) fn with(db: &'c Connection, recent: Arc<Recent>) -> Result<Self> {
        // Deferred: the snapshot is that of the first statement. Dropping it rolls back, which for a
        // reader is how to end.
        Ok(Self { db: db.unchecked_transaction()?, recent, health: None })
    }
}

impl Snapshot<'_> {
    /// The message at a place of the group; `None` if there is no such place.
    pub(crate) fn message_at(&self, group: GroupId, seq: Seq) -> Result<Option<MessageId>> {
        match self.places(group, sight::at(seq), 1).1.first() {
            Some(newest) => Ok(Some(*newest)),
            None => places::in_table(self, group, seq),
        }
    }

    /// The first `limit` places of a span that does not go beyond the group's `last_seq`: those that are in
    /// the table, and the messages at the others, ascending.
    pub(crate) fn places(&self, group: GroupId, span: Span, limit: u64) -> (Span, Vec<MessageId>) {
        // There are no gaps: so many messages lie in so many places.
        let to = span.to.min(Seq(span.after.0.saturating_add(limit)));
        let table_to = self.recent.after(group).unwrap_or(to).clamp(span.after, to.max(span.after));
        let newest = self.recent.within(group, Span { after: table_to, to });
        (Span { after: span.after, to: table_to }, newest)
    }
}

impl Deref for Snapshot<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.db
    }
}
