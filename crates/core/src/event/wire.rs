//! A change as bytes: what nodes tell each other of it.
//!
//! The first byte says which format it is. Nodes of different versions run side by side while a cluster is
//! updated, so whoever meets a format, a kind or a code that they do not know takes nothing from it, and asks
//! the store. Behind it and the kind of the change come its parts, each as postcard has it: numbers in LEB128, texts and
//! lists behind their length. That format is fixed (<https://postcard.jamesmunns.com>), and is read by nodes of before.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Change, ChatChange, Ended, GroupChange};
use crate::friend::FriendChange;
use crate::group::Role;
use crate::message::{Message, MessageKind, Receipt, Span};
use crate::user::User;
use crate::{ConnectionId, Seq, Timestamp};

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
/// `MESSAGE` with its state.
const STATED_MESSAGE: u8 = 10;
const NOTED: u8 = 11;
const EXPIRED: u8 = 12;

const CREATED: u8 = 1;
const UPDATED: u8 = 2;
const ADDED: u8 = 3;
const REMOVED: u8 = 4;
const ROLE: u8 = 5;
const CREATOR: u8 = 6;
const DISSOLVED: u8 = 7;
const MEMBER_PROFILE: u8 = 8;
/// `UPDATED` with the new name.
const RENAMED: u8 = 9;

const DELETED: u8 = 1;
const READ_AFTER_LEAVING: u8 = 2;
const CLEARED: u8 = 3;
const HIDDEN: u8 = 4;
const STARRED: u8 = 5;
const UNSTARRED: u8 = 6;
const SCHEDULED: u8 = 7;
const SCHEDULE_FAILED: u8 = 8;

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

/// Milliseconds, the lowest byte first: they are large numbers anyway.
type Time = [u8; 8];

