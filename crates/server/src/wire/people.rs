//! Users and groups.

use rim_core::user::User;
use rim_core::{UserId, group};
use rim_protocol::rest;

/// A user as `viewer` may see them: the email is for oneself alone.
pub fn user(user: &User, viewer: UserId) -> rest::User {
    rest::User {
        id: user.id.0,
        name: user.name.clone(),
        avatar: user.avatar.clone(),
        email: if user.id == viewer { user.email.clone() } else { String::new() },
        account: user.account.clone(),
        password: String::new(),
    }
}

pub fn users(users: &[User], viewer: UserId) -> Vec<rest::User> {
    users.iter().map(|each| user(each, viewer)).collect()
}

pub fn group(group: &group::Group) -> rest::Group {
    rest::Group {
        id: group.id.0,
        name: group.name.clone(),
        avatar: group.avatar.clone(),
        mode: group.mode,
        creator_uid: group.creator.0,
        who_pins: None,
        who_mentions_all: None,
        expire_seconds: None,
    }
}

/// A group as sync tells it: with how it is used.
pub fn group_with_settings(of: &group::Group) -> rest::Group {
    rest::Group {
        who_pins: Some(who(of.settings.who_pins)),
        who_mentions_all: Some(who(of.settings.who_mentions_all)),
        expire_seconds: Some(of.settings.expire_seconds),
        ..group(of)
    }
}

pub const fn who(who: group::Who) -> rest::Who {
    match who {
        group::Who::All => rest::Who::All,
        group::Who::Admins => rest::Who::Admins,
    }
}

pub const fn stored_who(who: rest::Who) -> group::Who {
    match who {
        rest::Who::All => group::Who::All,
        rest::Who::Admins => group::Who::Admins,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_is_for_its_owner() {
        let anna = User {
            id: UserId(101),
            account: "anna".into(),
            name: "Anna".into(),
            avatar: String::new(),
            email: "anna@example.org".into(),
        };
        assert_eq!(user(&anna, UserId(101)).email, "anna@example.org");
        assert_eq!(user(&anna, UserId(102)).email, "");
    }
}
