//! Pictures of users and groups: what is kept of them, and what nothing names any more.

use std::collections::HashSet;
use std::future::ready;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::{StreamExt, stream};
use parking_lot::Mutex;
use rim_core::Timestamp;
use rim_store::{SharedStore, Store};

use crate::life::Life;
use crate::media::{AvatarName, Format};
use crate::storage::{Key, Object, Storage};

/// How long an upload stays that nothing names: for whoever has uploaded it and not said yet what for, and for pages that
/// show what somebody has just replaced.
const GRACE: Duration = Duration::from_secs(24 * 60 * 60);
/// Files removed at a time.
const AT_ONCE: u32 = 500;

/// A clone is the same.
#[derive(Clone)]
pub struct Avatars {
    place: Place,
    /// Those that may be removed at any moment. A plain mutex: it is held to look and to mark.
    leaving: Arc<Mutex<HashSet<String>>>,
}

#[derive(Clone)]
enum Place {
    Storage(Arc<dyn Storage>),
    /// Forgetting a picture there removes it as well.
    Store(Arc<dyn SharedStore>),
}

impl Avatars {
    /// In the storage of the only node there is.
    pub fn in_storage(storage: Arc<dyn Storage>) -> Self {
        Self { place: Place::Storage(storage), leaving: Arc::default() }
    }

    /// In the store of several nodes, so that each of them has all.
    pub fn in_store(store: Arc<dyn SharedStore>) -> Self {
        Self { place: Place::Store(store), leaving: Arc::default() }
    }

    /// Keeps a picture; when this returns it is on the disk. The same picture again is stored no second time.
    ///
    /// Should the caller not wait for it, the picture is kept all the same, which harms nobody.
    ///
    /// # Errors
    /// `WouldBlock` for the moment in which the same is about to be removed.
    pub async fn keep(&self, format: Format, picture: Bytes) -> io::Result<AvatarName> {
        let name = AvatarName::of(format, &picture);
        if self.leaving.lock().contains(&name.to_string()) {
            return Err(ErrorKind::WouldBlock.into());
        }
        match &self.place {
            Place::Storage(storage) => storage.put(&Key::Avatar(name.clone()), picture).await?,
            Place::Store(store) => {
                store.put_media(name.to_string(), picture.to_vec()).await.map_err(io::Error::other)?;
            }
        }
        Ok(name)
    }

    /// Whether there is a picture of that name.
    pub async fn has(&self, name: AvatarName) -> io::Result<bool> {
        Ok(self.find(name).await?.is_some())
    }

    /// The picture of that name, if there is one.
    pub async fn find(&self, name: AvatarName) -> io::Result<Option<Object>> {
        match &self.place {
            Place::Storage(storage) => storage.open(&Key::Avatar(name), None).await,
            Place::Store(store) => {
                let found = store.media(&name.to_string()).await.map_err(io::Error::other)?;
                Ok(found.map(|picture| Object {
                    size_bytes: picture.len() as u64,
                    pieces: stream::once(ready(Ok(Bytes::from(picture)))).boxed(),
                }))
            }
        }
    }

    /// Removes what nothing has named since `before`, at most `limit`; gives back how many were removed. Pictures from
    /// before uploads were counted stay.
    ///
    /// # Errors
    /// The store or the storage fails; what is left is found the next time.
    pub async fn sweep(&self, store: &dyn Store, before: Timestamp, limit: u32) -> io::Result<usize> {
        let unused = store.unused_uploads(before, limit).await.map_err(io::Error::other)?;
        if unused.is_empty() {
            return Ok(0);
        }
        // Until they are gone, nobody keeps these anew.
        self.leaving.lock().extend(unused.iter().cloned());
        let removed = self.forget(store, &unused, before).await;
        let mut leaving = self.leaving.lock();
        for name in &unused {
            leaving.remove(name);
        }
        removed
    }

    async fn forget(&self, store: &dyn Store, unused: &[String], before: Timestamp) -> io::Result<usize> {
        // Forgotten first, and removed then: a server that ends between the two leaves a file and loses none.
        let forgotten = store.forget_uploads(unused.to_vec(), before).await.map_err(io::Error::other)?;
        if let Place::Storage(storage) = &self.place {
            let names = forgotten.iter().filter_map(|name| AvatarName::parse(name));
            storage.remove(&names.map(Key::Avatar).collect::<Vec<_>>()).await?;
        }
        Ok(forgotten.len())
    }
}

/// Removes what nothing names any more.
pub async fn sweep(avatars: Avatars, store: Arc<dyn Store>, life: Life) {
    let before = life.clock.now().minus(GRACE);
    while !life.shutdown.is_cancelled() {
        match avatars.sweep(&*store, before, AT_ONCE).await {
            Ok(0) => return,
            Ok(removed) => tracing::info!(removed, "pictures that nothing shows were removed"),
            Err(error) => {
                tracing::warn!(%error, "cannot remove pictures that nothing shows, trying again in an hour");
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::task::TaskTracker;

    use super::*;
    use crate::storage::Folder;

    #[tokio::test]
    async fn a_picture_that_is_being_removed_is_not_kept_until_it_is_gone() {
        let data = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(data.path(), TaskTracker::new()).expect("a folder");
        let avatars = Avatars::in_storage(Arc::new(folder));
        let picture = Bytes::from_static(b"GIF89a");
        let name = avatars.keep(Format::Gif, picture.clone()).await.expect("kept");
        avatars.leaving.lock().insert(name.to_string());
        let refused = avatars.keep(Format::Gif, picture.clone()).await.expect_err("not now");
        assert_eq!(refused.kind(), ErrorKind::WouldBlock);
        avatars.leaving.lock().clear();
        avatars.keep(Format::Gif, picture).await.expect("kept again");
    }
}
