//! Objects as files, in `media` of the data folder.
//!
//! An object is written beside its place and renamed, and then both file and folder are synced: it is there whole or not at all. What
//! is staged is one file too, which grows. When it is whole the object is a second name of it, and the first goes when it is discarded.

use std::collections::{HashMap, HashSet};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use axum::body::Bytes;
use futures_util::{StreamExt, stream};
use parking_lot::Mutex;
use rim_core::Timestamp;
use tokio::sync::OwnedMutexGuard;
use tokio_util::task::TaskTracker;

use super::growing::{Growing, Grows, Windows};
use super::moving::Copied;
use super::{
    Free, Key, Object, PAGE, PIECE_BYTES, Pieces, Stage, Staged, Storage, blocking, check_id, room_in,
    sync_folder, token,
};

const FOLDER: &str = "media";
const STAGED: &str = "staged";
const AVATARS: &str = "avatars";
/// What an object is called in `staged` while it is written. No staged upload is called so.
const UNFINISHED: &str = ".put-";

/// Where objects are in a data folder.
pub fn folder(data: &Path) -> PathBuf {
    data.join(FOLDER)
}

/// A folder that is one node's.
pub struct Folder {
    disk: Arc<Disk>,
    /// Files are read and written in tasks that may block.
    tasks: TaskTracker,
    /// Who writes which upload. A plain mutex: it is held to look something up.
    writers: Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>,
    windows: Windows,
}

impl Folder {
    /// Creates the folder where there is none, readable for its owner alone.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(data: &Path, tasks: TaskTracker) -> io::Result<Self> {
        Self::at(folder(data), tasks)
    }

    /// The same of a folder that is called otherwise.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn at(folder: PathBuf, tasks: TaskTracker) -> io::Result<Self> {
        let disk = Disk { folder, token: token()?, writes: AtomicU64::new(0), made: Mutex::default() };
        DirBuilder::new().recursive(true).mode(0o700).create(&disk.folder)?;
        if let Some(above) = disk.folder.parent().filter(|above| !above.as_os_str().is_empty()) {
            sync_folder(above)?;
        }
        disk.make_folder(STAGED)?;
        disk.make_folder(AVATARS)?;
        let disk = Arc::new(disk);
        Ok(Self { disk, tasks, writers: Mutex::default(), windows: Windows::default() })
    }

    /// The same, where what is longer than that goes past the cache of the system.
    #[must_use]
    pub const fn caching(mut self, bytes: u64) -> Self {
        self.windows.cached_bytes = bytes;
        self
    }

    /// Gives each object a second name in another folder, where it has none; on another disk it is copied.
    ///
    /// # Errors
    /// One of the two folders fails.
    pub async fn link_all(&self, to: &Self) -> io::Result<Copied> {
        let (mut copied, mut after) = (Copied::default(), None);
        loop {
            let page = self.list(after.as_ref()).await?;
            let Some((last, _)) = page.last() else { return Ok(copied) };
            after = Some(last.clone());
            let target = Arc::clone(&to.disk);
            let linked = self.call(move |disk| {
                let mut linked = Copied::default();
                for (key, size_bytes) in page {
                    if target.size(&key.name())? == Some(size_bytes) {
                        linked.there += 1;
                    } else if disk.link(&key.name(), &target)? {
                        linked.objects += 1;
                        linked.bytes += size_bytes;
                    }
                }
                Ok(linked)
            });
            let linked = linked.await?;
            copied.objects += linked.objects;
            copied.bytes += linked.bytes;
            copied.there += linked.there;
        }
    }

    async fn call<T, F>(&self, work: F) -> io::Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Disk) -> io::Result<T> + Send + 'static,
    {
        let disk = Arc::clone(&self.disk);
        blocking(&self.tasks, move || work(&disk)).await
    }

    /// Held by one who writes an upload, and by each write of theirs to its end.
    async fn writer(&self, id: &str) -> OwnedMutexGuard<()> {
        let lock = {
            let mut writers = self.writers.lock();
            writers.retain(|_, lock| lock.strong_count() > 0);
            let known = writers.get(id).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let lock = Arc::default();
                writers.insert(id.to_owned(), Arc::downgrade(&lock));
                lock
            })
        };
        lock.lock_owned().await
    }
}

