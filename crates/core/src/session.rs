//! Sessions: one login of one device.

use crate::refusal::Ended;
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
    /// Sessions that the user may have with this one.
    pub most: u64,
}

/// By what a user may set their own password: the session they do it in, and what the old one was verified against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    pub session: SessionId,
    pub password_hash: String,
}

/// Which of a user's sessions end as there are more than `most`: first those that were not used after the login, as a
/// client leaves them that logs in anew each time, then those that were not used for the longest.
pub fn surplus(mut sessions: Vec<Session>, most: u64) -> Vec<SessionId> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    sessions.sort_unstable_by_key(|session| {
        (session.last_seen_at > session.created_at, session.last_seen_at, session.id)
    });
    let surplus = sessions.len().saturating_sub(most);
    let mut ids: Vec<_> = sessions.into_iter().take(surplus).map(|session| session.id).collect();
    ids.sort_unstable();
    ids
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_too_many_sessions_those_end_that_nobody_misses() {
        let session = |id, created_at, last_seen_at| Session {
            id: SessionId(id),
            user: UserId(1),
            device: String::new(),
            address: String::new(),
            created_at: Timestamp(created_at),
            last_seen_at: Timestamp(last_seen_at),
            expires_at: Timestamp(99),
        };
        let sessions = vec![session(1, 1, 9), session(2, 2, 5), session(3, 8, 8), session(4, 7, 7)];
        assert_eq!(surplus(sessions.clone(), 4), []);
        assert_eq!(
            surplus(sessions.clone(), 3),
            [SessionId(4)],
            "not used since the login, and the older of two"
        );
        assert_eq!(surplus(sessions.clone(), 2), [SessionId(3), SessionId(4)]);
        assert_eq!(surplus(sessions, 1), [SessionId(2), SessionId(3), SessionId(4)]);
    }
}
