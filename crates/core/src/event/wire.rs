//! A change as bytes: what nodes tell each other of it.
//!
//! The first byte says which format it is. Nodes of different versions run side by side while a cluster is
//! updated, so whoever meets a format, a kind or a code that he does not know takes nothing from it, and asks
//! the store. Numbers are in LEB128, texts have their length in bytes before them.

use std::sync::Arc;

use super::{Change, ChatChange, Ended, GroupChange};
use crate::friend::FriendChange;
use crate::group::Role;
use crate::message::{Kind, Message, Receipt};
use crate::user::User;
use crate::{GroupId, MessageId, Origin, Rev, Seq, SessionId, Timestamp, UserId};

const FORMAT: u8 = 1;

const MESSAGE: u8 = 1;
const RECEIPT: u8 = 2;
const GROUP: u8 = 3;
const FRIEND: u8 = 4;
const SESSIONS_ENDED: u8 = 6;
const PROFILE: u8 = 7;
const CHAT: u8 = 8;
/// With the place among the messages; `GROUP` was without.
const PLACED_GROUP: u8 = 9;
/// What of a group is the profile of a member.
const MEMBER_PROFILE: u8 = 8;

const RECEIPTS: [Receipt; 2] = [Receipt::Delivered, Receipt::Read];
const ROLES: [Role; 2] = [Role::Common, Role::Admin];
const ENDS: [Ended; 2] = [Ended::Revoked, Ended::Disabled];
const FRIEND_CHANGES: [FriendChange; 5] = [
    FriendChange::Requested,
    FriendChange::Accepted,
    FriendChange::Rejected,
    FriendChange::Withdrawn,
    FriendChange::Removed,
];

