//! From the words of the core to the words of the wire.

mod later;
mod message;
mod note;
mod people;

use rim_core::group_event::{EventKind, GroupEvent};
use rim_core::member_list::Member;
use rim_core::session::Session;
use rim_core::{Identity, SessionId, UserId, group};
use rim_protocol::frame::Notice;
use rim_protocol::sync::StoreState;
use rim_protocol::{rest, sync};

pub use self::later::scheduled;
pub use self::message::{
    beside, chat, extras, found, history, kind, message, message_for_all, messages, ranges, stored_kind,
};
pub use self::note::{act, noted};
pub use self::people::{group, group_with_settings, stored_who, user, users, who};

pub fn store(identity: &Identity) -> StoreState {
    StoreState { id: identity.id.clone(), epoch: identity.epoch }
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

#[cfg(test)]
mod tests {
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
