//! Where every group is, in memory: it tells a reader which groups they need not read.
//!
//! A user may be in thousands of groups, of which few have changed since they last asked, and one page of their
//! chat list shows twenty. To look up each of them in the database would make a read the dearer the more groups
//! its user has.
//!
//! It is a filter and never an answer: which groups may have changed, and in which order chats come. What a
//! reader answers with they read from their own snapshot.
//!
//! The writer publishes what a commit has moved after the commit has returned, and before anything of it is
//! answered or told. A reader first opens their snapshot and then looks here. So both hold whatever was
//! acknowledged before their question came, and between the two lie only commits that came while they were at it:
//! - What is here and not in the snapshot makes them read a group in vain, or place a chat where their next
//!   question would find it.
//! - What is in the snapshot and not here yet nobody was told of. They leave it out, and it comes to them as what
//!   happens after their question does.
//!
//! It costs 24 bytes a group: 2.4 MB for 100,000 of them.

use parking_lot::{RwLock, RwLockReadGuard};
use rim_core::{GroupId, MessageId, Rev, Seq};
use rusqlite::Connection;

use crate::failure::Result;
use crate::moved::MovedGroups;
use crate::row;

/// Where a group is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) last_seq: Seq,
    pub(crate) last_rev: Rev,
    pub(crate) last_message: MessageId,
}

pub(crate) struct PublishedHeads {
    /// By id: those of groups run from 1 without a gap.
    ///
    /// Held for a walk in memory over the groups of one user, or of one commit; never across a query.
    heads: RwLock<Vec<Head>>,
    moved: MovedGroups,
}

impl PublishedHeads {
    pub(crate) fn load(db: &Connection) -> Result<Self> {
        let sql = "SELECT id, last_seq, last_rev, last_message_id FROM groups";
        let heads = row::all(db, sql, [], |row| {
            let (group, last_seq, last_rev, last_message) = row::of("groups")(row)?;
            Ok((group, Head { last_seq, last_rev, last_message }, false))
        })?;
        let published = Self { heads: RwLock::default(), moved: MovedGroups::default() };
        published.publish(heads);
        Ok(published)
    }

    /// Notes what was committed, and whether it is news of messages. Of a group that comes twice the last counts.
    pub(crate) fn publish(&self, moved: impl IntoIterator<Item = (GroupId, Head, bool)>) {
        let (mut heads, mut noting) = (self.heads.write(), self.moved.noting());
        for (group, head, is_news) in moved {
            let index = index(group);
            if index >= heads.len() {
                heads.resize(index + 1, Head::default());
            }
            heads[index] = head;
            if is_news {
                noting.note(group);
            }
        }
    }

    /// Those in which something was said or done.
    pub(crate) fn moved(&self) -> &MovedGroups {
        &self.moved
    }

    /// All groups as they were at one moment. The writer waits for as long as this is held.
    pub(crate) fn look(&self) -> Look<'_> {
        Look(self.heads.read())
    }
}

pub(crate) struct Look<'a>(RwLockReadGuard<'a, Vec<Head>>);

impl Look<'_> {
    /// Where the group is; at its very beginning if nobody was told of it yet.
    pub(crate) fn head(&self, group: GroupId) -> Head {
        self.0.get(index(group)).copied().unwrap_or_default()
    }
}

fn index(group: GroupId) -> usize {
    usize::try_from(group.0).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(n: u64) -> Head {
        Head { last_seq: Seq(n), last_rev: Rev(n + 1), last_message: MessageId(n + 2) }
    }

    #[test]
    fn a_group_is_where_it_was_published_last() {
        let published = PublishedHeads { heads: RwLock::default(), moved: MovedGroups::default() };
        published.publish([
            (GroupId(1), head(1), true),
            (GroupId(3), head(2), true),
            (GroupId(1), head(3), true),
        ]);
        let look = published.look();
        assert_eq!(look.head(GroupId(1)), head(3));
        assert_eq!(look.head(GroupId(3)), head(2));
    }

    #[test]
    fn a_group_that_was_not_published_is_at_its_beginning() {
        let published = PublishedHeads { heads: RwLock::default(), moved: MovedGroups::default() };
        published.publish([(GroupId(3), head(1), true)]);
        let look = published.look();
        for unknown in [0, 2, 4, u64::MAX] {
            assert_eq!(look.head(GroupId(unknown)), Head::default());
        }
    }
}
