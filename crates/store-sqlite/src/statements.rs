//! The statements of the message path, which the writer holds for its life.
//!
//! All others are looked up by their text in the connection's cache at each use, and put back after it. For
//! these that would be a sixth of the instructions of a message that shares its commit with 31 others.

use rusqlite::{Connection, Statement};

pub(crate) struct Statements<'c> {
    pub(crate) begin: Statement<'c>,
    pub(crate) commit: Statement<'c>,
    pub(crate) find_client_id: Statement<'c>,
    pub(crate) insert_message: Statement<'c>,
    pub(crate) find_place: Statement<'c>,
    pub(crate) update_group: Statement<'c>,
    /// Apart from the other, as it touches no index.
    pub(crate) update_sent: Statement<'c>,
    pub(crate) update_receipts: Statement<'c>,
}

impl<'c> Statements<'c> {
    pub(crate) fn prepare(db: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            begin: db.prepare("BEGIN IMMEDIATE")?,
            commit: db.prepare("COMMIT")?,
            find_client_id: db.prepare(
                "SELECT group_id, message_id FROM client_ids
                 WHERE group_id = ?1 AND sender_id = ?2 AND client_hash = ?3",
            )?,
            insert_message: db.prepare(
                "INSERT INTO messages (id, group_id, seq, rev, sender_id, client_msg_id, client_hash, kind,
                                       content, created_at, checksum)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?,
            find_place: db.prepare("SELECT id, seq FROM messages WHERE id = ?1 AND group_id = ?2")?,
            update_group: db.prepare(
                "UPDATE groups SET last_seq = ?2, last_rev = ?3, last_message_id = ?4 WHERE id = ?1",
            )?,
            update_sent: db
                .prepare("UPDATE members SET sent_seq = ?3 WHERE group_id = ?1 AND user_id = ?2")?,
            update_receipts: db.prepare(
                "UPDATE members SET sent_seq = ?3, read_seq = ?4, delivered_seq = ?5, rev = ?6
                 WHERE group_id = ?1 AND user_id = ?2",
            )?,
        })
    }
}
