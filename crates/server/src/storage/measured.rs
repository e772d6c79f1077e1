//! A storage whose operations are counted and timed.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use axum::body::Bytes;
use futures_util::{StreamExt, stream};
use rim_core::Timestamp;

use super::{Free, Key, Object, Pieces, Stage, Staged, Storage};
use crate::metrics::FileMetrics;

/// What stands in front of another storage and does nothing but that.
pub struct Measured {
    storage: Arc<dyn Storage>,
    metrics: FileMetrics,
}

impl Measured {
    pub const fn new(storage: Arc<dyn Storage>, metrics: FileMetrics) -> Self {
        Self { storage, metrics }
    }
}

async fn timed<T>(
    metrics: &FileMetrics,
    operation: &'static str,
    work: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let start = Instant::now();
    let done = work.await;
    metrics.storage(operation, start.elapsed(), done.is_err());
    done
}

fn pieces(metrics: FileMetrics, pieces: Pieces) -> Pieces {
    stream::unfold((metrics, pieces), |(metrics, mut pieces)| async {
        let start = Instant::now();
        let piece = pieces.next().await?;
        metrics.storage("read", start.elapsed(), piece.is_err());
        Some((piece, (metrics, pieces)))
    })
    .boxed()
}

#[async_trait]
impl Storage for Measured {
    fn max_bytes(&self) -> Option<u64> {
        self.storage.max_bytes()
    }

    fn room_for(&self, size_bytes: u64) -> u64 {
        self.storage.room_for(size_bytes)
    }

    async fn free(&self) -> io::Result<Option<Free>> {
        timed(&self.metrics, "look", self.storage.free()).await
    }

    async fn stage(&self, staged: &Staged) -> io::Result<Box<dyn Stage>> {
        // Not timed: it may wait for whoever wrote there before.
        let stage = self.storage.stage(staged).await;
        if stage.is_err() {
            self.metrics.storage_failed("write");
        }
        Ok(Box::new(MeasuredStage { stage: stage?, metrics: self.metrics.clone(), behind: None }))
    }

    async fn read_staged(&self, staged: &Staged) -> io::Result<Pieces> {
        let opened = timed(&self.metrics, "open", self.storage.read_staged(staged)).await?;
        Ok(pieces(self.metrics.clone(), opened))
    }

    async fn keep(&self, staged: &Staged, key: &Key) -> io::Result<()> {
        timed(&self.metrics, "keep", self.storage.keep(staged, key)).await
    }

    async fn discard(&self, staged: &Staged) -> io::Result<()> {
        timed(&self.metrics, "remove", self.storage.discard(staged)).await
    }

    async fn put(&self, key: &Key, bytes: Bytes) -> io::Result<()> {
        timed(&self.metrics, "put", self.storage.put(key, bytes)).await
    }

    async fn open(&self, key: &Key, range: Option<Range<u64>>) -> io::Result<Option<Object>> {
        let opened = timed(&self.metrics, "open", self.storage.open(key, range)).await?;
        Ok(opened.map(|object| Object { pieces: pieces(self.metrics.clone(), object.pieces), ..object }))
    }

    async fn size(&self, key: &Key) -> io::Result<Option<u64>> {
        timed(&self.metrics, "look", self.storage.size(key)).await
    }

    async fn remove(&self, keys: &[Key]) -> io::Result<()> {
        timed(&self.metrics, "remove", self.storage.remove(keys)).await
    }

    async fn list(&self, after: Option<&Key>) -> io::Result<Vec<(Key, u64)>> {
        timed(&self.metrics, "look", self.storage.list(after)).await
    }

    async fn stale(&self, before: Timestamp) -> io::Result<Vec<Staged>> {
        timed(&self.metrics, "look", self.storage.stale(before)).await
    }
}

struct MeasuredStage {
    stage: Box<dyn Stage>,
    metrics: FileMetrics,
    /// Since when it is being synced behind what is written.
    behind: Option<Instant>,
}

#[async_trait]
impl Stage for MeasuredStage {
    async fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        timed(&self.metrics, "write", self.stage.write(bytes)).await
    }

    async fn sync(&mut self) -> io::Result<Staged> {
        timed(&self.metrics, "sync", self.stage.sync()).await
    }

    async fn sync_behind(&mut self) -> io::Result<Option<Staged>> {
        let begun = *self.behind.get_or_insert_with(Instant::now);
        let synced = self.stage.sync_behind().await;
        if !matches!(synced, Ok(None)) {
            self.behind = None;
            self.metrics.storage("sync", begun.elapsed(), synced.is_err());
        }
        synced
    }

    async fn end(self: Box<Self>) -> io::Result<Staged> {
        let Self { stage, metrics, .. } = *self;
        timed(&metrics, "sync", stage.end()).await
    }
}
