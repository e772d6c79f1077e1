//! What a store that several nodes share tells besides, so that each node hears of what the others did.

use async_trait::async_trait;

use super::{Objects, Result, Store};
use rim_core::event::{Change, Ended, Topic};
use rim_core::node::{Node, NodeId};
use rim_core::{GroupId, Rev, SessionId, Timestamp, UserId};

/// A place in the order of commits, for [`SharedStore::joined`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenUpTo(pub u64);

/// A store that several nodes have open at the same time.
///
/// What its [`Store`] guarantees holds over all of them: each write is stored once whichever node it came to,
/// and `seq` and `rev` of a group run on without a gap. Its feed tells what this node committed, in the order
/// in which it did; of one topic there may lie changes of other nodes between two of them, which
/// [`Self::changes`] tells.
#[async_trait]
pub trait SharedStore: Store + Objects {
    /// A number that tells this database from others, drawn at random when it was created. Buses keep the hints
    /// of nodes on different databases apart by it.
    fn id(&self) -> u64;

    /// How far each of these topics is; those that do not exist are left out.
    async fn revs(&self, topics: Vec<Topic>) -> Result<Vec<(Topic, Rev)>>;

    /// The changes of the topic above `after`, by `rev`, at most `limit`: without a gap for messages, for ever,
    /// and for all others as far back as [`Self::purge_changes`] has left them. Their `connection` is 0; of those that
    /// this node itself committed the feed, which knows it, has told before this returns.
    async fn changes(&self, topic: Topic, after: Rev, limit: u32) -> Result<Vec<Change>>;

    /// Deletes what was kept of changes before `before` for [`Self::changes`] alone, and returns how many. With them go
    /// what was kept for [`Self::joined`], and the nodes that have said nothing since.
    async fn purge_changes(&self, before: Timestamp) -> Result<u64>;

    /// Who has become a member of which group, and by which of its `rev`s, in a commit that who saw everything up to
    /// `since` may not have seen, and is one still; and up to where everything is seen with that. Some are told again.
    /// Without `since` nobody is told. As far back as [`Self::purge_changes`] has left them.
    async fn joined(&self, since: Option<SeenUpTo>) -> Result<(SeenUpTo, Vec<(UserId, GroupId, Rev)>)>;

    /// Those of these sessions that have ended by `now`, by id, and why.
    async fn ended_sessions(
        &self,
        sessions: Vec<(UserId, SessionId)>,
        now: Timestamp,
    ) -> Result<Vec<(SessionId, Ended)>>;

    /// The time by the clock that all nodes have in common: theirs may be apart. Which of them live, and what is old
    /// enough to be deleted for all, goes by it.
    async fn now(&self) -> Result<Timestamp>;

    /// Notes that a node lives, and what it says of itself.
    async fn note_node(&self, node: Node) -> Result<()>;

    /// Every node that was noted at `since` or later, by id.
    async fn nodes(&self, since: Timestamp) -> Result<Vec<Node>>;

    /// Forgets a node that has stopped.
    async fn forget_node(&self, node: NodeId) -> Result<()>;

    /// Gives back what it was not asked for since this was called last, such as connections, and makes anew what it
    /// has lost. To be called every minute or so.
    async fn tend(&self);
}
