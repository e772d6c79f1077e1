//! What messages said is gone from the file as well.
//!
//! SQLite leaves what it overwrites in the unused parts of its pages, until something else is written there. So the writer
//! has `secure_delete` on, which writes zeros. It does not know of copies: where rows of a tree are moved to other pages, to
//! have room, the page that they were on may keep what they said. So words stand in rows that never move: they come at the
//! end of their table, and are only made smaller (`messages`, `words`).
//!
//! The write-ahead log keeps pages as they were until it begins anew over them (`checkpoint`), and is removed when the
//! store is closed. What is read of the database, such as by a backup, has none of that.

use rim_core::message::{Message, MessageKind};
use rim_core::{GroupId, MessageId};
use rusqlite::{Connection, params};

use crate::checksum;
use crate::failure::Result;
use crate::row::{self, Sql};

/// Blanks the rows of these messages, and what their edits said.
pub(crate) fn messages(db: &Connection, group: GroupId, messages: &[MessageId]) -> Result<()> {
    // Without what it says: it goes, whether or not it can be read.
    let find = "SELECT id, group_id, seq, rev, sender_id, client_msg_id, ?3, '', created_at
                FROM messages WHERE id = ?1 AND group_id = ?2";
    for id in messages {
        let params = params![id.sql(), group.sql(), MessageKind::Text.code()];
        let found = row::first(db, find, params, row::of::<Message>("messages"))?;
        let Some(message) = found else { continue };
        let sql = "UPDATE messages SET kind = ?2, content = '', checksum = ?3 WHERE id = ?1";
        row::execute(db, sql, params![id.sql(), message.kind.code(), checksum::of(&message)])?;
        let sql = "UPDATE words SET content = '' WHERE group_id = ?1 AND seq = ?2";
        row::execute(db, sql, [group.sql(), message.seq.sql()])?;
    }
    Ok(())
}
