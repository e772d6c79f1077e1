//! Copying a database while it is in use.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::{OpenError, archive, connection, identity, migrations};

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("{} exists already; a backup never overwrites", .0.display())]
    Exists(PathBuf),
    #[error("there is no database at {}", .0.display())]
    NoDatabase(PathBuf),
    #[error("the copy is no file in a folder: {}", .0.display())]
    BadTarget(PathBuf),
    #[error("cannot read the database: {0}")]
    Source(#[from] OpenError),
    #[error("sqlite: {0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("the database is locked by another program")]
    Locked,
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Copies the database as it is at this moment to a new file, which [`crate::SqliteStore::open`] opens as another
/// epoch of its store.
///
/// Works from another process and while the server writes. Takes one snapshot and copies it in one go: while
/// it lasts the server's write-ahead log grows, as nothing of it can be reused.
///
/// # Errors
/// See [`BackupError`]; there is no file at `to` then, or the one that was there.
pub fn backup(database: &Path, to: &Path) -> Result<(), BackupError> {
    if !database.is_file() {
        return Err(BackupError::NoDatabase(database.to_owned()));
    }
    if fs::symlink_metadata(to).is_ok() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let (folder, part) = (folder_of(to)?, Part::of(to)?);

    let source = connection::read_only(database).map_err(OpenError::from)?;
    if migrations::version(&source)? == 0 {
        return Err(BackupError::NoDatabase(database.to_owned()));
    }
    archive::must_be_whole(&source)?;
    copy(&source, part.path())?;
    File::open(part.path())?.sync_all()?;
    // A link, not a rename: it fails if somebody else has made `to` meanwhile. Where the file system has
    // no links a rename must do.
    match fs::hard_link(part.path(), to) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(BackupError::Exists(to.to_owned()));
        }
        Err(_) => fs::rename(part.path(), to)?,
        Ok(()) => {}
    }
    drop(part);
    // The name is on the disk only when its folder is.
    File::open(folder)?.sync_all()?;
    Ok(())
}

/// The folder of a file.
pub(crate) fn folder_of(file: &Path) -> Result<&Path, BackupError> {
    match (file.file_name(), file.parent()) {
        (Some(_), Some(folder)) if !folder.as_os_str().is_empty() => Ok(folder),
        (Some(_), _) => Ok(Path::new(".")),
        (None, _) => Err(BackupError::BadTarget(file.to_owned())),
    }
}

/// Copies the database to a new file, as another epoch of its store.
pub(crate) fn copy(source: &Connection, part: &Path) -> Result<(), BackupError> {
    let mut target = Connection::open(part)?;
    // The file is synced once, when it is whole; until then nobody misses it.
    target.pragma_update(None, "journal_mode", "off")?;
    target.pragma_update(None, "synchronous", "off")?;
    // All pages in one step: in several, a write in between would make it begin again.
    match Backup::new(source, &mut target)?.step(-1)? {
        StepResult::Done => {}
        _ => return Err(BackupError::Locked),
    }
    // The source has its log beside it; the copy is one file, and a folder that cannot be written is room enough.
    target.pragma_update(None, "journal_mode", "delete")?;
    Ok(identity::forget_epoch(&target)?)
}

/// The unfinished copy. Its name goes when it is finished or given up.
pub(crate) struct Part(PathBuf);

impl Part {
    /// Beside the file that it is to become.
    pub(crate) fn of(file: &Path) -> Result<Self, BackupError> {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self(folder_of(file)?.join(format!(".{name}.{}.part", std::process::id()))))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // It may not have been created; and one that stays behind does no harm but take room.
        let _ = fs::remove_file(&self.0);
    }
}
