//! How files come: blobs are claimed, and then named.

use rim_core::file::{
    self, Blob, Claim, Facts, File, FileId, FileLimits, Hash, LEAVING_MS, NewFile, Uploaded, day_of,
};
use rim_core::{Refusal, Timestamp, UserId};

use super::row;
use crate::database::{Read, THE_SERVER, Tx};
use crate::failure::Result as Step;
use crate::{params, people};

pub(super) fn claim(tx: &dyn Tx, blob: Blob, now: Timestamp) -> Step<Claim> {
    let sql = "INSERT INTO blobs (hash, size_bytes, thumbs, claimed_at) VALUES ($1, $2, $3, $4)
               ON CONFLICT (hash) DO NOTHING";
    if tx.execute(sql, &params![blob.hash, blob.size_bytes, blob.thumbs, now])? > 0 {
        return Ok(Claim::New);
    }
    // Whatever happens to the files that name it: it stays until its claimer has named it, too. Of what somebody has begun to remove,
    // and does no more, previews may be gone.
    let abandoned = now.plus_ms(-(LEAVING_MS as i64));
    let sql = "UPDATE blobs SET claimed_at = greatest(coalesce(claimed_at, 0), $2), size_bytes = greatest(size_bytes, $5),
                   thumbs = CASE WHEN leaving_at IS NULL THEN thumbs | $3 ELSE $3 END, leaving_at = NULL
               WHERE hash = $1 AND (leaving_at IS NULL OR leaving_at < $4)";
    // Whoever asks again finds it gone, or kept.
    Ok(if tx.execute(sql, &params![blob.hash, now, blob.thumbs, abandoned, blob.size_bytes])? > 0 {
        Claim::There
    } else {
        Claim::Leaving
    })
}

pub(super) fn adopt(tx: &dyn Tx, mut blobs: Vec<Blob>, now: Timestamp) -> Step<u64> {
    blobs.sort_unstable_by_key(|blob| blob.hash);
    let keys: Vec<_> =
        blobs.iter().map(|blob| params![blob.hash, blob.size_bytes, blob.thumbs, now].to_vec()).collect();
    let sql = "INSERT INTO blobs (hash, size_bytes, thumbs, claimed_at) VALUES ($1, $2, $3, $4)
               ON CONFLICT (hash) DO NOTHING";
    tx.execute_each(sql, &keys)
}

pub(super) fn may_upload(
    db: &dyn Read,
    user: UserId,
    size_bytes: u64,
    limits: FileLimits,
    now: Timestamp,
) -> Step<()> {
    Ok(file::may_upload(size_bytes, uploaded(db, user, now)?, &limits)?)
}

pub(super) fn uploaded(db: &dyn Read, user: UserId, now: Timestamp) -> Step<Uploaded> {
    let sql = "SELECT CAST(coalesce(sum(size_bytes), 0) AS bigint) AS count FROM files WHERE user_id = $1";
    let stored = db.count(sql, &params![user])?;
    let sql = "SELECT bytes AS count FROM file_days WHERE user_id = $1 AND day = $2";
    Ok(Uploaded { stored, today: db.count(sql, &params![user, day_of(now)])? })
}

pub(super) fn add(tx: &dyn Tx, new: NewFile, limits: FileLimits, now: Timestamp) -> Step<Option<File>> {
    let NewFile { id, owner, hash, name, size_bytes, mime, facts, transfer } = new;
    // Of one user one after the other, or both would find the room.
    people::lock(tx, &[owner])?;
    // By a try before, whose answer was lost.
    if let Some(added) = row::find(tx, id)?.filter(|file| file.owner == owner) {
        return Ok(Some(added));
    }
    if let Some(transfer) = transfer {
        let sql = "SELECT id, file_id FROM transfers WHERE id = $1 AND user_id = $2 FOR NO KEY UPDATE";
        let made = tx.reader().first(sql, &params![transfer, owner], |row| row.get("file_id"))?.flatten();
        if let Some(made) = made
            && let Some(file) = row::find(tx, made)?
        {
            return Ok(Some(file));
        }
    }
    if owner != THE_SERVER {
        may_upload(tx, owner, size_bytes, limits, now)?;
    }
    if !name_blobs(tx, &[Some(hash), facts.picture])? {
        return Ok(None);
    }
    let sql =
        "INSERT INTO files (id, user_id, hash, picture, name, size_bytes, mime, facts, created_at, unused_at)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)";
    let params = params![id, owner, hash, facts.picture, &name, size_bytes, &mime, facts.text(), now];
    tx.execute(sql, &params)?;
    if owner != THE_SERVER {
        let sql = "INSERT INTO file_days (user_id, day, bytes) VALUES ($1, $2, $3)
                   ON CONFLICT (user_id) DO UPDATE SET day = excluded.day, bytes = excluded.bytes +
                       CASE WHEN file_days.day = excluded.day THEN file_days.bytes ELSE 0 END";
        tx.execute(sql, &params![owner, day_of(now), size_bytes])?;
    }
    if let Some(transfer) = transfer {
        let sql = "UPDATE transfers SET file_id = $2, received = size_bytes, holder = 0, held_until = 0
                   WHERE id = $1";
        tx.execute(sql, &params![transfer, id])?;
    }
    Ok(Some(File { id, owner, hash, name, size_bytes, mime, facts, created_at: now }))
}

pub(super) fn set_poster(tx: &dyn Tx, user: UserId, id: FileId, poster: Facts) -> Step<Option<File>> {
    let file = row::lock(tx, &[id])?.pop().filter(|file| file.owner == user);
    let mut file = file.ok_or(Refusal::NoSuchFile)?;
    if !file.is_video() {
        return Err(Refusal::FileOfAnotherKind.into());
    }
    if file.facts.picture.is_some() {
        return Ok(Some(file));
    }
    if !name_blobs(tx, &[poster.picture])? {
        return Ok(None);
    }
    file.facts = file.facts.with_poster(poster);
    let sql = "UPDATE files SET picture = $2, facts = $3 WHERE id = $1";
    tx.execute(sql, &params![id, file.facts.picture, file.facts.text()])?;
    Ok(Some(file))
}

/// A file is about to name these blobs. `false` if one of them is not there to be named.
fn name_blobs(tx: &dyn Tx, hashes: &[Option<Hash>]) -> Step<bool> {
    let mut hashes: Vec<_> = hashes.iter().copied().flatten().collect();
    hashes.sort_unstable();
    hashes.dedup();
    for hash in hashes {
        let sql = "UPDATE blobs SET claimed_at = NULL WHERE hash = $1 AND leaving_at IS NULL";
        if tx.execute(sql, &params![hash])? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}
