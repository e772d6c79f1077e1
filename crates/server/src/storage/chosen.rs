//! Which storage the settings name.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use rim_core::Clock;
use rim_store::SharedStore;
use tokio_util::task::TaskTracker;

use super::{Folder, Rows, S3, Storage};
use crate::config::FilePlace;

/// What a storage works with.
pub struct Means<'a> {
    /// The data folder.
    pub data: &'a Path,
    /// The store, where nodes share it.
    pub shared: Option<&'a Arc<dyn SharedStore>>,
    pub clock: &'a Arc<dyn Clock>,
    pub tasks: &'a TaskTracker,
}

/// Opens a storage.
///
/// # Errors
/// It cannot be used.
pub fn open_of(place: &FilePlace, means: &Means<'_>) -> Result<Arc<dyn Storage>> {
    let tasks = means.tasks.clone();
    Ok(match (place, means.shared) {
        (FilePlace::Folder, _) => {
            let folder = Folder::open(means.data, tasks);
            Arc::new(folder.context("cannot use the folder media in the data folder")?)
        }
        (FilePlace::Postgres { max_bytes }, Some(store)) => {
            Arc::new(Rows::new(Arc::clone(store), Arc::clone(means.clock), *max_bytes))
        }
        (FilePlace::Postgres { .. }, None) => bail!("files are in PostgreSQL only where everything else is"),
        (FilePlace::S3(settings), _) => {
            let bucket = S3::open(settings, means.data, tasks);
            Arc::new(bucket.with_context(|| format!("cannot use the bucket {}", settings.bucket))?)
        }
    })
}
