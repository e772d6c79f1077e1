//! What users do with a chat for themselves alone.

use async_trait::async_trait;
use rim_core::event::{Change, ChatChange};
use rim_core::message;
use rim_core::{GroupId, Refusal, Seq, Timestamp, UserId};

use crate::database::{Database, Read, Tx};
use crate::failure::Result as Step;
use crate::table::{Table, integer, optional};
use crate::{Result, contacts, membership, params, people};

pub(crate) const TABLE: Table = Table {
    name: "chats",
    key: 2,
    columns: &[integer("user_id"), integer("group_id"), optional(integer("deleted_seq")), integer("rev")],
};

/// Chats as their users have them.
#[async_trait]
pub trait Chats: Send + Sync {
    /// Deletes a chat from the user's list by [`rim_core::message::delete`]; they stay a member, if they are one, and its
    /// messages stay theirs. Takes their next own `rev`. A new message brings it back, and so does a new membership.
    /// A group that they have left is forgotten by [`rim_core::message::is_forgotten`]: nothing lists it for them any more,
    /// and nothing that they ask has to look at it. Whoever knows it still reads their own part.
    ///
    /// # Errors
    /// `NoSuchGroup`, `NotMember` where they never were a member.
    async fn delete_chat(
        &self,
        user: UserId,
        group: GroupId,
        seen: Option<Seq>,
        now: Timestamp,
    ) -> Result<()>;
}

#[async_trait]
impl<D: Database> Chats for D {
    /// Of a group that the user is in nothing is locked: a message that comes at the same time is not deleted with it.
    async fn delete_chat(
        &self,
        user: UserId,
        group: GroupId,
        seen: Option<Seq>,
        now: Timestamp,
    ) -> Result<()> {
        self.write(user, move |tx| {
            // Locked first, so that what is deleted already is known.
            people::lock(tx, &[user])?;
            // Nobody brings the user back while they forget it.
            let sql = "SELECT id FROM groups WHERE id = $1 AND NOT single
                           AND EXISTS (SELECT 1 FROM members AS m
                                       WHERE m.group_id = $1 AND m.user_id = $2 AND m.left_rev IS NOT NULL)
                       FOR NO KEY UPDATE";
            tx.reader().exists(sql, &params![group, user])?;
            let sql = "SELECT g.id, m.user_id, coalesce(m.left_seq, g.last_seq) AS last, c.deleted_seq, g.single, m.left_seq
                       FROM groups AS g
                            LEFT JOIN members AS m ON m.group_id = g.id AND m.user_id = $2
                            LEFT JOIN chats AS c ON c.group_id = g.id AND c.user_id = $2
                       WHERE g.id = $1";
            let found = tx.reader().first(sql, &params![group, user], |row| {
                let (member, deleted) = (row.get::<Option<UserId>>("user_id")?, row.get("deleted_seq")?);
                Ok((member, row.get("last")?, deleted, row.get("single")?, row.get("left_seq")?))
            })?;
            let (member, last, deleted, single, left) = found.ok_or(Refusal::NoSuchGroup)?;
            if member.is_none() {
                return must_be_forgotten(tx, group, user);
            }
            if let Some(seq) = message::delete(deleted, last, seen) {
                note(tx, user, group, ChatChange::Deleted { seq }, now)?;
            }
            if message::is_forgotten(single, left, seen) {
                membership::forget(tx, group, user)?;
                contacts::forget_unasked(tx, group, user)?;
            }
            Ok(())
        })
        .await
    }
}

/// Reads what one who has left has not read of their part.
///
/// # Errors
/// `NotMember` where they never were one.
pub fn read_after_leaving(tx: &mut dyn Tx, user: UserId, group: GroupId, now: Timestamp) -> Step<()> {
    // Before the membership, which others write while they have the group.
    people::lock(tx, &[user])?;
    let sql = "SELECT group_id, left_seq FROM members WHERE group_id = $1 AND user_id = $2 AND left_seq IS NOT NULL";
    let left: Option<Seq> = tx.reader().first(sql, &params![group, user], |row| row.get("left_seq"))?;
    // There is nothing to read in what was forgotten.
    let Some(seq) = left else { return must_be_forgotten(tx, group, user) };
    // Without a rev of the group: it is none of its business any more. Whoever has come back meanwhile reads as a
    // member, when they are asked to again.
    let sql = "UPDATE members SET read_seq = $3, delivered_seq = greatest(delivered_seq, $3)
               WHERE group_id = $1 AND user_id = $2 AND left_seq = $3 AND read_seq < $3";
    if tx.execute(sql, &params![group, user, seq])? == 0 {
        return Ok(());
    }
    note(tx, user, group, ChatChange::ReadAfterLeaving { seq }, now)
}

/// # Errors
/// `NotMember`.
fn must_be_forgotten(db: &dyn Read, group: GroupId, user: UserId) -> Step<()> {
    if membership::is_forgotten(db, group, user)? { Ok(()) } else { Err(Refusal::NotMember.into()) }
}

/// Stores it as the next of the user's own changes, and tells of it.
fn note(tx: &mut dyn Tx, user: UserId, group: GroupId, what: ChatChange, at: Timestamp) -> Step<()> {
    let rev = people::next_rev(tx, user)?;
    let deleted = match what {
        ChatChange::Deleted { seq } => Some(seq),
        _ => None,
    };
    let sql = "INSERT INTO chats (user_id, group_id, deleted_seq, rev) VALUES ($1, $2, $3, $4)
               ON CONFLICT (user_id, group_id)
               DO UPDATE SET deleted_seq = coalesce(excluded.deleted_seq, chats.deleted_seq), rev = excluded.rev";
    tx.execute(sql, &params![user, group, deleted, rev])?;
    tx.publish(Change::Chat { user, rev, group, what, at });
    Ok(())
}
