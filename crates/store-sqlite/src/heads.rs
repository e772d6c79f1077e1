//! What the writer remembers of the groups and members it writes for.
//!
//! Reading them once and writing them once a batch, rather than once a message, is what makes a message
//! cheap. All counters of a group and of its members' receipts move here and nowhere else. Nobody else
//! writes, so what is remembered stays true until something is rolled back or a membership changes.

use std::collections::hash_map::Entry;

use foldhash::{HashMap, HashMapExt, HashSet};
use rim_core::message::{Message, Receipt};
use rim_core::{GroupId, MessageId, Refusal, Rev, Seq, Timestamp, UserId};
use rusqlite::Connection;

use crate::failure::Result;
use crate::published_heads::{Head, PublishedHeads};
use crate::row::{self, Sql};
use crate::statements::Statements;

/// More groups or members than this are not remembered from batch to batch.
const MAX_REMEMBERED: usize = 64 * 1024;

impl Head {
    /// Takes the group's next `rev`.
    pub(crate) fn next_rev(&mut self) -> Rev {
        self.last_rev.0 += 1;
        self.last_rev
    }

    /// The message was stored as the group's next.
    pub(crate) fn appended(&mut self, message: &Message) {
        self.last_seq = message.seq;
        self.last_rev = message.rev;
        self.last_message = message.id;
    }
}

struct Known {
    head: Head,
    /// What its row says.
    stored: Head,
    /// Whether it is listed in `Heads::touched_groups`.
    touched: bool,
    kind: Kind,
    /// When something happened in it last.
    last_at: Timestamp,
    /// Whether something was done with what was said in it, and that is not flushed yet.
    noted: bool,
}

/// What of a group makes its messages more than others.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    /// Whether it is a single chat that somebody has left.
    pub(crate) is_half: bool,
    /// So long after they were sent its messages expire; 0: never.
    pub(crate) expire_seconds: u64,
}

/// Where a user is in a group.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Standing {
    /// Whether they are a member now. The rest is of use only if they are.
    pub(crate) member: bool,
    pub(crate) read_seq: Seq,
    pub(crate) delivered_seq: Seq,
    sent_seq: Seq,
    rev: Rev,
    /// Whether it is listed in `Heads::touched_standings`.
    touched: bool,
    sent: bool,
    marked: bool,
}

impl Standing {
    pub(crate) fn sent(&mut self, seq: Seq) {
        self.sent_seq = seq;
        self.sent = true;
    }

    /// They have read, or were delivered, everything up to `seq`, which lies ahead of what they had.
    pub(crate) fn marked(&mut self, receipt: Receipt, seq: Seq, rev: Rev) {
        if receipt == Receipt::Read {
            self.read_seq = seq;
        }
        self.delivered_seq = self.delivered_seq.max(seq);
        self.rev = rev;
        self.marked = true;
    }

    fn flush(&mut self, statements: &mut Statements<'_>, group: GroupId, user: UserId) -> Result<()> {
        if self.marked {
            statements.update_receipts.execute([
                group.sql(),
                user.sql(),
                self.sent_seq.sql(),
                self.read_seq.sql(),
                self.delivered_seq.sql(),
                self.rev.sql(),
            ])?;
        } else if self.sent {
            statements.update_sent.execute([group.sql(), user.sql(), self.sent_seq.sql()])?;
        }
        (self.touched, self.sent, self.marked) = (false, false, false);
        Ok(())
    }
}

/// How far a batch had come.
pub(crate) struct Mark {
    moved: usize,
    next_message: MessageId,
}

pub(crate) struct Heads {
    groups: HashMap<GroupId, Known>,
    standings: HashMap<(GroupId, UserId), Standing>,
    /// What may have to be flushed, each once.
    touched_groups: Vec<GroupId>,
    touched_standings: Vec<(GroupId, UserId)>,
    /// What was written in this batch, to be published; and whether it is news of messages.
    moved: Vec<(GroupId, Head, bool)>,
    next_message: MessageId,
}

