//! A bus within one process: of a node that is alone, and of several in a test.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::hearing::{Teller, hearing};
use super::{Bus, Hearing, Subject};
use crate::event::Topic;

/// Bytes that a hint may have; as much as other buses carry at least.
const MAX_PAYLOAD_BYTES: usize = 1 << 20;

/// What connects the nodes of one process.
#[derive(Clone, Default)]
pub struct LocalBus {
    // A thread holds it while it tells the others, none of whom makes it wait.
    nodes: Arc<Mutex<Nodes>>,
}

#[derive(Default)]
struct Nodes {
    connected: BTreeMap<usize, Node>,
    last: usize,
}

struct Node {
    topics: HashSet<Topic>,
    teller: Teller,
}

/// The bus as one of its nodes has it.
struct Joined {
    bus: LocalBus,
    node: usize,
}

impl LocalBus {
    pub fn new() -> Self {
        Self::default()
    }

    /// Connects another node, whose hearing has room for `room` hints.
    pub fn join(&self, room: usize) -> (Arc<dyn Bus>, Hearing) {
        let (teller, hearing) = hearing(room);
        let mut nodes = self.lock();
        nodes.last += 1;
        let node = nodes.last;
        nodes.connected.insert(node, Node { topics: HashSet::new(), teller });
        (Arc::new(Joined { bus: self.clone(), node }), hearing)
    }

    fn lock(&self) -> MutexGuard<'_, Nodes> {
        // Nothing in here panics halfway.
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Joined {
    fn leave(&self) {
        self.bus.lock().connected.remove(&self.node);
    }
}

#[async_trait]
impl Bus for Joined {
    fn subscribe(&self, topic: Topic) {
        if let Some(node) = self.bus.lock().connected.get_mut(&self.node) {
            node.topics.insert(topic);
        }
    }

    fn unsubscribe(&self, topic: Topic) {
        if let Some(node) = self.bus.lock().connected.get_mut(&self.node) {
            node.topics.remove(&topic);
        }
    }

    fn publish(&self, subject: Subject, payload: Vec<u8>) {
        let nodes = self.bus.lock();
        if payload.len() > MAX_PAYLOAD_BYTES || !nodes.connected.contains_key(&self.node) {
            return;
        }
        for (_, other) in nodes.connected.iter().filter(|(id, _)| **id != self.node) {
            if other.hears(subject) {
                other.teller.hint(subject, payload.clone());
            }
        }
    }

    fn max_payload(&self) -> usize {
        MAX_PAYLOAD_BYTES
    }

    fn ready(&self) -> Result<(), String> {
        match self.bus.lock().connected.contains_key(&self.node) {
            true => Ok(()),
            false => Err("it is closed".to_owned()),
        }
    }

    async fn close(&self) {
        self.leave();
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Node {
    fn hears(&self, subject: Subject) -> bool {
        match subject {
            Subject::Everybody => true,
            Subject::Topic(topic) => self.topics.contains(&topic),
        }
    }
}

#[cfg(all(test, feature = "suite"))]
mod tests {
    use super::LocalBus;
    use crate::bus::suite::{Connected, Fixture};

    #[async_trait::async_trait]
    impl Fixture for LocalBus {
        async fn join(&mut self, room: usize) -> Connected {
            LocalBus::join(self, room)
        }
    }

    async fn local() -> LocalBus {
        LocalBus::new()
    }

    crate::bus_suite!(local);
}
