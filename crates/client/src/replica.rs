//! What a client has of its groups, kept exact by `rev`.

use std::collections::BTreeMap;

use rim_protocol::frame::{IncomingMessage, IncomingNotice, Notice};
use rim_protocol::rest::Message;
use rim_protocol::sync::{GroupRev, StoreState, SyncAnswer, SyncRequest};

use crate::api::id;

/// How far the client is in each of its groups.
#[derive(Debug, Default)]
pub struct Replica {
    /// The store that all of this is of; `None` as long as no server has told.
    store: Option<StoreState>,
    /// Among the user's own changes.
    rev: u64,
    groups: BTreeMap<u64, GroupReplica>,
}

/// How far the client is in one group.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct GroupReplica {
    pub rev: u64,
    /// The last message that was shown.
    pub seq: u64,
    /// Up to where it is known what was recalled after one had left.
    pub recalled_to: u64,
}

/// What a frame means to one who has seen everything before it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// The next change: show it.
    Next,
    /// Seen already.
    Old,
    /// Something is missing before it: ask.
    Gap,
}

impl Replica {
    pub fn group(&self, gid: u64) -> GroupReplica {
        self.groups.get(&gid).copied().unwrap_or_default()
    }

    /// What to ask the server for, of the groups above `after`. It names `most` of them; where there are more, `to` is
    /// the last one that it names, and the others are asked for when those are answered.
    pub(crate) fn request(&self, after: Option<u64>, most: usize) -> SyncRequest {
        let from = after.map_or(0, |after| after + 1);
        let mut known = self.groups.range(from..);
        let groups: Vec<_> = known
            .by_ref()
            .take(most)
            .map(|(gid, group)| GroupRev {
                gid: id(*gid),
                rev: id(group.rev),
                recalled_to: Some(id(group.recalled_to)),
            })
            .collect();
        let to = known.next().and(groups.last()).map(|last| last.gid);
        SyncRequest {
            rev: Some(id(self.rev)),
            groups,
            limit: None,
            window: None,
            store: self.store.clone(),
            after: after.map(id),
            to,
        }
    }

    /// Learns which store the server has. Whether it is another one: then nothing of what was known holds.
    pub(crate) fn is_of_another(&mut self, store: &StoreState) -> bool {
        let changed = self.store.as_ref().is_some_and(|known| known != store);
        if changed {
            *self = Self::default();
        }
        self.store = Some(store.clone());
        changed
    }

    /// Takes an answer over and returns the messages that are new, by group and in order, and those that have changed.
    pub(crate) fn merge(&mut self, answer: SyncAnswer) -> (Vec<Message>, Vec<Message>) {
        self.rev = answer.rev;
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for delta in answer.groups {
            let group = self.groups.entry(delta.gid).or_default();
            group.rev = group.rev.max(delta.rev);
            group.recalled_to = group.recalled_to.max(delta.recalled_to.unwrap_or_default());
            for message in delta.messages {
                if message.seq > group.seq {
                    group.seq = message.seq;
                    new.push(message);
                }
            }
            changed.extend(delta.changed);
        }
        (new, changed)
    }

    /// Places a message that was pushed.
    pub(crate) fn message(&mut self, message: &IncomingMessage) -> Fit {
        let fit = self.change(message.gid, message.rev, message.rev);
        if fit == Fit::Next {
            self.groups.entry(message.gid).or_default().seq = message.seq;
        }
        fit
    }

    /// Places a notice that was pushed. One without `rev` and `gid` speaks of the client's own user.
    pub(crate) fn notice(&mut self, notice: &IncomingNotice) -> Fit {
        match (notice.gid, notice.rev) {
            // Changes nothing that lasts.
            _ if matches!(notice.kind, Notice::Typing | Notice::Online | Notice::Offline) => Fit::Next,
            // A change of many members takes many revs and is told once.
            (Some(gid), Some(_)) if !notice.uids.is_empty() && notice.seq.is_none() => {
                let known = self.group(gid).rev;
                if notice.rev.is_some_and(|rev| rev <= known) { Fit::Old } else { Fit::Gap }
            }
            (Some(gid), Some(rev)) => self.change(gid, notice.from_rev.unwrap_or(rev), rev),
            _ => Fit::Gap,
        }
    }

    /// Places a change that took the `rev`s from the one to the other.
    fn change(&mut self, gid: u64, from_rev: u64, rev: u64) -> Fit {
        let group = self.groups.entry(gid).or_default();
        if rev <= group.rev {
            Fit::Old
        } else if from_rev <= group.rev + 1 {
            group.rev = rev;
            Fit::Next
        } else {
            Fit::Gap
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_knows_more_groups_than_a_request_may_name_names_them_in_slices() {
        let groups =
            [9, 2, 5, 7].map(|gid| (gid, GroupReplica { rev: gid, ..GroupReplica::default() })).into();
        let replica = Replica { groups, ..Replica::default() };
        let asked = |after, most| {
            let request = replica.request(after, most);
            let named: Vec<_> =
                request.groups.iter().map(|group| (group.gid.get(), group.rev.get())).collect();
            (named, request.after.map(|gid| gid.get()), request.to.map(|gid| gid.get()))
        };
        assert_eq!(asked(None, 4), (vec![(2, 2), (5, 5), (7, 7), (9, 9)], None, None));
        assert_eq!(asked(None, 3), (vec![(2, 2), (5, 5), (7, 7)], None, Some(7)));
        assert_eq!(asked(Some(7), 3), (vec![(9, 9)], Some(7), None));
        assert_eq!(asked(Some(4), 2), (vec![(5, 5), (7, 7)], Some(4), Some(7)));
        assert_eq!(asked(Some(9), 2), (vec![], Some(9), None));
    }
}
