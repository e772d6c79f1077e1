//! Bytes that wait on the node's disk until there are enough of them for a part: so that a thousand slow uploads need no memory.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Bytes;
use tokio_util::task::TaskTracker;

use super::blocking;

/// Bytes that are gathered before they are written.
const GATHERED_BYTES: usize = 128 * 1024;

/// Tells apart the files that are being made.
static FILES: AtomicU64 = AtomicU64::new(0);

/// A file without a name: what is in it goes with its process, as nothing of it is durable.
pub(super) struct Spool {
    file: Arc<File>,
    tasks: TaskTracker,
    /// Without what is gathered.
    written: u64,
    gathered: Vec<Bytes>,
    gathered_bytes: u64,
}

impl Spool {
    pub async fn new(folder: &Path, tasks: TaskTracker) -> io::Result<Self> {
        let number = FILES.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("part-{}-{number}", std::process::id()));
        let file = blocking(&tasks, move || {
            let mut options = OpenOptions::new();
            let file = options.read(true).write(true).create(true).truncate(true).mode(0o600).open(&path)?;
            fs::remove_file(&path)?;
            Ok(file)
        });
        let file = Arc::new(file.await?);
        Ok(Self { file, tasks, written: 0, gathered: Vec::new(), gathered_bytes: 0 })
    }

    pub const fn length(&self) -> u64 {
        self.written + self.gathered_bytes
    }

    pub async fn add(&mut self, bytes: Bytes) -> io::Result<()> {
        self.gathered_bytes += bytes.len() as u64;
        self.gathered.push(bytes);
        if self.gathered_bytes < GATHERED_BYTES as u64 {
            return Ok(());
        }
        let (file, bytes, mut at) =
            (Arc::clone(&self.file), std::mem::take(&mut self.gathered), self.written);
        blocking(&self.tasks, move || {
            for bytes in bytes {
                file.write_all_at(&bytes, at)?;
                at += bytes.len() as u64;
            }
            Ok(())
        })
        .await?;
        self.written += std::mem::take(&mut self.gathered_bytes);
        Ok(())
    }

    /// Everything that is in it.
    pub async fn bytes(&self) -> io::Result<Bytes> {
        let (file, written) = (Arc::clone(&self.file), usize::try_from(self.written).unwrap_or(0));
        let gathered = self.gathered.clone();
        blocking(&self.tasks, move || {
            let mut bytes = vec![0; written];
            file.read_exact_at(&mut bytes, 0)?;
            gathered.iter().for_each(|gathered| bytes.extend_from_slice(gathered));
            Ok(bytes.into())
        })
        .await
    }

    /// Nothing is in it any more.
    pub fn clear(&mut self) {
        (self.written, self.gathered_bytes) = (0, 0);
        self.gathered.clear();
    }
}
