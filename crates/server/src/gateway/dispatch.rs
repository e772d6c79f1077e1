//! From commit to connections: answers the sender, then tells everybody whom a change concerns.
//!
//! One task drains the store's feed, so what a connection hears of a group is in commit order, and the
//! sender's Ack comes before anything that was committed later. It never waits for a connection: it only
//! queues into outboxes.

use std::sync::Arc;

use bytes::Bytes;
use rim_core::event::{Change, ChatChange, Ended, GroupChange, Topic};
use rim_core::friend::FriendChange;
use rim_core::group_event::EventKind;
use rim_core::message::Receipt;
use rim_core::user::User;
use rim_core::{ConnectionId, GroupId, SessionId, UserId};
use rim_protocol::CloseCode;
use rim_protocol::frame::{Notice, Notify};
use rim_store::{Committed, Feed};

use super::connections::Connections;
use super::frames;
use super::waking::Wakes;
use crate::vital;
use crate::wire;

/// Above this many connections a group's receipts go to the reader's own devices alone; the others learn
/// them by sync. Otherwise a message in a group of a thousand would cost a million frames.
const MAX_RECEIPT_AUDIENCE: usize = 200;

/// Drains the feed until the store is closed: the whole of it where nobody else writes to the store. Returns what has
/// ended.
pub async fn dispatch(connections: Arc<Connections>, feed: Feed) -> &'static str {
    connections.waking.beside(drain(&connections, feed)).await;
    vital::WRITER
}

async fn drain(connections: &Connections, mut feed: Feed) {
    while let Some(commit) = feed.recv().await {
        connections.metrics.feed_depth.set(feed.len().try_into().unwrap_or(i64::MAX));
        connections.waking.batched(|wakes| {
            for entry in commit {
                match entry {
                    Committed::Answer { done, result } => wakes.add(done(result)),
                    Committed::Change(change) => tell(connections, wakes, &change),
                }
            }
        });
        // A full feed must not keep the connections of this thread from writing what was queued for them.
        tokio::task::yield_now().await;
    }
}

/// Tells everybody who is connected here and whom the change concerns.
fn tell(connections: &Connections, wakes: &mut Wakes<'_>, change: &Change) {
    match change {
        Change::SessionsEnded { user, sessions, why } => {
            end_sessions(connections, wakes, *user, sessions, *why);
        }
        _ => change.topic_revs().for_each(|(topic, _)| tell_topic(connections, wakes, change, topic)),
    }
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

/// Tells those whom the change concerns as one of this topic.
pub(crate) fn tell_topic(connections: &Connections, wakes: &mut Wakes<'_>, change: &Change, topic: Topic) {
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
            let (kind, seq) = match what {
                ChatChange::Deleted { seq } => (Notice::ChatDeleted, seq),
                ChatChange::ReadAfterLeaving { seq } => (Notice::Read, seq),
                _ => return,
            };
            let notify = frames::notice(kind, *user, *at);
            let frame = frames::notify(Notify { gid: Some(group.0), seq: Some(seq.0), ..notify });
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
        Change::Noted { .. } | Change::Expired { .. } => {}
        // Has no topic.
        Change::SessionsEnded { .. } => {}
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