impl Change {
    /// As bytes, without its `origin`: a connection means nothing to another node.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer(vec![FORMAT]);
        match self {
            Self::Message { message, .. } => out.message(message),
            Self::Receipt { group, rev, user, receipt, message, seq, at, .. } => {
                out.byte(RECEIPT);
                out.numbers(&[group.0, rev.0, user.0]);
                out.code(&RECEIPTS, receipt);
                out.numbers(&[message.0, seq.0]);
                out.time(*at);
            }
            Self::Group { group, rev, seq, actor, what, at } => {
                out.byte(PLACED_GROUP);
                out.numbers(&[group.0, rev.0, actor.0]);
                // 0 is unknown.
                out.number(seq.map_or(0, |seq| seq.0 + 1));
                out.time(*at);
                out.group_change(what);
            }
            Self::MemberProfile { group, rev, user, at } => {
                out.byte(PLACED_GROUP);
                out.numbers(&[group.0, rev.0, user.id.0, 0]);
                out.time(*at);
                out.byte(MEMBER_PROFILE);
                out.user(user);
            }
            Self::Friend { actor, actor_rev, other, other_rev, what, at } => {
                out.byte(FRIEND);
                out.numbers(&[actor.0, actor_rev.0, other.0, other_rev.0]);
                out.code(&FRIEND_CHANGES, what);
                out.time(*at);
            }
            Self::Chat { user, rev, group, what, at } => {
                out.byte(CHAT);
                out.numbers(&[user.0, rev.0, group.0]);
                out.chat_change(*what);
                out.time(*at);
            }
            Self::Profile { to, rev, user, at } => {
                out.byte(PROFILE);
                out.numbers(&[to.0, rev.0]);
                out.user(user);
                out.time(*at);
            }
            Self::SessionsEnded { user, sessions, why } => {
                out.byte(SESSIONS_ENDED);
                out.number(user.0);
                out.list(sessions.iter().map(|session| session.0));
                out.code(&ENDS, why);
            }
        }
        out.0
    }

    /// From bytes; `None` where they are of another format, or of none. Its `origin` is 0.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader(bytes);
        if from.byte()? != FORMAT {
            return None;
        }
        let change = match from.byte()? {
            MESSAGE => Self::Message { message: Arc::new(from.message()?), origin: Origin(0) },
            RECEIPT => Self::Receipt {
                group: GroupId(from.number()?),
                rev: Rev(from.number()?),
                user: UserId(from.number()?),
                receipt: from.code(&RECEIPTS)?,
                message: MessageId(from.number()?),
                seq: Seq(from.number()?),
                at: from.time()?,
                origin: Origin(0),
            },
            kind @ (GROUP | PLACED_GROUP) => {
                let (group, rev) = (GroupId(from.number()?), Rev(from.number()?));
                let actor = UserId(from.number()?);
                let seq = if kind == GROUP { None } else { from.number()?.checked_sub(1).map(Seq) };
                let at = from.time()?;
                match from.byte()? {
                    MEMBER_PROFILE => Self::MemberProfile { group, rev, user: Arc::new(from.user()?), at },
                    what => Self::Group { group, rev, seq, actor, what: from.group_change(what)?, at },
                }
            }
            FRIEND => Self::Friend {
                actor: UserId(from.number()?),
                actor_rev: Rev(from.number()?),
                other: UserId(from.number()?),
                other_rev: Rev(from.number()?),
                what: from.code(&FRIEND_CHANGES)?,
                at: from.time()?,
            },
            CHAT => Self::Chat {
                user: UserId(from.number()?),
                rev: Rev(from.number()?),
                group: GroupId(from.number()?),
                what: from.chat_change()?,
                at: from.time()?,
            },
            PROFILE => Self::Profile {
                to: UserId(from.number()?),
                rev: Rev(from.number()?),
                user: Arc::new(from.user()?),
                at: from.time()?,
            },
            SESSIONS_ENDED => Self::SessionsEnded {
                user: UserId(from.number()?),
                sessions: from.list(SessionId)?,
                why: from.code(&ENDS)?,
            },
            _ => return None,
        };
        from.0.is_empty().then_some(change)
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number.to_le_bytes()[0] | 0x80);
            number >>= 7;
        }
        self.0.push(number.to_le_bytes()[0]);
    }

    fn numbers(&mut self, numbers: &[u64]) {
        numbers.iter().for_each(|number| self.number(*number));
    }

    fn list(&mut self, numbers: impl ExactSizeIterator<Item = u64>) {
        self.number(numbers.len() as u64);
        numbers.for_each(|number| self.number(number));
    }

    fn users(&mut self, users: &[UserId]) {
        self.list(users.iter().map(|user| user.0));
    }

    fn time(&mut self, time: Timestamp) {
        self.0.extend_from_slice(&time.0.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn user(&mut self, user: &User) {
        let User { id, account, name, avatar, email } = user;
        self.number(id.0);
        [account, name, avatar, email].into_iter().for_each(|text| self.text(text));
    }

    /// The place of `value` in the list of all there are.
    fn code<T: PartialEq>(&mut self, all: &[T], value: &T) {
        let place = all.iter().position(|other| other == value).expect("the list has every value");
        self.number(place as u64);
    }

    fn message(&mut self, message: &Message) {
        let Message { id, group, seq, rev, sender, client_msg_id, kind, content, created_at } = message;
        self.byte(MESSAGE);
        self.numbers(&[id.0, group.0, seq.0, rev.0, sender.0]);
        self.text(client_msg_id);
        self.byte(kind.code());
        self.text(content);
        self.time(*created_at);
    }

    fn chat_change(&mut self, what: ChatChange) {
        let (kind, seq) = match what {
            ChatChange::Deleted { seq } => (1, seq),
            ChatChange::ReadAfterLeaving { seq } => (2, seq),
        };
        self.byte(kind);
        self.number(seq.0);
    }

    fn group_change(&mut self, what: &GroupChange) {
        match what {
            GroupChange::Created { members } => {
                self.byte(1);
                self.users(members);
            }
            GroupChange::Updated { name: None } => self.byte(2),
            GroupChange::Updated { name: Some(name) } => {
                self.byte(9);
                self.text(name);
            }
            GroupChange::Added { users } => {
                self.byte(3);
                self.users(users);
            }
            GroupChange::Removed { users } => {
                self.byte(4);
                self.users(users);
            }
            GroupChange::Role { user, role } => {
                self.byte(5);
                self.number(user.0);
                self.code(&ROLES, role);
            }
            GroupChange::Creator { user } => {
                self.byte(6);
                self.number(user.0);
            }
            GroupChange::Dissolved { members } => {
                self.byte(7);
                self.users(members);
            }
        }
    }
}

/// What is left to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    fn byte(&mut self) -> Option<u8> {
        self.bytes(1).map(|bytes| bytes[0])
    }

    fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..u64::BITS).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn length(&mut self) -> Option<usize> {
        // Nothing has more parts than there are bytes, so a wrong length reserves no memory.
        self.number().and_then(|length| usize::try_from(length).ok()).filter(|length| *length <= self.0.len())
    }

    fn list<T>(&mut self, make: fn(u64) -> T) -> Option<Vec<T>> {
        let length = self.length()?;
        (0..length).map(|_| self.number().map(make)).collect()
    }

    fn time(&mut self) -> Option<Timestamp> {
        let bytes = self.bytes(8)?.try_into().ok()?;
        Some(Timestamp(i64::from_le_bytes(bytes)))
    }

    fn text(&mut self) -> Option<String> {
        let length = self.length()?;
        String::from_utf8(self.bytes(length)?.to_vec()).ok()
    }

    fn user(&mut self) -> Option<User> {
        Some(User {
            id: UserId(self.number()?),
            account: self.text()?,
            name: self.text()?,
            avatar: self.text()?,
            email: self.text()?,
        })
    }

    fn code<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        all.get(usize::try_from(self.number()?).ok()?).copied()
    }

    fn message(&mut self) -> Option<Message> {
        Some(Message {
            id: MessageId(self.number()?),
            group: GroupId(self.number()?),
            seq: Seq(self.number()?),
            rev: Rev(self.number()?),
            sender: UserId(self.number()?),
            client_msg_id: self.text()?,
            kind: Kind::from_code(self.byte()?)?,
            content: self.text()?,
            created_at: self.time()?,
        })
    }

    fn chat_change(&mut self) -> Option<ChatChange> {
        Some(match self.byte()? {
            1 => ChatChange::Deleted { seq: Seq(self.number()?) },
            2 => ChatChange::ReadAfterLeaving { seq: Seq(self.number()?) },
            _ => return None,
        })
    }

    fn group_change(&mut self, what: u8) -> Option<GroupChange> {
        Some(match what {
            1 => GroupChange::Created { members: self.list(UserId)? },
            2 => GroupChange::Updated { name: None },
            3 => GroupChange::Added { users: self.list(UserId)? },
            4 => GroupChange::Removed { users: self.list(UserId)? },
            5 => GroupChange::Role { user: UserId(self.number()?), role: self.code(&ROLES)? },
            6 => GroupChange::Creator { user: UserId(self.number()?) },
            7 => GroupChange::Dissolved { members: self.list(UserId)? },
            9 => GroupChange::Updated { name: Some(self.text()?) },
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: GroupId = GroupId(300);
    const AT: Timestamp = Timestamp(1_700_000_000_123);

    fn every_change() -> Vec<Change> {
        let message = Message {
            id: MessageId((1 << 53) - 1),
            group: GROUP,
            seq: Seq(127),
            rev: Rev(128),
            sender: UserId(0),
            client_msg_id: "c-1".into(),
            kind: Kind::Custom,
            content: "häppy\u{0}".into(),
            created_at: Timestamp(-1),
        };
        let group = |what| Change::Group {
            group: GROUP,
            rev: Rev(9),
            seq: Some(Seq(0)),
            actor: UserId(1),
            what,
            at: AT,
        };
        let chat = |what| Change::Chat { user: UserId(1), rev: Rev(300), group: GROUP, what, at: AT };
        let users = vec![UserId(1), UserId(u64::MAX)];
        let anna = Arc::new(User {
            id: UserId(1),
            account: "anna".into(),
            name: "Änna".into(),
            avatar: String::new(),
            email: "anna@example.org".into(),
        });
        vec![
            Change::Message { message: Arc::new(message), origin: Origin(0) },
            Change::Receipt {
                group: GROUP,
                rev: Rev(3),
                user: UserId(2),
                receipt: Receipt::Read,
                message: MessageId(5),
                seq: Seq(4),
                at: AT,
                origin: Origin(0),
            },
            group(GroupChange::Created { members: users.clone() }),
            group(GroupChange::Updated { name: None }),
            group(GroupChange::Updated { name: Some("Lünch".into()) }),
            Change::Group {
                group: GROUP,
                rev: Rev(9),
                seq: None,
                actor: UserId(1),
                what: GroupChange::Added { users: vec![UserId(3)] },
                at: AT,
            },
            group(GroupChange::Added { users: users.clone() }),
            group(GroupChange::Removed { users: vec![] }),
            group(GroupChange::Role { user: UserId(1), role: Role::Admin }),
            group(GroupChange::Creator { user: UserId(1) }),
            group(GroupChange::Dissolved { members: users }),
            Change::MemberProfile { group: GROUP, rev: Rev(9), user: Arc::clone(&anna), at: AT },
            Change::Friend {
                actor: UserId(1),
                actor_rev: Rev(2),
                other: UserId(3),
                other_rev: Rev(4),
                what: FriendChange::Removed,
                at: AT,
            },
            Change::Profile { to: UserId(2), rev: Rev(2), user: anna, at: AT },
            chat(ChatChange::Deleted { seq: Seq(0) }),
            chat(ChatChange::ReadAfterLeaving { seq: Seq(128) }),
            Change::SessionsEnded { user: UserId(1), sessions: vec![SessionId(7)], why: Ended::Disabled },
        ]
    }

    #[test]
    fn every_change_reads_back_as_it_was_written() {
        for change in every_change() {
            assert_eq!(Change::decode(&change.encode()).as_ref(), Some(&change));
        }
    }

    #[test]
    fn what_is_cut_off_or_too_long_is_no_change() {
        for change in every_change() {
            let mut bytes = change.encode();
            for length in 0..bytes.len() {
                assert_eq!(Change::decode(&bytes[..length]), None, "{length} bytes of {change:?}");
            }
            bytes.push(0);
            assert_eq!(Change::decode(&bytes), None);
        }
    }

    #[test]
    fn a_change_of_a_group_from_before_it_had_a_place_is_read() {
        let added = GroupChange::Added { users: vec![UserId(3)] };
        let old = [[1, 3, 5, 9, 1].as_slice(), &AT.0.to_le_bytes(), &[3, 1, 3]].concat();
        let expected = Change::Group {
            group: GroupId(5),
            rev: Rev(9),
            seq: None,
            actor: UserId(1),
            what: added,
            at: AT,
        };
        assert_eq!(Change::decode(&old), Some(expected));
    }

    #[test]
    fn another_format_is_not_read() {
        let mut bytes = every_change()[0].encode();
        bytes[0] = FORMAT + 1;
        assert_eq!(Change::decode(&bytes), None);
    }

    #[test]
    fn no_bytes_are_read_that_are_not_there() {
        // A list that claims 2^63 users, and a number that does not end.
        let huge = [[1, 3, 1, 1, 1].as_slice(), &[0; 8], &[3], &[0xFF; 8], &[0x7F]].concat();
        assert_eq!(Change::decode(&huge), None);
        assert_eq!(Change::decode(&[[1, 5].as_slice(), &[0xFF; 20]].concat()), None);
    }
}
