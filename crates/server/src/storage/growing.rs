//! An upload that grows in a folder.
//!
//! What is short is gathered and written to the system's cache, where it is looked at in a moment. A long upload fills windows
//! instead, of which one is written while the next one fills. What is so long that it would fill the cache alone goes to the
//! disk past it, where that can be: the system copies nothing then and needs no memory for it.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use axum::body::Bytes;
use bytes::Buf;
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::task::TaskTracker;

use super::{Stage, Staged, sync_folder};

/// Bytes of a short upload that are gathered before they are written.
const GATHERED_BYTES: usize = 128 * 1024;

/// The disk begins with bytes of an upload once there are so many, while others are still coming. So whoever syncs them waits
/// for the last ones alone.
const BEGUN_BYTES: u64 = 1 << 20;

/// From so many bytes on an upload is long.
const LONG_BYTES: u64 = 8 << 20;

/// What a long upload gathers. It has two windows.
const WINDOW_BYTES: usize = 1 << 20;

/// From there on an upload goes past the cache. What is shorter is often fetched the moment it is sent, and is in the cache then.
const CACHED_BYTES: u64 = 256 << 20;

/// So many uploads have windows at the same time; any other is written as if it were short.
pub(super) const WITH_WINDOWS: usize = 8;

/// What goes past the cache begins and ends at multiples of this, in the file and in memory.
const BLOCK_BYTES: u64 = 4096;

/// An upload's file. The last who writes to it lets others do so.
pub(super) struct Growing {
    file: File,
    /// The same, past the cache; `None` where there is no such way.
    direct: OnceLock<Option<File>>,
    /// Where its name is.
    folder: PathBuf,
    _writer: OwnedMutexGuard<()>,
}

/// All of it but the first blocks, and is for the threads that may.
impl Growing {
    pub(super) const fn new(file: File, folder: PathBuf, writer: OwnedMutexGuard<()>) -> Self {
        Self { file, direct: OnceLock::new(), folder, _writer: writer }
    }

    fn write(&self, pieces: Vec<Bytes>, begins: u64) -> io::Result<()> {
        let mut at = begins;
        for piece in pieces {
            self.file.write_all_at(&piece, at)?;
            at += piece.len() as u64;
        }
        let due = |at: u64| at - at % BEGUN_BYTES;
        begin_writing(&self.file, due(begins)..due(at));
        Ok(())
    }

    fn write_window(&self, window: &Window, past: bool) -> io::Result<()> {
        let Range { start, end } = window.range;
        let direct = if past { self.direct.get_or_init(|| past_the_cache(&self.file).ok()) } else { &None };
        let Some(direct) = direct else {
            self.file.write_all_at(window.bytes(start..end), start)?;
            begin_writing(&self.file, start..end);
            return Ok(());
        };
        // What is no whole block goes by the cache.
        let first = start.next_multiple_of(BLOCK_BYTES).min(end);
        let last = (end - end % BLOCK_BYTES).max(first);
        self.file.write_all_at(window.bytes(start..first), start)?;
        match direct.write_all_at(window.bytes(first..last), first) {
            // There blocks are larger.
            Err(error) if error.kind() == ErrorKind::InvalidInput => {
                self.file.write_all_at(window.bytes(first..last), first)?;
            }
            written => written?,
        }
        self.file.write_all_at(window.bytes(last..end), last)
    }

    fn sync(&self, with_name: bool) -> io::Result<()> {
        self.file.sync_data()?;
        if with_name { sync_folder(&self.folder) } else { Ok(()) }
    }
}

/// A part of a file on its way there, which begins and ends at a multiple of its size. Each byte lies as far from the
/// beginning of a block in memory as it does in the file.
struct Window {
    memory: Box<[u8]>,
    /// Which of its bytes are to be written.
    range: Range<u64>,
    permit: Arc<OwnedSemaphorePermit>,
}

impl Window {
    fn new(permit: Arc<OwnedSemaphorePermit>) -> Self {
        let memory = vec![0; WINDOW_BYTES + BLOCK_BYTES as usize].into_boxed_slice();
        Self { memory, range: 0..0, permit }
    }

    /// Nothing is in it, and what comes belongs there.
    fn begins(&mut self, at: u64) {
        self.range = at..at;
    }

    /// Where a byte lies in memory.
    fn place(&self, at: u64) -> usize {
        self.memory.as_ptr().align_offset(BLOCK_BYTES as usize) + (at % WINDOW_BYTES as u64) as usize
    }

    /// Takes what it has room for.
    fn take(&mut self, bytes: &mut Bytes) {
        let at = self.range.end;
        let room = WINDOW_BYTES - (at % WINDOW_BYTES as u64) as usize;
        let length = bytes.len().min(room);
        let place = self.place(at);
        bytes.copy_to_slice(&mut self.memory[place..place + length]);
        self.range.end += length as u64;
    }

    fn is_full(&self) -> bool {
        !self.range.is_empty() && self.range.end.is_multiple_of(WINDOW_BYTES as u64)
    }