#[async_trait]
impl Storage for Folder {
    fn max_bytes(&self) -> Option<u64> {
        None
    }

    async fn free(&self) -> io::Result<Option<Free>> {
        self.call(|disk| room_in(&disk.folder).map(Some)).await
    }

    async fn stage(&self, staged: &Staged) -> io::Result<Box<dyn Stage>> {
        let writer = self.writer(&staged.id).await;
        let Staged { id, length, .. } = staged.clone();
        let (file, is_named) = self.call(move |disk| disk.stage(&id, length)).await?;
        let growing = Growing::new(file, self.disk.folder.join(STAGED), writer);
        let means = (self.tasks.clone(), self.windows.clone());
        Ok(Box::new(Grows::new(growing, staged, is_named, means)))
    }

    async fn read_staged(&self, staged: &Staged) -> io::Result<Pieces> {
        let Staged { id, length, .. } = staged.clone();
        let file = self
            .call(move |disk| {
                let file = File::open(disk.staged(&id)?)?;
                if file.metadata()?.len() < length { Err(ErrorKind::NotFound.into()) } else { Ok(file) }
            })
            .await?;
        Ok(pieces(self.tasks.clone(), file, 0..length))
    }

    async fn keep(&self, staged: &Staged, key: &Key) -> io::Result<()> {
        let writer = self.writer(&staged.id).await;
        let (Staged { id, length, .. }, name) = (staged.clone(), key.name());
        self.call(move |disk| {
            let kept = disk.keep(&id, length, &name);
            drop(writer);
            kept
        })
        .await
    }

    async fn discard(&self, staged: &Staged) -> io::Result<()> {
        let writer = self.writer(&staged.id).await;
        let id = staged.id.clone();
        self.call(move |disk| {
            let removed = remove(&disk.staged_or_unfinished(&id)?);
            drop(writer);
            removed
        })
        .await
    }

    async fn put(&self, key: &Key, bytes: Bytes) -> io::Result<()> {
        let name = key.name();
        self.call(move |disk| disk.put(&name, &bytes)).await
    }

    async fn open(&self, key: &Key, range: Option<Range<u64>>) -> io::Result<Option<Object>> {
        let name = key.name();
        let Some((file, size_bytes)) = self.call(move |disk| disk.find(&name)).await? else {
            return Ok(None);
        };
        let range =
            range.map_or(0..size_bytes, |range| range.start.min(size_bytes)..range.end.min(size_bytes));
        Ok(Some(Object { size_bytes, pieces: pieces(self.tasks.clone(), file, range) }))
    }

    async fn size(&self, key: &Key) -> io::Result<Option<u64>> {
        let name = key.name();
        self.call(move |disk| disk.size(&name)).await
    }

    async fn remove(&self, keys: &[Key]) -> io::Result<()> {
        let names: Vec<_> = keys.iter().map(Key::name).collect();
        self.call(move |disk| {
            // All that can go goes.
            let gone: Vec<_> = names.iter().map(|name| remove(&disk.folder.join(name))).collect();
            let folders: HashSet<_> = names.iter().filter_map(|name| Path::new(name).parent()).collect();
            for folder in folders.into_iter().map(|folder| disk.folder.join(folder)) {
                match sync_folder(&folder) {
                    // Nothing has ever been in it.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    synced => synced?,
                }
            }
            gone.into_iter().collect()
        })
        .await
    }

    async fn list(&self, after: Option<&Key>) -> io::Result<Vec<(Key, u64)>> {
        let after = after.map(Key::name).unwrap_or_default();
        self.call(move |disk| {
            let mut found = Vec::new();
            disk.list(&mut PathBuf::new(), &after, &mut found)?;
            Ok(found)
        })
        .await
    }

