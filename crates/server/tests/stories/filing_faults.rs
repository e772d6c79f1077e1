//! Uploads that end in the midst of something: by a fault of the storage, or with the server, at every step.
//!
//! Whatever step it was, nothing of it is a file, nothing is left of it when the sweep has come, and the same bytes can be
//! uploaded again.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use rim_core::Timestamp;
use rim_server::storage::{Free, Key, Object, Pieces, Stage, Staged, Storage};
use tokio::sync::Semaphore;

use crate::NODES;
use crate::filer::bytes;
use crate::world::TestServer;

/// What the storage is asked for in an upload, in its order.
const STAGE: u8 = 0;
const WRITE: u8 = 1;
const END: u8 = 2;
const READ: u8 = 3;
const KEEP: u8 = 4;
const KEPT: u8 = 5;
const DISCARD: u8 = 6;
const FREE: u8 = 7;
const SYNC: u8 = 8;

/// How often a storage has come to where it is stuck, by the step.
static STUCK: [Semaphore; 7] = [const { Semaphore::const_new(0) }; 7];

/// A storage that never comes to the end of one step, or fails there.
struct Faulty {
    inner: Arc<dyn Storage>,
    step: u8,
    fails: bool,
}

impl Faulty {
    async fn at(&self, step: u8) -> io::Result<()> {
        if step != self.step {
            return Ok(());
        }
        if self.fails {
            return Err(io::ErrorKind::StorageFull.into());
        }
        STUCK[usize::from(step)].add_permits(1);
        std::future::pending().await
    }
}

fn stuck<const STEP: u8>(inner: Arc<dyn Storage>) -> Arc<dyn Storage> {
    Arc::new(Faulty { inner, step: STEP, fails: false })
}

fn full<const STEP: u8>(inner: Arc<dyn Storage>) -> Arc<dyn Storage> {
    Arc::new(Faulty { inner, step: STEP, fails: true })
}

struct FaultyStage {
    inner: Box<dyn Stage>,
    of: Faulty,
    /// Whether something has become durable behind what is written.
    is_synced: bool,
}

#[async_trait]
impl Storage for Faulty {
    fn max_bytes(&self) -> Option<u64> {
        self.inner.max_bytes()
    }

    async fn free(&self) -> io::Result<Option<Free>> {
        if self.step == FREE {
            // A gigabyte of a terabyte.
            return Ok(Some(Free { bytes: 1 << 30, of: 1 << 40 }));
        }
        self.inner.free().await
    }

    async fn stage(&self, staged: &Staged) -> io::Result<Box<dyn Stage>> {
        self.at(STAGE).await?;
        let inner = self.inner.stage(staged).await?;
        let of = Self { inner: Arc::clone(&self.inner), step: self.step, fails: self.fails };
        Ok(Box::new(FaultyStage { inner, of, is_synced: false }))
    }

    async fn read_staged(&self, staged: &Staged) -> io::Result<Pieces> {
        self.at(READ).await?;
        self.inner.read_staged(staged).await
    }

    async fn keep(&self, staged: &Staged, key: &Key) -> io::Result<()> {
        self.at(KEEP).await?;
        self.inner.keep(staged, key).await?;
        self.at(KEPT).await
    }

    async fn discard(&self, staged: &Staged) -> io::Result<()> {
        self.at(DISCARD).await?;
        self.inner.discard(staged).await
    }

    async fn put(&self, key: &Key, bytes: Bytes) -> io::Result<()> {
        self.inner.put(key, bytes).await
    }

    async fn open(&self, key: &Key, range: Option<Range<u64>>) -> io::Result<Option<Object>> {
        self.inner.open(key, range).await
    }

    async fn size(&self, key: &Key) -> io::Result<Option<u64>> {
        self.inner.size(key).await
    }

    async fn remove(&self, keys: &[Key]) -> io::Result<()> {
        self.inner.remove(keys).await
    }

    async fn list(&self, after: Option<&Key>) -> io::Result<Vec<(Key, u64)>> {
        self.inner.list(after).await
    }

    async fn stale(&self, before: Timestamp) -> io::Result<Vec<Staged>> {
        self.inner.stale(before).await
    }
}

#[async_trait]
impl Stage for FaultyStage {
    async fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        self.of.at(WRITE).await?;
        self.inner.write(bytes).await
    }

    async fn sync(&mut self) -> io::Result<Staged> {
        self.inner.sync().await
    }

    async fn sync_behind(&mut self) -> io::Result<Option<Staged>> {
        if self.is_synced {
            self.of.at(SYNC).await?;
        }
        self.is_synced = true;
        self.inner.sync().await.map(Some)
    }

    async fn end(self: Box<Self>) -> io::Result<Staged> {
        self.of.at(END).await?;
        self.inner.end().await
    }
}

/// Files below a folder.
fn count(folder: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let entries = entries.map(|entry| entry.expect("listed").path());
    entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
}

fn stored(server: &TestServer) -> [usize; 2] {
    ["blobs", "staged"].map(|folder| count(&server.data().join("media").join(folder)))
}

