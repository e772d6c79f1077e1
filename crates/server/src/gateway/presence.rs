//! Who is there, told to those who want to know.
//!
//! A user is online while a connection of theirs hears what concerns them, here or on another node. Nothing of it is
//! stored: it begins anew with the process. Of users whom nobody watches nothing is kept.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rim_core::{NodeId, Timestamp, UserId};
use rim_protocol::frame::Notice;

use super::frames;
use super::outbox::Outbox;
use super::waking::Wakes;

/// Seconds for which one whose last connection has ended still counts as there: to reload a page, to change the
/// network or to be sent to another node is no going away.
const GRACE: u32 = 10;

/// When something happens.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// As the heartbeat counts them.
    pub(super) second: u32,
    /// As watchers are told.
    pub(super) at: Timestamp,
}

/// What is known of those who are connected to another node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Elsewhere {
    /// These came and those left.
    Moved { came: Vec<UserId>, left: Vec<UserId> },
    /// These and nobody else are there.
    Are(HashSet<UserId>),
}

/// Part of the hub's state, under its lock: who is connected is one question.
#[derive(Default)]
pub(super) struct Presence {
    watched: HashMap<UserId, Watched>,
    /// Since when those are online nowhere of whom that is not told yet.
    leaving: HashMap<UserId, u32>,
    elsewhere: HashMap<NodeId, HashSet<UserId>>,
    /// Who came or left here since other nodes were told; `None` where there are none.
    moved: Option<HashSet<UserId>>,
}

/// A user whom somebody who is connected here watches.
struct Watched {
    watchers: Vec<Arc<Outbox>>,
    here: bool,
    /// What their watchers believe.
    online: bool,
}

impl Presence {
    /// `several` where this is one of several nodes.
    pub(super) fn new(several: bool) -> Self {
        Self { moved: several.then(HashSet::new), ..Self::default() }
    }

    /// The user has their first connection here, or has lost the last.
    pub(super) fn set_here(&mut self, wakes: &mut Wakes<'_>, user: UserId, here: bool, now: Moment) {
        if let Some(moved) = &mut self.moved {
            moved.insert(user);
        }
        if let Some(watched) = self.watched.get_mut(&user) {
            watched.here = here;
            self.look_at(wakes, user, now);
        }
    }

    /// Another node has told who is connected to it.
    pub(super) fn set_elsewhere(
        &mut self,
        wakes: &mut Wakes<'_>,
        node: NodeId,
        what: Elsewhere,
        now: Moment,
    ) {
        let moved: Vec<UserId> = match what {
            Elsewhere::Moved { came, left } => {
                let there = self.elsewhere.entry(node).or_default();
                there.extend(&came);
                left.iter().for_each(|user| _ = there.remove(user));
                came.into_iter().chain(left).collect()
            }
            Elsewhere::Are(users) => {
                let before = self.elsewhere.remove(&node).unwrap_or_default();
                let moved = before.symmetric_difference(&users).copied().collect();
                self.elsewhere.insert(node, users);
                moved
            }
        };
        if self.elsewhere.get(&node).is_some_and(HashSet::is_empty) {
            self.elsewhere.remove(&node);
        }
        moved.into_iter().for_each(|user| self.look_at(wakes, user, now));
    }

    /// From now on `outbox` hears of these users, and at once of those who are online. `is_here` says who has a
    /// connection here.
    pub(super) fn watch(
        &mut self,
        wakes: &mut Wakes<'_>,
        outbox: &Arc<Outbox>,
        users: &[UserId],
        is_here: impl Fn(UserId) -> bool,
        now: Moment,
    ) {
        for &user in users {
            let Self { watched, elsewhere, .. } = self;
            let watched = watched.entry(user).or_insert_with(|| {
                let here = is_here(user);
                Watched { watchers: Vec::new(), here, online: here || is_elsewhere(elsewhere, user) }
            });
            watched.watchers.push(Arc::clone(outbox));
            if watched.online {
                wakes.add(outbox.push(frames::notify(frames::notice(Notice::Online, user, now.at))));
            }
        }
    }

    /// `outbox` hears of these users no more, as often as it watched them.
    pub(super) fn unwatch(&mut self, outbox: &Outbox, users: &[UserId]) {
        for user in users {
            let Some(watched) = self.watched.get_mut(user) else { continue };
            // By address: some have many watchers, whom to look into would take long.
            if let Some(index) = watched.watchers.iter().position(|other| std::ptr::eq(&**other, outbox)) {
                watched.watchers.swap_remove(index);
            }
            if watched.watchers.is_empty() {
                self.watched.remove(user);
                self.leaving.remove(user);
            }
        }
    }

