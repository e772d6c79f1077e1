//! What messages were before what was done with them since somebody left.
//!
//! Who has left reads messages as they were then. So whatever a note puts an end to is kept, unless nobody has left the
//! group since it began: the state of the message, a note that is taken away, a mention. What was recalled is kept from
//! nobody: it goes with the message.

use rim_core::message::Message;
use rim_core::note::{NoteKind, Noted};
use rim_core::sight::{MAX_MENTIONS, Sight, spans_of};
use rim_core::{GroupId, Rev, Seq, UserId};

use crate::database::{Read, Tx};
use crate::failure::Result as Step;
use crate::params;
use crate::table::{Table, integer, text};

pub(crate) const STATES: Table = Table {
    name: "former_states",
    key: 3,
    columns: &[integer("group_id"), integer("seq"), integer("rev"), text("body")],
};

pub(crate) const NOTES: Table = Table {
    name: "former_notes",
    key: 6,
    columns: &[
        integer("group_id"),
        integer("kind"),
        integer("seq"),
        text("key"),
        integer("by_id"),
        integer("rev"),
        integer("at"),
        integer("gone_rev"),
    ],
};

pub(crate) const MENTIONS: Table = Table {
    name: "former_mentions",
    key: 3,
    columns: &[integer("user_id"), integer("group_id"), integer("seq"), integer("message_id")],
};

/// A statement for group chats, and one for single chats, of which no departures are kept: what ends with `$since` is
/// kept if somebody has left the group `$1` after that.
macro_rules! if_somebody_left {
    ($sql:literal, $since:literal, $end:literal) => {
        [
            concat!(
                $sql,
                " AND EXISTS (SELECT 1 FROM departures AS d WHERE d.group_id = $1 AND d.rev > ",
                $since,
                ")",
                $end
            ),
            concat!(
                $sql,
                " AND EXISTS (SELECT 1 FROM members AS m WHERE m.group_id = $1 AND m.left_rev > ",
                $since,
                ")",
                $end
            ),
        ]
    };
}

/// Where something is done with a message.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) group: GroupId,
    pub(crate) single: bool,
    pub(crate) seq: Seq,
}

impl Place {
    /// The state that the message has; before it has another.
    pub(crate) fn keep_state(self, tx: &dyn Tx, what: &Noted) -> Step<()> {
        if *what == Noted::Recalled {
            return Ok(());
        }
        let sql = if_somebody_left!(
            "INSERT INTO former_states (group_id, seq, rev, body)
             SELECT s.group_id, s.seq, s.rev, s.body FROM states AS s WHERE s.group_id = $1 AND s.seq = $2",
            "s.rev",
            ""
        );
        tx.execute(sql[usize::from(self.single)], &params![self.group, self.seq]).map(drop)
    }

    /// A note that is about to be taken away, at this `rev`.
    pub(crate) fn keep_note(self, tx: &dyn Tx, kind: NoteKind, key: &str, by: UserId, rev: Rev) -> Step<()> {
        let sql = if_somebody_left!(
            "INSERT INTO former_notes (group_id, kind, seq, key, by_id, rev, at, gone_rev)
             SELECT n.group_id, n.kind, n.seq, n.key, n.by_id, n.rev, n.at, $7 FROM notes AS n
             WHERE n.group_id = $1 AND n.kind = $2 AND n.seq = $3 AND n.key = $4 AND (n.by_id = $5 OR $6)",
            "n.rev",
            ""
        );
        let params = params![self.group, kind, self.seq, key, by, kind.is_shared(), rev];
        tx.execute(sql[usize::from(self.single)], &params).map(drop)
    }

    /// That the message, which was sent with this `rev`, mentions somebody, which an edit is about to end.
    pub(crate) fn keep_mention(self, tx: &dyn Tx, user: UserId, sent: Rev) -> Step<()> {
        let sql = if_somebody_left!(
            "INSERT INTO former_mentions (user_id, group_id, seq, message_id)
             SELECT n.user_id, n.group_id, n.seq, n.message_id FROM mentions AS n
             WHERE n.user_id = $2 AND n.group_id = $1 AND n.seq = $3",
            "$4",
            " ON CONFLICT (user_id, group_id, seq) DO NOTHING"
        );
        tx.execute(sql[usize::from(self.single)], &params![self.group, user, self.seq, sent]).map(drop)
    }
}

