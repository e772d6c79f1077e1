//! What users have uploaded: whose it is, and whether anything names it.

use rim_core::upload::{NewUpload, hash_of, named};
use rim_core::{Refusal, Timestamp};
use rusqlite::{Connection, params};

use crate::batch::Batch;
use crate::failure::Result;
use crate::row::{self, Sql};

pub(crate) fn keep(
    batch: &mut Batch<'_>,
    upload: &NewUpload,
    quota_bytes: u64,
    now: Timestamp,
) -> Result<()> {
    let (db, hash) = (batch.db, upload.hash());
    let sql = "SELECT coalesce(sum(size_bytes), 0) FROM uploads WHERE user_id = ?1 AND hash <> ?2";
    let used: u64 =
        row::first(db, sql, params![upload.user.sql(), hash], |row| Ok(row.get(0)?))?.unwrap_or(0);
    if used + upload.size_bytes > quota_bytes {
        return Err(Refusal::QuotaExceeded { used, allowed: quota_bytes }.into());
    }
    if upload.was_there {
        let sql = "INSERT INTO pinned_uploads (hash) SELECT ?1
                   WHERE NOT EXISTS (SELECT 1 FROM uploads WHERE hash = ?1) ON CONFLICT DO NOTHING";
        row::execute(db, sql, [hash])?;
    }
    let sql = "INSERT INTO uploads (hash, user_id, name, size_bytes, used_at) VALUES (?1, ?2, ?3, ?4, ?5)
               ON CONFLICT (hash, user_id) DO UPDATE SET used_at = excluded.used_at";
    let params = params![hash, upload.user.sql(), upload.name, upload.size_bytes.sql(), now.0];
    row::execute(db, sql, params).map(drop)
}

/// Somebody or a group has the last of these pictures now, and had those before it until now.
pub(crate) fn show(db: &Connection, avatars: &[&str], now: Timestamp) -> Result<()> {
    for hash in avatars.iter().copied().flat_map(named) {
        row::execute(db, "UPDATE uploads SET used_at = ?2 WHERE hash = ?1", params![hash, now.0])?;
    }
    Ok(())
}

/// A message is stored: what it names stays for ever.
pub(crate) fn pin(db: &Connection, content: &str) -> Result<()> {
    for hash in named(content) {
        let sql = "INSERT INTO pinned_uploads (hash) SELECT ?1
                   WHERE EXISTS (SELECT 1 FROM uploads WHERE hash = ?1) ON CONFLICT DO NOTHING";
        row::execute(db, sql, [hash])?;
    }
    Ok(())
}

pub(crate) fn unused(db: &Connection, before: Timestamp, limit: u32) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT u.name FROM uploads AS u
               WHERE u.used_at < ?1
                 AND NOT EXISTS (SELECT 1 FROM uploads AS o WHERE o.hash = u.hash AND o.used_at >= ?1)
                 AND NOT EXISTS (SELECT 1 FROM pinned_uploads AS p WHERE p.hash = u.hash)
                 AND u.hash NOT IN (
                     SELECT substr(avatar, instr(avatar, '/media/avatars/') + 15, 64)
                     FROM (SELECT avatar FROM users UNION ALL SELECT avatar FROM groups
                           UNION ALL SELECT avatar FROM departures)
                     WHERE instr(avatar, '/media/avatars/') > 0)
               LIMIT ?2";
    row::all(db, sql, params![before.0, limit], |row| Ok(row.get(0)?))
}

pub(crate) fn forget(batch: &mut Batch<'_>, names: Vec<String>, before: Timestamp) -> Result<Vec<String>> {
    let mut forgotten = Vec::new();
    for name in names {
        let sql = "DELETE FROM uploads WHERE hash = ?1
                   AND NOT EXISTS (SELECT 1 FROM uploads AS o WHERE o.hash = ?1 AND o.used_at >= ?2)
                   AND NOT EXISTS (SELECT 1 FROM pinned_uploads AS p WHERE p.hash = ?1)";
        if row::execute(batch.db, sql, params![hash_of(&name), before.0])? > 0 {
            forgotten.push(name);
        }
    }
    Ok(forgotten)
}
