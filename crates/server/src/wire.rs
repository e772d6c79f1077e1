//! From the words of the core to the words of the wire.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use rim_core::group_event::{EventKind, GroupEvent};
use rim_core::member_list::Member;
use rim_core::message::{Chat, History, Message, MessageKind};
use rim_core::session::Session;
use rim_core::user::User;
use rim_core::{Identity, SessionId, Timestamp, UserId, group};
use rim_protocol::frame::Notice;
use rim_protocol::sync::StoreState;
use rim_protocol::{rest, sync};
use rim_store::StoreError;

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

pub fn store(identity: &Identity) -> StoreState {
    StoreState { id: identity.id.clone(), epoch: identity.epoch }
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
    }
}

pub fn member(member: &Member, viewer: UserId) -> rest::MemberItem {
    rest::MemberItem { role: role_number(member.role), user: user(&member.user, viewer) }
}

pub fn listed_member(member: &Member, viewer: UserId) -> rest::ListedMember {
    let (role, joined_at) = (role_number(member.role), member.joined_at.0);
    rest::ListedMember { role, user: user(&member.user, viewer), joined_at }
}

/// What happened in a group, and the role that somebody has by it.
pub const fn group_notice(kind: EventKind) -> (Notice, Option<u8>) {
    match kind {
        EventKind::Created => (Notice::GroupCreated, None),
        EventKind::Updated => (Notice::GroupUpdated, None),
        EventKind::Added => (Notice::MembersAdded, None),
        EventKind::Removed => (Notice::MembersRemoved, None),
        EventKind::Role(role) => (Notice::RoleChanged, Some(role_number(role))),
        EventKind::Creator => (Notice::OwnerChanged, None),
        EventKind::Dissolved => (Notice::GroupDissolved, None),
    }
}

pub fn event(event: &GroupEvent) -> sync::GroupEvent {
    let (kind, role) = group_notice(event.kind);
    sync::GroupEvent {
        rev: event.rev.0,
        seq: event.seq.0,
        kind,
        uid: event.actor.0,
        uids: event.users.iter().map(|user| user.0).collect(),
        count: event.count,
        name: event.name.clone(),
        role,
        created_at: event.at.0,
    }
}

pub const fn role_number(role: group::Role) -> u8 {
    match role {
        group::Role::Common => 1,
        group::Role::Admin => 2,
    }
}

pub const fn role(role: rest::Role) -> group::Role {
    match role {
        rest::Role::Common => group::Role::Common,
        rest::Role::Admin => group::Role::Admin,
    }
}

pub fn message(message: &Message, zone: &TimeZone) -> rest::Message {
    let time = local_time(message.created_at, zone);
    rest::Message {
        id: message.id.0,
        kind: kind(message.kind),
        content: message.content.clone(),
        gid: message.group.0,
        uid: message.sender.0,
        client_msg_id: message.client_msg_id.clone(),
        create_time: time.clone(),
        update_time: time,
        seq: message.seq.0,
        rev: message.rev.0,
        created_at: message.created_at.0,
    }
}

/// Names for kinds of messages, from one set to the other and back.
macro_rules! kinds {
    ($($kind:ident)*) => {
        pub const fn kind(kind: MessageKind) -> rim_protocol::Kind {
            match kind { $(MessageKind::$kind => rim_protocol::Kind::$kind),* }
        }

        pub const fn stored_kind(kind: rim_protocol::Kind) -> MessageKind {
            match kind { $(rim_protocol::Kind::$kind => MessageKind::$kind),* }
        }
    };
}
kinds!(Text RichText Image Audio Video File Location Card Custom Merged);

pub fn chat(chat: &Chat, viewer: UserId, zone: &TimeZone) -> rest::ChatItem {
    rest::ChatItem {
        group: group(&chat.group),
        msg: message(&chat.last, zone),
        user: user(&chat.other, viewer),
        unread: Some(chat.unread),
        left: chat.left,
    }
}

/// A page of history: each message beside its group and its sender, as old clients expect it.
///
/// # Errors
/// `Fault` where the store left out a sender.
pub fn history(page: &History, viewer: UserId, zone: &TimeZone) -> Result<Vec<rest::ChatItem>, StoreError> {
    let senders: HashMap<UserId, &User> = page.senders.iter().map(|user| (user.id, user)).collect();
    page.messages
        .iter()
        .map(|each| {
            let sender = senders.get(&each.sender).ok_or_else(|| {
                StoreError::Fault(format!("history: message {} without its sender", each.id))
            })?;
            Ok(rest::ChatItem {
                group: group(&page.group),
                msg: message(each, zone),
                user: user(sender, viewer),
                unread: None,
                left: false,
            })
        })
        .collect()
}

pub fn session(session: &Session, current: SessionId) -> rest::Session {
    rest::Session {
        id: session.id.0,
        device: session.device.clone(),
        address: session.address.clone(),
        created_at: session.created_at.0,
        last_seen_at: session.last_seen_at.0,
        expires_at: session.expires_at.0,
        current: session.id == current,
    }
}

/// `YYYY-MM-DD HH:MM:SS` in `zone`, without naming it: old clients split it at blank, `-` and `:`.
fn local_time(at: Timestamp, zone: &TimeZone) -> String {
    // What a clock can say is in range; a corrupt row shows as the epoch instead of failing its page.
    let instant = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    instant.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_local_and_padded() {
        let zone = TimeZone::fixed(jiff::tz::offset(8));
        assert_eq!(local_time(Timestamp(1_762_354_809_999), &TimeZone::UTC), "2025-11-05 15:00:09");
        assert_eq!(local_time(Timestamp(1_762_354_809_999), &zone), "2025-11-05 23:00:09");
        assert_eq!(local_time(Timestamp(i64::MAX), &TimeZone::UTC), "1970-01-01 00:00:00");
    }

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

    /// Core and protocol each have a table of what is drawn as nothing; here they meet.
    #[test]
    fn an_account_of_which_nothing_is_left_to_tell_it_by_is_refused() {
        for c in (0..=0x10_FFFF).filter_map(char::from_u32) {
            let account = c.to_string();
            let is_empty = rim_core::account::fold(&account).is_empty();
            assert!(!is_empty || rim_protocol::limits::account(&account).is_err(), "U+{:04X}", u32::from(c));
        }
    }
}
