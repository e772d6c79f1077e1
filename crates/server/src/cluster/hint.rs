//! What goes over the bus.

use rim_core::bus::Subject;
use rim_core::event::{Change, Topic};
use rim_core::{GroupId, Rev, UserId};
use serde::{Deserialize, Serialize};

/// Bytes that a number of a user takes in a list, at the most, with its comma.
const USER_BYTES: usize = 21;
/// Bytes of a hint around a list of users, at the most.
const AROUND_USERS_BYTES: usize = 160;
/// Users of one hint, at the most: it is looked at in one go.
const MAX_USERS: usize = 1000;

/// What one node tells others.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Hint {
    /// This happened.
    Change(Change),
    Brief(Brief),
}

/// What a hint says that has no room for the change itself, or is of none. As JSON, which begins with another
/// byte than a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Brief {
    /// A group has come to `rev`.
    GroupMoved { group: u64, rev: u64 },
    /// A user's own changes have come to `rev`.
    UserMoved { user: u64, rev: u64 },
    /// Some of those who became members of a group at `rev`.
    Joined { group: u64, rev: u64, users: Vec<u64> },
    /// Somebody tried a password from there that was wrong; `account` is folded.
    WrongPassword { account: String, address: std::net::IpAddr },
    /// A user is writing something in a group.
    Typing { group: u64, user: u64, at: i64 },
    /// Who is connected to a node.
    Presence { node: u64, what: PresenceHint },
}

/// What is said of who is connected to a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PresenceHint {
    /// It says who came and who left since it did so last, for the `number`-th time.
    Announced { number: u64, came: Vec<u64>, left: Vec<u64> },
    /// It says who was there after that announcement: part 1, 2… of so many.
    Listed { number: u64, part: u32, parts: u32, users: Vec<u64> },
    /// Another asks it for this list.
    Asked,
}

impl Hint {
    /// `None` where it is of a newer node, or of none: nothing is lost by that.
    pub(super) fn decode(payload: &[u8]) -> Option<Self> {
        match payload.first()? {
            b'{' => serde_json::from_slice(payload).ok().map(Self::Brief),
            _ => Change::decode(payload).map(Self::Change),
        }
    }
}

impl Brief {
    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("numbers and texts are JSON")
    }
}

/// The hints of a change: to whom, and what.
pub(super) fn of(change: &Change, max_payload: usize) -> Vec<(Subject, Vec<u8>)> {
    let encoded = change.encode();
    let fits = encoded.len() <= max_payload;
    if let Some((group, rev, users)) = joined(change) {
        // Whoever joined may be connected to a node that does not know the group yet.
        if fits {
            return vec![(Subject::Everybody, encoded)];
        }
        let parts = users.chunks(users_that_fit(max_payload)).map(|users| {
            let users = users.iter().map(|user| user.0).collect();
            (Subject::Everybody, Brief::Joined { group: group.0, rev: rev.0, users }.encode())
        });
        return parts.collect();
    }
    if let Change::SessionsEnded { user, .. } = change {
        return vec![(Subject::Topic(Topic::User(*user)), encoded)];
    }
    let hints = change.topic_revs().map(|(topic, rev)| {
        let payload = if fits { encoded.clone() } else { moved(topic, rev).encode() };
        (Subject::Topic(topic), payload)
    });
    hints.collect()
}

/// How many users a hint of this size may name.
pub(super) fn users_that_fit(max_payload: usize) -> usize {
    (max_payload.saturating_sub(AROUND_USERS_BYTES) / USER_BYTES).clamp(1, MAX_USERS)
}

/// Who became a member of which group, and at which `rev`.
pub(super) fn joined(change: &Change) -> Option<(GroupId, Rev, &[UserId])> {
    let Change::Group { group, rev, what, .. } = change else { return None };
    Some((*group, *rev, what.joined()?))
}

