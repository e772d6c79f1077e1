//! Users.

use crate::{Timestamp, UserId};

/// A user, without his secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    /// As it was given, trimmed; compared by [`crate::account::fold`].
    pub account: String,
    pub name: String,
    pub avatar: String,
    pub email: String,
}

/// A user to create. Fields have passed the limits of the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    pub account: String,
    pub name: String,
    pub avatar: String,
    pub email: String,
    /// A PHC string. Without one the user cannot log in.
    pub password_hash: Option<String>,
}

/// What a login is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    pub user: UserId,
    pub password_hash: Option<String>,
    pub disabled: bool,
}

/// The fields to change; `None` leaves one as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileChange {
    pub name: Option<String>,
    pub avatar: Option<String>,
    pub email: Option<String>,
}

/// A user as an administrator sees him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    pub user: User,
    pub created_at: Timestamp,
    pub disabled: bool,
}