impl Change {
    /// As bytes, without its `connection`: a connection means nothing to another node.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer(Vec::new());
        out.put(FORMAT);
        match self {
            Self::Message { message, .. } => {
                out.put(if message.state.is_some() { STATED_MESSAGE } else { MESSAGE });
                out.message(message);
            }
            Self::Noted { message, rev, actor, what, blind, at, .. } => {
                out.put((NOTED, rev, actor, what, blind, time(*at)));
                out.message(message);
            }
            Self::Expired { group, rev, spans, at } => {
                out.put((EXPIRED, group, rev, pairs(spans), time(*at)));
            }
            Self::Receipt { group, rev, user, receipt, message, seq, at, .. } => {
                out.put((RECEIPT, group, rev, user, index(&RECEIPTS, receipt), message, seq, time(*at)));
            }
            Self::Group { group, rev, seq, actor, what, at } => {
                // 0 is unknown.
                let after = seq.map_or(0, |seq| seq.0 + 1);
                out.put((PLACED_GROUP, group, rev, actor, after, time(*at)));
                out.group_change(what);
            }
            Self::MemberProfile { group, rev, user, at } => {
                out.put((PLACED_GROUP, group, rev, user.id, 0_u64, time(*at), MEMBER_PROFILE));
                out.user(user);
            }
            Self::Friend { actor, actor_rev, other, other_rev, what, at } => {
                let what = index(&FRIEND_CHANGES, what);
                out.put((FRIEND, actor, actor_rev, other, other_rev, what, time(*at)));
            }
            Self::Chat { user, rev, group, what, at } => {
                out.put((CHAT, user, rev, group));
                match what {
                    ChatChange::Deleted { seq } => out.put((DELETED, seq)),
                    ChatChange::ReadAfterLeaving { seq } => out.put((READ_AFTER_LEAVING, seq)),
                    ChatChange::Cleared { seq } => out.put((CLEARED, seq)),
                    ChatChange::Hidden { messages, spans } => out.put((HIDDEN, messages, pairs(spans))),
                    ChatChange::Starred { message } => out.put((STARRED, message)),
                    ChatChange::Unstarred { message } => out.put((UNSTARRED, message)),
                    ChatChange::Scheduled { id } => out.put((SCHEDULED, id)),
                    ChatChange::ScheduleFailed { id, why } => out.put((SCHEDULE_FAILED, id, why)),
                }
                out.put(time(*at));
            }
            Self::Profile { to, rev, user, at } => {
                out.put((PROFILE, to, rev));
                out.user(user);
                out.put(time(*at));
            }
            Self::SessionsEnded { user, sessions, why } => {
                out.put((SESSIONS_ENDED, user, sessions, index(&ENDS, why)));
            }
        }
        out.0
    }

    /// From bytes; `None` where they are of another format, or of none. Its `connection` is 0.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut from = Reader(bytes);
        let (FORMAT, kind) = from.take()? else { return None };
        let change = match kind {
            kind @ (MESSAGE | STATED_MESSAGE) => {
                let message = from.message(kind == STATED_MESSAGE)?;
                Self::Message { message: Arc::new(message), connection: ConnectionId(0) }
            }
            NOTED => {
                let (rev, actor, what, blind, at) = from.take()?;
                let message = Arc::new(from.message(true)?);
                let (at, connection) = (time_of(at), ConnectionId(0));
                Self::Noted { message, rev, actor, what, blind, at, connection }
            }
            EXPIRED => {
                let (group, rev, spans, at) = from.take()?;
                Self::Expired { group, rev, spans: spans_of(spans), at: time_of(at) }
            }
            RECEIPT => {
                let (group, rev, user, receipt, message, seq, at) = from.take()?;
                let (receipt, at, connection) = (at_index(&RECEIPTS, receipt)?, time_of(at), ConnectionId(0));
                Self::Receipt { group, rev, user, receipt, message, seq, at, connection }
            }
            kind @ (GROUP | PLACED_GROUP) => {
                let (group, rev, actor) = from.take()?;
                let after = if kind == GROUP { 0_u64 } else { from.take()? };
                let (seq, at) = (after.checked_sub(1).map(Seq), time_of(from.take()?));
                match from.take()? {
                    MEMBER_PROFILE => Self::MemberProfile { group, rev, user: from.user()?, at },
                    what => Self::Group { group, rev, seq, actor, what: from.group_change(what)?, at },
                }
            }
            FRIEND => {
                let (actor, actor_rev, other, other_rev, what, at) = from.take()?;
                let (what, at) = (at_index(&FRIEND_CHANGES, what)?, time_of(at));
                Self::Friend { actor, actor_rev, other, other_rev, what, at }
            }
            CHAT => {
                let (user, rev, group) = from.take()?;
                let what = match from.take()? {
                    DELETED => ChatChange::Deleted { seq: from.take()? },
                    READ_AFTER_LEAVING => ChatChange::ReadAfterLeaving { seq: from.take()? },
                    CLEARED => ChatChange::Cleared { seq: from.take()? },
                    HIDDEN => {
                        let (messages, spans) = from.take()?;
                        ChatChange::Hidden { messages, spans: spans_of(spans) }
                    }
                    STARRED => ChatChange::Starred { message: from.take()? },
                    UNSTARRED => ChatChange::Unstarred { message: from.take()? },
                    SCHEDULED => ChatChange::Scheduled { id: from.take()? },
                    SCHEDULE_FAILED => {
                        let (id, why) = from.take()?;
                        ChatChange::ScheduleFailed { id, why }
                    }
                    _ => return None,
                };
                Self::Chat { user, rev, group, what, at: time_of(from.take()?) }
            }
            PROFILE => {
                let (to, rev) = from.take()?;
                Self::Profile { to, rev, user: from.user()?, at: time_of(from.take()?) }
            }
            SESSIONS_ENDED => {
                let (user, sessions, why) = from.take()?;
                Self::SessionsEnded { user, sessions, why: at_index(&ENDS, why)? }
            }
            _ => return None,
        };
        from.0.is_empty().then_some(change)
    }
}

const fn time(time: Timestamp) -> Time {
    time.0.to_le_bytes()
}

const fn time_of(bytes: Time) -> Timestamp {
    Timestamp(i64::from_le_bytes(bytes))
}

/// Where `value` is in the list of all there are.
fn index<T: PartialEq>(all: &[T], value: &T) -> u64 {
    let index = all.iter().position(|other| other == value).expect("the list has every value");
    index as u64
}

fn at_index<T: Copy>(all: &[T], index: u64) -> Option<T> {
    all.get(usize::try_from(index).ok()?).copied()
}

struct Writer(Vec<u8>);

impl Writer {
    fn put(&mut self, parts: impl Serialize) {
        let written = std::mem::take(&mut self.0);
        self.0 = postcard::to_extend(&parts, written).expect("numbers, texts and lists can be written");
    }

