//! What messages name of what was uploaded.

use deadpool_postgres::GenericClient;
use rim_core::Timestamp;

use crate::failure::Result;
use crate::row;
use crate::text::Text;

/// Messages are stored: what they name stays for ever.
pub(crate) async fn pin(db: &impl GenericClient, hashes: &[Text<'_>], now: Timestamp) -> Result<()> {
    // In one order, so that nobody waits for one who waits for them.
    let sql = "WITH mine AS (SELECT hash, user_id FROM uploads WHERE hash = ANY($1) ORDER BY hash, user_id FOR UPDATE)
               UPDATE uploads AS u SET used_at = greatest(u.used_at, $2) FROM mine
               WHERE u.hash = mine.hash AND u.user_id = mine.user_id";
    row::execute(db, sql, &[&hashes, &now.0]).await?;
    let sql = "INSERT INTO pinned_uploads (hash) SELECT DISTINCT hash FROM uploads WHERE hash = ANY($1)
               ON CONFLICT DO NOTHING";
    row::execute(db, sql, &[&hashes]).await?;
    Ok(())
}
