//! The nodes that share a store.

use std::fmt;

use crate::Timestamp;

/// One run of a node: another each time it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u64);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// What a node says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub id: NodeId,
    /// What people call it, such as the name of its machine.
    pub name: String,
    /// Where it listens.
    pub address: String,
    pub version: String,
    pub connections: u64,
    pub users_online: u64,
    /// It stops, and takes no new connections.
    pub draining: bool,
    pub started_at: Timestamp,
    /// When it said so, by [`crate::SharedStore::now`].
    pub seen_at: Timestamp,
}
