//! What messages said is gone from the file as well.
//!
//! SQLite leaves what it overwrites in the unused parts of its pages, until something else is written there. With
//! `secure_delete` it writes zeros. Every use case that overwrites words runs with it, also one that only moves them, as
//! what was left behind once is found by none that comes later.
//!
//! The write-ahead log keeps pages as they were until it begins anew over them (`checkpoint`), and is removed when the
//! store is closed. What is read of the database, such as by a backup, has none of that.

use rim_core::message::MessageKind;
use rim_core::{GroupId, MessageId};
use rusqlite::{Connection, params};

use crate::checksum;
use crate::failure::Result;
use crate::row::{self, Checked, Sql};

/// Whether what is overwritten or removed from now on is overwritten with zeros.
pub(crate) fn shred(db: &Connection, on: bool) -> Result<()> {
    Ok(db.pragma_update(None, "secure_delete", on)?)
}

/// Blanks the rows of these messages. That no row moves for it is why what it overwrites is all there is: a row that
/// becomes smaller stays in its page.
pub(crate) fn messages(db: &Connection, group: GroupId, messages: &[MessageId]) -> Result<()> {
    let find = "SELECT id, group_id, seq, rev, sender_id, client_msg_id, kind, content, created_at, checksum
                FROM messages WHERE id = ?1 AND group_id = ?2";
    for id in messages {
        let found = row::first(db, find, [id.sql(), group.sql()], row::of::<Checked>("messages"))?;
        let Some((mut message, _)) = found else { continue };
        (message.kind, message.content) = (MessageKind::Text, String::new());
        let sql = "UPDATE messages SET kind = ?2, content = '', checksum = ?3 WHERE id = ?1";
        row::execute(db, sql, params![id.sql(), message.kind.code(), checksum::of(&message)])?;
    }
    Ok(())
}
