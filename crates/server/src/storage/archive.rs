//! The objects of a storage as rows, to be moved to a store that keeps them itself or from one.
//!
//! Pictures of users and groups are a row each, and all others one for each chunk. What comes in is staged until it is whole; an
//! object that is broken off comes again from its beginning.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Bytes;
use futures_util::TryStreamExt;
use rim_store::archive::{Archive, ArchiveError, Chunk, Key as RowKey, MEDIA, Result, Row, Table, Value};
use rim_store::objects::CHUNK_BYTES;

use super::{Key, Stage, Staged, Storage};
use crate::media::AvatarName;

const CHUNK: u64 = CHUNK_BYTES as u64;

/// What an object is staged as that comes chunk by chunk. Nobody else fills the storage meanwhile.
const COMING: &str = "moving";

/// Holds the tables of which [`rim_store::archive::holds_objects`] is true.
pub struct ObjectArchive {
    objects: Objects,
    coming: Option<Coming>,
}

struct Objects(Arc<dyn Storage>);

/// An object of which there may be more.
struct Coming {
    key: Key,
    chunks: u64,
    stage: Box<dyn Stage>,
}

impl ObjectArchive {
    pub fn new(storage: Arc<dyn Storage>) -> Self {
        Self { objects: Objects(storage), coming: None }
    }

    async fn add_chunk(&mut self, key: Key, number: u64, bytes: Bytes) -> Result<()> {
        if number == 0 {
            self.settle().await?;
            let stage = self.objects.0.stage(&Staged::new(COMING)).await.map_err(fault)?;
            self.coming = Some(Coming { key: key.clone(), chunks: 0, stage });
        }
        let coming = self.coming.as_mut().filter(|coming| coming.key == key && coming.chunks == number);
        let coming =
            coming.ok_or_else(|| ArchiveError(format!("chunk {number} of {key} is not the next one")))?;
        let is_last = bytes.len() < CHUNK_BYTES;
        coming.chunks += 1;
        coming.stage.write(bytes).await.map_err(fault)?;
        // Where the last one is as long as the others, the next object ends it.
        if is_last { self.settle().await } else { Ok(()) }
    }
}

#[async_trait]
impl Archive for ObjectArchive {
    async fn settle(&mut self) -> Result<()> {
        if let Some(Coming { key, stage, .. }) = self.coming.take() {
            let staged = stage.end().await.map_err(fault)?;
            self.objects.0.keep(&staged, &key).await.map_err(fault)?;
            self.objects.0.discard(&staged).await.map_err(fault)?;
        }
        Ok(())
    }

    async fn count(&mut self, table: &'static Table) -> Result<u64> {
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.objects.list(*table == MEDIA, after).await?;
            let Some((last, _)) = page.last() else { return Ok(count) };
            after = Some(last.clone());
            count += page.into_iter().map(|(key, size)| rows_of(&key, size)).sum::<u64>();
        }
    }

    async fn last_key(&mut self, table: &'static Table) -> Result<Option<RowKey>> {
        let (mut last, mut after) = (None, None);
        loop {
            let page = self.objects.list(*table == MEDIA, after).await?;
            let Some(found) = page.last().cloned() else { break };
            after = Some(found.0.clone());
            last = Some(found);
        }
        Ok(last.map(|(key, size)| match &key {
            Key::Avatar(name) => vec![Value::Text(name.to_string())],
            _ => row_key(&key, rows_of(&key, size) - 1),
        }))
    }

    async fn rows(&mut self, table: &'static Table, above: Option<&[Value]>) -> Result<Vec<Row>> {
        let (is_media, mut chunk) = (*table == MEDIA, Chunk::default());
        let mut after = None;
        match above {
            Some([Value::Text(name)]) if is_media => after = Some(avatar(name)?),
            Some([Value::Text(name), Value::Integer(number)]) if !is_media => {
                // The rest of the object in whose midst it was.
                let key = object(name)?;
                let size = self.objects.0.size(&key).await.map_err(fault)?.unwrap_or(0);
                let first = u64::try_from(*number).unwrap_or(0) + 1;
                self.objects.push_chunks(&key, first..rows_of(&key, size), &mut chunk).await?;
                after = Some(key);
            }
            _ => {}
        }
        while !chunk.is_full() {
            let page = self.objects.list(is_media, after).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            for (key, size) in page {
                if chunk.is_full() {
                    break;
                }
                match &key {
                    Key::Avatar(name) => {
                        let content = self.objects.content(&key, None).await?;
                        chunk.push(vec![Value::Text(name.to_string()), Value::Bytes(content)]);
                    }
                    _ => self.objects.push_chunks(&key, 0..rows_of(&key, size), &mut chunk).await?,
                }
            }
        }
        Ok(chunk.rows)
    }

    async fn add(&mut self, table: &'static Table, rows: Vec<Row>) -> Result<()> {
        for row in rows {
            match (*table == MEDIA, row.as_slice()) {
                (true, [Value::Text(name), Value::Bytes(content)]) => {
                    let content = Bytes::copy_from_slice(content);
                    self.objects.0.put(&avatar(name)?, content).await.map_err(fault)?;
                }
                (false, [Value::Text(name), Value::Integer(number), Value::Bytes(bytes)]) => {
                    let number = u64::try_from(*number).map_err(|_| ArchiveError("no chunk".to_owned()))?;
                    self.add_chunk(object(name)?, number, Bytes::copy_from_slice(bytes)).await?;
                }
                _ => return Err(ArchiveError("a row of another table".to_owned())),
            }
        }
        Ok(())
    }
}

