//! The rows of files.

use rim_core::Seq;
use rim_core::file::{Facts, File, FileId};

use crate::database::{Fields, Read};
use crate::failure::Result as Step;
use crate::params;

/// Where a group uses the picture that it had when somebody left, who sees the group as it was. No message has this place.
pub(super) const PICTURE: Seq = Seq(0);

const FIND: &str =
    "SELECT id, user_id, hash, picture, name, size_bytes, mime, facts, created_at FROM files WHERE id = $1";

/// The same, and nobody else adds uses of it or takes one away until this transaction has ended.
const LOCK: &str = "SELECT id, user_id, hash, picture, name, size_bytes, mime, facts, created_at FROM files WHERE id = $1 FOR NO KEY UPDATE";

pub(super) fn find(db: &dyn Read, id: FileId) -> Step<Option<File>> {
    db.first(FIND, &params![id], read)
}

fn read(row: Fields<'_>) -> Step<File> {
    let picture = row.get("picture")?;
    Ok(File {
        id: row.get("id")?,
        owner: row.get("user_id")?,
        hash: row.get("hash")?,
        name: row.get("name")?,
        size_bytes: row.get("size_bytes")?,
        mime: row.get("mime")?,
        facts: row.parse("facts", |text: String| Facts::of(&text, picture))?,
        created_at: row.get("created_at")?,
    })
}

/// Locks files in the order of their ids, and returns those that there are in that order.
pub(super) fn lock(db: &dyn Read, ids: &[FileId]) -> Step<Vec<File>> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    let keys: Vec<_> = ids.into_iter().map(|id| params![id].to_vec()).collect();
    Ok(db.first_of_each(LOCK, &keys, read)?.into_iter().flatten().collect())
}
