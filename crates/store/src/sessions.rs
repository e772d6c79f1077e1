//! Sessions. An ended one is deleted; an expired one is, too, when it is purged.

use std::ops::ControlFlow;

use async_trait::async_trait;
use rim_core::event::{Change, Ended};
use rim_core::session::{self, NewSession, Session};
use rim_core::{Refusal, SessionId, Timestamp, UserId};

use crate::database::{Database, Fields, InPieces, Piece, Read, THE_SERVER, Tx};
use crate::failure::Result as Step;
use crate::table::{Table, bytes, integer, text};
use crate::{Result, params, people};

pub(crate) const TABLE: Table = Table {
    name: "sessions",
    key: 1,
    columns: &[
        integer("id"),
        integer("user_id"),
        bytes("token_hash"),
        text("device"),
        text("address"),
        integer("created_at"),
        integer("last_seen_at"),
        integer("expires_at"),
    ],
};

/// Who is logged in, on which device.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Opens a session, in one transaction with the look at whether the user may have one: so none outlives the end of
    /// them all, however long a password took to be verified. Of more than [`NewSession::most`] those of
    /// [`rim_core::session::surplus`] end.
    ///
    /// # Errors
    /// `NoSuchUser`, `Disabled`; `PasswordChanged` if the password that was verified is no longer the user's.
    async fn create_session(&self, session: NewSession) -> Result<SessionId>;

    /// Notes that the session was used. Does nothing for one that has ended.
    async fn touch_session(
        &self,
        session: SessionId,
        address: String,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()>;

    /// A session of the user, unless it has expired at `now`.
    async fn session(&self, user: UserId, session: SessionId, now: Timestamp) -> Result<Option<Session>>;

    /// The user's sessions that have not expired at `now`, by id.
    async fn sessions(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>>;

    /// Ends a session of the user.
    ///
    /// # Errors
    /// `NoSuchSession`, also if it is another user's.
    async fn end_session(&self, user: UserId, session: SessionId) -> Result<()>;

    /// Ends every session of the user but `keep`, and returns how many.
    async fn end_other_sessions(&self, user: UserId, keep: SessionId) -> Result<u64>;

    /// Deletes sessions that have expired at `now` and returns how many.
    async fn purge_sessions(&self, now: Timestamp) -> Result<u64>;

    /// When a session was last noted as used: the newest of all; `None` where there is none.
    async fn last_seen(&self) -> Result<Option<Timestamp>>;
}

#[async_trait]
impl<D: Database> Sessions for D {
    async fn create_session(&self, new: NewSession) -> Result<SessionId> {
        self.write(new.user, move |tx| {
            // So that it comes before or after the end of all their sessions.
            people::lock(tx, &[new.user])?;
            let known = people::credentials_of(tx, new.user)?.ok_or(Refusal::NoSuchUser)?;
            session::may_open(&known, &new)?;
            let sql = "INSERT INTO sessions (user_id, token_hash, device, address, created_at, last_seen_at, expires_at)
                       VALUES ($1, $2, $3, $4, $5, $5, $6) RETURNING id";
            let token_hash = new.token_hash.as_slice();
            let params = params![new.user, token_hash, &new.device, &new.address, new.now, new.expires_at];
            let created = tx.reader().first(sql, &params, |row| row.get("id"))?.ok_or(Refusal::NoSuchUser)?;
            let mut others = of(tx, new.user, new.now)?;
            others.retain(|other| other.id != created);
            let surplus = session::surplus(others, new.most.saturating_sub(1));
            if !surplus.is_empty() {
                let keys: Vec<_> = surplus.iter().map(|session| params![*session].to_vec()).collect();
                tx.execute_each("DELETE FROM sessions WHERE id = $1", &keys)?;
                tx.publish(Change::SessionsEnded { user: new.user, sessions: surplus, why: Ended::Revoked });
            }
            Ok(created)
        })
        .await
    }

    async fn touch_session(
        &self,
        session: SessionId,
        address: String,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<()> {
        self.write(THE_SERVER, move |tx| {
            let sql = "UPDATE sessions SET address = $2, last_seen_at = $3, expires_at = $4 WHERE id = $1";
            tx.execute(sql, &params![session, address, now, expires_at])?;
            Ok(())
        })
        .await
    }

    async fn session(&self, user: UserId, session: SessionId, now: Timestamp) -> Result<Option<Session>> {
        self.read(move |db| {
            let sql =
                "SELECT id, user_id, device, address, created_at, last_seen_at, expires_at FROM sessions
                       WHERE id = $1 AND user_id = $2 AND expires_at > $3";
            db.first(sql, &params![session, user, now], read)
        })
        .await
    }

    async fn sessions(&self, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
        self.read(move |db| of(db, user, now)).await
    }

    async fn end_session(&self, user: UserId, session: SessionId) -> Result<()> {
        self.write(user, move |tx| {
            if tx.execute("DELETE FROM sessions WHERE id = $1 AND user_id = $2", &params![session, user])?
                == 0
            {
                return Err(Refusal::NoSuchSession.into());
            }
            tx.publish(Change::SessionsEnded { user, sessions: vec![session], why: Ended::Revoked });
            Ok(())
        })
        .await
    }

    async fn end_other_sessions(&self, user: UserId, keep: SessionId) -> Result<u64> {
        self.write(user, move |tx| {
            // As a login locks them, so that one comes before or after the end of the others.
            people::lock(tx, &[user])?;
            end_all(tx, user, Some(keep), Ended::Revoked)
        })
        .await
    }

    async fn purge_sessions(&self, now: Timestamp) -> Result<u64> {
        self.write_in_pieces(THE_SERVER, Purging { now, after: SessionId(0), purged: 0 }).await
    }

    async fn last_seen(&self) -> Result<Option<Timestamp>> {
        // Reads the whole table, as the purge does.
        let sql = "SELECT last_seen_at FROM sessions ORDER BY last_seen_at DESC LIMIT 1";
        self.read(move |db| db.first(sql, &[], |row| row.get("last_seen_at"))).await
    }
}

/// The user's sessions that have not expired at `now`, by id.
fn of(db: &dyn Read, user: UserId, now: Timestamp) -> Step<Vec<Session>> {
    let sql = "SELECT id, user_id, device, address, created_at, last_seen_at, expires_at FROM sessions
               WHERE user_id = $1 AND expires_at > $2 ORDER BY id";
    db.all(sql, &params![user, now], read)
}

fn read(row: Fields<'_>) -> Step<Session> {
    Ok(Session {
        id: row.get("id")?,
        user: row.get("user_id")?,
        device: row.get("device")?,
        address: row.get("address")?,
        created_at: row.get("created_at")?,
        last_seen_at: row.get("last_seen_at")?,
        expires_at: row.get("expires_at")?,
    })
}

/// Whether the user has this session.
pub(crate) fn is_of(db: &dyn Read, user: UserId, session: SessionId) -> Step<bool> {
    db.exists("SELECT id FROM sessions WHERE id = $1 AND user_id = $2", &params![session, user])
}

/// # Errors
/// `SessionEnded`.
pub(crate) fn must_go_on(db: &dyn Read, user: UserId, session: Option<SessionId>) -> Step<()> {
    let Some(session) = session else { return Ok(()) };
    if is_of(db, user, session)? {
        return Ok(());
    }
    let disabled = people::credentials_of(db, user)?.is_none_or(|credentials| credentials.disabled);
    Err(Refusal::SessionEnded(if disabled { Ended::Disabled } else { Ended::Revoked }).into())
}

/// Ends every session of the user, who is locked, but `keep`, and returns how many.
pub(crate) fn end_all(tx: &mut dyn Tx, user: UserId, keep: Option<SessionId>, why: Ended) -> Step<u64> {
    // In the order in which a purge deletes them.
    let sql = "SELECT id FROM sessions WHERE user_id = $1 ORDER BY id FOR NO KEY UPDATE";
    tx.reader().rows(sql, &params![user], &mut |_| Ok(ControlFlow::Continue(())))?;
    let sql = "DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2 RETURNING id";
    let mut sessions: Vec<SessionId> = tx.reader().all(sql, &params![user, keep], |row| row.get("id"))?;
    sessions.sort_unstable();
    let ended = sessions.len() as u64;
    if ended > 0 {
        tx.publish(Change::SessionsEnded { user, sessions, why });
    }
    Ok(ended)
}

/// Sessions that are looked at in one piece of a purge.
const PURGED_AT_ONCE: usize = 500;

/// Sessions that have expired are being deleted: all are looked at, by id, once in a while, as an index of `expires_at`
/// would be written at every touch.
#[derive(Clone)]
struct Purging {
    now: Timestamp,
    after: SessionId,
    purged: u64,
}

impl InPieces for Purging {
    type Output = u64;

    fn cost(&self) -> usize {
        PURGED_AT_ONCE
    }

    fn next(&mut self, tx: &mut dyn Tx) -> Step<Piece<u64>> {
        let sql = "SELECT id, expires_at FROM sessions WHERE id > $1 ORDER BY id LIMIT $2";
        let params = params![self.after, PURGED_AT_ONCE as u64];
        let looked_at: Vec<(SessionId, Timestamp)> =
            tx.reader().all(sql, &params, |row| Ok((row.get("id")?, row.get("expires_at")?)))?;
        let expired = looked_at.iter().filter(|(_, expires_at)| *expires_at <= self.now);
        let keys: Vec<_> = expired.map(|(session, _)| params![*session, self.now].to_vec()).collect();
        self.purged += tx.execute_each("DELETE FROM sessions WHERE id = $1 AND expires_at <= $2", &keys)?;
        Ok(match looked_at.last() {
            Some((last, _)) if looked_at.len() == PURGED_AT_ONCE => {
                self.after = *last;
                Piece::More
            }
            _ => Piece::Last(self.purged),
        })
    }
}
