//! What users have uploaded: whose it is, and whether anything names it.
//!
//! Whoever names a file writes its rows of `uploads`, and so does whoever forgets it: one waits for the other, and sees
//! what became of it.

use async_trait::async_trait;
use rim_core::file::LEAVING_MS;
use rim_core::upload::{NewUpload, hash_of, named};
use rim_core::{Refusal, Timestamp};

use crate::database::{Database, THE_SERVER, Tx};
use crate::failure::Result as Step;
use crate::table::{Table, bytes, integer, text};
use crate::{Result, StoreError, params, people};

pub(crate) const UPLOADS: Table = Table {
    name: "uploads",
    key: 2,
    columns: &[text("hash"), integer("user_id"), text("name"), integer("size_bytes"), integer("used_at")],
};

pub(crate) const PINNED_UPLOADS: Table = Table { name: "pinned_uploads", key: 1, columns: &[text("hash")] };

/// Pictures, by a name that says what is in them. Where one node has the store for itself they are files beside it.
pub const MEDIA: Table = Table { name: "media", key: 1, columns: &[text("name"), bytes("content")] };

/// Which files there are, and for whom.
#[async_trait]
pub trait Uploads: Send + Sync {
    /// Notes that a user has uploaded a file; the caller keeps the file itself, after this. The same file again is one,
    /// and was used now.
    ///
    /// # Errors
    /// `QuotaExceeded` if the user would keep more than `quota_bytes`; `Busy` while the same file is leaving, for [`LEAVING_MS`] at the
    /// most.
    async fn keep_upload(&self, upload: NewUpload, quota_bytes: u64, now: Timestamp) -> Result<()>;

    /// Marks files that no user, no group and no message names, and that nobody has uploaded or named since `before`, as
    /// *leaving*, and returns their names; at most `limit`. Nobody keeps one of them anew until [`Self::uploads_left`]. With them come
    /// those whose mark is older than [`LEAVING_MS`]: whoever was to remove them has not come to it. An avatar names a file where
    /// its hash stands behind `/media/avatars/`, a message by [`rim_core::upload::named`]; what a message has named once stays for
    /// ever.
    async fn leave_uploads(&self, before: Timestamp, limit: u32, now: Timestamp) -> Result<Vec<String>>;

    /// Forgets those of these that nobody has uploaded or named since `before`, not even a moment ago, and returns them;
    /// the caller removes the files.
    async fn forget_uploads(&self, names: Vec<String>, before: Timestamp) -> Result<Vec<String>>;

    /// These are not leaving any more: their files are gone, or they stay.
    async fn uploads_left(&self, names: Vec<String>) -> Result<()>;
}

#[async_trait]
impl<D: Database> Uploads for D {
    async fn keep_upload(&self, upload: NewUpload, quota_bytes: u64, now: Timestamp) -> Result<()> {
        let key = upload.hash().to_owned();
        self.write(upload.user, move |tx| {
            let (user, hash) = (upload.user, upload.hash());
            // Of one user one after the other, or both would find the room.
            people::lock(tx, &[user])?;
            let sql = "SELECT CAST(coalesce(sum(size_bytes), 0) AS bigint) AS count FROM uploads
                       WHERE user_id = $1 AND hash <> $2";
            let used = tx.reader().count(sql, &params![user, hash])?;
            if used + upload.size_bytes > quota_bytes {
                return Err(Refusal::QuotaExceeded { used, allowed: quota_bytes }.into());
            }
            if upload.was_there {
                let sql = "INSERT INTO pinned_uploads (hash)
                           SELECT $1 WHERE NOT EXISTS (SELECT 1 FROM uploads WHERE hash = $1)
                                       AND NOT EXISTS (SELECT 1 FROM leaving_uploads WHERE hash = $1) ON CONFLICT DO NOTHING";
                tx.execute(sql, &params![hash])?;
            }
            let sql = "INSERT INTO uploads (hash, user_id, name, size_bytes, used_at) VALUES ($1, $2, $3, $4, $5)
                       ON CONFLICT (hash, user_id) DO UPDATE SET used_at = excluded.used_at";
            tx.execute(sql, &params![hash, user, &upload.name, upload.size_bytes, now])?;
            // Whoever has marked it did not come to the end.
            let sql = "DELETE FROM leaving_uploads WHERE hash = $1 AND marked_at < $2";
            tx.execute(sql, &params![hash, now.plus_ms(-(LEAVING_MS as i64))]).map(drop)
        })
        .await?;
        // Looked at once the row is there for all to see: whoever has marked the file since, or will, finds the row.
        let sql = "SELECT CAST(count(*) AS bigint) AS count FROM leaving_uploads WHERE hash = $1";
        let leaving = self.read(move |db| db.count(sql, &params![&key])).await?;
        if leaving > 0 { Err(StoreError::Busy) } else { Ok(()) }
    }