    /// With its state, if it has one, and then the `rev` of that.
    fn message(&mut self, message: &Message) {
        let Message { id, group, seq, rev, sender, client_msg_id, kind, content, created_at, state } =
            message;
        self.put((id, group, seq, rev, sender, client_msg_id));
        // Not twice.
        let content = if message.says_what_its_state_has() { "" } else { content };
        self.put((kind.code(), content, time(*created_at)));
        if let (Some(state), Some(text)) = (state, message.state_text()) {
            self.put((text, state.rev));
        }
    }

    fn user(&mut self, user: &User) {
        let User { id, account, name, avatar, email } = user;
        self.put((id, account, name, avatar, email));
    }

    fn group_change(&mut self, what: &GroupChange) {
        match what {
            GroupChange::Created { members } => self.put((CREATED, members)),
            GroupChange::Updated { name: None } => self.put(UPDATED),
            GroupChange::Updated { name: Some(name) } => self.put((RENAMED, name)),
            GroupChange::Added { users } => self.put((ADDED, users)),
            GroupChange::Removed { users } => self.put((REMOVED, users)),
            GroupChange::Role { user, role } => self.put((ROLE, user, index(&ROLES, role))),
            GroupChange::Creator { user } => self.put((CREATOR, user)),
            GroupChange::Dissolved { members } => self.put((DISSOLVED, members)),
        }
    }
}

/// What is left to be read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Memory is reserved for what is there, but for 1 MiB at the most: a wrong length is found out by then.
    fn take<T: Deserialize<'a>>(&mut self) -> Option<T> {
        let (parts, rest) = postcard::take_from_bytes(self.0).ok()?;
        self.0 = rest;
        Some(parts)
    }

    fn message(&mut self, has_state: bool) -> Option<Message> {
        let (id, group, seq, rev, sender, client_msg_id) = self.take()?;
        let (kind, content, created_at) = self.take()?;
        let (kind, created_at) = (MessageKind::from_code(kind)?, time_of(created_at));
        let mut message =
            Message { id, group, seq, rev, sender, client_msg_id, kind, content, created_at, state: None };
        if has_state {
            let (text, rev): (&str, _) = self.take()?;
            message.put_on(text, rev).ok()?;
        }
        Some(message)
    }

    fn user(&mut self) -> Option<Arc<User>> {
        let (id, account, name, avatar, email) = self.take()?;
        Some(Arc::new(User { id, account, name, avatar, email }))
    }

    fn group_change(&mut self, what: u8) -> Option<GroupChange> {
        Some(match what {
            CREATED => GroupChange::Created { members: self.take()? },
            UPDATED => GroupChange::Updated { name: None },
            RENAMED => GroupChange::Updated { name: Some(self.take()?) },
            ADDED => GroupChange::Added { users: self.take()? },
            REMOVED => GroupChange::Removed { users: self.take()? },
            ROLE => {
                let (user, role) = self.take()?;
                GroupChange::Role { user, role: at_index(&ROLES, role)? }
            }
            CREATOR => GroupChange::Creator { user: self.take()? },
            DISSOLVED => GroupChange::Dissolved { members: self.take()? },
            _ => return None,
        })
    }
}

fn pairs(spans: &[Span]) -> Vec<(Seq, Seq)> {
    spans.iter().map(|span| (span.after, span.to)).collect()
}

