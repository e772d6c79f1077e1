//! Several nodes on one store: each hears of what the others did, and tells those who are connected to it.
//!
//! A change reaches the connections of the node that committed it by the store's feed, and those of other nodes
//! by a hint on the bus. Hints may be lost, doubled or late. So nobody tells what he hears, but what comes next:
//! each node knows for every topic that somebody connected to it follows how far it has told (`progress`), and
//! asks the store for what is missing. That it misses something it learns from the next hint, and where none
//! comes, from a look at the store every few seconds.
//!
//! One task does all of it (`follower`), so what a connection hears of a topic has one order.
//!
//! Who is connected where is in no store: the nodes tell each other (`announcer`), and ask each other for what they
//! missed (`directory`), in another task (`presence`).

mod announcer;
mod directory;
mod follower;
mod hint;
mod nodes;
mod presence;
mod progress;

use std::sync::Arc;

use rim_core::bus::{Bus, Hearing, Subject};
use rim_core::event::Topic;
use rim_core::{NodeId, Timestamp};
use rim_store::{Result, SharedStore, StoreError};
use tokio::sync::{mpsc, oneshot, watch};

pub use self::follower::follow;
use self::hint::Brief;
pub(crate) use self::nodes::{GONE_AFTER, NOTE_EVERY, note_nodes, purge_changes};
use self::presence::{MAX_WORDS, Word};
pub use self::presence::{Words, presence};

/// Logins that wait to have their topics followed. One more waits in its own task.
const MAX_REQUESTS: usize = 1024;

/// What a node knows of being one of several.
pub struct Cluster {
    pub node: NodeId,
    /// What people call this node.
    pub name: String,
    pub started_at: Timestamp,
    pub store: Arc<dyn SharedStore>,
    pub bus: Arc<dyn Bus>,
    requests: mpsc::Sender<Request>,
    /// The other nodes that live.
    living: watch::Sender<Vec<NodeId>>,
}

/// What the follower listens to besides the store's feed.
pub struct Ears {
    hearing: Hearing,
    requests: mpsc::Receiver<Request>,
    /// To whom it passes on what is said of who is connected where.
    words: mpsc::Sender<Word>,
}

/// No account has a longer key: of the 64 bytes of an account folding makes less than this. What is longer nobody has, and
/// it would fill the bus.
const MAX_KEY_BYTES: usize = 1024;

/// Follow these topics, and say when it is so.
struct Request {
    topics: Vec<Topic>,
    done: oneshot::Sender<Result<()>>,
}

impl Cluster {
    pub fn new(
        node: NodeId,
        name: String,
        started_at: Timestamp,
        store: Arc<dyn SharedStore>,
        (bus, hearing): (Arc<dyn Bus>, Hearing),
    ) -> (Self, Ears, Words) {
        let (requests, requested) = mpsc::channel(MAX_REQUESTS);
        let (words, heard) = mpsc::channel(MAX_WORDS);
        let (living, lives) = watch::channel(Vec::new());
        let cluster = Self { node, name, started_at, store, bus, requests, living };
        (cluster, Ears { hearing, requests: requested, words }, Words { heard, living: lives })
    }

    /// Has this node tell its connections of everything that happens to the topics from some moment before
    /// this returns, for as long as the hub says that somebody is concerned.
    ///
    /// # Errors
    /// Those of the store: nothing is promised then.
    pub(crate) async fn follow(&self, topics: Vec<Topic>) -> Result<()> {
        let (done, answer) = oneshot::channel();
        // The follower ends with the store.
        self.requests.send(Request { topics, done }).await.map_err(|_| StoreError::Busy)?;
        answer.await.unwrap_or(Err(StoreError::Busy))
    }

    /// Tells the other nodes of a wrong password, so that guesses are counted together.
    pub(crate) fn wrong_password(&self, account: &str, address: std::net::IpAddr) {
        if account.len() > MAX_KEY_BYTES {
            return;
        }
        let hint = Brief::WrongPassword { account: account.to_owned(), address };
        self.bus.publish(Subject::Everybody, hint.encode());
    }

    /// Takes this node off the list of nodes.
    pub(crate) async fn leave(&self) {
        if let Err(error) = self.store.forget_node(self.node).await {
            // The others see that it says nothing any more.
            tracing::debug!(%error, "cannot take this node off the list of nodes");
        }
    }
}
