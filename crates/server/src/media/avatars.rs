//! Pictures of users and groups: in the data folder, or, where several nodes share a store, in that.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use axum::body::Bytes;
use rim_core::Timestamp;
use rim_store::{SharedStore, Store};
use tokio_util::task::TaskTracker;

use super::folder::Folder;
use super::name::AvatarName;
use super::picture::Format;

/// Where the pictures are.
#[derive(Clone)]
pub struct Avatars {
    storage: Storage,
    /// Files are read and written in tasks that may block.
    tasks: TaskTracker,
}

#[derive(Clone)]
enum Storage {
    Folder(Arc<Folder>),
    Store(Arc<dyn SharedStore>),
}

/// A picture that was found.
pub enum Picture {
    /// And its length in bytes.
    File(File, u64),
    Bytes(Vec<u8>),
}

impl Avatars {
    /// In the data folder.
    pub fn in_folder(data: &Path, tasks: TaskTracker) -> io::Result<Self> {
        Folder::open(data).map(|folder| Self { storage: Storage::Folder(Arc::new(folder)), tasks })
    }

    /// In the store of several nodes, so that each of them has all.
    pub fn in_store(store: Arc<dyn SharedStore>, tasks: TaskTracker) -> Self {
        Self { storage: Storage::Store(store), tasks }
    }

    /// Keeps a picture; when this returns it is on the disk. The same picture again is stored no second time.
    ///
    /// Should the caller not wait for it, the picture is kept all the same, which harms nobody.
    pub async fn keep(&self, format: Format, picture: Bytes) -> io::Result<AvatarName> {
        let name = AvatarName::of(format, &picture);
        match &self.storage {
            Storage::Folder(folder) => {
                let (folder, of) = (Arc::clone(folder), name.clone());
                let keeping = self.tasks.spawn_blocking(move || folder.keep(&of, &picture));
                keeping.await.unwrap_or_else(|panic| Err(io::Error::other(panic)))?;
            }
            Storage::Store(store) => {
                store.put_media(name.to_string(), picture.to_vec()).await.map_err(io::Error::other)?;
            }
        }
        Ok(name)
    }

    /// Whether there is a picture of that name.
    pub async fn has(&self, name: AvatarName) -> io::Result<bool> {
        Ok(self.find(name).await?.is_some())
    }

    /// Removes what nothing has named since `before`, at most `limit`; gives back how many were removed. Pictures from
    /// before uploads were counted stay.
    ///
    /// # Errors
    /// The store or the folder fails; what is left is found the next time.
    pub async fn sweep(&self, store: &dyn Store, before: Timestamp, limit: u32) -> io::Result<usize> {
        let unused = store.unused_uploads(before, limit).await.map_err(io::Error::other)?;
        if unused.is_empty() {
            return Ok(0);
        }
        let Storage::Folder(folder) = &self.storage else {
            return Ok(store.forget_uploads(unused, before).await.map_err(io::Error::other)?.len());
        };
        // Forgotten first, and removed then: a server that ends between the two leaves a file and loses none.
        folder.leave(&unused);
        let forgotten = store.forget_uploads(unused.clone(), before).await;
        let names = forgotten.as_ref().map_or_else(|_| Vec::new(), Clone::clone);
        let folder = Arc::clone(folder);
        let removing = self.tasks.spawn_blocking(move || folder.remove(&names, &unused));
        removing.await.unwrap_or_else(|panic| Err(io::Error::other(panic)))?;
        Ok(forgotten.map_err(io::Error::other)?.len())
    }

    /// The picture of that name, if there is one.
    pub async fn find(&self, name: AvatarName) -> io::Result<Option<Picture>> {
        match &self.storage {
            Storage::Folder(folder) => {
                let folder = Arc::clone(folder);
                let finding = self.tasks.spawn_blocking(move || folder.find(&name));
                let found = finding.await.unwrap_or_else(|panic| Err(io::Error::other(panic)))?;
                Ok(found.map(|(file, length)| Picture::File(file, length)))
            }
            Storage::Store(store) => {
                let found = store.media(&name.to_string()).await.map_err(io::Error::other)?;
                Ok(found.map(Picture::Bytes))
            }
        }
    }
}