    async fn leave_uploads(&self, before: Timestamp, limit: u32, now: Timestamp) -> Result<Vec<String>> {
        let abandoned = now.plus_ms(-(LEAVING_MS as i64));
        let found = self.read(move |db| {
            // Sets that are taken away from each other: however many pictures are shown, each table is read once.
            let sql = "SELECT name FROM leaving_uploads WHERE marked_at < $3
                       UNION
                       SELECT name FROM uploads WHERE used_at < $1 AND hash IN (
                           SELECT hash FROM uploads WHERE used_at < $1
                           EXCEPT SELECT hash FROM uploads WHERE used_at >= $1
                           EXCEPT SELECT hash FROM pinned_uploads
                           EXCEPT SELECT hash FROM leaving_uploads
                           EXCEPT SELECT substr(avatar, strpos(avatar, '/media/avatars/') + 15, 64)
                                  FROM (SELECT avatar FROM users UNION ALL SELECT avatar FROM groups
                                        UNION ALL SELECT avatar FROM departures) AS shown
                                  WHERE strpos(avatar, '/media/avatars/') > 0)
                       LIMIT $2";
            db.all(sql, &params![before, u64::from(limit), abandoned], |row| row.get("name"))
        });
        let found: Vec<String> = found.await?;
        if found.is_empty() {
            return Ok(found);
        }
        self.write(THE_SERVER, move |tx| {
            // Two may have found the same: one has it.
            let sql =
                "INSERT INTO leaving_uploads (hash, name, marked_at) VALUES ($1, $2, $3) ON CONFLICT (hash)
                       DO UPDATE SET marked_at = excluded.marked_at WHERE leaving_uploads.marked_at < $4";
            let mut marked = Vec::new();
            for name in found {
                if tx.execute(sql, &params![hash_of(&name), &name, now, abandoned])? > 0 {
                    marked.push(name);
                }
            }
            Ok(marked)
        })
        .await
    }

    async fn forget_uploads(&self, names: Vec<String>, before: Timestamp) -> Result<Vec<String>> {
        self.write(THE_SERVER, move |tx| {
            let hashes: Vec<_> = names.iter().map(|name| hash_of(name)).collect();
            lock(tx, &hashes)?;
            let sql = "DELETE FROM uploads WHERE hash = $1
                       AND NOT EXISTS (SELECT 1 FROM uploads AS o WHERE o.hash = $1 AND o.used_at >= $2)
                       AND NOT EXISTS (SELECT 1 FROM pinned_uploads AS p WHERE p.hash = $1)";
            let rows: Vec<_> = hashes.iter().map(|hash| params![*hash, before].to_vec()).collect();
            tx.execute_each(sql, &rows)?;
            // Somebody else may have uploaded it meanwhile, by a row of their own.
            let keys: Vec<_> = hashes.iter().map(|hash| params![*hash].to_vec()).collect();
            let sql = "SELECT hash FROM uploads WHERE hash = $1 UNION SELECT hash FROM pinned_uploads WHERE hash = $1";
            let there = tx.reader().first_of_each(sql, &keys, |_| Ok(()))?;
            let gone = names.iter().zip(there).filter(|(_, there)| there.is_none());
            Ok(gone.map(|(name, _)| name.clone()).collect())
        })
        .await
    }

    async fn uploads_left(&self, names: Vec<String>) -> Result<()> {
        self.write(THE_SERVER, move |tx| {
            let rows: Vec<_> = names.iter().map(|name| params![hash_of(name)].to_vec()).collect();
            tx.execute_each("DELETE FROM leaving_uploads WHERE hash = $1", &rows).map(drop)
        })
        .await
    }
}

/// Somebody or a group has the last of these pictures now, and had those before it until now.
pub(crate) fn show(tx: &dyn Tx, avatars: &[&str], now: Timestamp) -> Step<()> {
    let hashes: Vec<_> = avatars.iter().copied().flat_map(named).collect();
    lock(tx, &hashes)?;
    let rows: Vec<_> = hashes.iter().map(|hash| params![*hash, now].to_vec()).collect();
    tx.execute_each("UPDATE uploads SET used_at = greatest(used_at, $2) WHERE hash = $1", &rows).map(drop)
}

/// A message says this from now on: what it names stays for ever.
pub(crate) fn pin(tx: &dyn Tx, content: &str, now: Timestamp) -> Step<()> {
    show(tx, &[content], now)?;
    let rows: Vec<_> = named(content).map(|hash| params![hash].to_vec()).collect();
    let sql = "INSERT INTO pinned_uploads (hash) SELECT DISTINCT hash FROM uploads WHERE hash = $1 ON CONFLICT DO NOTHING";
    tx.execute_each(sql, &rows).map(drop)
}

/// Locks the rows of these files, in one order, so that nobody waits for one who waits for them.
fn lock(tx: &dyn Tx, hashes: &[&str]) -> Step<()> {
    let mut hashes = hashes.to_vec();
    hashes.sort_unstable();
    let keys: Vec<_> = hashes.into_iter().map(|hash| params![hash].to_vec()).collect();
    let sql = "SELECT hash FROM uploads WHERE hash = $1 ORDER BY user_id FOR NO KEY UPDATE";
    tx.reader().first_of_each(sql, &keys, |_| Ok(())).map(drop)
}
