//! Memberships that have ended: those that their users have deleted as well are kept where nothing looks that lists what
//! they have.

use rim_core::{GroupId, UserId};

use crate::database::{Read, Tx};
use crate::failure::Result as Step;
use crate::params;
use crate::table::{Table, integer, optional};

pub(crate) const MEMBERS: Table = Table {
    name: "members",
    key: 2,
    columns: &[
        integer("group_id"),
        integer("user_id"),
        integer("role"),
        integer("join_rev"),
        integer("joined_at"),
        integer("join_seq"),
        optional(integer("left_seq")),
        optional(integer("left_rev")),
        integer("read_seq"),
        integer("delivered_seq"),
        integer("sent_seq"),
        integer("rev"),
        integer("profile_rev"),
        integer("left_message_id"),
    ],
};

pub(crate) const EARLIER_SPANS: Table = Table {
    name: "earlier_spans",
    key: 3,
    columns: &[integer("group_id"), integer("user_id"), integer("after_seq"), integer("to_seq")],
};

pub(crate) const EARLIER_STAYS: Table = Table {
    name: "earlier_stays",
    key: 3,
    columns: &[integer("group_id"), integer("user_id"), integer("join_rev"), integer("left_rev")],
};

pub(crate) const FORGOTTEN_MEMBERS: Table = Table {
    name: "forgotten_members",
    key: 2,
    columns: &[
        integer("group_id"),
        integer("user_id"),
        integer("role"),
        integer("join_rev"),
        integer("joined_at"),
        integer("join_seq"),
        integer("left_seq"),
        integer("left_rev"),
        integer("read_seq"),
        integer("delivered_seq"),
        integer("sent_seq"),
        integer("rev"),
        integer("profile_rev"),
        integer("left_message_id"),
        integer("deleted_seq"),
        integer("own_rev"),
    ],
};

/// Whether the members `m` and `o` of a group were members of it at the same time, which is what makes them known to each
/// other in it: see [`rim_core::sync::Stay::overlaps`].
///
/// Nobody bounds how often somebody comes and goes, so no stay is held against each of the other's: one's own follow each
/// other, and of those that began before the other's ended the last ended last.
#[macro_export]
macro_rules! were_together {
    () => {
        "((o.left_rev IS NULL OR m.join_rev <= o.left_rev) AND (m.left_rev IS NULL OR o.join_rev <= m.left_rev)
          OR EXISTS (SELECT 1 FROM earlier_stays AS e WHERE e.group_id = o.group_id AND e.user_id = o.user_id
                     AND m.join_rev <= e.left_rev AND (m.left_rev IS NULL OR e.join_rev <= m.left_rev))
          OR EXISTS (SELECT 1 FROM earlier_stays AS e WHERE e.group_id = m.group_id AND e.user_id = m.user_id
                     AND (o.left_rev IS NULL OR e.join_rev <= o.left_rev) AND o.join_rev <= e.left_rev)
          OR EXISTS (SELECT 1 FROM earlier_stays AS f WHERE f.group_id = o.group_id AND f.user_id = o.user_id
                     AND f.join_rev <= (SELECT e.left_rev FROM earlier_stays AS e
                                        WHERE e.group_id = m.group_id AND e.user_id = m.user_id
                                          AND e.join_rev <= f.left_rev ORDER BY e.join_rev DESC LIMIT 1)))"
    };
}

/// The columns of a membership, with what names their table.
#[macro_export]
macro_rules! membership_columns {
    ($of:literal) => {
        concat!(
            $of,
            "group_id, ",
            $of,
            "user_id, ",
            $of,
            "role, ",
            $of,
            "join_rev, ",
            $of,
            "joined_at, ",
            $of,
            "join_seq, ",
            $of,
            "left_seq, ",
            $of,
            "left_rev, ",
            $of,
            "read_seq, ",
            $of,
            "delivered_seq, ",
            $of,
            "sent_seq, ",
            $of,
            "rev, ",
            $of,
            "profile_rev, ",
            $of,
            "left_message_id"
        )
    };
}

/// The user, who is locked, has left the group, which is, and deleted it. Their chat was deleted.
pub(crate) fn forget(tx: &dyn Tx, group: GroupId, user: UserId) -> Step<()> {
    let key = params![group, user];
    let sql = concat!(
        "INSERT INTO forgotten_members (",
        membership_columns!(""),
        ", deleted_seq, own_rev)
         SELECT ",
        membership_columns!("m."),
        ", c.deleted_seq, c.rev FROM members AS m JOIN chats AS c ON c.group_id = m.group_id AND c.user_id = m.user_id
         WHERE m.group_id = $1 AND m.user_id = $2"
    );
    tx.execute(sql, &key)?;
    tx.execute("DELETE FROM members WHERE group_id = $1 AND user_id = $2", &key)?;
    tx.execute("DELETE FROM chats WHERE group_id = $1 AND user_id = $2", &key)?;
    Ok(())
}

/// The inverse of [`forget`], for those of the users who have forgotten the group, which is locked: they join it anew.
pub(crate) fn remember(tx: &dyn Tx, group: GroupId, users: &[UserId]) -> Step<()> {
    let keys: Vec<_> = users.iter().map(|user| params![group, *user].to_vec()).collect();
    let sql = concat!(
        "INSERT INTO members (",
        membership_columns!(""),
        ") SELECT ",
        membership_columns!(""),
        " FROM forgotten_members WHERE group_id = $1 AND user_id = $2"
    );
    if tx.execute_each(sql, &keys)? > 0 {
        tx.execute_each("DELETE FROM forgotten_members WHERE group_id = $1 AND user_id = $2", &keys)?;
    }
    Ok(())
}

pub(crate) fn is_forgotten(db: &dyn Read, group: GroupId, user: UserId) -> Step<bool> {
    db.exists(
        "SELECT group_id FROM forgotten_members WHERE group_id = $1 AND user_id = $2",
        &params![group, user],
    )
}
