//! The database as a file: one process at a time has it, and what is no whole database is not taken for one.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use parking_lot::Mutex;

use crate::OpenError;

/// Device and number of the file, whatever it is called.
type FileId = (u64, u64);

/// Those that this process has. Opened and closed once more, a file would lose the locks that SQLite has on it, which
/// are of the process and not of who opened it: so a second try has to end before that.
///
/// A plain mutex: it is held for a look, or until a file is open.
static OURS: Mutex<BTreeSet<FileId>> = Mutex::new(BTreeSet::new());

/// A database file that no other process has, by whichever name, until this is dropped. The lock is the kernel's, so a
/// process that was killed has let go of it.
pub(crate) struct DatabaseFile {
    file: File,
    id: FileId,
    /// As SQLite calls it: what it keeps beside it is named after the file that a symbolic link leads to.
    path: PathBuf,
}

impl DatabaseFile {
    /// Creates the file where there is none. To be called before SQLite opens it, and dropped after it has closed it.
    ///
    /// # Errors
    /// `InUse` while a process has it, this one included; `LogAlone`; `CutOff`.
    pub(crate) fn take(path: &Path) -> Result<Self, OpenError> {
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let log_bytes = length(&beside(&real, "-wal"))?;
        if length(&real)? == 0 && log_bytes > 0 {
            return Err(OpenError::LogAlone(beside(&real, "-wal")));
        }
        let file = Self::lock(real)?;
        file.must_be_as_long_as_it_says(log_bytes)?;
        Ok(file)
    }

    fn lock(path: PathBuf) -> Result<Self, OpenError> {
        let mut ours = OURS.lock();
        if fs::metadata(&path).is_ok_and(|found| ours.contains(&id_of(&found))) {
            return Err(OpenError::InUse);
        }
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let file = opened.map_err(OpenError::File)?;
        let metadata = file.metadata().map_err(OpenError::File)?;
        if !lock::exclusively(&file).map_err(OpenError::Lock)? {
            return Err(OpenError::InUse);
        }
        if metadata.nlink() > 1 {
            tracing::warn!(
                database = %path.display(),
                "the database has more than one name (hard links): rim must always be given the same one, as what \
                 SQLite keeps beside a database is found by its name"
            );
        }
        let id = id_of(&metadata);
        ours.insert(id);
        Ok(Self { file, id, path })
    }

    /// The header has the number of pages. Some may be in the log alone, if there is one.
    fn must_be_as_long_as_it_says(&self, log_bytes: u64) -> Result<(), OpenError> {
        let mut header = [0; 100];
        if self.file.read_exact_at(&mut header, 0).is_err() {
            // Empty, or for SQLite to say what it is.
            return Ok(());
        }
        let number =
            |at: usize| u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
        let page_bytes = match u16::from_be_bytes([header[16], header[17]]) {
            1 => 65_536,
            bytes => u64::from(bytes),
        };
        // Written by an SQLite of before 2010, the number of pages says nothing.
        let is_ours = header.starts_with(b"SQLite format 3\0") && number(24) == number(92);
        let expected = u64::from(number(28)) * page_bytes;
        let found = self.file.metadata().map_err(OpenError::File)?.len();
        if is_ours && found + log_bytes < expected {
            return Err(OpenError::CutOff { found, expected });
        }
        Ok(())
    }

    /// The path to open it by.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for DatabaseFile {
    fn drop(&mut self) {
        OURS.lock().remove(&self.id);
    }
}

/// What SQLite keeps beside a database, or rim does.
pub(crate) fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Whether there is something in the file: SQLite takes an empty one for a new database.
pub fn has_database(path: &Path) -> bool {
    length(path).is_ok_and(|bytes| bytes > 0)
}

fn length(path: &Path) -> Result<u64, OpenError> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(OpenError::File(error)),
    }
}

fn id_of(metadata: &fs::Metadata) -> FileId {
    (metadata.dev(), metadata.ino())
}

