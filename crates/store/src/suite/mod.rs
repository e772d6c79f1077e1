//! The specification of a store, as claims that every backend must meet.
//!
//! A backend calls [`store_suite!`](crate::store_suite) in its tests with a function that makes a
//! [`Fixture`], and gets one test for each claim. A claim is a story about people in a [`World`]; it
//! sees a store through its port alone, waits for answers and never for time to pass.
//!
//! A new claim is a function `pub async fn name(w: &mut World) -> Claim` in a file here: `build.rs` finds it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use self::world::World;
use super::{Store, StoreError};
use crate::Feed;

pub mod bounds;
pub mod chats;
mod client;
pub mod concurrency;
pub mod consumers;
pub mod events;
pub mod expire;
pub mod feed;
pub mod files;
pub mod former;
pub mod forward;
pub mod founding;
pub mod friends;
pub mod gallery;
pub mod groups;
pub mod history;
pub mod identity;
mod languages;
pub mod linked;
pub mod mentions;
pub mod messages;
mod model;
pub mod notes;
pub mod opened;
pub mod random;
pub mod receipts;
pub mod replies;
pub mod scheduled;
pub mod search;
pub mod sessions;
pub mod settings;
pub mod shared;
pub mod sights;
pub mod strangers;
pub mod sync;
pub mod sync_of_members;
pub mod sync_of_notes;
pub mod uploads;
pub mod users;
pub mod world;

/// Where a store keeps its data during one test.
#[async_trait]
pub trait Fixture: Send {
    /// Opens a store on the data: empty the first time, later what the store before it has written.
    ///
    /// Is called again only after [`Store::close`] of the one before.
    async fn open(&mut self) -> (Arc<dyn Store>, Feed);
}

/// What a claim ends with: it holds, or it did not get to its end.
pub type Claim = Result<(), Broken>;

/// An error that no story expects. It is never made: what would become one panics where it happened.
#[derive(Debug)]
pub enum Broken {}

impl From<StoreError> for Broken {
    #[track_caller]
    fn from(error: StoreError) -> Self {
        panic!("unexpected: {error}")
    }
}

/// Longer than any claim takes, so that one that waits for ever fails under its own name.
const PATIENCE: Duration = Duration::from_secs(600);

/// Tells one story in a world of its own.
pub fn run<F: Fixture + 'static>(
    fixture: impl AsyncFnOnce() -> F,
    claim: impl AsyncFnOnce(&mut World) -> Claim,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let story = async {
            let mut world = World::new(Box::new(fixture().await)).await;
            claim(&mut world).await.expect("a broken claim panics");
            world.close().await;
        };
        tokio::time::timeout(PATIENCE, story).await.expect("the store does not answer");
    });
}

include!(concat!(env!("OUT_DIR"), "/suites.rs"));

#[doc(hidden)]
#[macro_export]
macro_rules! store_claims {
    ($fixture:ident $($subject:ident { $($claim:ident)* })*) => {
        $(
            mod $subject {
                $(
                    #[test]
                    fn $claim() {
                        $crate::suite::run(super::$fixture, $crate::suite::$subject::$claim);
                    }
                )*
            }
        )*
    };
}