impl Heads {
    /// Remembers nothing yet but which id the next message gets.
    pub(crate) fn load(db: &Connection) -> Result<Self> {
        let sql = "SELECT id FROM messages ORDER BY id DESC LIMIT 1";
        let last: Option<u64> = row::first(db, sql, [], row::of("messages"))?;
        Ok(Self {
            groups: HashMap::new(),
            standings: HashMap::new(),
            touched_groups: Vec::new(),
            touched_standings: Vec::new(),
            moved: Vec::new(),
            next_message: MessageId(last.unwrap_or(0) + 1),
        })
    }

    /// The id of the next message.
    pub(crate) fn next_message(&self) -> MessageId {
        self.next_message
    }

    /// The next message is stored.
    pub(crate) fn took_message(&mut self) {
        self.next_message.0 += 1;
    }

    fn known(&mut self, db: &Connection, group: GroupId) -> Result<&mut Known> {
        let known = match self.groups.entry(group) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let (head, kind) = load_head(db, group)?;
                let last_at = load_last_at(db, group, head.last_message)?;
                unknown.insert(Known { head, stored: head, touched: false, kind, last_at, noted: false })
            }
        };
        if !std::mem::replace(&mut known.touched, true) {
            self.touched_groups.push(group);
        }
        Ok(known)
    }

    /// # Errors
    /// `NoSuchGroup`.
    pub(crate) fn group(&mut self, db: &Connection, group: GroupId) -> Result<&mut Head> {
        Ok(&mut self.known(db, group)?.head)
    }

    /// Where a group is that a message is to be appended to, and what it is.
    ///
    /// # Errors
    /// `NoSuchGroup`.
    pub(crate) fn group_of_a_message(&mut self, db: &Connection, group: GroupId) -> Result<(Head, Kind)> {
        let known = self.known(db, group)?;
        Ok((known.head, known.kind))
    }

    /// The time of what happens in the group `now`: not before what happened in it, whatever the clock does.
    ///
    /// # Errors
    /// `NoSuchGroup`.
    pub(crate) fn time_in(&mut self, db: &Connection, group: GroupId, now: Timestamp) -> Result<Timestamp> {
        let known = self.known(db, group)?;
        known.last_at = known.last_at.max(now);
        Ok(known.last_at)
    }

    /// Where the user is in a group that exists.
    pub(crate) fn standing(
        &mut self,
        db: &Connection,
        group: GroupId,
        user: UserId,
    ) -> Result<&mut Standing> {
        let standing = match self.standings.entry((group, user)) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(load_standing(db, group, user)?),
        };
        if !std::mem::replace(&mut standing.touched, true) {
            self.touched_standings.push((group, user));
        }
        Ok(standing)
    }

    /// Writes what has changed.
    pub(crate) fn flush(&mut self, statements: &mut Statements<'_>) -> Result<()> {
        for group in self.touched_groups.drain(..) {
            let Some(known) = self.groups.get_mut(&group) else { continue };
            let head = known.head;
            if head != known.stored {
                let Head { last_seq, last_rev, last_message } = head;
                let params = [group.sql(), last_seq.sql(), last_rev.sql(), last_message.sql()];
                statements.update_group.execute(params)?;
                self.moved.push((group, head, known.noted || last_seq != known.stored.last_seq));
            }
            (known.stored, known.touched, known.noted) = (head, false, false);
        }
        for (group, user) in self.touched_standings.drain(..) {
            let Some(standing) = self.standings.get_mut(&(group, user)) else { continue };
            standing.flush(statements, group, user)?;
        }
        if self.groups.len().max(self.standings.len()) > MAX_REMEMBERED {
            self.forget();
        }
        Ok(())
    }

    /// Tells the readers where the groups are that this batch has moved. It is committed.
    pub(crate) fn publish(&mut self, published: &PublishedHeads) {
        published.publish(self.moved.drain(..));
    }

    /// Where a group is that a use case is about to move.
    ///
    /// # Errors
    /// `NoSuchGroup`.
    pub(crate) fn head_for_use_case(
        &mut self,
        db: &Connection,
        group: GroupId,
    ) -> Result<rim_store::database::Head> {
        let known = self.known(db, group)?;
        let Head { last_seq, last_rev, last_message } = known.head;
        Ok(rim_store::database::Head { group, last_seq, last_rev, last_message, last_at: known.last_at })
    }

    /// A use case has moved these groups, and may have changed in the tables who is in them. What has changed here was
    /// flushed before that.
    pub(crate) fn moved(&mut self, db: &Connection, heads: &[rim_store::database::Head]) -> Result<()> {
        let moved: HashSet<_> = heads.iter().map(|head| head.group).collect();
        self.standings.retain(|(group, _), _| !moved.contains(group));
        for head in heads {
            let known = self.known(db, head.group)?;
            (known.head.last_rev, known.last_at) = (head.last_rev, head.last_at);
            (_, known.kind) = load_head(db, head.group)?;
        }
        Ok(())
    }

    /// A use case has taken `rev`s of the group.
    pub(crate) fn moved_on(&mut self, db: &Connection, head: rim_store::database::Head) -> Result<()> {
        let known = self.known(db, head.group)?;
        (known.head.last_rev, known.last_at, known.noted) = (head.last_rev, head.last_at, true);
        Ok(())
    }

    fn forget_standings(&mut self) {
        self.standings.clear();
        self.touched_standings.clear();
    }

    /// To come back to, when everything is written.
    pub(crate) fn mark(&self) -> Mark {
        Mark { moved: self.moved.len(), next_message: self.next_message }
    }

    /// What was done since then is rolled back.
    pub(crate) fn take_back(&mut self, to: Mark) {
        self.forget();
        self.moved.truncate(to.moved);
        self.next_message = to.next_message;
    }

    /// Forgets everything but the next id.
    fn forget(&mut self) {
        self.forget_standings();
        self.groups.clear();
        self.touched_groups.clear();
    }
}

