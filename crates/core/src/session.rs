//! Sessions: one login of one device.

use crate::event::Ended;
use crate::user::Credentials;
use crate::{Refusal, SessionId, Timestamp, UserId};

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
    /// What the password was verified against.
    pub password_hash: Option<String>,
    pub token_hash: TokenHash,
    pub device: String,
    pub address: String,
    pub now: Timestamp,
    pub expires_at: Timestamp,
}

/// By what a user may set their own password: the session they do it in, and what the old one was verified against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    pub session: SessionId,
    pub password_hash: String,
}

/// Opens a session: who knows the password that is the user's now, and is not disabled.
///
/// # Errors
/// `Disabled`, `PasswordChanged`.
pub fn may_open(known: &Credentials, new: &NewSession) -> Result<(), Refusal> {
    if known.disabled {
        return Err(Refusal::Disabled);
    }
    if known.password_hash == new.password_hash { Ok(()) } else { Err(Refusal::PasswordChanged) }
}

/// Sets one's own password: from a session that goes on, by the password that is the user's now.
///
/// # Errors
/// `SessionEnded`, `PasswordChanged`.
pub fn may_set_password(known: &Credentials, session_goes_on: bool, proof: &Proof) -> Result<(), Refusal> {
    if known.disabled {
        return Err(Refusal::SessionEnded(Ended::Disabled));
    }
    if !session_goes_on {
        return Err(Refusal::SessionEnded(Ended::Revoked));
    }
    let unchanged = known.password_hash.as_ref() == Some(&proof.password_hash);
    if unchanged { Ok(()) } else { Err(Refusal::PasswordChanged) }
}
