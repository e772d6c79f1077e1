//! From commit to connections: answers the sender, then tells everybody whom a change concerns.
//!
//! One task drains the store's feed, so what a connection hears of a group is in commit order, and the
//! sender's Ack comes before anything that was committed later. It never waits for a connection: it only
//! queues into outboxes.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use governor::clock::Clock as _;
use jiff::tz::TimeZone;
use rim_core::event::{Change, ChatChange, Ended, GroupChange, Topic};
use rim_core::friend::FriendChange;
use rim_core::group_event::EventKind;
use rim_core::message::Receipt;
use rim_core::sight::EVERYBODY;
use rim_core::user::User;
use rim_core::{ConnectionId, GroupId, SessionId, Timestamp, UserId};
use rim_protocol::CloseCode;
use rim_protocol::frame::{Notice, Notify};
use rim_store::{Committed, Feed};

use super::connections::Connections;
use super::frames;
use super::storm::{Note, Storms};
use super::waking::Wakes;
use crate::time::Time;
use crate::vital;
use crate::wire;

/// Above this many connections a group's receipts go to the reader's own devices alone; the others learn
/// them by sync. Otherwise a message in a group of a thousand would cost a million frames.
const MAX_RECEIPT_AUDIENCE: usize = 200;

/// Who did what nobody did, or what is not told.
const NOBODY: UserId = UserId(0);

/// Drains the feed until the store is closed: the whole of it where nobody else writes to the store. Returns what has
/// ended.
pub async fn dispatch(mut teller: Teller, feed: Feed) -> &'static str {
    let connections = Arc::clone(&teller.connections);
    connections.waking.beside(drain(&mut teller, feed)).await;
    vital::WRITER
}

async fn drain(teller: &mut Teller, mut feed: Feed) {
    loop {
        // What either arm drops it has not taken.
        let commit = tokio::select! {
            biased;
            commit = feed.recv() => commit,
            () = teller.window_ends(), if teller.is_in_a_storm() => {
                teller.end_windows();
                continue;
            }
        };
        let Some(commit) = commit else { break };
        let connections = Arc::clone(&teller.connections);
        connections.metrics.feed_depth.set(feed.len().try_into().unwrap_or(i64::MAX));
        connections.waking.batched(|wakes| {
            for entry in commit {
                match entry {
                    Committed::Answer { done, result } => wakes.add(done(result)),
                    Committed::Change(change) => teller.tell(wakes, &change),
                }
            }
        });
        // A full feed must not keep the connections of this thread from writing what was queued for them, nor a window
        // from ending.
        teller.end_windows();
        tokio::task::yield_now().await;
    }
}

/// Tells the connections what happens, in the order in which it is called.
pub struct Teller {
    connections: Arc<Connections>,
    storms: Storms,
    time: Time,
    /// In which messages say when they were sent.
    zone: TimeZone,
}

impl Teller {
    pub fn new(connections: Arc<Connections>, time: Time, zone: TimeZone) -> Self {
        Self { connections, storms: Storms::default(), time, zone }
    }

    /// Tells everybody who is connected here and whom the change concerns.
    fn tell(&mut self, wakes: &mut Wakes<'_>, change: &Change) {
        match change {
            Change::SessionsEnded { user, sessions, why } => {
                end_sessions(&self.connections, wakes, *user, sessions, *why);
            }
            _ => change.topic_revs().for_each(|(topic, _)| self.tell_topic(wakes, change, topic)),
        }
    }

    /// Tells those whom the change concerns as one of this topic.
    pub(crate) fn tell_topic(&mut self, wakes: &mut Wakes<'_>, change: &Change, topic: Topic) {
        if let Some(note) = Note::of(change) {
            if note.blind == [EVERYBODY] {
                // The others see that they miss a `rev`, and ask for it.
                let frame = note_frame(&self.zone, &note);
                return to_user(&self.connections, wakes, note.actor, note.connection, &frame);
            }
            let (now, group) = (Duration::from(self.time.now()), note.message.group);
            let hearers = self.connections.hub.group_size(group);
            for note in self.storms.take(now, note, hearers) {
                tell_note(&self.connections, wakes, &self.zone, &note);
            }
            return;
        }
        if self.is_in_a_storm()
            && let Topic::Group(group) = topic
            && !is_for_one_alone(&self.connections, change)
        {
            for note in self.storms.all_of(group) {
                tell_note(&self.connections, wakes, &self.zone, &note);
            }
        }
        tell_topic(&self.connections, wakes, change, topic);
    }

    /// Whether windows are open, which are to be ended in time.
    pub(crate) fn is_in_a_storm(&self) -> bool {
        !self.storms.is_empty()
    }

    /// Waits until the next window is to be ended.
    pub(crate) async fn window_ends(&self) {
        let now = Duration::from(self.time.now());
        self.time.sleep(self.storms.next_end().unwrap_or(now).saturating_sub(now)).await;
    }

