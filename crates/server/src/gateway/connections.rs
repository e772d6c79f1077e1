//! The connections of this node, as those see them who have something to tell.

use std::sync::Arc;
use std::time::Duration;

use super::hub::Hub;
use super::typing::Typing;
use super::waking::Waking;
use crate::metrics::Metrics;

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
}
