//! The objects of a storage as rows, to be moved to a store that keeps them itself or from one.

use std::sync::Arc;

use async_trait::async_trait;
use axum::body::Bytes;
use futures_util::TryStreamExt;
use rim_store::archive::{Archive, ArchiveError, Chunk, Key as RowKey, Result, Row, Table, Value};

use super::{Key, Storage};
use crate::media::AvatarName;

/// Holds the table [`rim_store::archive::MEDIA`] alone.
pub struct ObjectArchive {
    storage: Arc<dyn Storage>,
}

impl ObjectArchive {
    pub fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage }
    }

    /// The pictures behind that one, as many as one answer has.
    async fn avatars(&self, after: Option<&Key>) -> Result<Vec<AvatarName>> {
        let listed = self.storage.list(after).await.map_err(fault)?;
        // They come before all others.
        Ok(listed.into_iter().map_while(|(key, _)| avatar(key)).collect())
    }
}

#[async_trait]
impl Archive for ObjectArchive {
    async fn count(&mut self, _: &'static Table) -> Result<u64> {
        let (mut count, mut after) = (0, None);
        loop {
            let names = self.avatars(after.as_ref()).await?;
            let Some(last) = names.last() else { return Ok(count) };
            count += names.len() as u64;
            after = Some(Key::Avatar(last.clone()));
        }
    }

    async fn last_key(&mut self, _: &'static Table) -> Result<Option<RowKey>> {
        let mut after = None;
        while let Some(last) = self.avatars(after.as_ref()).await?.pop() {
            after = Some(Key::Avatar(last));
        }
        Ok(after.and_then(avatar).map(|name| vec![Value::Text(name.to_string())]))
    }

    async fn rows(&mut self, _: &'static Table, above: Option<&[Value]>) -> Result<Vec<Row>> {
        let after = match above {
            Some([Value::Text(above), ..]) => Some(Key::Avatar(named(above)?)),
            _ => None,
        };
        let mut chunk = Chunk::default();
        for name in self.avatars(after.as_ref()).await? {
            let content = self.content(&Key::Avatar(name.clone())).await?;
            chunk.push(vec![Value::Text(name.to_string()), Value::Bytes(content)]);
            if chunk.is_full() {
                break;
            }
        }
        Ok(chunk.rows)
    }

    async fn add(&mut self, _: &'static Table, rows: Vec<Row>) -> Result<()> {
        for row in rows {
            let Ok([Value::Text(name), Value::Bytes(content)]) = <[Value; 2]>::try_from(row) else {
                return Err(ArchiveError("a row of another table".to_owned()));
            };
            let key = Key::Avatar(named(&name)?);
            self.storage.put(&key, Bytes::from(content)).await.map_err(fault)?;
        }
        Ok(())
    }
}

impl ObjectArchive {
    async fn content(&self, key: &Key) -> Result<Vec<u8>> {
        let found = self.storage.open(key, None).await.map_err(fault)?;
        let object = found.ok_or_else(|| ArchiveError(format!("{key} is gone")))?;
        let mut content = Vec::with_capacity(usize::try_from(object.size_bytes).unwrap_or(0));
        let mut pieces = object.pieces;
        while let Some(piece) = pieces.try_next().await.map_err(fault)? {
            content.extend_from_slice(&piece);
        }
        Ok(content)
    }
}

fn avatar(key: Key) -> Option<AvatarName> {
    if let Key::Avatar(name) = key { Some(name) } else { None }
}

/// A name that is none could be a path to anywhere.
fn named(name: &str) -> Result<AvatarName> {
    AvatarName::parse(name).ok_or_else(|| ArchiveError(format!("{name:?} is no name of a picture")))
}

fn fault(error: std::io::Error) -> ArchiveError {
    ArchiveError(format!("the storage of files: {error}"))
}
