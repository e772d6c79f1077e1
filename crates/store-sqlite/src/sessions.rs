//! Sessions. An ended one is deleted; an expired one is, too, when it is purged.

use rim_core::event::Ended;
use rim_core::session::{self, NewSession, Session, TokenHash};
use rim_core::{Refusal, SessionId, Timestamp, UserId};
use rusqlite::{Connection, params};

use crate::batch::Batch;
use crate::failure::Result;
use crate::row::{self, Fields, Sql};
use crate::users;

pub(crate) fn create(batch: &mut Batch<'_>, new: &NewSession) -> Result<SessionId> {
    let known = users::credentials_of(batch.db, new.user)?.ok_or(Refusal::NoSuchUser)?;
    session::may_open(&known, new)?;
    row::execute(
        batch.db,
        "INSERT INTO sessions (user_id, token_hash, device, address, created_at, last_seen_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)",
        params![new.user.sql(), new.token_hash, new.device, new.address, new.now.0, new.expires_at.0],
    )?;
    let id = SessionId(batch.db.last_insert_rowid().unsigned_abs());
    let mut others = of(batch.db, new.user, new.now)?;
    others.retain(|other| other.id != id);
    let surplus = session::surplus(others, new.most.saturating_sub(1));
    for session in &surplus {
        row::execute(batch.db, "DELETE FROM sessions WHERE id = ?1", [session.sql()])?;
    }
    if !surplus.is_empty() {
        batch.end_sessions(new.user, surplus, Ended::Revoked);
    }
    Ok(id)
}

pub(crate) fn by_token(db: &Connection, token_hash: TokenHash, now: Timestamp) -> Result<Option<Session>> {
    let sql = "SELECT s.id, s.user_id, s.device, s.address, s.created_at, s.last_seen_at, s.expires_at
               FROM sessions AS s JOIN users AS u ON u.id = s.user_id
               WHERE s.token_hash = ?1 AND s.expires_at > ?2 AND u.disabled_at IS NULL";
    row::first(db, sql, params![token_hash, now.0], row::session)
}

/// Whether the user has this session.
pub(crate) fn is_of(db: &Connection, user: UserId, session: SessionId) -> Result<bool> {
    let sql = "SELECT id FROM sessions WHERE id = ?1 AND user_id = ?2";
    Ok(row::first(db, sql, [session.sql(), user.sql()], |_| Ok(()))?.is_some())
}

pub(crate) fn touch(
    batch: &mut Batch<'_>,
    session: SessionId,
    address: &str,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    let sql = "UPDATE sessions SET address = ?2, last_seen_at = ?3, expires_at = ?4 WHERE id = ?1";
    row::execute(batch.db, sql, params![session.sql(), address, now.0, expires_at.0])?;
    Ok(())
}

pub(crate) fn of(db: &Connection, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
    let sql = "SELECT id, user_id, device, address, created_at, last_seen_at, expires_at FROM sessions
               WHERE user_id = ?1 AND expires_at > ?2 ORDER BY id";
    row::all(db, sql, params![user.sql(), now.0], row::session)
}

pub(crate) fn end(batch: &mut Batch<'_>, user: UserId, session: SessionId) -> Result<()> {
    let sql = "DELETE FROM sessions WHERE id = ?1 AND user_id = ?2";
    if row::execute(batch.db, sql, [session.sql(), user.sql()])? == 0 {
        return Err(Refusal::NoSuchSession.into());
    }
    batch.end_sessions(user, vec![session], Ended::Revoked);
    Ok(())
}

/// Ends every session of the user but `keep`, and returns how many.
pub(crate) fn end_all(
    batch: &mut Batch<'_>,
    user: UserId,
    keep: Option<SessionId>,
    why: Ended,
) -> Result<u64> {
    let sql = "DELETE FROM sessions WHERE user_id = ?1 AND id IS NOT ?2 RETURNING id";
    let mut sessions = row::all(batch.db, sql, params![user.sql(), keep.map(Sql::sql)], |row| {
        Ok(SessionId(Fields { table: "sessions", row }.get(0)?))
    })?;
    sessions.sort_unstable();
    let ended = sessions.len() as u64;
    if ended > 0 {
        batch.end_sessions(user, sessions, why);
    }
    Ok(ended)
}

/// Sessions that are looked at in one piece of a purge.
pub(crate) const PURGED_AT_ONCE: usize = 500;

/// Looks at the next sessions by id and deletes those that have expired. Gives back how many, and up to which it has looked
/// if there may be more: all of them are looked at, once in a while, as an index of expires_at would be written at every
/// touch.
pub(crate) fn purge(
    batch: &mut Batch<'_>,
    now: Timestamp,
    after: SessionId,
) -> Result<(u64, Option<SessionId>)> {
    let sql = "SELECT id, expires_at FROM sessions WHERE id > ?1 ORDER BY id LIMIT ?2";
    let looked_at = row::all(batch.db, sql, [after.sql(), (PURGED_AT_ONCE as u64).sql()], |row| {
        let row = Fields { table: "sessions", row };
        Ok((SessionId(row.get(0)?), Timestamp(row.get(1)?)))
    })?;
    let mut deleted = 0;
    for (session, _) in looked_at.iter().filter(|(_, expires_at)| *expires_at <= now) {
        deleted += row::execute(batch.db, "DELETE FROM sessions WHERE id = ?1", [session.sql()])? as u64;
    }
    let more = looked_at.len() == PURGED_AT_ONCE;
    Ok((deleted, looked_at.last().filter(|_| more).map(|(session, _)| *session)))
}

pub(crate) fn last_seen(db: &Connection) -> Result<Option<Timestamp>> {
    // Reads the whole table, as the purge does.
    let sql = "SELECT last_seen_at FROM sessions ORDER BY last_seen_at DESC LIMIT 1";
    row::first(db, sql, [], |row| Ok(Timestamp(Fields { table: "sessions", row }.get(0)?)))
}
