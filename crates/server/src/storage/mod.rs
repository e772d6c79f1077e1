//! Where the bytes of files are: one port, and what stands behind it. It knows nothing of users.
//!
//! An object never changes, and its name ([`Key`]) says what is in it. Bytes of an upload that is not whole are
//! *staged*: they are there under a name of their own, and become an object when they are whole.

mod archive;
mod check;
mod chosen;
mod folder;
mod growing;
mod key;
mod measured;
mod moving;
mod postgres;
mod removing;
mod s3;
mod spool;

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;

use async_trait::async_trait;
use axum::body::Bytes;
use futures_util::stream::BoxStream;
use rim_core::Timestamp;
use tokio_util::task::TaskTracker;

pub use self::archive::ObjectArchive;
pub use self::check::check;
pub use self::chosen::{Means, open_of};
pub use self::folder::{Folder, folder};
pub use self::key::{Hasher, Key};
pub use self::measured::Measured;
pub use self::moving::{Copied, copy_all};
pub use self::postgres::Rows;
pub use self::removing::remove_marked;
pub use self::s3::S3;

/// Objects are read in pieces of so many bytes, up to four times that, so that a slow reader costs one of them and no more.
const PIECE_BYTES: usize = 64 * 1024;

/// Keys, or uploads that are not whole, in one answer.
pub const PAGE: usize = 1000;

/// Bytes on their way. After an error nothing follows.
pub type Pieces = BoxStream<'static, io::Result<Bytes>>;

/// Bytes of an upload that is not whole, as everybody must know them who would go on with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    /// What it is called: 1 to 64 of `A-Z`, `a-z`, `0-9`, `_` and `-`, and nobody else's for ever.
    pub id: String,
    /// How many bytes are durable.
    pub length: u64,
    /// What the storage needs to go on. It means nothing to others.
    pub notes: String,
}

impl Staged {
    /// One of which nothing has come.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), length: 0, notes: String::new() }
    }
}

/// Room on a disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Free {
    pub bytes: u64,
    /// How large the disk is.
    pub of: u64,
}

/// An object that was found.
pub struct Object {
    /// Of the whole, whatever part of it was asked for.
    pub size_bytes: u64,
    pub pieces: Pieces,
}

/// What keeps the bytes. Several nodes may use one at the same time, but for a folder, which is one node's.
///
/// A fault is an [`io::Error`]: `StorageFull` where there is no room, `NotFound` where staged bytes are gone,
/// `FileTooLarge` for more than [`Storage::max_bytes`], `ResourceBusy` where it does not answer now and may later. Whatever comes to its end is durable. What is broken off, by a
/// kill as well, leaves nothing of an object, or staged bytes, which [`Storage::stale`] finds.
#[async_trait]
pub trait Storage: Send + Sync {
    /// How large an object may be; `None` where nothing but the room bounds it.
    fn max_bytes(&self) -> Option<u64>;

    /// How much of the room that is left an upload of so many bytes takes.
    fn room_for(&self, size_bytes: u64) -> u64 {
        size_bytes
    }

    /// The room that is left on the disk where uploads are, or wait; `None` where nobody knows.
    async fn free(&self) -> io::Result<Option<Free>>;

    /// Goes on behind what is durable of an upload; what may lie behind that is cut. Waits until whoever wrote here, on this node,
    /// has let go. On several nodes the caller sees to it that one at a time goes on.
    async fn stage(&self, staged: &Staged) -> io::Result<Box<dyn Stage>>;

    /// What is durable of an upload, from its beginning.
    async fn read_staged(&self, staged: &Staged) -> io::Result<Pieces>;

    /// Makes an object of an upload that is whole: those bytes that [`Staged::length`] says. Where the object is there it is left as it
    /// is. What was staged stays as well, so that this may be asked for again, until the caller discards it.
    async fn keep(&self, staged: &Staged, key: &Key) -> io::Result<()>;

    /// Removes what was staged, however much of it there is. That nothing is there is no fault. The id is enough.
    async fn discard(&self, staged: &Staged) -> io::Result<()>;

    /// Keeps an object that is small enough to be in memory. Where it is there it is left as it is.
    async fn put(&self, key: &Key, bytes: Bytes) -> io::Result<()>;

    /// The bytes of an object, or those of them that are in `range`.
    async fn open(&self, key: &Key, range: Option<Range<u64>>) -> io::Result<Option<Object>>;

    /// The size of an object, in bytes.
    async fn size(&self, key: &Key) -> io::Result<Option<u64>>;

    /// Removes objects. Those that are not there are no fault.
    async fn remove(&self, keys: &[Key]) -> io::Result<()>;

    /// The keys behind `after` with the sizes of their objects, in the order of the keys: up to [`PAGE`] of them, and none only
    /// where there are none.
    async fn list(&self, after: Option<&Key>) -> io::Result<Vec<(Key, u64)>>;

    /// What is staged and was last written before then; up to [`PAGE`] of it, without lengths and notes. The caller knows what of
    /// it somebody may still go on with, and discards the rest.
    async fn stale(&self, before: Timestamp) -> io::Result<Vec<Staged>>;
}

/// An upload that grows. Dropped, it leaves what was durable. After an error it is only to be dropped: a disk that could not write does
/// not say so twice, and what came may have a gap.
#[async_trait]
pub trait Stage: Send {
    /// Adds bytes. They need not be durable yet, nor written: what goes wrong with them the next call may say.
    async fn write(&mut self, bytes: Bytes) -> io::Result<()>;

    /// Makes durable what it can at no great cost, and returns how far that is, which may be less than what was written.
    async fn sync(&mut self) -> io::Result<Staged>;

    /// The same while more is written: `None` while that is under way, to be asked again.
    async fn sync_behind(&mut self) -> io::Result<Option<Staged>> {
        self.sync().await.map(Some)
    }

    /// Makes everything durable that was written.
    async fn end(self: Box<Self>) -> io::Result<Staged>;
}

/// The room on the disk of a folder.
fn room_in(path: &Path) -> io::Result<Free> {
    let found = rustix::fs::statvfs(path)?;
    Ok(Free { bytes: found.f_bavail * found.f_frsize, of: found.f_blocks * found.f_frsize })
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Whether a staged upload may be called so.
fn check_id(id: &str) -> io::Result<()> {
    let is_fine = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if (1..=64).contains(&id.len()) && id.bytes().all(is_fine) {
        return Ok(());
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{id:?} is no id of an upload")))
}

/// By which those who write are told apart.
fn token() -> io::Result<u64> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(u64::from_ne_bytes(random))
}

/// Runs what blocks on a thread that may.
async fn blocking<T: Send + 'static>(
    tasks: &TaskTracker,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tasks.spawn_blocking(work).await.unwrap_or_else(|panic| Err(io::Error::other(panic)))
}