/// Whether the message was another before, for somebody who has left since.
pub(crate) fn has_states(db: &dyn Read, group: GroupId, seq: Seq) -> Step<bool> {
    db.exists("SELECT seq FROM former_states WHERE group_id = $1 AND seq = $2 LIMIT 1", &params![group, seq])
}

/// Nobody reads these messages any more: what they were is gone as well.
pub(crate) fn forget(tx: &dyn Tx, group: GroupId, places: &[Seq]) -> Step<()> {
    let keys: Vec<_> = places.iter().map(|seq| params![group, *seq].to_vec()).collect();
    for sql in [
        "DELETE FROM former_states WHERE group_id = $1 AND seq = $2",
        "DELETE FROM former_mentions WHERE group_id = $1 AND seq = $2",
    ] {
        tx.execute_each(sql, &keys)?;
    }
    let kinds = |seq: &Seq| NoteKind::ALL.map(|kind| params![group, kind, *seq].to_vec());
    let keys: Vec<_> = places.iter().flat_map(kinds).collect();
    tx.execute_each("DELETE FROM former_notes WHERE group_id = $1 AND kind = $2 AND seq = $3", &keys)
        .map(drop)
}

/// The places above `$3` of the messages of the group `$2` that may have mentioned the user `$1` when they left it, at the
/// rev `$4`: the first `$5`, and of which it is certain, as nothing has happened to them since.
pub const MAY_HAVE_MENTIONED: &str = "
    SELECT seq, max(sure) AS is_sure FROM (
        SELECT m.seq, CASE WHEN s.rev <= $4 THEN 1 ELSE 0 END AS sure
        FROM mentions AS m JOIN states AS s ON s.group_id = m.group_id AND s.seq = m.seq
        WHERE m.user_id IN ($1, 0) AND m.group_id = $2 AND m.seq > $3
        UNION ALL
        SELECT seq, 0 FROM former_mentions WHERE user_id IN ($1, 0) AND group_id = $2 AND seq > $3
    ) AS named GROUP BY seq ORDER BY seq LIMIT $5";

/// How many messages in sight that they have not read mention a user who has left, at the `rev` of it.
///
/// # Errors
/// Those of the database.
pub fn unread_mentions(
    db: &dyn Read,
    user: UserId,
    group: GroupId,
    read: Seq,
    sight: &Sight,
    as_of: Rev,
) -> Step<u64> {
    let (mut count, mut after) = (0, read);
    while let Some(next) = sight.next(after) {
        let params = params![user, group, Seq(next.0 - 1), as_of, MAX_MENTIONS];
        let places: Vec<(Seq, u64)> =
            db.all(MAY_HAVE_MENTIONED, &params, |row| Ok((row.get("seq")?, row.get("is_sure")?)))?;
        let (sure, unsure) = sorted_by_sight(sight, &places);
        count += sure + did_mention(db, user, group, &unsure, as_of)?.len() as u64;
        match places.last() {
            Some((last, _)) if count < MAX_MENTIONS && places.len() as u64 >= MAX_MENTIONS => after = *last,
            _ => break,
        }
    }
    Ok(count.min(MAX_MENTIONS))
}

/// Of rows of [`MAY_HAVE_MENTIONED`] how many in sight are certain, and where those are that are not.
pub fn sorted_by_sight(sight: &Sight, places: &[(Seq, u64)]) -> (u64, Vec<Seq>) {
    let seen = places.iter().copied().filter(|(seq, _)| sight.sees(*seq));
    let (sure, unsure): (Vec<_>, Vec<_>) = seen.partition(|(_, is_sure)| *is_sure == 1);
    (sure.len() as u64, unsure.into_iter().map(|(seq, _)| seq).collect())
}

/// Messages that are read together.
const AT_ONCE: usize = 100;

/// Of these places, which ascend, those whose messages mentioned the user when they left the group.
///
/// # Errors
/// Those of the database.
pub(crate) fn did_mention(
    db: &dyn Read,
    user: UserId,
    group: GroupId,
    places: &[Seq],
    as_of: Rev,
) -> Step<Vec<Seq>> {
    let mut did = Vec::new();
    for places in places.chunks(AT_ONCE) {
        let read = db.messages_at(group, &spans_of(places.iter().copied()), Some(as_of), usize::MAX)?;
        did.extend(read.iter().filter(|message| mentions(message, user)).map(|message| message.seq));
    }
    Ok(did)
}

/// Whether a message mentions a user, or everybody.
pub fn mentions(message: &Message, user: UserId) -> bool {
    message.state.as_ref().is_some_and(|state| state.mention_all || state.mentions.contains(&user))
}
