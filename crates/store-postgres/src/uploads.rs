//! What users have uploaded: whose it is, and whether anything names it.
//!
//! Whoever names a file writes its rows of `uploads`, and so does whoever forgets it: one waits for the other, and sees
//! what became of it.

use deadpool_postgres::{Client, GenericClient};
use rim_core::upload::{NewUpload, hash_of, named};
use rim_core::{Refusal, Timestamp};

use crate::database::Tx;
use crate::failure::Result;
use crate::row::{self, Sql};
use crate::text::Text;

pub(crate) async fn keep(tx: &mut Tx<'_>, upload: NewUpload, quota_bytes: u64, now: Timestamp) -> Result<()> {
    let (db, user, hash) = (&tx.db, upload.user.sql(), Text(upload.hash()));
    // Of one user one after the other, or both would find the room.
    row::execute(db, "SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE", &[&user]).await?;
    let sql = "SELECT coalesce(sum(size_bytes), 0)::bigint FROM uploads WHERE user_id = $1 AND hash <> $2";
    let used: u64 = row::first(db, sql, &[&user, &hash], |row| row.number(0)).await?.unwrap_or(0);
    if used + upload.size_bytes > quota_bytes {
        return Err(Refusal::QuotaExceeded { used, allowed: quota_bytes }.into());
    }
    if upload.was_there {
        let sql = "INSERT INTO pinned_uploads (hash)
                   SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM uploads WHERE hash = $1) ON CONFLICT DO NOTHING";
        row::execute(db, sql, &[&hash]).await?;
    }
    let sql = "INSERT INTO uploads (hash, user_id, name, size_bytes, used_at) VALUES ($1, $2, $3, $4, $5)
               ON CONFLICT (hash, user_id) DO UPDATE SET used_at = excluded.used_at";
    let params: row::Params<'_> = &[&hash, &user, &Text(&upload.name), &upload.size_bytes.sql(), &now.0];
    row::execute(db, sql, params).await?;
    Ok(())
}

/// Somebody or a group has the last of these pictures now, and had those before it until now.
pub(crate) async fn show(db: &impl GenericClient, avatars: &[&str], now: Timestamp) -> Result<()> {
    let hashes: Vec<_> = avatars.iter().copied().flat_map(named).map(Text).collect();
    if hashes.is_empty() { Ok(()) } else { touch(db, &hashes, now).await }
}

/// Messages are stored: what they name stays for ever.
pub(crate) async fn pin(db: &Client, hashes: &[Text<'_>], now: Timestamp) -> Result<()> {
    touch(db, hashes, now).await?;
    let sql = "INSERT INTO pinned_uploads (hash) SELECT DISTINCT hash FROM uploads WHERE hash = ANY($1)
               ON CONFLICT DO NOTHING";
    row::execute(db, sql, &[&hashes]).await?;
    Ok(())
}

/// In one order, so that nobody waits for one who waits for them.
async fn touch(db: &impl GenericClient, hashes: &[Text<'_>], now: Timestamp) -> Result<()> {
    let sql = "WITH mine AS (SELECT hash, user_id FROM uploads WHERE hash = ANY($1) ORDER BY hash, user_id FOR UPDATE)
               UPDATE uploads AS u SET used_at = greatest(u.used_at, $2) FROM mine
               WHERE u.hash = mine.hash AND u.user_id = mine.user_id";
    row::execute(db, sql, &[&hashes, &now.0]).await?;
    Ok(())
}

pub(crate) async fn unused(db: &impl GenericClient, before: Timestamp, limit: u32) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT u.name FROM uploads AS u
               WHERE u.used_at < $1
                 AND NOT EXISTS (SELECT 1 FROM uploads AS o WHERE o.hash = u.hash AND o.used_at >= $1)
                 AND NOT EXISTS (SELECT 1 FROM pinned_uploads AS p WHERE p.hash = u.hash)
                 AND NOT EXISTS (
                     SELECT 1 FROM (
                         SELECT substring(avatar FROM '/media/avatars/([0-9a-f]{64})') COLLATE \"C\" AS hash
                         FROM (SELECT avatar FROM users UNION ALL SELECT avatar FROM groups
                               UNION ALL SELECT avatar FROM departures) AS shown
                         WHERE avatar LIKE '%/media/avatars/%'
                     ) AS shown WHERE shown.hash = u.hash)
               LIMIT $2";
    row::all(db, sql, &[&before.0, &i64::from(limit)], |row| row.text(0)).await
}

pub(crate) async fn forget(tx: &mut Tx<'_>, names: Vec<String>, before: Timestamp) -> Result<Vec<String>> {
    let hashes: Vec<_> = names.iter().map(|name| Text(hash_of(name))).collect();
    // What was named meanwhile is seen in the row itself, for which this waits.
    let sql = "WITH mine AS (SELECT hash, user_id FROM uploads WHERE hash = ANY($1) ORDER BY hash, user_id FOR UPDATE)
               DELETE FROM uploads AS u USING mine
               WHERE u.hash = mine.hash AND u.user_id = mine.user_id AND u.used_at < $2
                 AND NOT EXISTS (SELECT 1 FROM pinned_uploads AS p WHERE p.hash = u.hash)";
    row::execute(&tx.db, sql, &[&hashes, &before.0]).await?;
    let names: Vec<_> = names.iter().map(|name| Text(name)).collect();
    let sql = "SELECT n FROM unnest($1::text[]) AS n
               WHERE NOT EXISTS (SELECT 1 FROM uploads AS u WHERE u.hash = split_part(n, '.', 1) COLLATE \"C\")";
    let forgotten: Vec<String> = row::all(&tx.db, sql, &[&names], |row| row.text(0)).await?;
    let gone: Vec<_> = forgotten.iter().map(|name| Text(name)).collect();
    row::execute(&tx.db, "DELETE FROM media WHERE name = ANY($1)", &[&gone]).await?;
    Ok(forgotten)
}
