//! Who is connected, and in which groups.
//!
//! Fan-out asks one question: which connections belong to members of this group? The hub keeps the answer
//! ready for every group that has a member online. A connection's groups are read from the store at its
//! Login and kept right by the feed of commits from then on: subscribe first, read after. Whoever wants to know
//! who is there is told by [`Presence`], under the same lock.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rim_core::{ConnectionId, GroupId, NodeId, SessionId, Timestamp, UserId};
use rim_protocol::CloseCode;

use super::outbox::Outbox;
use super::presence::{Elsewhere, Moment, Presence};
use super::waking::Wakes;
use super::wheel::{Silent, Wheel};

#[cfg(test)]
mod tests;

/// The longest delay told to clients when the server goes away, so that they do not come back all at once.
const RECONNECT_SPREAD_MS: u64 = 5_000;

pub struct Hub {
    next_id: AtomicU64,
    /// Seconds since the start, moved on by the heartbeat; connections note it when they hear something.
    second: AtomicU32,
    /// Held for look-ups and moves of pointers, never across an await. One lock, because a change of
    /// membership must be seen in all maps at once.
    state: Mutex<State>,
}

struct State {
    /// Every connection, logged in or not.
    wheel: Wheel,
    users: HashMap<UserId, Online>,
    /// The connections of the members who are online.
    groups: HashMap<GroupId, Vec<(UserId, Arc<Outbox>)>>,
    presence: Presence,
    /// Set when the server goes away; whoever comes later is told so at once.
    going_away: bool,
}

/// A user with at least one connection.
#[derive(Default)]
struct Online {
    connections: Vec<Bound>,
    /// The groups they are in; `None` until the first Login has read them from the store.
    groups: Option<Vec<GroupId>>,
    /// Joined (true) and left (false) since that read began.
    meanwhile: Vec<(GroupId, bool)>,
}

struct Bound {
    session: SessionId,
    outbox: Arc<Outbox>,
    /// Whether it hears anything yet, and is in the lists of its groups.
    joined: bool,
    /// Of whom it is told when they come and go.
    watches: Box<[UserId]>,
}

impl Online {
    /// Whether they have a connection that hears what concerns them: what others call online.
    fn is_here(&self) -> bool {
        self.connections.iter().any(|connection| connection.joined)
    }
}

/// The user has as many connections as one may have.
#[derive(Debug)]
pub(super) struct TooManyConnections;

impl Hub {
    /// `idle_timeout` is the silence after which a connection is given up, in whole seconds; `several` is true where
    /// this is one of several nodes.
    pub fn new(idle_timeout: Duration, several: bool) -> Self {
        let idle_seconds = u32::try_from(idle_timeout.as_secs()).unwrap_or(u32::MAX / 2).max(1);
        Self {
            next_id: AtomicU64::new(1),
            second: AtomicU32::new(0),
            state: Mutex::new(State {
                wheel: Wheel::new(idle_seconds),
                users: HashMap::new(),
                groups: HashMap::new(),
                presence: Presence::new(several),
                going_away: false,
            }),
        }
    }

    /// Seconds since the server started, as the heartbeat counts them.
    pub(super) fn second(&self) -> u32 {
        self.second.load(Ordering::Relaxed)
    }

    fn moment(&self, at: Timestamp) -> Moment {
        Moment { second: self.second(), at }
    }

    /// Adds a connection that has not logged in.
    pub(super) fn connect(&self) -> Arc<Outbox> {
        let id = ConnectionId(self.next_id.fetch_add(1, Ordering::Relaxed));
        let mut state = self.state.lock();
        // Under the lock, under which seconds have their turn.
        let second = self.second();
        let outbox = Arc::new(Outbox::new(id, second));
        state.wheel.insert(&outbox, second);
        if state.going_away {
            send_away(&outbox);
        }
        outbox
    }

    /// Removes a connection; it must be unbound already.
    pub(super) fn disconnect(&self, outbox: &Outbox) {
        self.state.lock().wheel.remove(outbox);
    }

    /// Binds a connection to a user: from now on it learns when its session ends, and nothing else yet.
    pub(super) fn bind(
        &self,
        user: UserId,
        session: SessionId,
        outbox: &Arc<Outbox>,
        max_connections: usize,
    ) -> Result<(), TooManyConnections> {
        let mut state = self.state.lock();
        let online = state.users.entry(user).or_default();
        if online.connections.len() >= max_connections {
            return Err(TooManyConnections);
        }
        let outbox = Arc::clone(outbox);
        online.connections.push(Bound { session, outbox, joined: false, watches: Box::default() });
        Ok(())
    }