    async fn stale(&self, before: Timestamp) -> io::Result<Vec<Staged>> {
        let before = UNIX_EPOCH + Duration::from_millis(u64::try_from(before.0).unwrap_or(0));
        self.call(move |disk| disk.stale(before)).await
    }
}

/// All of it blocks, and is for the threads that may.
struct Disk {
    folder: PathBuf,
    /// Of chance. With the number it tells apart the objects that are being written, on whose order nothing hangs.
    token: u64,
    writes: AtomicU64,
    /// Folders of which it is on the disk that they are there. A plain mutex: it is held for one folder to be made.
    made: Mutex<HashSet<PathBuf>>,
}

impl Disk {
    /// Makes the folder, and those it lies in, and writes down that they are there.
    fn make_folder(&self, name: impl AsRef<Path>) -> io::Result<()> {
        let mut made = self.made.lock();
        let mut path = self.folder.clone();
        for part in name.as_ref() {
            let above = path.clone();
            path.push(part);
            if made.contains(&path) {
                continue;
            }
            DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
            sync_folder(&above)?;
            made.insert(path.clone());
        }
        Ok(())
    }

    fn staged(&self, id: &str) -> io::Result<PathBuf> {
        check_id(id)?;
        Ok(self.folder.join(STAGED).join(id))
    }

    /// Of what [`Self::stale`] has named, too.
    fn staged_or_unfinished(&self, id: &str) -> io::Result<PathBuf> {
        match id.strip_prefix(UNFINISHED) {
            Some(number) => Ok(self.staged(number)?.with_file_name(id)),
            None => self.staged(id),
        }
    }