fn moved(topic: Topic, Rev(rev): Rev) -> Brief {
    match topic {
        Topic::Group(group) => Brief::GroupMoved { group: group.0, rev },
        Topic::User(user) => Brief::UserMoved { user: user.0, rev },
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rim_core::event::GroupChange;
    use rim_core::friend::FriendChange;
    use rim_core::message::{Message, MessageKind};
    use rim_core::{ConnectionId, MessageId, Seq, Timestamp};

    use super::*;

    const GROUP: GroupId = GroupId(7);

    fn message(bytes: usize) -> Change {
        let message = Message {
            state: None,
            id: MessageId(1),
            group: GROUP,
            seq: Seq(2),
            rev: Rev(3),
            sender: UserId(4),
            client_msg_id: "c".into(),
            kind: MessageKind::Text,
            content: "x".repeat(bytes),
            created_at: Timestamp(5),
        };
        Change::Message { message: Arc::new(message), connection: ConnectionId(0) }
    }

    fn added(users: u64) -> Change {
        let what = GroupChange::Added { users: (1..=users).map(UserId).collect() };
        Change::Group {
            group: GROUP,
            rev: Rev(9),
            seq: Some(Seq(0)),
            actor: UserId(1),
            what,
            at: Timestamp(5),
        }
    }

    #[test]
    fn a_message_goes_to_those_who_follow_its_group_with_all_it_holds() {
        let change = message(100);
        let [(subject, payload)] = of(&change, 1000).try_into().expect("one hint");
        assert_eq!(subject, Subject::Topic(Topic::Group(GROUP)));
        assert_eq!(Hint::decode(&payload), Some(Hint::Change(change)));
    }

    #[test]
    fn of_a_message_that_is_too_large_goes_where_it_is() {
        let [(_, payload)] = of(&message(1000), 1000).try_into().expect("one hint");
        let moved = Brief::GroupMoved { group: 7, rev: 3 };
        assert_eq!(Hint::decode(&payload), Some(Hint::Brief(moved)));
    }

    #[test]
    fn a_friendship_goes_to_both() {
        let change = Change::Friend {
            actor: UserId(1),
            actor_rev: Rev(2),
            other: UserId(3),
            other_rev: Rev(4),
            what: FriendChange::Requested,
            at: Timestamp(5),
        };
        let subjects: Vec<_> = of(&change, 1000).into_iter().map(|(subject, _)| subject).collect();
        assert_eq!(subjects, [1, 3].map(|user| Subject::Topic(Topic::User(UserId(user)))));
    }

    #[test]
    fn everybody_hears_who_joined_in_as_many_parts_as_it_takes() {
        let hints = of(&added(3), 1000);
        assert_eq!(hints, [(Subject::Everybody, added(3).encode())]);

        let mut joined = Vec::new();
        for (subject, payload) in of(&added(10_000), 1000) {
            assert_eq!(subject, Subject::Everybody);
            assert!(payload.len() <= 1000, "{} bytes", payload.len());
            let Some(Hint::Brief(Brief::Joined { group: 7, rev: 9, users })) = Hint::decode(&payload) else {
                panic!("a part of those who joined");
            };
            joined.extend(users);
        }
        assert_eq!(joined, Vec::from_iter(1..=10_000));
    }

    #[test]
    fn as_many_users_as_fit_do_fit() {
        for max_payload in [1000, 5_973, 1 << 20] {
            let fit = users_that_fit(max_payload);
            assert!(fit == MAX_USERS || fit > max_payload / 30, "{fit} of {max_payload}");
            let (number, users) = (u64::MAX, vec![u64::MAX; fit]);
            let left = users.clone();
            for what in [
                PresenceHint::Announced { number, came: vec![], left },
                PresenceHint::Listed { number, part: u32::MAX, parts: u32::MAX, users },
            ] {
                let hint = Brief::Presence { node: u64::MAX, what };
                let encoded = hint.encode();
                assert!(encoded.len() <= max_payload, "{} of {max_payload}", encoded.len());
                assert_eq!(Hint::decode(&encoded), Some(Hint::Brief(hint)));
            }
        }
    }

    #[test]
    fn what_is_no_hint_is_none() {
        for payload in [&b""[..], b"{", b"{\"tomorrow\":1}", &[255, 1, 2]] {
            assert_eq!(Hint::decode(payload), None);
        }
    }
}