    /// Lets a bound connection hear what concerns its user, in their groups too, as read from the store after
    /// [`Self::bind`]. `before` is called first, so that what it queues comes before all that is heard.
    pub(super) fn join(
        &self,
        wakes: &mut Wakes<'_>,
        user: UserId,
        outbox: &Outbox,
        read: Vec<GroupId>,
        at: Timestamp,
        before: impl FnOnce(&mut Wakes<'_>),
    ) {
        let state = &mut *self.state.lock();
        let Some(online) = state.users.get_mut(&user) else { return };
        let was_here = online.is_here();
        let meanwhile = std::mem::take(&mut online.meanwhile);
        // The read is some moment between the bind and now. Repeating what happened since the bind, in
        // order, ends right whatever of it the read had seen.
        let groups = online.groups.get_or_insert_with(|| {
            let mut groups = read;
            for (group, joined) in meanwhile {
                set_membership(&mut groups, group, joined);
            }
            groups
        });
        let Some(connection) = online.connections.iter_mut().find(|c| c.outbox.id() == outbox.id()) else {
            return;
        };
        if !std::mem::replace(&mut connection.joined, true) {
            before(wakes);
            for group in groups.iter() {
                state.groups.entry(*group).or_default().push((user, Arc::clone(&connection.outbox)));
            }
            if !was_here {
                state.presence.set_here(wakes, user, true, self.moment(at));
            }
        }
    }

    /// Unbinds a connection from its user.
    pub(super) fn unbind(&self, wakes: &mut Wakes<'_>, user: UserId, outbox: &Outbox, at: Timestamp) {
        let state = &mut *self.state.lock();
        let Entry::Occupied(mut entry) = state.users.entry(user) else { return };
        let online = entry.get_mut();
        let Some(index) = online.connections.iter().position(|c| c.outbox.id() == outbox.id()) else {
            return;
        };
        let gone = online.connections.remove(index);
        for group in online.groups.iter().flatten() {
            remove_from_group(&mut state.groups, *group, |(_, other)| other.id() == outbox.id());
        }
        state.presence.unwatch(outbox, &gone.watches);
        if gone.joined && !online.is_here() {
            state.presence.set_here(wakes, user, false, self.moment(at));
        }
        if online.connections.is_empty() {
            entry.remove();
        }
    }

    /// Tells a connection of `user` from now on when these users come and go, and nobody else any more.
    /// `before` is called first, so that what it queues comes before those who are online.
    pub(super) fn watch(
        &self,
        wakes: &mut Wakes<'_>,
        user: UserId,
        outbox: &Arc<Outbox>,
        users: Vec<UserId>,
        at: Timestamp,
        before: impl FnOnce(&mut Wakes<'_>),
    ) {
        let State { users: online, presence, .. } = &mut *self.state.lock();
        before(wakes);
        let is_here = |user| online.get(&user).is_some_and(Online::is_here);
        presence.watch(wakes, outbox, &users, is_here, self.moment(at));
        let connections = online.get_mut(&user).map(|online| &mut online.connections);
        let connection = connections.and_then(|all| all.iter_mut().find(|c| c.outbox.id() == outbox.id()));
        // After the new ones: who is among both was watched all the time.
        let before = match connection {
            Some(connection) => std::mem::replace(&mut connection.watches, users.into()),
            None => users.into(),
        };
        presence.unwatch(outbox, &before);
    }

    /// Tells watchers of those who did not come back in time. Called every second.
    pub(super) fn tell_who_left(&self, wakes: &mut Wakes<'_>, at: Timestamp) {
        self.state.lock().presence.tell_who_left(wakes, self.moment(at));
    }

    /// Another node has told who is connected to it.
    pub(crate) fn set_elsewhere(&self, wakes: &mut Wakes<'_>, node: NodeId, what: Elsewhere, at: Timestamp) {
        self.state.lock().presence.set_elsewhere(wakes, node, what, self.moment(at));
    }

    /// Who came online here and who left since this was asked last.
    pub(crate) fn take_moved(&self) -> (Vec<UserId>, Vec<UserId>) {
        let State { users, presence, .. } = &mut *self.state.lock();
        presence.take_moved(|user| users.get(&user).is_some_and(Online::is_here))
    }

    /// Everybody who is online here.
    pub(crate) fn here(&self) -> Vec<UserId> {
        let state = self.state.lock();
        state.users.iter().filter(|(_, online)| online.is_here()).map(|(user, _)| *user).collect()
    }

    /// `users` became members of `group`.
    pub(super) fn members_added(&self, group: GroupId, users: &[UserId]) {
        let state = &mut *self.state.lock();
        for user in users {
            let Some(online) = state.users.get_mut(user) else { continue };
            match &mut online.groups {
                None => online.meanwhile.push((group, true)),
                Some(groups) if groups.contains(&group) => {}
                Some(groups) => {
                    groups.push(group);
                    let joined = online.connections.iter().filter(|connection| connection.joined);
                    let list = state.groups.entry(group).or_default();
                    list.extend(joined.map(|connection| (*user, Arc::clone(&connection.outbox))));
                }
            }
        }
    }

    /// `users` are members of `group` no longer.
    pub(super) fn members_removed(&self, group: GroupId, users: &[UserId]) {
        let state = &mut *self.state.lock();
        for user in users {
            let Some(online) = state.users.get_mut(user) else { continue };
            match &mut online.groups {
                None => online.meanwhile.push((group, false)),
                Some(groups) => set_membership(groups, group, false),
            }
        }
        let gone: std::collections::HashSet<UserId> = users.iter().copied().collect();
        remove_from_group(&mut state.groups, group, |(user, _)| gone.contains(user));
    }

    /// Calls `visit` for each connection of members of `group`, with how many they are.
    pub(super) fn for_group(&self, group: GroupId, mut visit: impl FnMut(usize, &Arc<Outbox>)) {
        self.for_members(group, |hearers, _, outbox| visit(hearers, outbox));
    }

    /// The same, with whose connection it is.
    pub(super) fn for_members(&self, group: GroupId, mut visit: impl FnMut(usize, UserId, &Arc<Outbox>)) {
        let state = self.state.lock();
        let list = state.groups.get(&group).map_or(&[][..], Vec::as_slice);
        list.iter().for_each(|(user, outbox)| visit(list.len(), *user, outbox));
    }

    /// Whether a user who is connected here is a member of the group, as far as the connections were told.
    pub(super) fn is_member(&self, group: GroupId, user: UserId) -> bool {
        let state = self.state.lock();
        let groups = state.users.get(&user).and_then(|online| online.groups.as_ref());
        groups.is_some_and(|groups| groups.contains(&group))
    }

    /// How many connections of members of `group` there are.
    pub(crate) fn group_size(&self, group: GroupId) -> usize {
        self.state.lock().groups.get(&group).map_or(0, Vec::len)
    }

    /// Calls `visit` for each connection on which `user` hears what concerns them.
    pub(super) fn for_user(&self, user: UserId, mut visit: impl FnMut(&Arc<Outbox>)) {
        let state = self.state.lock();
        let connections = state.users.get(&user).into_iter().flat_map(|online| &online.connections);
        connections.filter(|connection| connection.joined).for_each(|connection| visit(&connection.outbox));
    }

    /// Closes the connections of these sessions of `user`.
    pub(super) fn end_sessions(
        &self,
        wakes: &mut Wakes<'_>,
        user: UserId,
        sessions: &[SessionId],
        code: CloseCode,
    ) {
        let state = self.state.lock();
        for connection in state.users.get(&user).into_iter().flat_map(|online| &online.connections) {
            if sessions.contains(&connection.session) {
                wakes.add(connection.outbox.close(code, None));
            }
        }
    }

    /// A second has passed. Returns the connections that were silent for too long.
    pub(super) fn next_second(&self) -> Vec<(Arc<Outbox>, Silent)> {
        let mut state = self.state.lock();
        let second = self.second() + 1;
        self.second.store(second, Ordering::Relaxed);
        state.wheel.turn(second)
    }

    /// Tells every connection, and all that come later, to come back in a while.
    pub(super) fn go_away(&self) {
        let mut state = self.state.lock();
        state.going_away = true;
        state.wheel.all().for_each(send_away);
    }

    /// Whether one of them has a connection, heard or about to be.
    pub(crate) fn is_any_online(&self, users: &[UserId]) -> bool {
        let state = self.state.lock();
        users.iter().any(|user| state.users.contains_key(user))
    }

    /// The sessions of all connections, with their users.
    pub(crate) fn sessions(&self) -> Vec<(UserId, SessionId)> {
        let state = self.state.lock();
        let sessions = state.users.iter().flat_map(|(user, online)| {
            online.connections.iter().map(move |connection| (*user, connection.session))
        });
        sessions.collect()
    }

    /// Users with at least one connection.
    pub fn users_online(&self) -> usize {
        self.state.lock().users.len()
    }
}

/// The delay is a hash of the connection's number: spread evenly, and no source of chance is needed.
fn send_away(outbox: &Arc<Outbox>) {
    let delay = outbox.id().0.wrapping_mul(0x9E37_79B9_7F4A_7C15) % RECONNECT_SPREAD_MS;
    outbox.close(CloseCode::GoingAway, Some(format!("reconnect in {delay} ms"))).wake();
}

fn set_membership(groups: &mut Vec<GroupId>, group: GroupId, member: bool) {
    groups.retain(|other| *other != group);
    if member {
        groups.push(group);
    }
}

type GroupLists = HashMap<GroupId, Vec<(UserId, Arc<Outbox>)>>;

fn remove_from_group(groups: &mut GroupLists, group: GroupId, gone: impl Fn(&(UserId, Arc<Outbox>)) -> bool) {
    if let Entry::Occupied(mut entry) = groups.entry(group) {
        entry.get_mut().retain(|member| !gone(member));
        if entry.get().is_empty() {
            entry.remove();
        }
    }
}
