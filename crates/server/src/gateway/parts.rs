//! What all connections of a node work with.

use std::sync::Arc;

use async_trait::async_trait;
use rim_core::event::Topic;
use rim_core::{GroupId, Timestamp, UserId};
use rim_store::{Result, Store};

use super::connections::Connections;
use crate::accounts::Accounts;
use crate::address::Proxies;
use crate::config::Config;
use crate::intake::Intake;
use crate::life::Life;
use crate::limits::RateLimits;
use crate::metrics::Metrics;

/// The gateway's parts, built once by [`crate::run`].
pub struct Gateway {
    pub connections: Arc<Connections>,
    pub store: Arc<dyn Store>,
    /// Where other nodes change things, too.
    pub follow: Option<Arc<dyn Follow>>,
    pub accounts: Arc<Accounts>,
    pub limits: Arc<RateLimits>,
    pub proxies: Arc<Proxies>,
    /// How much has come that is not whole yet.
    pub intake: Arc<Intake>,
    pub metrics: Arc<Metrics>,
    pub config: Arc<Config>,
    pub life: Life,
}

/// Has this node hear what other nodes change, and others what no store knows.
#[async_trait]
pub trait Follow: Send + Sync {
    /// From some moment before this returns the connections are told of everything that happens to the topics, for as
    /// long as the hub says that somebody is concerned.
    ///
    /// # Errors
    /// Those of the store: nothing is promised then.
    async fn follow(&self, topics: Vec<Topic>) -> Result<()>;

    /// Has other nodes hear that a user is writing something in a group. It may be lost.
    fn is_typing(&self, group: GroupId, user: UserId, at: Timestamp);
}
