//! What happened in a group, kept to be told among its messages: who came and went, who named it what.
//!
//! Of single chats nothing is kept. A member is told what happened while being one: from the own joining on, up to
//! and including the own leaving.

use std::collections::HashMap;

use crate::event::{Change, GroupChange};
use crate::group::Role;
use crate::size::{NUMBER, Size, json_bytes};
use crate::user::User;
use crate::{GroupId, Rev, Seq, Timestamp, UserId};

/// So many of those whom it concerns are kept; how many they were is always known.
pub const MAX_NAMED: usize = 20;

/// Events of one answer, at the most.
pub const MAX_EVENTS: u32 = 200;

/// Events of one answer and those whom they name, at the most.
pub const MAX_ROWS: usize = 1000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupEvent {
    /// Its number among the changes of the group, as the change itself was told.
    pub rev: Rev,
    /// The group's last message when it happened.
    pub seq: Seq,
    pub kind: EventKind,
    pub actor: UserId,
    /// Whom it concerns, the first [`MAX_NAMED`] of them.
    pub users: Vec<UserId>,
    /// How many they are.
    pub count: u64,
    /// Of `Updated`: the new name, if it is the name that changed.
    pub name: Option<String>,
    pub at: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventKind {
    Created,
    Updated,
    Added,
    Removed,
    Role(Role),
    Creator,
    Dissolved,
}

impl EventKind {
    /// Every kind, in the order of their codes from 1.
    const ALL: [Self; 8] = [
        Self::Created,
        Self::Updated,
        Self::Added,
        Self::Removed,
        Self::Role(Role::Common),
        Self::Role(Role::Admin),
        Self::Creator,
        Self::Dissolved,
    ];

    pub const fn of(what: &GroupChange) -> Self {
        match what {
            GroupChange::Created { .. } => Self::Created,
            GroupChange::Updated { .. } => Self::Updated,
            GroupChange::Added { .. } => Self::Added,
            GroupChange::Removed { .. } => Self::Removed,
            GroupChange::Role { role, .. } => Self::Role(*role),
            GroupChange::Creator { .. } => Self::Creator,
            GroupChange::Dissolved { .. } => Self::Dissolved,
        }
    }

    /// The number under which it is stored.
    pub fn code(self) -> u8 {
        (1_u8..).zip(Self::ALL).find(|(_, kind)| *kind == self).map_or(0, |(code, _)| code)
    }

    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code).checked_sub(1)?).copied()
    }
}

impl GroupEvent {
    /// What is to be kept of a change, and of which group.
    pub fn of(change: &Change) -> Option<(GroupId, Self)> {
        let Change::Group { group, rev, seq: Some(seq), actor, what, at } = change else { return None };
        let users = what.users();
        let event = Self {
            rev: *rev,
            seq: *seq,
            kind: EventKind::of(what),
            actor: *actor,
            users: users.iter().take(MAX_NAMED).copied().collect(),
            count: users.len() as u64,
            name: what.name().map(str::to_owned),
            at: *at,
        };
        Some((*group, event))
    }

    /// The `rev` by which it is seen. Each of those who join or leave takes one, and the change has the last of
    /// them: who joins sees that one, and who leaves the first.
    pub fn seen_rev(&self) -> Rev {
        match self.kind {
            EventKind::Removed | EventKind::Dissolved => {
                Rev((self.rev.0 + 1).saturating_sub(self.count.max(1)))
            }
            _ => self.rev,
        }
    }

    /// The inverse of [`Self::seen_rev`].
    pub fn rev_of(kind: EventKind, seen_rev: Rev, count: u64) -> Rev {
        match kind {
            EventKind::Removed | EventKind::Dissolved => Rev(seen_rev.0 + count.max(1) - 1),
            _ => seen_rev,
        }
    }

    /// What it takes up of an answer, in rows: everybody it names stands there as well.
    pub fn size(&self) -> usize {
        1 + self.users.len()
    }

    /// Leaves out the oldest of `events`, which ascend, as far as there is no room for them in `limit` rows; whether it
    /// left out any.
    pub fn keep_newest(events: &mut Vec<Self>, limit: usize) -> bool {
        let mut taken = 0;
        let fits = |event: &&Self| {
            taken += event.size();
            taken <= limit
        };
        let kept = events.iter().rev().take_while(fits).count().max(1);
        let surplus = events.len().saturating_sub(kept);
        events.drain(..surplus);
        surplus > 0
    }

