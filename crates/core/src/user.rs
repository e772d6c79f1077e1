//! Users.

use crate::size::{Size, json_bytes};
use crate::{Timestamp, UserId};

/// A user, without their secrets.
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

/// A change of name or picture is told in as many groups of the user, those with the newest messages. Each takes
/// a `rev`, in one transaction that others wait for.
pub const MAX_TOLD_GROUPS: usize = 2_000;

/// The same of those who are or were asked to be the user's friends, whose friendship changed last.
pub const MAX_TOLD_FRIENDS: usize = 2_000;

impl ProfileChange {
    /// The user after the change.
    pub fn applied_to(self, user: &User) -> User {
        let User { id, account, name, avatar, email } = user.clone();
        User {
            id,
            account,
            name: self.name.unwrap_or(name),
            avatar: self.avatar.unwrap_or(avatar),
            email: self.email.unwrap_or(email),
        }
    }
}

impl User {
    /// As others see this user: the e-mail address is for oneself alone.
    pub fn for_others(&self) -> Self {
        Self { email: String::new(), ..self.clone() }
    }

    /// Whether others see the same of both.
    pub fn looks_like(&self, other: &Self) -> bool {
        let User { id, account, name, avatar, email: _ } = self;
        (id, account, name, avatar) == (&other.id, &other.account, &other.name, &other.avatar)
    }
}

/// A user as an administrator sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    pub user: User,
    pub created_at: Timestamp,
    pub disabled: bool,
}

impl Size for User {
    fn size_bytes(&self) -> usize {
        let texts = [&self.account, &self.name, &self.avatar, &self.email];
        90 + texts.into_iter().map(|text| json_bytes(text)).sum::<usize>()
    }
}
