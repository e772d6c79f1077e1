//! Objects as rows of the store that several nodes share, in chunks.

use std::io::{self, ErrorKind};
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Bytes;
use futures_util::{StreamExt, stream};
use rim_core::{Clock, Timestamp};
use rim_store::objects::CHUNK_BYTES;
use rim_store::{SharedStore, StoreError};

use super::{Free, Key, Object, PAGE, Pieces, Stage, Staged, Storage, check_id, token};

const CHUNK: u64 = CHUNK_BYTES as u64;

/// A store is for rows, and each byte of a file is written to its log as well: so files have a bound.
pub struct Rows {
    store: Arc<dyn SharedStore>,
    clock: Arc<dyn Clock>,
    max_bytes: u64,
}

impl Rows {
    /// In that store. No object is larger than `max_bytes`.
    pub fn new(store: Arc<dyn SharedStore>, clock: Arc<dyn Clock>, max_bytes: u64) -> Self {
        Self { store, clock, max_bytes }
    }

    fn check_size(&self, bytes: u64) -> io::Result<()> {
        if bytes > self.max_bytes { Err(ErrorKind::FileTooLarge.into()) } else { Ok(()) }
    }
}

#[async_trait]
impl Storage for Rows {
    fn max_bytes(&self) -> Option<u64> {
        Some(self.max_bytes)
    }

    async fn free(&self) -> io::Result<Option<Free>> {
        Ok(None)
    }

    async fn stage(&self, staged: &Staged) -> io::Result<Box<dyn Stage>> {
        check_id(&staged.id)?;
        let (id, length) = (staged.id.clone(), staged.length);
        let (whole, rest) = (length / CHUNK, length % CHUNK);
        let writer = token()?;
        // The last chunk stays until a longer one is in its place: it is durable.
        let from = if rest == 0 { whole } else { whole + 1 };
        self.store.begin_staging(id.clone(), writer, from, self.clock.now()).await.map_err(fault)?;
        let there = self.store.staged_size(id.clone(), whole).await.map_err(fault)?;
        let mut gathered = Vec::new();
        if rest > 0 {
            gathered = self.store.staged_chunk(id.clone(), whole).await.map_err(fault)?.unwrap_or_default();
        }
        if there != whole * CHUNK || (gathered.len() as u64) < rest {
            self.store.discard_staged(id).await.map_err(fault)?;
            return Err(ErrorKind::NotFound.into());
        }
        gathered.truncate(usize::try_from(rest).unwrap_or(0));
        let (store, clock) = (Arc::clone(&self.store), Arc::clone(&self.clock));
        let max_bytes = self.max_bytes;
        Ok(Box::new(Grows { store, clock, id, writer, chunks: whole, gathered, max_bytes }))
    }

    async fn read_staged(&self, staged: &Staged) -> io::Result<Pieces> {
        let (store, id) = (Arc::clone(&self.store), staged.id.clone());
        let chunk = move |number| {
            let (store, id) = (Arc::clone(&store), id.clone());
            async move { store.staged_chunk(id, number).await }
        };
        Ok(chunks(chunk, 0..staged.length))
    }

    async fn keep(&self, staged: &Staged, key: &Key) -> io::Result<()> {
        self.check_size(staged.length)?;
        // Perhaps by a try before, whose answer was lost.
        if self.size(key).await? == Some(staged.length) {
            return Ok(());
        }
        let whole = staged.length.div_ceil(CHUNK).max(1);
        let there = self.store.staged_size(staged.id.clone(), whole).await.map_err(fault)?;
        // An upload of nothing has a chunk without bytes: that there is one is seen when it is kept.
        let kept = there >= staged.length
            && self.store.keep_staged(staged.id.clone(), key.name(), staged.length).await.map_err(fault)?;
        if kept || self.size(key).await? == Some(staged.length) {
            Ok(())
        } else {
            Err(ErrorKind::NotFound.into())
        }
    }

    async fn discard(&self, staged: &Staged) -> io::Result<()> {
        self.store.discard_staged(staged.id.clone()).await.map_err(fault)
    }

    async fn put(&self, key: &Key, bytes: Bytes) -> io::Result<()> {
        self.check_size(bytes.len() as u64)?;
        let mut chunks: Vec<_> = bytes.chunks(CHUNK_BYTES).map(<[u8]>::to_vec).collect();
        if chunks.is_empty() {
            chunks.push(Vec::new());
        }
        self.store.put_object(key.name(), chunks).await.map_err(fault)
    }