    fn bytes(&self, range: Range<u64>) -> &[u8] {
        let place = self.place(range.start);
        &self.memory[place..][..(range.end - range.start) as usize]
    }
}

/// What uploads share.
#[derive(Clone)]
pub(super) struct Windows {
    /// For those who have windows.
    room: Arc<Semaphore>,
    /// Where an upload begins to go past the cache.
    pub(super) cached_bytes: u64,
}

impl Default for Windows {
    fn default() -> Self {
        Self { room: Arc::new(Semaphore::new(WITH_WINDOWS)), cached_bytes: CACHED_BYTES }
    }
}

/// An upload that grows. What threads are doing for it when it is dropped they do to its end, and until then nobody else writes.
pub(super) struct Grows {
    growing: Arc<Growing>,
    tasks: TaskTracker,
    id: String,
    /// How much is durable.
    durable: u64,
    /// Whether the file's name is.
    is_named: bool,
    /// How much is written. What is gathered follows, or what is being written and then what is in the window.
    written: u64,
    gathered: Vec<Bytes>,
    gathered_bytes: usize,
    windows: Windows,
    /// The window that fills, of an upload that has any.
    window: Option<Window>,
    writing: Option<JoinHandle<io::Result<Window>>>,
    spare: Option<Window>,
    /// What is being made durable.
    syncing: Option<Syncing>,
}

struct Syncing {
    /// So much of it.
    length: u64,
    task: JoinHandle<io::Result<()>>,
}

impl Grows {
    /// Goes on behind the durable bytes; `is_named` where the file has been there before.
    pub(super) fn new(
        growing: Growing,
        staged: &Staged,
        is_named: bool,
        (tasks, windows): (TaskTracker, Windows),
    ) -> Self {
        Self {
            growing: Arc::new(growing),
            tasks,
            id: staged.id.clone(),
            durable: staged.length,
            is_named,
            written: staged.length,
            gathered: Vec::new(),
            gathered_bytes: 0,
            windows,
            window: None,
            writing: None,
            spare: None,
            syncing: None,
        }
    }

    fn spawn<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Growing) -> io::Result<T> + Send + 'static,
    ) -> JoinHandle<io::Result<T>> {
        let growing = Arc::clone(&self.growing);
        self.tasks.spawn_blocking(move || work(&growing))
    }

    async fn write_gathered(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let (pieces, begins) = (std::mem::take(&mut self.gathered), self.written);
        let length = std::mem::take(&mut self.gathered_bytes);
        done(&mut self.spawn(move |growing| growing.write(pieces, begins))).await?;
        self.written += length as u64;
        Ok(())
    }

    /// A window for what comes next, of an upload that is long, if there is one.
    fn open_window(&mut self) {
        if self.written >= LONG_BYTES
            && self.gathered.is_empty()
            && let Ok(permit) = Arc::clone(&self.windows.room).try_acquire_owned()
        {
            let mut window = Window::new(Arc::new(permit));
            window.begins(self.written);
            self.window = Some(window);
        }
    }

    /// Has the window written, once the one before is, and goes on with the other.
    async fn write_window(&mut self) -> io::Result<()> {
        self.window_is_written().await?;
        let Some(window) = self.window.take_if(|window| !window.range.is_empty()) else { return Ok(()) };
        let mut next = self.spare.take().unwrap_or_else(|| Window::new(Arc::clone(&window.permit)));
        next.begins(window.range.end);
        self.window = Some(next);
        let past = window.range.start >= self.windows.cached_bytes;
        self.writing = Some(self.spawn(move |growing| growing.write_window(&window, past).map(|()| window)));
        Ok(())
    }

    async fn window_is_written(&mut self) -> io::Result<()> {
        let Some(writing) = &mut self.writing else { return Ok(()) };
        let window = done(writing).await;
        self.writing = None;
        let window = window?;
        self.written = window.range.end;
        self.spare = Some(window);
        Ok(())
    }

    /// Makes durable what is written.
    fn begin_to_sync(&mut self) {
        let with_name = !self.is_named;
        let task = self.spawn(move |growing| growing.sync(with_name));
        self.syncing = Some(Syncing { length: self.written, task });
    }

    async fn is_synced(&mut self) -> io::Result<()> {
        let Some(syncing) = &mut self.syncing else { return Ok(()) };
        let (synced, length) = (done(&mut syncing.task).await, syncing.length);
        self.syncing = None;
        synced?;
        (self.durable, self.is_named) = (length, true);
        Ok(())
    }

    fn staged(&self) -> Staged {
        Staged { id: self.id.clone(), length: self.durable, notes: String::new() }
    }
}

async fn done<T>(task: &mut JoinHandle<io::Result<T>>) -> io::Result<T> {
    task.await.unwrap_or_else(|panic| Err(io::Error::other(panic)))
}

