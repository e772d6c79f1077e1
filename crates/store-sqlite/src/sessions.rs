//! Sessions, as a login finds them.

use rim_core::Timestamp;
use rim_core::session::{Session, TokenHash};
use rusqlite::{Connection, params};

use crate::failure::Result;
use crate::row;

pub(crate) fn by_token(db: &Connection, token_hash: TokenHash, now: Timestamp) -> Result<Option<Session>> {
    let sql = "SELECT s.id, s.user_id, s.device, s.address, s.created_at, s.last_seen_at, s.expires_at
               FROM sessions AS s JOIN users AS u ON u.id = s.user_id
               WHERE s.token_hash = ?1 AND s.expires_at > ?2 AND u.disabled_at IS NULL";
    row::first(db, sql, params![token_hash, now.0], row::of("sessions"))
}
