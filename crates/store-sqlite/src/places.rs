//! Which message is at which place of a group.
//!
//! The table `places` says it of most messages and memory of the newest, as the table is written late
//! (`tail`). What is in memory comes in runs: one on its way to the table, perhaps, and one that grows. Each
//! knows the next, so whoever holds a run holds all that come after it.
//!
//! A reader first takes hold of the oldest run and then opens their snapshot. So they find every place that their
//! snapshot has:
//! - A run that they do not hold was in the table, and committed, before they opened it.
//! - A message is in memory before its commit, hence before any snapshot has it.
//!
//! What came later is in memory too. They never come to it, as they ask for no place above the group's
//! `last_seq` in their snapshot.

use std::iter::successors;
use std::sync::{Arc, OnceLock};

use foldhash::HashMap;
use parking_lot::{Mutex, RwLock};
use rim_core::message::Span;
use rim_core::{GroupId, MessageId, Seq};
use rusqlite::Connection;

use crate::failure::Result;
use crate::row::{self, Sql};

/// Where readers begin: at the oldest run that is not wholly in the table.
///
/// A plain mutex: it is held to copy or to change a pointer.
#[derive(Clone, Default)]
pub(crate) struct Oldest(Arc<Mutex<Arc<Recent>>>);

impl Oldest {
    /// Takes hold of it and of all that come after it. They are kept in memory until that is dropped.
    pub(crate) fn hold(&self) -> Arc<Recent> {
        Arc::clone(&self.0.lock())
    }

    /// It is in the table, and committed: readers begin at the next.
    pub(crate) fn move_on(&self) {
        let mut oldest = self.0.lock();
        if let Some(next) = oldest.next.get().cloned() {
            *oldest = next;
        }
    }
}

/// The places of one run of messages.
#[derive(Default)]
pub(crate) struct Recent {
    /// Held for a look in memory, or to note a batch; never across a query.
    stretches: RwLock<HashMap<GroupId, Stretch>>,
    /// Of the messages that came after them.
    next: OnceLock<Arc<Recent>>,
}

/// Places of a group, without a gap.
struct Stretch {
    /// The place before the first.
    after: Seq,
    messages: Vec<MessageId>,
}

/// A message and its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) group: GroupId,
    pub(crate) seq: Seq,
    pub(crate) message: MessageId,
}

/// The message at a place of the group, as the table has it.
pub(crate) fn in_table(db: &Connection, group: GroupId, seq: Seq) -> Result<Option<MessageId>> {
    let sql = "SELECT group_id, message_id FROM places WHERE group_id = ?1 AND seq = ?2";
    row::first(db, sql, [group.sql(), seq.sql()], row::behind_key("places"))
}

impl Recent {
    /// Notes messages, each of which has the place after those of its group that came before.
    ///
    /// # Errors
    /// The first that has not.
    pub(crate) fn extend(&self, places: impl IntoIterator<Item = Place>) -> std::result::Result<(), Place> {
        let mut stretches = self.stretches.write();
        for place in places {
            let stretch = stretches.entry(place.group).or_insert_with(|| Stretch {
                after: Seq(place.seq.0.saturating_sub(1)),
                messages: Vec::new(),
            });
            if stretch.last().0 + 1 != place.seq.0 {
                return Err(place);
            }
            stretch.messages.push(place.message);
        }
        Ok(())
    }

    /// Takes back what was noted last, if it was: `places` in the order of noting.
    pub(crate) fn retract(&self, places: impl DoubleEndedIterator<Item = Place>) {
        let mut stretches = self.stretches.write();
        for place in places.rev() {
            let Some(stretch) = stretches.get_mut(&place.group) else { continue };
            stretch.messages.pop_if(|last| *last == place.message);
            if stretch.messages.is_empty() {
                stretches.remove(&place.group);
            }
        }
    }

    /// The rows that it is to become in the table, by key.
    pub(crate) fn rows(&self) -> Vec<[i64; 3]> {
        let stretches = self.stretches.read();
        let mut by_group: Vec<_> = stretches.iter().collect();
        by_group.sort_unstable_by_key(|(group, _)| **group);
        let rows = by_group.into_iter().flat_map(|(group, stretch)| {
            let numbered = (stretch.after.0 + 1..).zip(&stretch.messages);
            numbered.map(|(seq, message)| [group.sql(), seq.sql(), message.sql()])
        });
        rows.collect()
    }

    /// Begins the next run. Nothing is added to this one any more.
    pub(crate) fn end(&self) -> Arc<Self> {
        Arc::clone(self.next.get_or_init(Arc::default))
    }

    /// This run and those after it.
    fn runs(&self) -> impl Iterator<Item = &Self> {
        successors(Some(self), |run| run.next.get().map(Arc::as_ref))
    }

    /// The place up to which the table has the group; `None` if it has all of it.
    pub(crate) fn after(&self, group: GroupId) -> Option<Seq> {
        self.runs().find_map(|run| Some(run.stretches.read().get(&group)?.after))
    }

    /// The messages of the span that are in memory, ascending.
    pub(crate) fn within(&self, group: GroupId, span: Span) -> Vec<MessageId> {
        let mut messages = Vec::new();
        for run in self.runs() {
            if let Some(stretch) = run.stretches.read().get(&group) {
                messages.extend_from_slice(stretch.within(span));
            }
        }
        messages
    }
}

impl Stretch {
    fn last(&self) -> Seq {
        Seq(self.after.0 + self.messages.len() as u64)
    }

    fn within(&self, span: Span) -> &[MessageId] {
        let index = |seq: Seq| (seq.clamp(self.after, self.last()).0 - self.after.0) as usize;
        let (from, to) = (index(span.after), index(span.to));
        &self.messages[from.min(to)..to]
    }
}