#[async_trait]
impl Stage for Grows {
    async fn write(&mut self, mut bytes: Bytes) -> io::Result<()> {
        if self.window.is_none() {
            self.open_window();
        }
        while let Some(window) = &mut self.window
            && !bytes.is_empty()
        {
            window.take(&mut bytes);
            if window.is_full() {
                self.write_window().await?;
            }
        }
        if bytes.is_empty() {
            return Ok(());
        }
        self.gathered_bytes += bytes.len();
        self.gathered.push(bytes);
        if self.gathered_bytes < GATHERED_BYTES { Ok(()) } else { self.write_gathered().await }
    }

    async fn sync(&mut self) -> io::Result<Staged> {
        self.write_gathered().await?;
        self.write_window().await?;
        self.window_is_written().await?;
        self.is_synced().await?;
        if self.durable < self.written || !self.is_named {
            self.begin_to_sync();
            self.is_synced().await?;
        }
        Ok(self.staged())
    }

    async fn sync_behind(&mut self) -> io::Result<Option<Staged>> {
        match &self.syncing {
            None => {
                self.begin_to_sync();
                Ok(None)
            }
            Some(syncing) if !syncing.task.is_finished() => Ok(None),
            Some(_) => {
                self.is_synced().await?;
                Ok(Some(self.staged()))
            }
        }
    }

    async fn end(mut self: Box<Self>) -> io::Result<Staged> {
        self.sync().await
    }
}

/// The same file, for what is written past the cache of the system.
#[cfg(target_os = "linux")]
fn past_the_cache(file: &File) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    // By its number, as nothing else is surely the same file.
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    File::options().write(true).custom_flags(libc::O_DIRECT).open(path)
}

#[cfg(not(target_os = "linux"))]
fn past_the_cache(_: &File) -> io::Result<File> {
    Err(ErrorKind::Unsupported.into())
}

/// Has the system write to the disk what is in the file there, and does not wait for it.
fn begin_writing(file: &File, range: Range<u64>) {
    #[cfg(target_os = "linux")]
    if let (Ok(at), Ok(length)) = (range.start.try_into(), (range.end - range.start).try_into())
        && length > 0
    {
        // It changes nothing but when it is done, and an error comes again when the file is synced.
        // SAFETY: the file is open meanwhile, and no memory is involved.
        unsafe { libc::sync_file_range(file.as_raw_fd(), at, length, libc::SYNC_FILE_RANGE_WRITE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (file, range);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A long upload whose file is something else.
    async fn long(path: &str) -> Grows {
        let file = File::options().write(true).open(path).expect("opened");
        let writer = Arc::new(tokio::sync::Mutex::new(())).lock_owned().await;
        let staged = Staged { length: LONG_BYTES, ..Staged::new("long") };
        let growing = Growing::new(file, "/".into(), writer);
        Grows::new(growing, &staged, true, (TaskTracker::new(), Windows::default()))
    }

    fn window() -> Bytes {
        vec![7; WINDOW_BYTES].into()
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn that_a_window_was_not_written_whoever_asks_next_is_told() {
        for asked in 0..3 {
            let mut grows = long("/dev/full").await;
            grows.write(window()).await.expect("it is being written");
            let refused = match asked {
                0 => grows.write(window()).await.expect_err("the disk is full"),
                1 => grows.sync().await.expect_err("the disk is full"),
                _ => Box::new(grows).end().await.expect_err("the disk is full"),
            };
            assert_eq!(refused.kind(), ErrorKind::StorageFull);
        }
    }

    #[tokio::test]
    async fn that_a_disk_could_not_be_synced_behind_what_is_written_whoever_asks_next_is_told() {
        for asked in 0..3 {
            // It takes everything, and cannot be synced.
            let mut grows = long("/dev/null").await;
            grows.write(window()).await.expect("it is being written");
            grows.write(window()).await.expect("it is being written");
            assert_eq!(grows.sync_behind().await.expect("it is under way"), None);
            let refused = match asked {
                0 => loop {
                    match grows.sync_behind().await {
                        Ok(synced) => assert_eq!(synced, None),
                        Err(error) => break error,
                    }
                    tokio::task::yield_now().await;
                },
                1 => grows.sync().await.expect_err("it cannot be synced"),
                _ => Box::new(grows).end().await.expect_err("it cannot be synced"),
            };
            assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        }
    }

    #[tokio::test]
    async fn few_have_windows_and_who_is_done_leaves_theirs_to_others() {
        let windows = Windows::default();
        let mut with = Vec::new();
        for number in 0..=WITH_WINDOWS {
            let mut grows = long("/dev/null").await;
            grows.windows = windows.clone();
            grows.write(window()).await.expect("written");
            assert_eq!(grows.writing.is_some(), number < WITH_WINDOWS);
            with.push(grows);
        }
        let mut last = with.pop().expect("one more");
        drop(with);
        // What is being written keeps its window until it is.
        while windows.room.available_permits() == 0 {
            tokio::task::yield_now().await;
        }
        last.write(window()).await.expect("written");
        assert!(last.writing.is_some());
    }
}
