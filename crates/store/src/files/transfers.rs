//! Uploads that are not whole yet.

use rim_core::file::{FileLimits, Hold, MAX_OPEN_TRANSFERS, NewTransfer, Transfer, TransferId, may_upload};
use rim_core::{Refusal, Timestamp, UserId};

use super::add;
use crate::database::{Fields, Read, Tx};
use crate::failure::Result as Step;
use crate::{params, people};

/// How far an upload has come.
#[derive(Debug, Clone)]
pub struct Progress {
    pub id: TransferId,
    pub holder: u64,
    pub received: u64,
    pub notes: String,
    pub held_until: Timestamp,
    pub expires_at: Timestamp,
}

pub(super) fn begin(tx: &dyn Tx, new: NewTransfer, limits: FileLimits, now: Timestamp) -> Step<()> {
    let NewTransfer { id, user, name, mime, as_file, size_bytes, notes, expires_at } = new;
    // Of one user one after the other, or both would find the room.
    people::lock(tx, &[user])?;
    let uploaded = add::uploaded(tx, user, now)?;
    may_upload(size_bytes, uploaded, &limits)?;
    make_room(tx, user, size_bytes, uploaded.stored, limits.stored_bytes, now)?;
    let sql =
        "INSERT INTO transfers (id, user_id, name, mime, as_file, size_bytes, received, notes, created_at,
                                      touched_at, expires_at, holder, held_until)
               VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $8, $9, 0, 0)";
    tx.execute(sql, &params![id, user, &name, &mime, as_file, size_bytes, &notes, now, expires_at]).map(drop)
}

/// Those that nobody holds give way, until one more of this size has room among the user's.
fn make_room(
    tx: &dyn Tx,
    user: UserId,
    size_bytes: u64,
    stored: u64,
    allowed: u64,
    now: Timestamp,
) -> Step<()> {
    let sql = "SELECT id, size_bytes, held_until FROM transfers
               WHERE user_id = $1 AND expires_at > $2 AND file_id IS NULL ORDER BY touched_at FOR NO KEY UPDATE";
    let open: Vec<(TransferId, u64, Timestamp)> = tx.reader().all(sql, &params![user, now], |row| {
        Ok((row.get("id")?, row.get("size_bytes")?, row.get("held_until")?))
    })?;
    let mut count = open.len() as u64;
    let mut bytes: u64 = stored + open.iter().map(|(_, size, _)| size).sum::<u64>();
    let has_room = |count: u64, bytes: u64| count < MAX_OPEN_TRANSFERS && bytes + size_bytes <= allowed;
    let mut resting = open.iter().filter(|(.., held_until)| *held_until <= now);
    while !has_room(count, bytes) {
        let Some((id, size, _)) = resting.next() else {
            return Err(if count >= MAX_OPEN_TRANSFERS {
                Refusal::TooManyTransfers(count).into()
            } else {
                Refusal::QuotaExceeded { used: bytes, allowed }.into()
            });
        };
        tx.execute("UPDATE transfers SET expires_at = 0 WHERE id = $1", &params![*id])?;
        (count, bytes) = (count - 1, bytes - size);
    }
    Ok(())
}

const FIND: &str =
    "SELECT id, user_id, name, mime, as_file, size_bytes, received, notes, created_at, expires_at, file_id,
                           holder, held_until
                    FROM transfers WHERE id = $1 AND user_id = $2 AND expires_at > $3 FOR NO KEY UPDATE";

const LOOK: &str =
    "SELECT id, user_id, name, mime, as_file, size_bytes, received, notes, created_at, expires_at, file_id
                    FROM transfers WHERE id = $1 AND user_id = $2 AND expires_at > $3";

pub(super) fn find(db: &dyn Read, user: UserId, id: TransferId, now: Timestamp) -> Step<Option<Transfer>> {
    db.first(LOOK, &params![id, user, now], read)
}

pub(super) fn hold(
    tx: &dyn Tx,
    (user, id): (UserId, TransferId),
    holder: u64,
    until: Timestamp,
    most_held: u64,
    now: Timestamp,
) -> Step<Option<Hold>> {
    people::lock(tx, &[user])?;
    let found = tx.reader().first(FIND, &params![id, user, now], |row| {
        Ok((read(row)?, row.get::<u64>("holder")?, row.get::<Timestamp>("held_until")?))
    })?;
    let Some((transfer, held_by, held_until)) = found else { return Ok(None) };
    if transfer.file.is_some() {
        return Ok(Some(Hold::Yours(transfer)));
    }
    if held_by != holder && held_until > now {
        return Ok(Some(Hold::Held(held_until)));
    }
    let sql = "SELECT CAST(count(*) AS bigint) AS count FROM transfers
               WHERE user_id = $1 AND id <> $2 AND held_until > $3 AND file_id IS NULL";
    let others = tx.reader().count(sql, &params![user, id, now])?;
    if others >= most_held {
        return Err(Refusal::TooManyTransfers(others).into());
    }
    let sql = "UPDATE transfers SET holder = $2, held_until = $3, touched_at = $4 WHERE id = $1";
    tx.execute(sql, &params![id, holder, until, now])?;
    Ok(Some(Hold::Yours(transfer)))
}

pub(super) fn advance(tx: &dyn Tx, progress: &Progress) -> Step<bool> {
    let Progress { id, holder, received, notes, held_until, expires_at } = progress;
    let sql = "UPDATE transfers SET received = $3, notes = $4, held_until = $5, expires_at = $6
               WHERE id = $1 AND holder = $2 AND file_id IS NULL AND expires_at > 0";
    Ok(tx.execute(sql, &params![*id, *holder, *received, notes, *held_until, *expires_at])? > 0)
}

pub(super) fn let_go(tx: &dyn Tx, id: TransferId, holder: u64) -> Step<()> {
    let sql = "UPDATE transfers SET holder = 0, held_until = 0 WHERE id = $1 AND holder = $2";
    tx.execute(sql, &params![id, holder]).map(drop)
}

pub(super) fn forget(tx: &dyn Tx, user: UserId, id: TransferId) -> Step<Option<Transfer>> {
    let sql = "DELETE FROM transfers WHERE id = $1 AND user_id = $2
               RETURNING id, user_id, name, mime, as_file, size_bytes, received, notes, created_at, expires_at, file_id";
    tx.reader().first(sql, &params![id, user], read)
}

pub(super) fn expired(db: &dyn Read, now: Timestamp, limit: u32) -> Step<Vec<Transfer>> {
    let sql = "SELECT id, user_id, name, mime, as_file, size_bytes, received, notes, created_at, expires_at, file_id
               FROM transfers WHERE expires_at <= $1 AND held_until <= $1 ORDER BY expires_at LIMIT $2";
    db.all(sql, &params![now, u64::from(limit)], read)
}

fn read(row: Fields<'_>) -> Step<Transfer> {
    Ok(Transfer {
        id: row.get("id")?,
        user: row.get("user_id")?,
        name: row.get("name")?,
        mime: row.get("mime")?,
        as_file: row.get("as_file")?,
        size_bytes: row.get("size_bytes")?,
        received: row.get("received")?,
        notes: row.get("notes")?,
        created_at: row.get("created_at")?,
        expires_at: row.get("expires_at")?,
        file: row.get("file_id")?,
    })
}