    /// The file of an upload, cut behind the durable bytes; and whether its name is on the disk.
    fn stage(&self, id: &str, length: u64) -> io::Result<(File, bool)> {
        let path = self.staged(id)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).mode(0o600);
        if length == 0 {
            // Never cut: it may be an object by another name.
            remove(&path)?;
            return Ok((options.create_new(true).open(path)?, false));
        }
        let mut file = options.open(&path)?;
        let found = file.metadata()?;
        if found.len() < length {
            return Err(ErrorKind::NotFound.into());
        }
        let is_shared = found.nlink() > 1;
        if is_shared {
            // It may be an object by another name, which is not to change.
            let own = self.unfinished();
            fs::copy(&path, &own)?;
            fs::rename(&own, &path)?;
            file = options.open(&path)?;
        }
        if found.len() > length {
            file.set_len(length)?;
        }
        Ok((file, !is_shared))
    }

    fn keep(&self, id: &str, length: u64, name: &str) -> io::Result<()> {
        let (from, to) = (self.staged(id)?, self.folder.join(name));
        if self.size(name)? == Some(length) {
            return sync_folder(parent(&to));
        }
        let file = OpenOptions::new().write(true).open(&from)?;
        match file.metadata()?.len() {
            found if found < length => return Err(ErrorKind::NotFound.into()),
            found if found > length => file.set_len(length)?,
            _ => {}
        }
        file.sync_all()?;
        self.make_folder(parent(Path::new(name)))?;
        self.name_too(&from, &to)
    }

    /// Gives a file a second name, in place of what may be called so; where there are no second names it is copied.
    fn name_too(&self, from: &Path, to: &Path) -> io::Result<()> {
        let unfinished = self.unfinished();
        let named = match fs::hard_link(from, &unfinished) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(error),
            // On another disk, or one that has no second names.
            Err(_) => fs::copy(from, &unfinished).and_then(|_| File::open(&unfinished)?.sync_all()),
            Ok(()) => Ok(()),
        };
        let named = named.and_then(|()| fs::rename(&unfinished, to));
        // Of two names of one file a rename leaves both.
        let _ = fs::remove_file(&unfinished);
        named?;
        sync_folder(parent(to))
    }

    /// A name for what is being written that nobody else has, as a command may write beside the server. What a killed one has left
    /// is found when it is old.
    fn unfinished(&self) -> PathBuf {
        let number = self.writes.fetch_add(1, Ordering::Relaxed);
        self.folder.join(STAGED).join(format!("{UNFINISHED}{:016x}-{number}", self.token))
    }

    /// Writes beside and renames, so that an object is there whole or not at all.
    fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let to = self.folder.join(name);
        if self.size(name)? == Some(bytes.len() as u64) {
            // The name, too, must be on the disk, whoever has just given it to the file.
            return sync_folder(parent(&to));
        }
        let unfinished = self.unfinished();
        let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished);
        let written = written.and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()?;
            self.make_folder(parent(Path::new(name)))?;
            fs::rename(&unfinished, &to)
        });
        if written.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        written?;
        sync_folder(parent(&to))
    }

    /// Whether it was still there.
    fn link(&self, name: &str, target: &Self) -> io::Result<bool> {
        let from = self.folder.join(name);
        target.make_folder(parent(Path::new(name)))?;
        match target.name_too(&from, &target.folder.join(name)) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            named => named.map(|()| true),
        }
    }

    fn find(&self, name: &str) -> io::Result<Option<(File, u64)>> {
        let file = match File::open(self.folder.join(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let size_bytes = file.metadata()?.len();
        Ok(Some((file, size_bytes)))
    }

    fn size(&self, name: &str) -> io::Result<Option<u64>> {
        match fs::metadata(self.folder.join(name)) {
            Ok(found) => Ok(Some(found.len())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Adds the objects below `at` that come behind `after`, in the order of their names.
    fn list(&self, at: &mut PathBuf, after: &str, found: &mut Vec<(Key, u64)>) -> io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(self.folder.join(&*at))? {
            // What is called otherwise is somebody else's.
            entries.extend(entry?.file_name().into_string());
        }
        entries.sort_unstable();
        for entry in entries {
            if found.len() == PAGE {
                return Ok(());
            }
            at.push(&entry);
            let name = at.to_string_lossy().into_owned();
            let is_behind = *name > *after || after.starts_with(&format!("{name}/"));
            if let Some(key) = Key::parse(&name).filter(|_| is_behind) {
                // It may have gone since.
                found.extend(self.size(&name)?.map(|size_bytes| (key, size_bytes)));
            } else if is_behind && name != STAGED && self.folder.join(&name).is_dir() {
                self.list(at, after, found)?;
            }
            at.pop();
        }
        Ok(())
    }

    fn stale(&self, before: std::time::SystemTime) -> io::Result<Vec<Staged>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(self.folder.join(STAGED))? {
            let entry = entry?;
            let id = entry.file_name().into_string().ok();
            let Some(id) = id.filter(|id| self.staged_or_unfinished(id).is_ok()) else { continue };
            match entry.metadata().and_then(|found| found.modified()) {
                Ok(written) if written < before => found.push(Staged::new(id)),
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            if found.len() == PAGE {
                break;
            }
        }
        Ok(found)
    }
}

/// Those bytes of a file.
fn pieces(tasks: TaskTracker, file: File, range: Range<u64>) -> Pieces {
    stream::try_unfold((Arc::new(file), range), move |(file, range)| {
        let tasks = tasks.clone();
        async move {
            let length = usize::try_from(range.end.saturating_sub(range.start))
                .unwrap_or(PIECE_BYTES)
                .min(PIECE_BYTES);
            if length == 0 {
                return Ok(None);
            }
            let (reading, at) = (Arc::clone(&file), range.start);
            let piece = blocking(&tasks, move || {
                let mut piece = vec![0; length];
                reading.read_exact_at(&mut piece, at)?;
                Ok(Bytes::from(piece))
            })
            .await?;
            Ok(Some((piece, (file, at + length as u64..range.end))))
        }
    })
    .boxed()
}

fn parent(path: &Path) -> &Path {
    path.parent().expect("an object lies in a folder")
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
