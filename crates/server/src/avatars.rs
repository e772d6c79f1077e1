//! Pictures of users and groups: what is kept of them, and what nothing names any more.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use rim_core::Timestamp;
use rim_store::Store;

use crate::life::Life;
use crate::media::{AvatarName, Format};
use crate::storage::{Key, Object, Storage, remove_marked};

/// How long an upload stays that nothing names: for whoever has uploaded it and not said yet what for, and for pages that
/// show what somebody has just replaced.
const GRACE: Duration = Duration::from_secs(24 * 60 * 60);
/// Files removed at a time.
const AT_ONCE: u32 = 500;

/// A clone is the same.
#[derive(Clone)]
pub struct Avatars {
    storage: Arc<dyn Storage>,
}

impl Avatars {
    pub fn new(storage: Arc<dyn Storage>) -> Self {
        Self { storage }
    }

    /// Keeps a picture; when this returns it is on the disk. The same picture again is stored no second time.
    ///
    /// Should the caller not wait for it, the picture is kept all the same or not at all, which harms nobody.
    pub async fn keep(&self, format: Format, picture: Bytes) -> io::Result<AvatarName> {
        let name = AvatarName::of(format, &picture);
        self.storage.put(&Key::Avatar(name.clone()), picture).await?;
        Ok(name)
    }

    /// Whether there is a picture of that name.
    pub async fn has(&self, name: AvatarName) -> io::Result<bool> {
        Ok(self.storage.size(&Key::Avatar(name)).await?.is_some())
    }

    /// The picture of that name, if there is one.
    pub async fn find(&self, name: AvatarName) -> io::Result<Option<Object>> {
        self.storage.open(&Key::Avatar(name), None).await
    }

    /// Removes what nothing has named since `before`, at most `limit`; gives back how many were removed. Pictures from
    /// before uploads were counted stay.
    ///
    /// # Errors
    /// The store or the storage fails; what is left is found the next time.
    pub async fn sweep(
        &self,
        store: &dyn Store,
        before: Timestamp,
        limit: u32,
        life: &Life,
    ) -> io::Result<usize> {
        // Until they are gone, nobody keeps these anew.
        let since = life.clock.now();
        let leaving = store.leave_uploads(before, limit, since).await.map_err(io::Error::other)?;
        if leaving.is_empty() {
            return Ok(0);
        }
        // Forgotten first, and removed then: a server that ends between the two loses no picture, and leaves the mark of one
        // that is to be removed.
        let forgotten = store.forget_uploads(leaving.clone(), before).await.map_err(io::Error::other)?;
        let names = forgotten.iter().filter_map(|name| AvatarName::parse(name));
        let keys: Vec<_> = names.map(Key::Avatar).collect();
        remove_marked(&*self.storage, &keys, since, life).await?;
        store.uploads_left(leaving).await.map_err(io::Error::other)?;
        Ok(forgotten.len())
    }
}

/// Removes what nothing names any more.
pub async fn sweep(avatars: Avatars, store: Arc<dyn Store>, life: Life) {
    let before = life.clock.now().minus(GRACE);
    while !life.shutdown.is_cancelled() {
        match avatars.sweep(&*store, before, AT_ONCE, &life).await {
            Ok(0) => return,
            Ok(removed) => tracing::info!(removed, "pictures that nothing shows were removed"),
            Err(error) => {
                tracing::warn!(%error, "cannot remove pictures that nothing shows, trying again in an hour");
                return;
            }
        }
    }
}
