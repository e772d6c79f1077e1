//! What uses files: messages, and those that are to be sent later.

use rim_core::file::{self, File, FileId};
use rim_core::message::MessageKind;
use rim_core::{GroupId, Refusal, Seq, UserId};

use super::row;
use super::visible::visible;
use crate::database::{Read, Tx};
use crate::failure::Result as Step;
use crate::params;

/// The group of what is to be sent later; its place is the id of what is scheduled. Nobody sees a file by it.
pub(crate) const SCHEDULED: GroupId = GroupId(0);

/// What a message says that names files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// With what is known of the file; `None` where it is what the sender has said.
    pub content: Option<String>,
    /// Those that it uses from then on, ascending.
    pub files: Vec<FileId>,
}

/// Looks at the files that a message names ([`file::named_files`]) which somebody is about to send: they must see them, and it
/// must be able to show them. Until this transaction has ended the files stay.
///
/// # Errors
/// `NoSuchFile`, `FileOfAnotherKind`.
pub fn admit(
    db: &dyn Read,
    sender: UserId,
    kind: MessageKind,
    content: &str,
    named: &[FileId],
) -> Step<Named> {
    let mut seen = Vec::with_capacity(named.len());
    for file in row::lock(db, named)? {
        if visible(db, sender, &file)? {
            seen.push(file);
        }
    }
    Ok(describe(kind, content, &seen)?)
}

/// Locks the files that messages name which are about to be looked at one after the other: all of them in one order, as others
/// do.
///
/// # Errors
/// Those of the database.
pub fn hold(db: &dyn Read, files: &[FileId]) -> Step<()> {
    row::lock(db, files).map(drop)
}

/// The same once it is known which of the files there are that the sender sees, ascending. What was merged shows what there
/// is.
///
/// # Errors
/// `NoSuchFile`, `FileOfAnotherKind`.
pub fn describe(kind: MessageKind, content: &str, seen: &[File]) -> std::result::Result<Named, Refusal> {
    let files = seen.iter().map(|file| file.id).collect();
    if kind == MessageKind::Merged {
        return Ok(Named { content: None, files });
    }
    let [file] = seen else { return Err(Refusal::NoSuchFile) };
    Ok(Named { content: Some(file::describe(kind, content, file)?), files })
}

/// A message that is stored uses the files that it was [admitted](admit) with.
///
/// # Errors
/// Those of the database.
pub fn store_uses(tx: &dyn Tx, files: &[FileId], group: GroupId, seq: Seq) -> Step<()> {
    let rows: Vec<_> = files.iter().map(|file| params![*file, group, seq].to_vec()).collect();
    let sql = "INSERT INTO file_uses (file_id, group_id, seq) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    tx.execute_each(sql, &rows)?;
    let keys: Vec<_> = files.iter().map(|file| params![*file].to_vec()).collect();
    let sql = "UPDATE files SET unused_at = NULL WHERE id = $1 AND unused_at IS NOT NULL";
    tx.execute_each(sql, &keys).map(drop)
}

/// What is at these places says nothing any more.
pub(crate) fn unuse(tx: &dyn Tx, group: GroupId, places: &[Seq]) -> Step<()> {
    let keys: Vec<_> = places.iter().map(|seq| params![group, *seq].to_vec()).collect();
    let mut files = Vec::new();
    let sql = "SELECT file_id FROM file_uses WHERE group_id = $1 AND seq = $2";
    tx.reader().rows_of_each(sql, &keys, &mut |_, row| {
        files.push(row.get("file_id")?);
        Ok(())
    })?;
    if files.is_empty() {
        return Ok(());
    }
    row::lock(tx, &files)?;
    tx.execute_each("DELETE FROM file_uses WHERE group_id = $1 AND seq = $2", &keys)?;
    free(tx, &files)
}

/// Uses of these files, which are locked, were taken away: those that nothing uses any more may go.
pub(super) fn free(tx: &dyn Tx, files: &[FileId]) -> Step<()> {
    let keys: Vec<_> = files.iter().map(|file| params![*file].to_vec()).collect();
    let sql = "UPDATE files SET unused_at = 0 WHERE id = $1 AND unused_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM file_uses WHERE file_id = $1)
               AND NOT EXISTS (SELECT 1 FROM file_avatars WHERE file_id = $1)";
    tx.execute_each(sql, &keys).map(drop)
}
