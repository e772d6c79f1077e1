//! Sessions. An ended one is deleted; an expired one is, too, when it is purged.

use deadpool_postgres::GenericClient;
use rim_core::event::{Change, Ended};
use rim_core::session::{self, NewSession, Session, TokenHash};
use rim_core::{Refusal, SessionId, Timestamp, UserId};

use crate::database::Tx;
use crate::failure::Result;
use crate::row::{self, Sql, array};
use crate::text::Text;
use crate::users;

pub(crate) async fn create(tx: &mut Tx<'_>, new: NewSession) -> Result<SessionId> {
    // The user is locked, so that it comes before or after the end of all their sessions; and looked at as they are then.
    let sql =
        "INSERT INTO sessions (user_id, token_hash, device, address, created_at, last_seen_at, expires_at)
               SELECT id, $2, $3, $4, $5, $5, $6 FROM users
               WHERE id = $1 AND disabled_at IS NULL AND password_hash IS NOT DISTINCT FROM $7 FOR NO KEY UPDATE
               RETURNING id";
    let (device, address) = (Text(&new.device), Text(&new.address));
    let password_hash = new.password_hash.as_deref().map(Text);
    let params: row::Params<'_> = &[
        &new.user.sql(),
        &new.token_hash.as_slice(),
        &device,
        &address,
        &new.now.0,
        &new.expires_at.0,
        &password_hash,
    ];
    if let Some(created) = row::first(&tx.db, sql, params, |row| row.number(0)).await? {
        make_room(tx, created, &new).await?;
        return Ok(created);
    }
    let known = users::credentials_of(&tx.db, new.user).await?.ok_or(Refusal::NoSuchUser)?;
    session::may_open(&known, &new)?;
    // It became so between the two statements. Whoever tries again finds it so.
    Err(Refusal::PasswordChanged.into())
}

/// Ends the surplus of a user, who is locked, as one more was opened.
async fn make_room(tx: &mut Tx<'_>, created: SessionId, new: &NewSession) -> Result<()> {
    let mut others = of(&tx.db, new.user, new.now).await?;
    others.retain(|other| other.id != created);
    let surplus = session::surplus(others, new.most.saturating_sub(1));
    if surplus.is_empty() {
        return Ok(());
    }
    let sql = "DELETE FROM sessions WHERE id = ANY($1)";
    row::execute(&tx.db, sql, &[&array(surplus.iter().copied())]).await?;
    tx.publish(Change::SessionsEnded { user: new.user, sessions: surplus, why: Ended::Revoked });
    Ok(())
}

/// Whether the user has this session.
pub(crate) async fn is_of(db: &impl GenericClient, user: UserId, session: SessionId) -> Result<bool> {
    let sql = "SELECT id FROM sessions WHERE id = $1 AND user_id = $2";
    Ok(row::first(db, sql, &[&session.sql(), &user.sql()], |_| Ok(())).await?.is_some())
}

pub(crate) async fn by_token(
    db: &impl GenericClient,
    token_hash: TokenHash,
    now: Timestamp,
) -> Result<Option<Session>> {
    let sql = "SELECT s.id, s.user_id, s.device, s.address, s.created_at, s.last_seen_at, s.expires_at
               FROM sessions AS s JOIN users AS u ON u.id = s.user_id
               WHERE s.token_hash = $1 AND s.expires_at > $2 AND u.disabled_at IS NULL";
    row::first(db, sql, &[&token_hash.as_slice(), &now.0], row::session).await
}

pub(crate) async fn touch(
    db: &impl GenericClient,
    session: SessionId,
    address: String,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    let sql = "UPDATE sessions SET address = $2, last_seen_at = $3, expires_at = $4 WHERE id = $1";
    row::execute(db, sql, &[&session.sql(), &Text(&address), &now.0, &expires_at.0]).await?;
    Ok(())
}

pub(crate) async fn of(db: &impl GenericClient, user: UserId, now: Timestamp) -> Result<Vec<Session>> {
    let sql = "SELECT id, user_id, device, address, created_at, last_seen_at, expires_at FROM sessions
               WHERE user_id = $1 AND expires_at > $2 ORDER BY id";
    row::all(db, sql, &[&user.sql(), &now.0], row::session).await
}

/// Those of these that have ended, by id, and why.
pub(crate) async fn ended(
    db: &impl GenericClient,
    sessions: Vec<(UserId, SessionId)>,
    now: Timestamp,
) -> Result<Vec<(SessionId, Ended)>> {
    let sql = "SELECT asked.session_id, u.disabled_at IS NOT NULL
               FROM unnest($1::bigint[], $2::bigint[]) AS asked (session_id, user_id)
                    JOIN users AS u ON u.id = asked.user_id
               WHERE u.disabled_at IS NOT NULL
                  OR NOT EXISTS (SELECT FROM sessions AS s WHERE s.id = asked.session_id AND s.user_id = asked.user_id
                                                             AND s.expires_at > $3)
               ORDER BY asked.session_id";
    let owners = array(sessions.iter().map(|(user, _)| *user));
    let sessions = array(sessions.iter().map(|(_, session)| *session));
    row::all(db, sql, &[&sessions, &owners, &now.0], |row| {
        Ok((row.number(0)?, if row.get(1)? { Ended::Disabled } else { Ended::Revoked }))
    })
    .await
}

pub(crate) async fn end(tx: &mut Tx<'_>, user: UserId, session: SessionId) -> Result<()> {
    let sql = "DELETE FROM sessions WHERE id = $1 AND user_id = $2";
    if row::execute(&tx.db, sql, &[&session.sql(), &user.sql()]).await? == 0 {
        return Err(Refusal::NoSuchSession.into());
    }
    tx.publish(Change::SessionsEnded { user, sessions: vec![session], why: Ended::Revoked });
    Ok(())
}

/// Ends every session of the user but `keep`, and returns how many.
pub(crate) async fn end_others(tx: &mut Tx<'_>, user: UserId, keep: SessionId) -> Result<u64> {
    // As a login locks them, so that one comes before or after the end of the others.
    users::lock(&tx.db, [user]).await?;
    end_all(tx, user, Some(keep), Ended::Revoked).await
}

/// Ends every session of the user but `keep`, whose row is locked, and returns how many.
pub(crate) async fn end_all(
    tx: &mut Tx<'_>,
    user: UserId,
    keep: Option<SessionId>,
    why: Ended,
) -> Result<u64> {
    let sql = "DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2 RETURNING id";
    let keep = keep.map(Sql::sql);
    let mut sessions = row::all(&tx.db, sql, &[&user.sql(), &keep], |row| row.number(0)).await?;
    sessions.sort_unstable();
    let ended = sessions.len() as u64;
    if ended > 0 {
        tx.publish(Change::SessionsEnded { user, sessions, why });
    }
    Ok(ended)
}

pub(crate) async fn purge(db: &impl GenericClient, now: Timestamp) -> Result<u64> {
    // Reads the whole table, once in a while: an index of expires_at would be written at every touch. Passes over
    // those that somebody is busy with: all of them would be waited for, and the next purge finds them.
    let sql = "DELETE FROM sessions WHERE id IN
                   (SELECT id FROM sessions WHERE expires_at <= $1 FOR UPDATE SKIP LOCKED)";
    row::execute(db, sql, &[&now.0]).await
}

pub(crate) async fn last_seen(db: &impl GenericClient) -> Result<Option<Timestamp>> {
    // Reads the whole table, as the purge does.
    let sql = "SELECT last_seen_at FROM sessions ORDER BY last_seen_at DESC LIMIT 1";
    row::first(db, sql, &[], |row| row.time(0)).await
}
