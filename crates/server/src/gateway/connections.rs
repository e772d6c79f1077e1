//! The connections of this node, as those see them who have something to tell.

use std::sync::Arc;
use std::time::Duration;

use rim_core::{GroupId, Timestamp, UserId};
use rim_protocol::frame::{Notice, Notify};

use super::frames;
use super::hub::Hub;
use super::typing::Typing;
use super::waking::Waking;
use crate::metrics::Metrics;
use crate::time::Time;

/// Who is connected, who is to write next, and how many frames that came to.
pub struct Connections {
    pub(crate) hub: Hub,
    pub(crate) waking: Waking,
    pub(super) typing: Typing,
    pub(super) metrics: Arc<Metrics>,
}

impl Connections {
    /// `idle_timeout` is the silence after which a connection is given up; `several` is true where this is one of
    /// several nodes.
    pub fn new(idle_timeout: Duration, several: bool, metrics: Arc<Metrics>) -> Self {
        Self {
            hub: Hub::new(idle_timeout, several),
            waking: Waking::default(),
            typing: Typing::default(),
            metrics,
        }
    }

    /// Tells every connection, and all that come later, to come back in a while.
    pub fn send_away(&self) {
        self.hub.go_away();
        // Also those who waited to be woken by a task that has failed.
        self.waking.wake_all();
    }

    /// Another node has said that a user is writing.
    pub(crate) fn is_typing(&self, time: &Time, group: GroupId, user: UserId, at: Timestamp) {
        if self.hub.group_size(group) > 0 && self.typing.is_new(time, group, user) {
            self.tell_typing(group, user, at);
        }
    }

    /// Tells the other members who are connected here that a user is writing.
    pub(super) fn tell_typing(&self, group: GroupId, user: UserId, at: Timestamp) {
        let notice = frames::notice(Notice::Typing, user, at);
        let frame = frames::notify(Notify { gid: Some(group.0), ..notice });
        let mut deliveries = 0;
        self.waking.batched(|wakes| {
            self.hub.for_members(group, |hearers, member, outbox| {
                if member != user {
                    wakes.add(outbox.push_shared(frame.clone(), frame.len() / hearers));
                    deliveries += 1;
                }
            });
        });
        self.metrics.deliveries.inc_by(deliveries);
    }
}