    /// Tells of those who did not come back in time. Called every second.
    pub(super) fn tell_who_left(&mut self, wakes: &mut Wakes<'_>, now: Moment) {
        let late = |since: u32| now.second.saturating_sub(since) > GRACE;
        for (user, _) in self.leaving.extract_if(|_, since| late(*since)) {
            if let Some(watched) = self.watched.get_mut(&user) {
                watched.online = false;
                watched.tell(wakes, Notice::Offline, user, now);
            }
        }
    }

    /// Who came and who left here since this was asked last. `is_here` says who has a connection here.
    pub(super) fn take_moved(&mut self, is_here: impl Fn(UserId) -> bool) -> (Vec<UserId>, Vec<UserId>) {
        let moved = self.moved.as_mut().map(std::mem::take).unwrap_or_default();
        moved.into_iter().partition(|user| is_here(*user))
    }

    /// Tells of one who is online and was not, and notes one who is not and was.
    fn look_at(&mut self, wakes: &mut Wakes<'_>, user: UserId, now: Moment) {
        let Some(watched) = self.watched.get_mut(&user) else { return };
        if watched.here || is_elsewhere(&self.elsewhere, user) {
            self.leaving.remove(&user);
            if !std::mem::replace(&mut watched.online, true) {
                watched.tell(wakes, Notice::Online, user, now);
            }
        } else if watched.online {
            self.leaving.entry(user).or_insert(now.second);
        }
    }
}

impl Watched {
    fn tell(&self, wakes: &mut Wakes<'_>, what: Notice, user: UserId, now: Moment) {
        let frame = frames::notify(frames::notice(what, user, now.at));
        self.watchers.iter().for_each(|watcher| wakes.add(watcher.push(frame.clone())));
    }
}