/// The sweep of blobs that nobody claims any more, and of what is staged and nobody's.
async fn days_pass(server: &TestServer) {
    server.sleeps(5 * 24 * 60 * 60).await;
    server.hours_pass(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_ends_at_any_step_of_an_upload_leaves_nothing_of_it() {
    if NODES > 1 {
        // Where the bytes of several nodes are is told by the suite of the storage.
        return;
    }
    let steps = [stuck::<STAGE>, stuck::<WRITE>, stuck::<END>, stuck::<READ>, stuck::<KEEP>, stuck::<KEPT>];
    for (step, storage) in steps.into_iter().enumerate() {
        let server = TestServer::start_storing(storage).await;
        let anna = server.user("anna").await;
        let filer = anna.filer();
        let (sent, other) = (bytes(1, 200_000), bytes(2, 200_000));
        let place = filer.begin("b.bin", other.len()).await;
        let never =
            async { tokio::join!(filer.try_upload("a.bin", "", &sent), filer.patch(&place, 0, &other)) };
        tokio::select! {
            (one, two) = never => panic!("answered at step {step}: {}, {}", one.text(), two.text()),
            both = STUCK[step].acquire_many(2) => both.expect("never closed").forget(),
        }
        let server = server.stop().await.with_storage(std::convert::identity).start().await;
        let filer = anna.filer();
        // The one that may go on does, also where its bytes were put in their place already.
        let offset = filer.offset(&place).await;
        let told = match offset {
            Some(offset) if offset < other.len() => filer.patch(&place, offset, &other[offset..]).await,
            _ => filer.tus("HEAD", &place, &[], b"").await,
        };
        let file = told.header("rim-file");
        assert!(
            filer.get(&format!("/media/files/{file}")).await.body == other,
            "step {step}: {}",
            told.status
        );
        days_pass(&server).await;
        assert_eq!(stored(&server), [0, 0], "step {step}");
        let id = filer.file("a.bin", &sent).await;
        assert!(filer.get(&format!("/media/files/{id}")).await.body == sent);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_that_is_renewed_in_the_moment_in_which_its_file_is_made_is_answered_with_that() {
    let server = TestServer::start_storing(stuck::<DISCARD>).await;
    let filer = server.user("anna").await.filer();
    let sent = bytes(1, 200_000);
    let place = filer.begin("a.bin", sent.len()).await;
    let mut answer = std::pin::pin!(filer.patch(&place, 0, &sent));
    tokio::select! {
        early = &mut answer => panic!("what is left of it is discarded first: {}", early.status),
        made = STUCK[usize::from(DISCARD)].acquire() => made.expect("never closed").forget(),
    }
    // The file is there, and so nobody holds its transfer any more. Whoever made it finds that when they renew their hold.
    let answer = server.time_passes_until(answer).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
    let file = answer.header("rim-file");
    assert!(filer.get(&format!("/media/files/{file}")).await.body == sent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_there_is_no_room_files_are_refused_and_messages_go_on() {
    for storage in [full::<STAGE>, full::<WRITE>, full::<END>, full::<KEEP>, full::<FREE>] {
        let server = TestServer::start_storing(storage).await;
        let (anna, bob) = (server.user("anna").await, server.user("bob").await);
        let filer = anna.filer();
        let refused = filer.try_upload("a.bin", "", &bytes(1, 1000)).await;
        assert_eq!(refused.status, 507, "{}", refused.text());
        assert!(refused.text().contains("the server's disk is nearly full"), "{}", refused.text());
        let length = [("upload-length", "4"), ("content-type", "application/offset+octet-stream")];
        assert_eq!(filer.tus("POST", "/api/file/tus", &length, b"\0abc").await.status, 507);
        let gid = anna.chat_with(&bob).await;
        anna.connect().await.send(gid, "hello", "1").await;
        if NODES == 1 {
            assert_eq!(stored(&server)[0], 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_disk_fails_behind_a_long_upload_what_was_durable_counts_and_nothing_else() {
    if NODES > 1 {
        return;
    }
    let server = TestServer::start_storing(full::<SYNC>).await;
    let anna = server.user("anna").await;
    let filer = anna.filer();
    let sent = bytes(3, 40_000_000);
    let refused = filer.try_upload("a.bin", "", &sent).await;
    assert_eq!(refused.status, 507, "{}", refused.text());
    assert_eq!(stored(&server), [0, 0], "nothing is left of what cannot go on");

    let place = filer.begin("a.bin", sent.len()).await;
    assert_eq!(filer.patch(&place, 0, &sent).await.status, 507);
    let durable = filer.offset(&place).await.expect("it is there");
    assert!((1..sent.len()).contains(&durable), "{durable}");
    let server = server.stop().await.with_storage(std::convert::identity).start().await;
    let filer = anna.filer();
    assert_eq!(filer.offset(&place).await, Some(durable));
    let last = filer.patch(&place, durable, &sent[durable..]).await;
    let file = format!("/media/files/{}", last.header("rim-file"));
    assert!(filer.get(&file).await.body == sent);
    server.stop().await;
}