/// Where it is, and what.
fn load_head(db: &Connection, group: GroupId) -> Result<(Head, Kind)> {
    let sql = "SELECT id, last_seq, last_rev, last_message_id, single AND member_count < 2, expire_seconds
               FROM groups WHERE id = ?1";
    let found = row::first(db, sql, [group.sql()], row::behind_key("groups"))?;
    let (last_seq, last_rev, last_message, is_half, expire_seconds) = found.ok_or(Refusal::NoSuchGroup)?;
    Ok((Head { last_seq, last_rev, last_message }, Kind { is_half, expire_seconds }))
}

/// When something happened in it last, but for receipts.
fn load_last_at(db: &Connection, group: GroupId, last_message: MessageId) -> Result<Timestamp> {
    let sql = "SELECT ?1, created_at FROM messages WHERE id = ?2
               UNION ALL
               SELECT ?1, created_at FROM
                   (SELECT created_at FROM group_events WHERE group_id = ?1 ORDER BY place DESC LIMIT 1)
               ORDER BY 2 DESC LIMIT 1";
    let last = row::first(db, sql, [group.sql(), last_message.sql()], row::behind_key("messages"))?;
    Ok(last.unwrap_or_default())
}

fn load_standing(db: &Connection, group: GroupId, user: UserId) -> Result<Standing> {
    let sql = "SELECT group_id, left_rev IS NULL, read_seq, delivered_seq, sent_seq, rev FROM members
               WHERE group_id = ?1 AND user_id = ?2";
    let found = row::first(db, sql, [group.sql(), user.sql()], row::behind_key("members"))?;
    let standing = found.map(|(member, read_seq, delivered_seq, sent_seq, rev)| Standing {
        member,
        read_seq,
        delivered_seq,
        sent_seq,
        rev,
        ..Standing::default()
    });
    Ok(standing.unwrap_or_default())
}
