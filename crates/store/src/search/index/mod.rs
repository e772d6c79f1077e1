//! The index of words: what messages say as terms that are made elsewhere, and which entries have each.
//!
//! It is rim's own, in rows of bytes that any database keeps: segments, of blocks in which terms and entries are each told by how
//! they differ from the one before. What is listed together is a segment, and eight of these become one (`tidy.rs`); so a term is
//! looked up in few places. Indexes of databases keep a row for what they point to, know nothing of what is only to be found as
//! long as it is there, and cannot be asked to do a little at a time.
//!
//! To take an entry out is to write down that it is dead, which holds nobody up. It cannot be found any more, as whoever finds it
//! looks at the message; that nothing of it is left on the disk is done right behind.

mod asked;
mod block;
mod entries;
mod groups;
mod number;
mod seek;
mod segment;
mod tidy;

use rim_core::{GroupId, MessageId, Rev, Seq, Timestamp};

use crate::database::{Read, Tx};
use crate::failure::Result as Step;
use crate::params;

pub(super) use self::asked::{Asked, Candidate, Entry, has_term, kind_term, sender_term, terms_of};
#[cfg(feature = "suite")]
pub use self::seek::STATEMENTS;
pub(super) use self::seek::{Among, candidates};
pub(super) use self::segment::Made;
pub use self::tidy::{Chore, next_chore};

/// Takes out what a message says, and has said by edits: its row is about to be wiped.
pub(super) fn bury(tx: &dyn Tx, group: GroupId, message: MessageId, seq: Seq) -> Step<()> {
    bury_edits(tx, group, message, seq, 0)?;
    bury_one(tx, message, Rev(0))
}

/// The same of what it has said by edits, but for so many of the newest.
pub(super) fn bury_edits(tx: &dyn Tx, group: GroupId, message: MessageId, seq: Seq, kept: u64) -> Step<()> {
    let sql = "SELECT rev FROM words WHERE group_id = $1 AND seq = $2 AND content <> ''
               ORDER BY rev DESC LIMIT 1000000 OFFSET $3";
    let edits: Vec<Rev> = tx.reader().all(sql, &params![group, seq, kept], |row| row.get("rev"))?;
    edits.into_iter().try_for_each(|rev| bury_one(tx, message, rev))
}

fn bury_one(tx: &dyn Tx, message: MessageId, rev: Rev) -> Step<()> {
    let sql = "INSERT INTO search_dead (message_id, rev) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    tx.execute(sql, &params![message, rev]).map(drop)
}

/// Takes all out of it.
pub(super) fn clear(tx: &dyn Tx) -> Step<()> {
    tidy::alone(tx)?;
    tx.execute("UPDATE search_segments SET state = 2 WHERE state <> 2", &[]).map(drop)
}

pub(super) fn has_entries(db: &dyn Read) -> Step<bool> {
    db.exists("SELECT segment FROM search_segments WHERE state = 1 LIMIT 1", &[])
}

/// The newest message that [`listed_from`] may find, or a later one.
pub(super) fn newest(db: &dyn Read) -> Step<Option<MessageId>> {
    let sql = "SELECT last_message FROM search_segments WHERE state = 1 AND edits = $1
               ORDER BY last_message DESC LIMIT 1";
    db.first(sql, &params![false], |row| row.get("last_message"))
}

/// The first message from this id on that is found without looking at others, and when it was sent: some of those that are listed
/// are. A group has its messages in the order of their ids, and together they are in none.
pub(super) fn listed_from(db: &dyn Read, message: MessageId) -> Step<Option<(MessageId, Timestamp)>> {
    let sql = "SELECT e.first_message, m.created_at
               FROM (SELECT first_message, first_group FROM search_entries WHERE first_message >= $1
                     ORDER BY first_message LIMIT 1) AS e
                    JOIN messages AS m ON m.group_id = e.first_group AND m.id = e.first_message";
    db.first(sql, &params![message], |row| Ok((row.get("first_message")?, row.get("created_at")?)))
}
