//! Work in the background that sees everything that was committed: store/consumers/mod.rs says what it is given.
//!
//! A consumer runs on one node at a time, which holds it with a lease. When that node ends it lets go; when it dies, another takes
//! over once the lease is over, and goes on from the positions. Where no other process can have the store, there is
//! no lease: whoever is there has it. Work that fails is tried again, later each time; a message of
//! which it fails for good is passed over, with an error in the log, so that nothing stands still.

mod runner;
mod waiting;

use std::sync::Arc;

use async_trait::async_trait;
use rim_store::consumers::{Begin, InStore, Portion, Room};

pub use self::runner::Runner;

/// What is done with what was committed.
#[async_trait]
pub trait Consumer: Send + Sync + 'static {
    /// What the store knows it by: never another. Letters.
    fn name(&self) -> &'static str;

    /// Where it begins in a store in which it has never run.
    fn begin(&self) -> Begin;

    /// How much it is given at once.
    fn room(&self) -> Room {
        Room { rows: 256, bytes: 1 << 20 }
    }

    /// How many groups it is given together. Each is given to one call at a time.
    fn groups_together(&self) -> usize {
        64
    }

    /// How many calls there are at a time.
    fn at_once(&self) -> usize {
        1
    }

    /// Whether it leaves half of the time to others who write, where much waits: for work that takes the machine's time, rather than
    /// waits for other hosts.
    fn yields(&self) -> bool {
        false
    }

    /// Whether there is anything to do in it. Where there is not, it is over at once, and other groups do not wait for that.
    fn wants(&self, _portion: &Portion) -> bool {
        true
    }

    /// Does what is to be done outside of the store, and says what is written in it, in the transaction in which the
    /// positions move. It may be called again for the same, if that did not come to be.
    ///
    /// # Errors
    /// It failed of what it was given, or of the store, whose errors it hands on as they are. Of what else is away for a time it
    /// waits.
    async fn consume(&self, portions: &Arc<Vec<Portion>>) -> anyhow::Result<InStore>;
}
