//! This node, as one of several.

use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use rim_core::bus::{Bus, Hearing, Subject};
use rim_core::event::Topic;
use rim_core::{Clock, GroupId, NodeId, Timestamp, UserId};
use rim_store::{Result, SharedStore, StoreError};
use tokio::sync::{mpsc, oneshot, watch};

use super::hint::{Brief, PresenceHint};
use crate::accounts::Warn;
use crate::config::Config;
use crate::gateway::{Connections, Follow};
use crate::limits::RateLimits;
use crate::metrics::Metrics;
use crate::time::Time;

/// Logins that wait to have their topics followed. One more waits in its own task.
const MAX_REQUESTS: usize = 1024;

/// What a node knows of being one of several.
pub struct Cluster {
    pub(super) node: NodeId,
    pub(super) started_at: Timestamp,
    pub store: Arc<dyn SharedStore>,
    pub bus: Arc<dyn Bus>,
    pub(super) here: Here,
    requests: mpsc::Sender<Request>,
    /// The other nodes that live.
    pub(super) living: watch::Sender<Vec<NodeId>>,
}

/// What there is here, on this node.
pub struct Here {
    pub connections: Arc<Connections>,
    pub limits: Arc<RateLimits>,
    pub metrics: Arc<Metrics>,
    pub clock: Arc<dyn Clock>,
    pub time: Time,
    pub config: Arc<Config>,
}

/// What the follower listens to besides the store's feed.
pub struct Ears {
    pub(super) hearing: Hearing,
    pub(super) requests: mpsc::Receiver<Request>,
    /// To whom it passes on what is said of who is connected where.
    pub(super) words: mpsc::Sender<Word>,
}

/// What other nodes have said of who is connected there, and which of them live.
pub struct Words {
    pub(super) heard: mpsc::Receiver<Word>,
    /// The other nodes that live, since it is known.
    pub(super) living: watch::Receiver<Vec<NodeId>>,
}

/// A node, and what it says of itself.
pub(super) type Word = (NodeId, PresenceHint);

/// What other nodes have said and nobody has looked at. More is dropped, and asked for.
const MAX_WORDS: usize = 4096;

/// No account has a longer key: of the 64 bytes of an account folding makes less than this. What is longer nobody has, and
/// it would fill the bus.
const MAX_KEY_BYTES: usize = 1024;

/// Follow these topics, and say when it is so.
pub(super) struct Request {
    pub(super) topics: Vec<Topic>,
    pub(super) done: oneshot::Sender<Result<()>>,
}

impl Cluster {
    pub fn new(
        node: NodeId,
        store: Arc<dyn SharedStore>,
        (bus, hearing): (Arc<dyn Bus>, Hearing),
        here: Here,
    ) -> (Self, Ears, Words) {
        let (requests, requested) = mpsc::channel(MAX_REQUESTS);
        let (words, heard) = mpsc::channel(MAX_WORDS);
        let (living, lives) = watch::channel(Vec::new());
        let started_at = here.clock.now();
        let cluster = Self { node, started_at, store, bus, here, requests, living };
        (cluster, Ears { hearing, requests: requested, words }, Words { heard, living: lives })
    }

    /// Takes this node off the list of nodes.
    pub async fn leave(&self) {
        if let Err(error) = self.store.forget_node(self.node).await {
            // The others see that it says nothing any more.
            tracing::debug!(%error, "cannot take this node off the list of nodes");
        }
    }
}

#[async_trait]
impl Follow for Cluster {
    async fn follow(&self, topics: Vec<Topic>) -> Result<()> {
        let (done, answer) = oneshot::channel();
        // The follower ends with the store.
        self.requests.send(Request { topics, done }).await.map_err(|_| StoreError::Busy)?;
        answer.await.unwrap_or(Err(StoreError::Busy))
    }

    fn is_typing(&self, group: GroupId, user: UserId, at: Timestamp) {
        let hint = Brief::Typing { group: group.0, user: user.0, at: at.0 };
        self.bus.publish(Subject::Topic(Topic::Group(group)), hint.encode());
    }
}

impl Warn for Cluster {
    fn of_wrong_password(&self, account_key: &str, address: IpAddr) {
        if account_key.len() > MAX_KEY_BYTES {
            return;
        }
        let hint = Brief::WrongPassword { account: account_key.to_owned(), address };
        self.bus.publish(Subject::Everybody, hint.encode());
    }
}
