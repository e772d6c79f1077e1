//! The specification of a store that several nodes share: claims about what holds over all of them.
//!
//! A backend calls [`shared_store_suite!`](crate::shared_store_suite) in its tests, beside
//! [`store_suite!`](crate::store_suite) of one node alone. A claim is a story about several [`Node`]s; it waits for
//! answers and never for time to pass.
//!
//! A new claim is a function in a file of this folder and a name in the list below; a test compares the two.

use std::ops::Deref;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;

use super::world::World;
use super::{Broken, Claim, Fixture};
use crate::{Feed, SharedStore, Store};

pub mod changes;
pub mod cluster;
pub mod consumers;
pub mod records;

/// Where stores share their data during one test.
#[async_trait]
pub trait SharedFixture: Send + Sync {
    /// Opens one more store on the data, which is empty at first. May be called by several at once.
    async fn open(&self) -> (Arc<dyn SharedStore>, Feed);
}

/// The nodes of one story.
pub struct Cluster {
    fixture: Arc<dyn SharedFixture>,
    opened: usize,
}

/// One node, and the people who are connected to it.
pub struct Node {
    pub shared: Arc<dyn SharedStore>,
    world: World,
}

impl Deref for Node {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

/// More numbers than any story takes from a world.
const NUMBERS: usize = 100_000;

impl Cluster {
    pub async fn nodes<const N: usize>(&mut self) -> [Node; N] {
        let mut nodes = Vec::new();
        for _ in 0..N {
            nodes.push(self.node().await);
        }
        nodes.try_into().unwrap_or_else(|_| unreachable!("there are N of them"))
    }

    /// One more.
    pub async fn node(&mut self) -> Node {
        let opened = Arc::default();
        let of_node = OfNode { fixture: Arc::clone(&self.fixture), opened: Arc::clone(&opened) };
        let world = World::new(Box::new(of_node)).await;
        // No two nodes of a story give out the same number.
        for _ in 0..self.opened * NUMBERS {
            world.fresh();
        }
        self.opened += 1;
        let shared = opened.lock().expect("no holder panics").take().expect("the world has opened it");
        Node { shared, world }
    }

    /// Opens several at once and closes them again.
    pub async fn open_at_once(&self, count: usize) {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..count {
            let fixture = Arc::clone(&self.fixture);
            tasks.spawn(async move { fixture.open().await.0.close().await });
        }
        tasks.join_all().await;
    }
}

impl Node {
    /// Closes the store and hears its feed to the end.
    pub async fn close(mut self) {
        self.world.close().await;
    }
}

/// Makes a world of one node.
struct OfNode {
    fixture: Arc<dyn SharedFixture>,
    /// Where it leaves the store that it has opened, as a world has it only as a [`Store`].
    opened: Arc<Mutex<Option<Arc<dyn SharedStore>>>>,
}

#[async_trait]
impl Fixture for OfNode {
    async fn open(&mut self) -> (Arc<dyn Store>, Feed) {
        let (store, feed) = self.fixture.open().await;
        *self.opened.lock().expect("no holder panics") = Some(Arc::clone(&store));
        (store, feed)
    }
}

/// Tells one story on data of its own.
pub fn run<F: SharedFixture + 'static>(
    fixture: impl AsyncFnOnce() -> F,
    claim: impl AsyncFnOnce(&mut Cluster) -> Claim,
) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let story = async {
            let mut cluster = Cluster { fixture: Arc::new(fixture().await), opened: 0 };
            let told: Result<(), Broken> = claim(&mut cluster).await;
            told.expect("a broken claim panics");
        };
        tokio::time::timeout(super::PATIENCE, story).await.expect("the store does not answer");
    });
}

#[doc(hidden)]
#[macro_export]
macro_rules! shared_store_claims {
    ($fixture:ident $($subject:ident { $($claim:ident)* })*) => {
        $(
            mod $subject {
                $(
                    #[test]
                    fn $claim() {
                        use $crate::suite::shared;
                        shared::run(super::$fixture, shared::$subject::$claim);
                    }
                )*
            }
        )*
    };
}