fn spans_of(pairs: Vec<(Seq, Seq)>) -> Vec<Span> {
    pairs.into_iter().map(|(after, to)| Span { after, to }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Edited, MessageState, Reaction};
    use crate::note::Noted;
    use crate::{GroupId, MessageId, Rev, SessionId, UserId};

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
            kind: MessageKind::Custom,
            content: "häppy\u{0}".into(),
            created_at: Timestamp(-1),
            state: None,
        };
        let reaction = Reaction { emoji: "👍".into(), count: 1, newest: vec![UserId(3)], mine: false };
        let state = MessageState {
            rev: Rev(140),
            edited: Some(Edited { at: AT, kind: 9 }),
            reactions: vec![reaction],
            ..MessageState::default()
        };
        let stated = Arc::new(Message { state: Some(Box::new(state)), ..message.clone() });
        let noted = |what| Change::Noted {
            message: Arc::clone(&stated),
            rev: Rev(140),
            actor: UserId(3),
            what,
            blind: vec![UserId(9)],
            at: AT,
            connection: ConnectionId(0),
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
            Change::Message { message: Arc::new(message), connection: ConnectionId(0) },
            Change::Receipt {
                group: GROUP,
                rev: Rev(3),
                user: UserId(2),
                receipt: Receipt::Read,
                message: MessageId(5),
                seq: Seq(4),
                at: AT,
                connection: ConnectionId(0),
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
            chat(ChatChange::Cleared { seq: Seq(5) }),
            chat(ChatChange::Hidden {
                messages: vec![MessageId(7)],
                spans: vec![Span { after: Seq(2), to: Seq(3) }],
            }),
            chat(ChatChange::Starred { message: MessageId(7) }),
            chat(ChatChange::Unstarred { message: MessageId(7) }),
            chat(ChatChange::Scheduled { id: 5 }),
            chat(ChatChange::ScheduleFailed { id: 5, why: "no such group".into() }),
            Change::Message { message: Arc::clone(&stated), connection: ConnectionId(0) },
            noted(Noted::Edited),
            noted(Noted::Recalled),
            noted(Noted::Reacted { emoji: "👍".into() }),
            noted(Noted::Unreacted { emoji: "👍".into() }),
            noted(Noted::Pinned),
            noted(Noted::Unpinned),
            Change::Expired {
                group: GROUP,
                rev: Rev(9),
                spans: vec![Span { after: Seq(2), to: Seq(4) }],
                at: AT,
            },
            noted(Noted::Opened),
            noted(Noted::Linked),
        ]
    }

    #[test]
    fn every_change_reads_back_as_it_was_written() {
        for change in every_change() {
            assert_eq!(Change::decode(&change.encode()).as_ref(), Some(&change));
        }
    }

    /// Nodes of the version before read these, and write them.
    #[test]
    fn every_change_has_the_bytes_that_it_always_had() {
        let written = every_change().into_iter().map(|change| change.encode());
        let written: Vec<String> =
            written.map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect()).collect();
        const AFTER: &str = "01097b68e5cf8b010000";
        const STATED: &str = concat!(
            "ffffffffffffff0fac027f80010003632d310900ffffffffffffffff667b22656469746564223a7b226174223a31373030303030",
            "3030303132332c226b696e64223a397d2c227265616374696f6e73223a5b7b22656d6f6a69223a22f09f918d222c22636f756e74",
            "223a312c226e6577657374223a5b335d7d5d7d0a68c3a4707079008c01"
        );
        let always = [
            "0101ffffffffffffff0fac027f80010003632d31090768c3a470707900ffffffffffffffff",
            "0102ac0203020105047b68e5cf8b010000",
            "0109ac020901017b68e5cf8b010000010201ffffffffffffffffff01",
            "0109ac020901017b68e5cf8b01000002",
            "0109ac020901017b68e5cf8b01000009064cc3bc6e6368",
            "0109ac020901007b68e5cf8b010000030103",
            "0109ac020901017b68e5cf8b010000030201ffffffffffffffffff01",
            "0109ac020901017b68e5cf8b0100000400",
            "0109ac020901017b68e5cf8b010000050101",
            "0109ac020901017b68e5cf8b0100000601",
            "0109ac020901017b68e5cf8b010000070201ffffffffffffffffff01",
            "0109ac020901007b68e5cf8b010000080104616e6e6105c3846e6e610010616e6e61406578616d706c652e6f7267",
            "010401020304047b68e5cf8b010000",
            "010702020104616e6e6105c3846e6e610010616e6e61406578616d706c652e6f72677b68e5cf8b010000",
            "010801ac02ac0201007b68e5cf8b010000",
            "010801ac02ac020280017b68e5cf8b010000",
            "010601010701",
            "010801ac02ac0203057b68e5cf8b010000",
            "010801ac02ac020401070102037b68e5cf8b010000",
            "010801ac02ac0205077b68e5cf8b010000",
            "010801ac02ac0206077b68e5cf8b010000",
            "010801ac02ac0207057b68e5cf8b010000",
            "010801ac02ac0208050d6e6f20737563682067726f75707b68e5cf8b010000",
            &format!("010a{STATED}"),
            &format!("010b8c010300{AFTER}{STATED}"),
            &format!("010b8c010301{AFTER}{STATED}"),
            &format!("010b8c01030204f09f918d{AFTER}{STATED}"),
            &format!("010b8c01030304f09f918d{AFTER}{STATED}"),
            &format!("010b8c010304{AFTER}{STATED}"),
            &format!("010b8c010305{AFTER}{STATED}"),
            "010cac02090102047b68e5cf8b010000",
            &format!("010b8c010306{AFTER}{STATED}"),
            &format!("010b8c010307{AFTER}{STATED}"),
        ];
        assert_eq!(written, always);
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
