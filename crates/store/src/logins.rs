//! What a connection asks for when it comes: tuned by measuring, and so each database has it for itself.

use async_trait::async_trait;
use rim_core::session::{Session, TokenHash};
use rim_core::sync::{SyncPage, SyncQuery};
use rim_core::{GroupId, Timestamp, UserId};

use crate::Result;

/// Who comes, where they belong, and what they missed.
#[async_trait]
pub trait Logins: Send + Sync {
    /// The session of that token: not if it has expired at `now`, was ended, or its user is disabled.
    async fn session_by_token(&self, token_hash: TokenHash, now: Timestamp) -> Result<Option<Session>>;

    /// Their ids alone, by id: what a login binds the connection to.
    async fn group_ids_of(&self, user: UserId) -> Result<Vec<GroupId>>;

    /// What the user missed.
    ///
    /// Groups the query does not name count as `rev` 0. Repeating the query with the answer's `rev`s until
    /// `more` is false ends exactly up to date, with `after` the answer's `next` or without it. Groups the user was
    /// never in are passed over.
    async fn sync(&self, user: UserId, query: SyncQuery) -> Result<SyncPage>;
}