    /// Ends the windows whose time is over.
    pub(crate) fn end_windows(&mut self) {
        if !self.is_in_a_storm() {
            return;
        }
        let Self { connections, storms, zone, time } = self;
        connections.waking.batched(|wakes| {
            storms.end(Duration::from(time.now()), |notes| {
                let hearers = notes.first().map_or(0, |note| connections.hub.group_size(note.message.group));
                notes.iter().for_each(|note| tell_note(connections, wakes, zone, note));
                hearers
            });
        });
    }
}

/// Whether a change of a group is told to one of its members and to nobody else: whoever does not hear it misses a `rev`, with
/// a storm or without one.
fn is_for_one_alone(connections: &Connections, change: &Change) -> bool {
    matches!(change, Change::Receipt { group, .. } if connections.hub.group_size(*group) > MAX_RECEIPT_AUDIENCE)
}

/// Closes the connections of sessions that have ended.
pub(crate) fn end_sessions(
    connections: &Connections,
    wakes: &mut Wakes<'_>,
    user: UserId,
    sessions: &[SessionId],
    why: Ended,
) {
    connections.hub.end_sessions(wakes, user, sessions, close_code(why));
}

/// How a connection ends whose session has.
pub(super) const fn close_code(why: Ended) -> CloseCode {
    match why {
        Ended::Revoked => CloseCode::SessionRevoked,
        Ended::Disabled => CloseCode::Banned,
    }
}

fn tell_topic(connections: &Connections, wakes: &mut Wakes<'_>, change: &Change, topic: Topic) {
    match change {
        Change::Message { message, connection } => {
            to_group(connections, wakes, message.group, *connection, &frames::delivery(message));
        }
        Change::Receipt { group, rev, user, receipt, message, seq, at, connection } => {
            let kind = match receipt {
                Receipt::Read => Notice::Read,
                Receipt::Delivered => Notice::Delivered,
            };
            let frame = frames::notify(Notify {
                gid: Some(group.0),
                msg_id: Some(message.0),
                seq: Some(seq.0),
                rev: Some(rev.0),
                ..frames::notice(kind, *user, *at)
            });
            if connections.hub.group_size(*group) <= MAX_RECEIPT_AUDIENCE {
                to_group(connections, wakes, *group, *connection, &frame);
            } else {
                to_user(connections, wakes, *user, *connection, &frame);
            }
        }
        Change::Group { group, rev, seq, actor, what, at } => {
            let (kind, role) = wire::group_notice(EventKind::of(what));
            let uids: Vec<u64> = match what {
                GroupChange::Dissolved { .. } => Vec::new(),
                _ => what.users().iter().map(|user| user.0).collect(),
            };
            let first = change.first_rev(*rev);
            let frame = frames::notify(Notify {
                gid: Some(group.0),
                seq: seq.map(|seq| seq.0),
                rev: Some(rev.0),
                uids: &uids,
                role,
                name: what.name(),
                from_rev: (first < *rev).then_some(first.0),
                ..frames::notice(kind, *actor, *at)
            });
            // Who was added hears of it, and so does who was removed.
            if let Some(users) = what.joined() {
                connections.hub.members_added(*group, users);
            }
            to_group(connections, wakes, *group, ConnectionId::default(), &frame);
            if let Some(users) = what.left() {
                connections.hub.members_removed(*group, users);
            }
        }
        Change::MemberProfile { group, rev, user, at } => {
            let notify = Notify {
                gid: Some(group.0),
                rev: Some(rev.0),
                ..frames::notice(Notice::ProfileUpdated, user.id, *at)
            };
            let (full, brief) = profile_frames(user, user.id, notify);
            let mut deliveries = 0;
            connections.hub.for_group(*group, |_, outbox| {
                wakes.add(outbox.push_profile(user, &full, &brief));
                deliveries += 1;
            });
            connections.metrics.deliveries.inc_by(deliveries);
        }
        Change::Friend { actor, other, what, at, .. } => {
            let kind = match what {
                FriendChange::Requested => Notice::FriendRequest,
                FriendChange::Accepted => Notice::FriendAccepted,
                FriendChange::Rejected => Notice::FriendRejected,
                FriendChange::Withdrawn => Notice::FriendWithdrawn,
                FriendChange::Removed => Notice::FriendRemoved,
            };
            let frame = frames::notify(Notify { uids: &[other.0], ..frames::notice(kind, *actor, *at) });
            if let Topic::User(user) = topic {
                to_user(connections, wakes, user, ConnectionId::default(), &frame);
            }
        }
        Change::Chat { user, group, what, at, .. } => {
            let frame = chat_frame(*user, *group, what, *at);
            to_user(connections, wakes, *user, ConnectionId::default(), &frame);
        }
        Change::Profile { to, user, at, .. } => {
            let notify = frames::notice(Notice::ProfileUpdated, user.id, *at);
            let (full, brief) = profile_frames(user, *to, notify);
            connections.hub.for_user(*to, |outbox| {
                // One's own has the e-mail address, which is not looked at.
                let known = if *to == user.id { &full } else { &brief };
                wakes.add(outbox.push_profile(user, &full, known));
                connections.metrics.deliveries.inc();
            });
        }
        Change::Expired { group, rev, spans, at } => {
            let frame = frames::notify(Notify {
                gid: Some(group.0),
                rev: Some(rev.0),
                seqs: &wire::ranges(spans),
                ..frames::notice(Notice::Expired, NOBODY, *at)
            });
            to_group(connections, wakes, *group, ConnectionId::default(), &frame);
        }
        // The one goes by way of the storms, the other has no topic.
        Change::Noted { .. } | Change::SessionsEnded { .. } => {}
    }
}