impl Objects {
    /// The objects behind that one, as many as one answer has: pictures of users and groups, or all others.
    async fn list(&self, pictures: bool, after: Option<Key>) -> Result<Vec<(Key, u64)>> {
        let mut after = after;
        loop {
            let mut listed = self.0.list(after.as_ref()).await.map_err(fault)?;
            after = listed.last().map(|(key, _)| key.clone());
            listed.retain(|(key, _)| matches!(key, Key::Avatar(_)) == pictures);
            if !listed.is_empty() || after.is_none() {
                return Ok(listed);
            }
        }
    }

    async fn push_chunks(&self, key: &Key, numbers: std::ops::Range<u64>, chunk: &mut Chunk) -> Result<()> {
        for number in numbers {
            if chunk.is_full() {
                break;
            }
            let content = self.content(key, Some(number)).await?;
            let mut row = row_key(key, number);
            row.push(Value::Bytes(content));
            chunk.push(row);
        }
        Ok(())
    }

    async fn content(&self, key: &Key, chunk: Option<u64>) -> Result<Vec<u8>> {
        let range = chunk.map(|number| number * CHUNK..(number + 1) * CHUNK);
        let found = self.0.open(key, range).await.map_err(fault)?;
        let mut pieces = found.ok_or_else(|| ArchiveError(format!("{key} is gone")))?.pieces;
        let mut content = Vec::new();
        while let Some(piece) = pieces.try_next().await.map_err(fault)? {
            content.extend_from_slice(&piece);
        }
        Ok(content)
    }
}

/// Rows that an object is: an empty one is one without bytes.
fn rows_of(key: &Key, size_bytes: u64) -> u64 {
    if matches!(key, Key::Avatar(_)) { 1 } else { size_bytes.div_ceil(CHUNK).max(1) }
}

fn row_key(key: &Key, number: u64) -> RowKey {
    vec![Value::Text(key.name()), Value::Integer(i64::try_from(number).unwrap_or(i64::MAX))]
}

/// A name that is none could be a path to anywhere.
fn avatar(name: &str) -> Result<Key> {
    let name = AvatarName::parse(name);
    name.map(Key::Avatar).ok_or_else(|| ArchiveError("what is called so is no picture".to_owned()))
}

fn object(name: &str) -> Result<Key> {
    let key = Key::parse(name).filter(|key| !matches!(key, Key::Avatar(_)));
    key.ok_or_else(|| ArchiveError(format!("{name:?} is no name of an object")))
}

fn fault(error: std::io::Error) -> ArchiveError {
    ArchiveError(format!("the storage of files: {error}"))
}
