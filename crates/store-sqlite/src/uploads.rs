//! What messages name of what was uploaded.

use rim_core::upload::named;
use rusqlite::Connection;

use crate::failure::Result;
use crate::row;

/// A message is stored: what it names stays for ever.
pub(crate) fn pin(db: &Connection, content: &str) -> Result<()> {
    for hash in named(content) {
        let sql = "INSERT INTO pinned_uploads (hash) SELECT ?1
                   WHERE EXISTS (SELECT 1 FROM uploads WHERE hash = ?1) ON CONFLICT DO NOTHING";
        row::execute(db, sql, [hash])?;
    }
    Ok(())
}