/// Tells what was done with a message to those who may see it; the others hear that the group has moved.
fn tell_note(connections: &Connections, wakes: &mut Wakes<'_>, zone: &TimeZone, note: &Note) {
    let group = note.message.group;
    let frame = note_frame(zone, note);
    if note.blind.is_empty() {
        return to_group(connections, wakes, group, note.connection, &frame);
    }
    let moved = frames::notify(covering(note, Notice::Moved, NOBODY));
    let blind: HashSet<UserId> = note.blind.iter().copied().collect();
    let mut deliveries = 0;
    connections.hub.for_members(group, |hearers, member, outbox| {
        if outbox.wants(note.connection) {
            let frame = if blind.contains(&member) { &moved } else { &frame };
            wakes.add(outbox.push_shared(frame.clone(), frame.len() / hearers));
            deliveries += 1;
        }
    });
    connections.metrics.deliveries.inc_by(deliveries);
}

fn note_frame(zone: &TimeZone, note: &Note) -> Bytes {
    let (kind, emoji) = wire::noted(&note.what);
    let msg = wire::message_for_all(&note.message, zone);
    frames::notify(Notify {
        msg_id: Some(msg.id),
        seq: Some(msg.seq),
        msg: Some(&msg),
        emoji,
        ..covering(note, kind, note.actor)
    })
}

/// A Notify with the `rev`s that a note stands for.
fn covering(note: &Note, kind: Notice, actor: UserId) -> Notify<'static> {
    Notify {
        gid: Some(note.message.group.0),
        rev: Some(note.rev.0),
        from_rev: (note.from_rev < note.rev).then_some(note.from_rev.0),
        ..frames::notice(kind, actor, note.at)
    }
}

/// What a user has done with a chat of theirs.
fn chat_frame(user: UserId, group: GroupId, what: &ChatChange, at: Timestamp) -> Bytes {
    let notice = |kind| Notify { gid: Some(group.0), ..frames::notice(kind, user, at) };
    match what {
        ChatChange::Deleted { seq } => {
            frames::notify(Notify { seq: Some(seq.0), ..notice(Notice::ChatDeleted) })
        }
        ChatChange::ReadAfterLeaving { seq } => {
            frames::notify(Notify { seq: Some(seq.0), ..notice(Notice::Read) })
        }
        ChatChange::Cleared { seq } => frames::notify(Notify { seq: Some(seq.0), ..notice(Notice::Cleared) }),
        ChatChange::Hidden { messages, spans } => {
            let ids: Vec<u64> = messages.iter().map(|message| message.0).collect();
            frames::notify(Notify { msg_ids: &ids, seqs: &wire::ranges(spans), ..notice(Notice::Hidden) })
        }
        ChatChange::Starred { message } => {
            frames::notify(Notify { msg_id: Some(message.0), ..notice(Notice::Starred) })
        }
        ChatChange::Unstarred { message } => {
            frames::notify(Notify { msg_id: Some(message.0), ..notice(Notice::Unstarred) })
        }
        ChatChange::Scheduled { id } => {
            frames::notify(Notify { id: Some(*id), ..notice(Notice::ScheduleUpdated) })
        }
        ChatChange::ScheduleFailed { id, why } => {
            frames::notify(Notify { id: Some(*id), content: why, ..notice(Notice::ScheduleFailed) })
        }
    }
}

/// The frame that tells the profile as `viewer` may see it, and the one that only says that it changed.
fn profile_frames(user: &User, viewer: UserId, notify: Notify<'_>) -> (Bytes, Bytes) {
    let seen = wire::user(user, viewer);
    (frames::notify(Notify { user: Some(&seen), ..notify.clone() }), frames::notify(notify))
}

fn to_group(
    connections: &Connections,
    wakes: &mut Wakes<'_>,
    group: GroupId,
    connection: ConnectionId,
    frame: &Bytes,
) {
    let mut deliveries = 0;
    connections.hub.for_group(group, |hearers, outbox| {
        if outbox.wants(connection) {
            wakes.add(outbox.push_shared(frame.clone(), frame.len() / hearers));
            deliveries += 1;
        }
    });
    connections.metrics.deliveries.inc_by(deliveries);
}

fn to_user(
    connections: &Connections,
    wakes: &mut Wakes<'_>,
    user: UserId,
    connection: ConnectionId,
    frame: &Bytes,
) {
    connections.hub.for_user(user, |outbox| {
        if outbox.wants(connection) {
            wakes.add(outbox.push(frame.clone()));
            connections.metrics.deliveries.inc();
        }
    });
}