    /// Leaves out the oldest of `events`, which ascend, as far as they and whom they name do not fit into so many
    /// bytes, and then those of `users` whom no other names; whether it left out any. The newest always stays.
    pub fn keep_small(events: &mut Vec<Self>, users: &mut Vec<User>, bytes: usize) -> bool {
        let mut unnamed: HashMap<UserId, usize> =
            users.iter().map(|user| (user.id, user.size_bytes())).collect();
        let (mut kept, mut taken) = (0, 0);
        for event in events.iter().rev() {
            let named: Vec<_> = event.named().filter_map(|user| unnamed.remove_entry(&user)).collect();
            taken += event.size_bytes() + named.iter().map(|(_, bytes)| bytes).sum::<usize>();
            if kept > 0 && taken > bytes {
                unnamed.extend(named);
                break;
            }
            kept += 1;
        }
        let surplus = events.len() - kept;
        events.drain(..surplus);
        users.retain(|user| !unnamed.contains_key(&user.id));
        surplus > 0
    }

    /// Everybody it names.
    pub fn named(&self) -> impl Iterator<Item = UserId> + '_ {
        self.users.iter().copied().chain([self.actor])
    }

    /// `users` as they are stored.
    pub fn users_as_text(&self) -> String {
        self.users.iter().map(|user| user.0.to_string()).collect::<Vec<_>>().join(",")
    }

    /// `None` of what no rim writes.
    pub fn users_from_text(text: &str) -> Option<Vec<UserId>> {
        let numbers = text.split(',').filter(|number| !number.is_empty());
        numbers.map(|number| number.parse().ok().map(UserId)).collect()
    }
}

/// Without those whom it names.
impl Size for GroupEvent {
    fn size_bytes(&self) -> usize {
        210 + NUMBER * self.users.len() + self.name.as_deref().map_or(0, json_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_from_its_code() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::from_code(kind.code()), Some(kind));
        }
        assert_eq!((EventKind::from_code(0), EventKind::from_code(9)), (None, None));
    }

    #[test]
    fn of_events_that_fit_nowhere_the_newest_stays_with_whom_it_names() {
        let event = |rev: u64| GroupEvent {
            rev: Rev(rev),
            seq: Seq(0),
            kind: EventKind::Added,
            actor: UserId(1),
            users: vec![UserId(rev)],
            count: 1,
            name: None,
            at: Timestamp(0),
        };
        let user = |id| User {
            id: UserId(id),
            account: String::new(),
            name: String::new(),
            avatar: "x".repeat(1000),
            email: String::new(),
        };
        let kept = |bytes| {
            let (mut events, mut users) = ((2..=4).map(event).collect(), (1..=4).map(user).collect());
            let more = GroupEvent::keep_small(&mut events, &mut users, bytes);
            let ids: Vec<_> = users.iter().map(|user| user.id.0).collect();
            (events.iter().map(|event| event.rev.0).collect::<Vec<_>>(), ids, more)
        };
        assert_eq!(kept(10_000), (vec![2, 3, 4], vec![1, 2, 3, 4], false));
        assert_eq!(kept(4_000), (vec![3, 4], vec![1, 3, 4], true));
        assert_eq!(kept(0), (vec![4], vec![1, 4], true));
    }

    #[test]
    fn who_leaves_with_others_sees_it_as_the_first_of_them_does() {
        let users: Vec<_> = (1..=25).map(UserId).collect();
        for (what, seen) in
            [(GroupChange::Removed { users: users.clone() }, 6), (GroupChange::Added { users }, 30)]
        {
            let (group, at) = (GroupId(1), Timestamp(9));
            let change = Change::Group { group, rev: Rev(30), seq: Some(Seq(4)), actor: UserId(1), what, at };
            let (_, event) = GroupEvent::of(&change).expect("an event");
            assert_eq!((event.seen_rev(), event.users.len(), event.count), (Rev(seen), MAX_NAMED, 25));
            assert_eq!(GroupEvent::rev_of(event.kind, event.seen_rev(), event.count), Rev(30));
            assert_eq!(GroupEvent::users_from_text(&event.users_as_text()), Some(event.users));
        }
        assert_eq!(GroupEvent::users_from_text(""), Some(vec![]));
        assert_eq!(GroupEvent::users_from_text("1,x"), None);
    }
}