/// SQLite locks bytes of the file with locks that belong to a process. Ours belongs to the open file, and is of a byte
/// that SQLite never comes near, so neither meets the other; flock would, where a network file system makes a lock of
/// the whole file of it.
#[cfg(target_os = "linux")]
mod lock {
    use std::fs::File;
    use std::io::{Error, ErrorKind, Result};
    use std::os::fd::AsRawFd;

    /// SQLite's are at 2^30, and no file system has files that reach up to here.
    const BYTE: libc::off_t = 1 << 62;

    /// `false` if somebody has it.
    pub(super) fn exclusively(file: &File) -> Result<bool> {
        // SAFETY: a `flock` is numbers, for which zero is a value.
        let mut lock: libc::flock = unsafe { std::mem::zeroed() };
        lock.l_type = libc::F_WRLCK as libc::c_short;
        lock.l_whence = libc::SEEK_SET as libc::c_short;
        lock.l_start = BYTE;
        lock.l_len = 1;
        // SAFETY: the descriptor is open as long as the file is borrowed, and the call reads the `flock` alone.
        let outcome = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const lock) };
        if outcome == 0 {
            return Ok(true);
        }
        let error = Error::last_os_error();
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::PermissionDenied => Ok(false),
            _ => Err(error),
        }
    }
}

/// Elsewhere every lock of a file would meet those of SQLite: the lock file beside the database must do.
#[cfg(not(target_os = "linux"))]
mod lock {
    use std::fs::File;
    use std::io::Result;

    pub(super) fn exclusively(_: &File) -> Result<bool> {
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    fn database(folder: &Path) -> PathBuf {
        let path = folder.join("rim.db");
        let db = Connection::open(&path).expect("opened");
        db.execute_batch("CREATE TABLE t (x); INSERT INTO t SELECT randomblob(20000)").expect("filled");
        path
    }

    #[test]
    fn a_database_is_had_once_by_whichever_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = database(folder.path());
        let (link, hard) = (folder.path().join("link.db"), folder.path().join("hard.db"));
        std::os::unix::fs::symlink(&path, &link).expect("linked");
        fs::hard_link(&path, &hard).expect("linked");
        let first = DatabaseFile::take(&path).expect("it is free");
        for name in [&path, &link, &hard] {
            assert!(matches!(DatabaseFile::take(name), Err(OpenError::InUse)), "{}", name.display());
        }
        drop(first);
        assert_eq!(
            DatabaseFile::take(&link).expect("it is free again").path(),
            fs::canonicalize(&path).expect("there")
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn another_process_is_kept_out_and_sqlite_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = database(folder.path());
        let _ours = DatabaseFile::take(&path).expect("it is free");
        // Another open file is another owner of such a lock, as one in another process is.
        let theirs = File::options().read(true).write(true).open(&path).expect("opened");
        assert!(!lock::exclusively(&theirs).expect("asked"));
        let db = Connection::open(&path).expect("opened");
        db.execute_batch("PRAGMA journal_mode = wal; BEGIN EXCLUSIVE; INSERT INTO t VALUES (1); COMMIT")
            .expect("written");
    }

    #[test]
    fn a_database_that_was_cut_off_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = database(folder.path());
        let whole = fs::metadata(&path).expect("there").len();
        File::options().write(true).open(&path).and_then(|file| file.set_len(whole - 4096)).expect("cut off");
        let cut = DatabaseFile::take(&path).map(drop);
        assert!(matches!(cut, Err(OpenError::CutOff { expected, .. }) if expected == whole), "{cut:?}");
    }

    #[test]
    fn a_log_without_its_database_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rim.db");
        fs::write(beside(&path, "-wal"), "what was acknowledged").expect("written");
        for empty in [false, true] {
            if empty {
                fs::write(&path, "").expect("written");
            }
            assert!(matches!(DatabaseFile::take(&path), Err(OpenError::LogAlone(_))));
            assert_eq!(path.exists(), empty, "nothing is made");
        }
    }
}
