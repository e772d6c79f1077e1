//! The connection of a batch, and how long it is waited for.

use std::time::Duration;

use deadpool_postgres::{Client, Object};

use crate::failure::Result;
use crate::pools::Pools;

/// How long each of the two round trips may take. The server's own time-outs end what is merely slow: this is for one
/// that says nothing at all. Less than the time for which a batch is tried again.
pub(super) const ROUND_TRIP: Duration = Duration::from_secs(6);

/// A connection on loan. Unless it is kept it is closed, which rolls back whatever is under way on it.
pub(super) struct Lease(Option<Client>);

impl Lease {
    pub(super) async fn of(pools: &Pools) -> Result<Self> {
        Ok(Self(Some(pools.for_messages().await?)))
    }

    pub(super) fn db(&self) -> &Client {
        self.0.as_ref().expect("taken only by those who take the lease too")
    }

    pub(super) fn keep(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(client) = self.0.take() {
            drop(Object::take(client));
        }
    }
}