fn is_elsewhere(elsewhere: &HashMap<NodeId, HashSet<UserId>>, user: UserId) -> bool {
    elsewhere.values().any(|there| there.contains(&user))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use rim_core::ConnectionId;
    use rim_protocol::frame::{Incoming, IncomingEvent};

    use super::*;
    use crate::gateway::waking::tests::wakes;

    const BOB: UserId = UserId(2);
    const CARL: UserId = UserId(3);
    const NODES: [NodeId; 2] = [NodeId(1), NodeId(2)];

    fn at(second: u32) -> Moment {
        Moment { second, at: Timestamp(i64::from(second)) }
    }

    fn nobody(_: UserId) -> bool {
        false
    }

    fn outbox() -> Arc<Outbox> {
        Arc::new(Outbox::new(ConnectionId(1), 0))
    }

    /// One who watches, from second 0.
    fn watcher(presence: &mut Presence, users: &[UserId]) -> Arc<Outbox> {
        let outbox = outbox();
        presence.watch(&mut wakes(), &outbox, users, nobody, at(0));
        outbox
    }

    /// What they were told since they were asked last, and of whom.
    fn told(outbox: &Outbox) -> Vec<(Notice, UserId)> {
        let notice = |frame: &Bytes| {
            let start = frame.windows(2).position(|bytes| bytes == b"{\"").expect("an object");
            match serde_json::from_slice(&frame[start..]) {
                Ok(Incoming::Event(IncomingEvent::Notify(notice))) => (notice.kind, UserId(notice.uid)),
                other => panic!("{other:?}"),
            }
        };
        outbox.take().0.iter().map(notice).collect()
    }

    fn moved(came: &[UserId], left: &[UserId]) -> Elsewhere {
        Elsewhere::Moved { came: came.to_vec(), left: left.to_vec() }
    }

    fn are(users: &[UserId]) -> Elsewhere {
        Elsewhere::Are(users.iter().copied().collect())
    }

    /// Lets the seconds from `from` to `to` pass.
    fn pass(presence: &mut Presence, from: u32, to: u32) {
        (from..=to).for_each(|second| presence.tell_who_left(&mut wakes(), at(second)));
    }

    #[test]
    fn one_who_comes_is_told_at_once_and_one_who_leaves_after_a_while() {
        let mut presence = Presence::new(false);
        let anna = watcher(&mut presence, &[BOB]);
        assert_eq!(told(&anna), []);
        presence.set_here(&mut wakes(), BOB, true, at(5));
        assert_eq!(told(&anna), [(Notice::Online, BOB)]);
        presence.set_here(&mut wakes(), BOB, false, at(6));
        pass(&mut presence, 7, 6 + GRACE);
        assert_eq!(told(&anna), []);
        pass(&mut presence, 7 + GRACE, 100);
        assert_eq!(told(&anna), [(Notice::Offline, BOB)], "once");
    }

    #[test]
    fn one_who_comes_back_in_time_was_never_away() {
        let mut presence = Presence::new(false);
        let anna = watcher(&mut presence, &[BOB]);
        presence.set_here(&mut wakes(), BOB, true, at(0));
        for second in (0..100).step_by(GRACE as usize) {
            presence.set_here(&mut wakes(), BOB, false, at(second));
            pass(&mut presence, second, second + GRACE);
            presence.set_here(&mut wakes(), BOB, true, at(second + GRACE));
        }
        pass(&mut presence, 100, 200);
        assert_eq!(told(&anna), [(Notice::Online, BOB)]);
    }

    #[test]
    fn a_watch_begins_with_those_who_are_online() {
        let mut presence = Presence::new(false);
        presence.set_elsewhere(&mut wakes(), NODES[0], are(&[CARL]), at(0));
        let anna = outbox();
        presence.watch(&mut wakes(), &anna, &[BOB, CARL, UserId(4)], |user| user == BOB, at(0));
        assert_eq!(told(&anna), [(Notice::Online, BOB), (Notice::Online, CARL)]);
        // To one who begins in the meantime they are there as to all others.
        presence.set_here(&mut wakes(), BOB, false, at(1));
        let dan = watcher(&mut presence, &[BOB]);
        assert_eq!(told(&dan), [(Notice::Online, BOB)]);
        pass(&mut presence, 2, 20);
        for watcher in [anna, dan] {
            assert_eq!(told(&watcher), [(Notice::Offline, BOB)]);
        }
    }

    #[test]
    fn a_new_watch_of_one_who_is_leaving_changes_nothing_for_them() {
        let mut presence = Presence::new(false);
        let anna = watcher(&mut presence, &[BOB]);
        presence.set_here(&mut wakes(), BOB, true, at(1));
        presence.set_here(&mut wakes(), BOB, false, at(2));
        presence.watch(&mut wakes(), &anna, &[BOB, CARL], nobody, at(3));
        presence.unwatch(&anna, &[BOB]);
        assert_eq!(told(&anna), [(Notice::Online, BOB); 2]);
        pass(&mut presence, 3, 20);
        assert_eq!(told(&anna), [(Notice::Offline, BOB)], "once");
    }

    #[test]
    fn of_those_whom_nobody_watches_nothing_is_kept() {
        let mut presence = Presence::new(false);
        let anna = watcher(&mut presence, &[BOB, CARL]);
        presence.set_here(&mut wakes(), BOB, true, at(0));
        presence.set_here(&mut wakes(), BOB, false, at(1));
        presence.set_here(&mut wakes(), UserId(4), true, at(1));
        presence.unwatch(&anna, &[BOB, CARL]);
        assert!(presence.watched.is_empty() && presence.leaving.is_empty() && presence.moved.is_none());
        told(&anna);
        presence.set_here(&mut wakes(), BOB, true, at(2));
        pass(&mut presence, 2, 20);
        assert_eq!(told(&anna), []);
    }

    #[test]
    fn one_on_two_nodes_is_offline_when_both_have_lost_them() {
        let mut presence = Presence::new(true);
        let anna = watcher(&mut presence, &[BOB]);
        presence.set_elsewhere(&mut wakes(), NODES[0], moved(&[BOB], &[]), at(0));
        presence.set_elsewhere(&mut wakes(), NODES[1], are(&[BOB, CARL]), at(0));
        presence.set_here(&mut wakes(), BOB, true, at(0));
        assert_eq!(told(&anna), [(Notice::Online, BOB)]);
        presence.set_here(&mut wakes(), BOB, false, at(1));
        presence.set_elsewhere(&mut wakes(), NODES[0], moved(&[], &[BOB]), at(2));
        pass(&mut presence, 2, 40);
        assert_eq!(told(&anna), []);
        presence.set_elsewhere(&mut wakes(), NODES[1], are(&[CARL]), at(40));
        pass(&mut presence, 40, 60);
        assert_eq!(told(&anna), [(Notice::Offline, BOB)]);
    }

    #[test]
    fn a_list_tells_of_those_alone_who_came_or_left() {
        let mut presence = Presence::new(true);
        let anna = watcher(&mut presence, &[BOB, CARL, UserId(4)]);
        presence.set_elsewhere(&mut wakes(), NODES[0], are(&[BOB, CARL]), at(0));
        told(&anna);
        presence.set_elsewhere(&mut wakes(), NODES[0], are(&[CARL, UserId(4)]), at(1));
        assert_eq!(told(&anna), [(Notice::Online, UserId(4))]);
        pass(&mut presence, 1, 20);
        assert_eq!(told(&anna), [(Notice::Offline, BOB)]);
        presence.set_elsewhere(&mut wakes(), NODES[0], are(&[]), at(20));
        assert!(presence.elsewhere.is_empty(), "a node without users takes no room");
    }

    #[test]
    fn other_nodes_are_told_once_of_what_became_of_each() {
        let mut presence = Presence::new(true);
        for (user, here) in [(BOB, true), (BOB, false), (BOB, true), (CARL, true), (CARL, false)] {
            presence.set_here(&mut wakes(), user, here, at(0));
        }
        let is_here = |user| user == BOB;
        assert_eq!(presence.take_moved(is_here), (vec![BOB], vec![CARL]));
        assert_eq!(presence.take_moved(is_here), (vec![], vec![]));
    }
}
