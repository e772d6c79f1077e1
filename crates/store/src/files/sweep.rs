//! How files go: those that nothing uses, and then the blobs that no file names.

use rim_core::Timestamp;
use rim_core::file::{Blob, CLAIM_MS, FileId, Hash, KEPT_UNUSED_MS, LEAVING_MS};

use super::row;
use crate::database::{Fields, Tx};
use crate::failure::Result as Step;
use crate::params;

pub(super) fn unused_files(tx: &dyn Tx, now: Timestamp, limit: u32) -> Step<u64> {
    let before = now.plus_ms(-(KEPT_UNUSED_MS as i64));
    let sql = "SELECT id FROM files WHERE unused_at < $1 ORDER BY unused_at LIMIT $2";
    let unused: Vec<FileId> =
        tx.reader().all(sql, &params![before, u64::from(limit)], |row| row.get("id"))?;
    // Whoever was about to use one of them has done so when they are locked.
    let files = row::lock(tx, &unused)?;
    let keys: Vec<_> = files.iter().map(|file| params![file.id, before].to_vec()).collect();
    let sql = "DELETE FROM files WHERE id = $1 AND unused_at < $2 RETURNING id";
    let gone = tx.reader().first_of_each(sql, &keys, |_| Ok(()))?;
    let gone: Vec<_> = files.iter().zip(gone).filter_map(|(file, gone)| gone.map(|()| file)).collect();
    let blobs: Vec<_> =
        gone.iter().flat_map(|file| [Some(file.hash), file.facts.picture]).flatten().collect();
    let blobs = lock(tx, blobs)?;
    let keys: Vec<_> = blobs.iter().map(|hash| params![*hash].to_vec()).collect();
    let sql = "UPDATE blobs SET claimed_at = 0 WHERE hash = $1 AND claimed_at IS NULL
               AND NOT EXISTS (SELECT 1 FROM files WHERE hash = $1)
               AND NOT EXISTS (SELECT 1 FROM files WHERE picture = $1)";
    tx.execute_each(sql, &keys)?;
    Ok(gone.len() as u64)
}

pub(super) fn leaving_blobs(tx: &dyn Tx, now: Timestamp, limit: u32) -> Step<Vec<Blob>> {
    let before = now.plus_ms(-(CLAIM_MS as i64));
    let abandoned = now.plus_ms(-(LEAVING_MS as i64));
    let sql = "SELECT hash FROM blobs
               WHERE claimed_at < $1 AND (leaving_at IS NULL OR leaving_at < $3) ORDER BY claimed_at LIMIT $2";
    let claimed: Vec<Hash> =
        tx.reader().all(sql, &params![before, u64::from(limit), abandoned], |row| row.get("hash"))?;
    let blobs = lock(tx, claimed)?;
    let keys: Vec<_> = blobs.iter().map(|hash| params![*hash, before].to_vec()).collect();
    // Named, and claimed once more by somebody who never came to name it.
    let sql = "UPDATE blobs SET claimed_at = NULL WHERE hash = $1 AND claimed_at < $2 AND leaving_at IS NULL
               AND (EXISTS (SELECT 1 FROM files WHERE hash = $1) OR EXISTS (SELECT 1 FROM files WHERE picture = $1))";
    tx.execute_each(sql, &keys)?;
    let keys: Vec<_> = blobs.iter().map(|hash| params![*hash, before, now, abandoned].to_vec()).collect();
    let sql = "UPDATE blobs SET leaving_at = $3
               WHERE hash = $1 AND claimed_at < $2 AND (leaving_at IS NULL OR leaving_at < $4)
               RETURNING hash, size_bytes, thumbs";
    Ok(tx.reader().first_of_each(sql, &keys, blob)?.into_iter().flatten().collect())
}

pub(super) fn forget_blobs(tx: &dyn Tx, hashes: Vec<Hash>, since: Timestamp) -> Step<()> {
    let hashes = lock(tx, hashes)?;
    let keys: Vec<_> = hashes.iter().map(|hash| params![*hash, since].to_vec()).collect();
    tx.execute_each("DELETE FROM blobs WHERE hash = $1 AND leaving_at = $2", &keys).map(drop)
}

pub(super) fn blob(row: Fields<'_>) -> Step<Blob> {
    Ok(Blob { hash: row.get("hash")?, size_bytes: row.get("size_bytes")?, thumbs: row.get("thumbs")? })
}

/// Locks blobs, in the order of their hashes, and returns them in it.
fn lock(tx: &dyn Tx, mut hashes: Vec<Hash>) -> Step<Vec<Hash>> {
    hashes.sort_unstable();
    hashes.dedup();
    let keys: Vec<_> = hashes.iter().map(|hash| params![*hash].to_vec()).collect();
    let sql = "SELECT hash FROM blobs WHERE hash = $1 FOR NO KEY UPDATE";
    tx.reader().first_of_each(sql, &keys, |_| Ok(()))?;
    Ok(hashes)
}
