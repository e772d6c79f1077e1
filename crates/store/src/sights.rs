//! What users take out of their own sight, and what they star: for themselves alone.

use rim_core::message::{Message, Span};
use rim_core::note::NoteKind;
use rim_core::sight::Sight;
use rim_core::{GroupId, UserId};

use crate::database::{Fields, Read};
use crate::failure::Result as Step;
use crate::params;
use crate::table::{Table, integer};

pub(crate) const CLEARED: Table = Table {
    name: "cleared",
    key: 2,
    columns: &[integer("user_id"), integer("group_id"), integer("seq"), integer("rev")],
};

pub(crate) const HIDDEN: Table = Table {
    name: "hidden",
    key: 3,
    columns: &[
        integer("user_id"),
        integer("group_id"),
        integer("seq"),
        integer("message_id"),
        integer("rev"),
    ],
};

pub(crate) const STARRED: Table = Table {
    name: "starred",
    key: 3,
    columns: &[
        integer("user_id"),
        integer("group_id"),
        integer("seq"),
        integer("message_id"),
        integer("is_starred"),
        integer("rev"),
        integer("at"),
    ],
};

/// What a user may see of a group now; `None` of one who never was a member. By it alone every use case decides what is
/// read and what there is: what is not in it does not exist for them.
///
/// # Errors
/// Those of the database.
pub fn of(db: &dyn Read, user: UserId, group: GroupId) -> Step<Option<Sight>> {
    let Some(member) = as_member(db, user, group)? else { return Ok(None) };
    Ok(Some(Sight::new(member, holes(db, user, group)?)))
}

/// What they saw as a member, and would see if nothing was cut out.
fn as_member(db: &dyn Read, user: UserId, group: GroupId) -> Step<Option<Vec<Span>>> {
    let sql = "SELECT m.group_id, m.join_seq AS after_seq, coalesce(m.left_seq, g.last_seq) AS to_seq
               FROM (SELECT group_id, join_seq, left_seq FROM members WHERE group_id = $1 AND user_id = $2
                     UNION ALL
                     SELECT group_id, join_seq, left_seq FROM forgotten_members WHERE group_id = $1 AND user_id = $2) AS m
                    JOIN groups AS g ON g.id = m.group_id";
    let Some(latest) = db.first(sql, &params![group, user], span)? else { return Ok(None) };
    let sql = "SELECT group_id, after_seq, to_seq FROM earlier_spans
               WHERE group_id = $1 AND user_id = $2 ORDER BY after_seq";
    let mut spans = db.all(sql, &params![group, user], span)?;
    spans.extend(Some(latest).filter(|latest| latest.after < latest.to));
    Ok(Some(spans))
}

/// What is cut out of it, in any order.
fn holes(db: &dyn Read, user: UserId, group: GroupId) -> Step<Vec<Span>> {
    db.all(HOLES, &params![user, group], span)
}

/// Of a user and a group.
pub const HOLES: &str = "
    SELECT group_id, 0 AS after_seq, seq AS to_seq FROM cleared WHERE user_id = $1 AND group_id = $2
    UNION ALL SELECT group_id, seq - 1, seq FROM hidden WHERE user_id = $1 AND group_id = $2
    UNION ALL SELECT group_id, after_seq, to_seq FROM expired WHERE group_id = $2";

fn span(row: Fields<'_>) -> Step<Span> {
    Ok(Span { after: row.get("after_seq")?, to: row.get("to_seq")? })
}

/// Says of the reactions on messages whether the user gave them.
///
/// # Errors
/// Those of the database.
pub fn mine(db: &dyn Read, user: UserId, messages: &mut [Message]) -> Step<()> {
    let (mut keys, mut unsure) = (Vec::new(), Vec::new());
    for message in messages {
        let (group, seq) = (message.group, message.seq);
        for reaction in message.mark_mine(user) {
            keys.push(params![group, NoteKind::React, seq, reaction.emoji.clone(), user].to_vec());
            unsure.push(reaction);
        }
    }
    if keys.is_empty() {
        return Ok(());
    }
    let sql = "SELECT group_id FROM notes WHERE group_id = $1 AND kind = $2 AND seq = $3 AND key = $4 AND by_id = $5";
    db.rows_of_each(sql, &keys, &mut |at, _| {
        unsure[at].mine = true;
        Ok(())
    })
}
