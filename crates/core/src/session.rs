//! Sessions: one login of one device.

use crate::{SessionId, Timestamp, UserId};

/// SHA-256 of a session token. The token itself is never stored.
pub type TokenHash = [u8; 32];

/// A login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user: UserId,
    /// What the user calls the device; may be empty.
    pub device: String,
    /// Where it was last seen.
    pub address: String,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    pub expires_at: Timestamp,
}

/// A login to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSession {
    pub user: UserId,
    pub token_hash: TokenHash,
    pub device: String,
    pub address: String,
    pub now: Timestamp,
    pub expires_at: Timestamp,
}