    async fn open(&self, key: &Key, range: Option<Range<u64>>) -> io::Result<Option<Object>> {
        let Some(size_bytes) = self.size(key).await? else { return Ok(None) };
        let range =
            range.map_or(0..size_bytes, |range| range.start.min(size_bytes)..range.end.min(size_bytes));
        let (store, name) = (Arc::clone(&self.store), key.name());
        let chunk = move |number| {
            let (store, name) = (Arc::clone(&store), name.clone());
            async move { store.object_chunk(name, number).await }
        };
        Ok(Some(Object { size_bytes, pieces: chunks(chunk, range) }))
    }

    async fn size(&self, key: &Key) -> io::Result<Option<u64>> {
        self.store.object_size(key.name()).await.map_err(fault)
    }

    async fn remove(&self, keys: &[Key]) -> io::Result<()> {
        self.store.remove_objects(keys.iter().map(Key::name).collect()).await.map_err(fault)
    }

    async fn list(&self, after: Option<&Key>) -> io::Result<Vec<(Key, u64)>> {
        let mut above = after.map(Key::name).unwrap_or_default();
        loop {
            let found = self.store.objects(above, PAGE as u32).await.map_err(fault)?;
            let Some((last, _)) = found.last() else { return Ok(Vec::new()) };
            above = last.clone();
            let keys: Vec<_> =
                found.iter().filter_map(|(name, size)| Some((Key::parse(name)?, *size))).collect();
            // What is called otherwise is somebody else's.
            if !keys.is_empty() {
                return Ok(keys);
            }
        }
    }

    async fn stale(&self, before: Timestamp) -> io::Result<Vec<Staged>> {
        let found = self.store.stale_staged(before, PAGE as u32).await.map_err(fault)?;
        Ok(found.into_iter().map(Staged::new).collect())
    }
}

struct Grows {
    store: Arc<dyn SharedStore>,
    clock: Arc<dyn Clock>,
    id: String,
    writer: u64,
    /// Chunks that are whole and written.
    chunks: u64,
    /// The beginning of the next.
    gathered: Vec<u8>,
    max_bytes: u64,
}

impl Grows {
    async fn put(&self, chunk: Vec<u8>) -> io::Result<()> {
        let (id, now) = (self.id.clone(), self.clock.now());
        let kept = self.store.stage_chunk(id, self.writer, self.chunks, chunk, now).await.map_err(fault)?;
        // It was discarded, or somebody else goes on with it.
        if kept { Ok(()) } else { Err(ErrorKind::NotFound.into()) }
    }

    fn staged(&self, length: u64) -> Staged {
        Staged { id: self.id.clone(), length, notes: String::new() }
    }
}

#[async_trait]
impl Stage for Grows {
    async fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        let length = self.chunks * CHUNK + (self.gathered.len() + bytes.len()) as u64;
        if length > self.max_bytes {
            return Err(ErrorKind::FileTooLarge.into());
        }
        let mut bytes = &bytes[..];
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK_BYTES - self.gathered.len()));
            self.gathered.extend_from_slice(now);
            bytes = later;
            if self.gathered.len() == CHUNK_BYTES {
                let chunk = std::mem::take(&mut self.gathered);
                self.put(chunk).await?;
                self.chunks += 1;
            }
        }
        Ok(())
    }

    async fn sync(&mut self) -> io::Result<Staged> {
        Ok(self.staged(self.chunks * CHUNK))
    }

    async fn end(mut self: Box<Self>) -> io::Result<Staged> {
        let length = self.chunks * CHUNK + self.gathered.len() as u64;
        if !self.gathered.is_empty() || length == 0 {
            let chunk = std::mem::take(&mut self.gathered);
            self.put(chunk).await?;
        }
        Ok(self.staged(length))
    }
}

/// Those bytes of what is in chunks.
fn chunks<F>(chunk: impl Fn(u64) -> F + Send + 'static, range: Range<u64>) -> Pieces
where
    F: Future<Output = rim_store::Result<Option<Vec<u8>>>> + Send + 'static,
{
    stream::try_unfold((chunk, range), |(chunk, range)| async move {
        if range.is_empty() {
            return Ok(None);
        }
        let (number, from) = (range.start / CHUNK, range.start % CHUNK);
        let found = chunk(number).await.map_err(fault)?.ok_or(ErrorKind::NotFound)?;
        let to = (range.end - number * CHUNK).min(CHUNK);
        if (found.len() as u64) < to {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let piece = Bytes::from(found).slice(from as usize..to as usize);
        Ok(Some((piece, (chunk, number * CHUNK + to..range.end))))
    })
    .boxed()
}

fn fault(error: StoreError) -> io::Error {
    match error {
        // Nothing was changed, or what was comes to the same when it is done again.
        StoreError::Busy | StoreError::Unsure => {
            io::Error::new(ErrorKind::ResourceBusy, "the database is busy")
        }
        other => io::Error::other(other),
    }
}
