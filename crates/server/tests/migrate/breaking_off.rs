//! Whenever it was broken off, the same command goes on.

use async_trait::async_trait;
use rim_core::node::Node;
use rim_core::{Identity, Timestamp};
use rim_server::migrate::{self, Progress, Side};
use rim_store::archive::{Archive, ArchiveError, Key, Result, Row, State, StoreArchive, Table, Value};

use crate::house::{Place, answers, begin, filled, move_all};

/// When the process ends: at which of the calls that change the store, and whether it is carried out.
#[derive(Clone, Copy)]
struct Death {
    call: u32,
    carried_out: bool,
}

/// Taken in turn: some come to the call after `finish`, which is repeated by every attempt at the end.
const DEATHS: [Death; 3] = [
    Death { call: 1, carried_out: true },
    Death { call: 2, carried_out: false },
    Death { call: 2, carried_out: true },
];

/// Ends when it must.
struct Mortal<T: ?Sized> {
    death: Death,
    calls: u32,
    inner: Box<T>,
}

impl<T: ?Sized> Mortal<T> {
    fn new(inner: Box<T>, death: Death) -> Box<Self> {
        Box::new(Self { death, calls: 0, inner })
    }

    fn before(&mut self) -> Result<()> {
        self.calls += 1;
        if self.calls == self.death.call && !self.death.carried_out { Err(killed()) } else { Ok(()) }
    }

    fn after(&mut self) -> Result<()> {
        if self.calls == self.death.call { Err(killed()) } else { Ok(()) }
    }
}

fn killed() -> ArchiveError {
    ArchiveError("killed".to_owned())
}

#[async_trait]
impl<T: Archive + ?Sized> Archive for Mortal<T> {
    async fn count(&mut self, table: &'static Table) -> Result<u64> {
        self.inner.count(table).await
    }

    async fn last_key(&mut self, table: &'static Table) -> Result<Option<Key>> {
        self.inner.last_key(table).await
    }

    async fn rows(&mut self, table: &'static Table, above: Option<&[Value]>) -> Result<Vec<Row>> {
        self.inner.rows(table, above).await
    }

    async fn add(&mut self, table: &'static Table, rows: Vec<Row>) -> Result<()> {
        self.before()?;
        self.inner.add(table, rows).await?;
        self.after()
    }

    async fn settle(&mut self) -> Result<()> {
        self.inner.settle().await
    }
}

#[async_trait]
impl<T: StoreArchive + ?Sized> StoreArchive for Mortal<T> {
    async fn state(&mut self) -> Result<State> {
        self.inner.state().await
    }

    async fn now(&mut self) -> Result<Timestamp> {
        self.inner.now().await
    }

    async fn nodes(&mut self, since: Timestamp) -> Result<Vec<Node>> {
        self.inner.nodes(since).await
    }

    async fn last_session_id(&mut self) -> Result<i64> {
        self.inner.last_session_id().await
    }

    async fn begin(&mut self, source: &str) -> Result<()> {
        self.before()?;
        self.inner.begin(source).await?;
        self.after()
    }

    async fn identity(&mut self) -> Result<Identity> {
        self.inner.identity().await
    }

    async fn finish(&mut self, last_session_id: i64, identity: &Identity) -> Result<()> {
        self.before()?;
        self.inner.finish(last_session_id, identity).await?;
        self.after()
    }

    async fn complete(&mut self) -> Result<()> {
        self.before()?;
        self.inner.complete().await?;
        self.after()
    }
}

fn mortal(side: Side, death: Death) -> Side {
    let objects = side.objects.map(|objects| Mortal::new(objects, death) as Box<dyn Archive>);
    Side { store: Mortal::new(side.store, death), objects, ..side }
}

async fn attempt(from: &Place, to: &Place, death: Death) -> anyhow::Result<()> {
    let (mut from, mut to) = (from.source().await, mortal(to.target().await, death));
    begin(&mut from, &mut to).await?;
    migrate::copy(&mut from, &mut to, &mut Progress::silent()).await?;
    migrate::verify(&mut from, &mut to, &mut Progress::silent()).await?;
    Ok(())
}

/// Is killed at every step, and comes to the end all the same.
async fn breaks_off_everywhere(from: &Place, to: &Place) {
    let mut kills = 0;
    for death in DEATHS.into_iter().cycle() {
        let error = attempt(from, to, death).await.expect_err("it is killed, if after the end");
        assert!(format!("{error:#}").contains("killed"), "{error:#}");
        kills += 1;
        if !to.is_unfinished().await {
            break;
        }
        assert!(kills < 100, "it comes to no end");
    }
    assert!(kills > 10, "{kills} kills: there are as many chunks");
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_every_step_it_goes_on_both_ways() {
    let (folder, _) = filled().await;
    let before = answers(&folder).await;
    let (server, back) = (Place::server(), Place::folder());
    breaks_off_everywhere(&folder, &server).await;
    assert_eq!(answers(&server).await, before);
    breaks_off_everywhere(&server, &back).await;
    assert_eq!(answers(&back).await, before);
    assert_eq!(move_all(&back, &Place::server()).await, move_all(&folder, &Place::server()).await);
}
