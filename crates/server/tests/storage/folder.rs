//! A folder on a disk.

use std::sync::Arc;

use async_trait::async_trait;
use rim_server::storage::{Folder, Storage};
use tempfile::TempDir;
use tokio_util::task::TaskTracker;

use crate::suite::Place;

struct OnDisk(TempDir);

#[async_trait]
impl Place for OnDisk {
    async fn open(&self) -> Arc<dyn Storage> {
        Arc::new(Folder::open(self.0.path(), TaskTracker::new()).expect("a folder"))
    }
}

async fn on_disk() -> OnDisk {
    OnDisk(tempfile::tempdir().expect("a folder"))
}

claims!(on_disk);
