//! What the nodes tell each other through the database.

use async_trait::async_trait;
use futures_util::FutureExt;
use rim_core::event::{Change, Ended, Topic};
use rim_core::node::{Node, NodeId};
use rim_core::{GroupId, Rev, SessionId, Timestamp, UserId};
use rim_store::{Result, SeenUpTo, SharedStore};

use crate::{PostgresStore, changes, groups, nodes, sessions};

#[async_trait]
impl SharedStore for PostgresStore {
    fn id(&self) -> u64 {
        self.id
    }

    async fn revs(&self, topics: Vec<Topic>) -> Result<Vec<(Topic, Rev)>> {
        self.database.one(move |db| changes::revs(db, topics).boxed()).await
    }

    async fn changes(&self, topic: Topic, after: Rev, limit: u32) -> Result<Vec<Change>> {
        let changes = self.database.read(move |db| changes::above(db, topic, after, limit).boxed()).await;
        // What this node has committed of it was told by whoever had the turn then.
        drop(self.publisher.turn().await);
        changes
    }

    async fn purge_changes(&self, before: Timestamp) -> Result<u64> {
        self.database.change(move |db| changes::purge(db, before).boxed()).await
    }

    async fn joined(&self, since: Option<SeenUpTo>) -> Result<(SeenUpTo, Vec<(UserId, GroupId, Rev)>)> {
        self.database.read(move |db| groups::joined(db, since).boxed()).await
    }

    async fn ended_sessions(
        &self,
        sessions: Vec<(UserId, SessionId)>,
        now: Timestamp,
    ) -> Result<Vec<(SessionId, Ended)>> {
        self.database.one(move |db| sessions::ended(db, sessions, now).boxed()).await
    }

    async fn now(&self) -> Result<Timestamp> {
        self.database.one(move |db| nodes::now(db).boxed()).await
    }

    async fn note_node(&self, node: Node) -> Result<()> {
        self.database.change(move |db| nodes::note(db, node).boxed()).await
    }

    async fn nodes(&self, since: Timestamp) -> Result<Vec<Node>> {
        self.database.one(move |db| nodes::all(db, since).boxed()).await
    }

    async fn forget_node(&self, node: NodeId) -> Result<()> {
        self.database.change(move |db| nodes::forget(db, node).boxed()).await
    }

    async fn tend(&self) {
        self.pools.tend().await;
    }
}
