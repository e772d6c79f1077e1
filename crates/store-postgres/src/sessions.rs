//! Sessions, as a login finds them, and as a node looks after those of its connections.

use deadpool_postgres::GenericClient;
use rim_core::event::Ended;
use rim_core::session::{Session, TokenHash};
use rim_core::{SessionId, Timestamp, UserId};

use crate::failure::Result;
use crate::row::{self, array};

pub(crate) async fn by_token(
    db: &impl GenericClient,
    token_hash: TokenHash,
    now: Timestamp,
) -> Result<Option<Session>> {
    let sql = "SELECT s.id, s.user_id, s.device, s.address, s.created_at, s.last_seen_at, s.expires_at
               FROM sessions AS s JOIN users AS u ON u.id = s.user_id
               WHERE s.token_hash = $1 AND s.expires_at > $2 AND u.disabled_at IS NULL";
    row::first(db, sql, &[&token_hash.as_slice(), &now.0], row::read).await
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
        let (session, is_disabled) = row::read(row)?;
        Ok((session, if is_disabled { Ended::Disabled } else { Ended::Revoked }))
    })
    .await
}
