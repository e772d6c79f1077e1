//! Putting a backup into the place of a database.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use crate::backup::{Part, copy, folder_of};
use crate::file::{DatabaseFile, beside};
use crate::{BackupError, OpenError, archive, connection, migrations};

/// Why nothing was restored. The database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error("there is a database at {} already; it is replaced, and kept beside the new one, only with --replace", .0.display())]
    Exists(PathBuf),
    #[error("there is no file {}", .0.display())]
    NoBackup(PathBuf),
    #[error("{} is the database itself", .0.display())]
    Itself(PathBuf),
    #[error("cannot use {}: {error}", .file.display())]
    Unusable { file: PathBuf, error: OpenError },
    /// SQLite's own check has found something.
    #[error("{} is damaged: {found}", .file.display())]
    Damaged { file: PathBuf, found: String },
    #[error("another process has the database {} open", .0.display())]
    InUse(PathBuf),
    #[error("cannot copy it: {0}")]
    Copy(#[from] BackupError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Puts the backup `from` to where the database is, as another epoch of it. With `replace` the database that is there
/// is kept beside it, under the name that this returns.
///
/// The caller sees to it that no server has the database open or opens it meanwhile. Whatever ends it, at `database` is
/// what was there, or the whole of the backup.
///
/// # Errors
/// See [`RestoreError`].
pub fn restore(from: &Path, database: &Path, replace: bool) -> Result<Option<PathBuf>, RestoreError> {
    if !from.is_file() {
        return Err(RestoreError::NoBackup(from.to_owned()));
    }
    if database.exists() && fs::canonicalize(from)? == fs::canonicalize(database)? {
        return Err(RestoreError::Itself(from.to_owned()));
    }
    let leftovers = [beside(database, "-wal"), beside(database, "-shm"), beside(database, "-journal")];
    // A log that stays beside another database would be taken for its own.
    let found = database.exists() || leftovers.iter().any(|path| path.exists());
    if found && !replace {
        return Err(RestoreError::Exists(database.to_owned()));
    }
    // Until the new one is in its place. What is no database any more is replaced like one.
    let _old = match database.exists().then(|| DatabaseFile::take(database)).transpose() {
        Err(OpenError::InUse) => return Err(RestoreError::InUse(database.to_owned())),
        taken => taken.ok().flatten(),
    };
    let source = checked(from)?;

    let folder = folder_of(database)?;
    let part = Part::of(database)?;
    copy(&source, part.path())?;
    drop(source);
    File::open(part.path())?.sync_all()?;

    let kept = if found { keep(database, &leftovers)? } else { None };
    fs::rename(part.path(), database)?;
    File::open(folder)?.sync_all()?;
    Ok(kept)
}

/// The backup, if it is a whole database of ours.
fn checked(from: &Path) -> Result<Connection, RestoreError> {
    let unusable = |error| RestoreError::Unusable { file: from.to_owned(), error };
    let source = connection::read_only(from).map_err(|error| unusable(error.into()))?;
    migrations::version(&source)
        .and_then(|version| match version {
            0 => Err(OpenError::NotOurs),
            _ => archive::must_be_whole(&source),
        })
        .map_err(unusable)?;
    let verdict: String = source
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|error| unusable(error.into()))?;
    if verdict == "ok" {
        Ok(source)
    } else {
        Err(RestoreError::Damaged { file: from.to_owned(), found: verdict })
    }
}

/// Gives the database a second name, under which it stays when the first is taken.
fn keep(database: &Path, leftovers: &[PathBuf]) -> Result<Option<PathBuf>, RestoreError> {
    if database.exists() {
        fold_log(database)?;
    }
    let mut number = 1;
    let kept = loop {
        let kept = beside(database, &format!(".before-restore-{number}"));
        if fs::symlink_metadata(&kept).is_err() {
            break kept;
        }
        number += 1;
    };
    let was_there = database.exists();
    if was_there {
        match fs::hard_link(database, &kept) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Err(error.into()),
            // Where the file system has no links a copy must do: there is a database at its place at any moment.
            Err(_) => {
                fs::copy(database, &kept)?;
                File::open(&kept)?.sync_all()?;
            }
            Ok(()) => {}
        }
    }
    for (leftover, suffix) in leftovers.iter().zip(["-wal", "-shm", "-journal"]) {
        if leftover.exists() {
            fs::rename(leftover, beside(&kept, suffix))?;
        }
    }
    // The old one is whole under its new name before anything else has the old name.
    File::open(folder_of(database)?)?.sync_all()?;
    Ok(was_there.then_some(kept))
}

/// Brings what is in the write-ahead log into the database, so that the file alone is all of it. A damaged one is
/// kept with its log.
fn fold_log(database: &Path) -> Result<(), RestoreError> {
    let folding = || -> Result<(), OpenError> {
        let db = connection::read_write(database)?;
        db.busy_timeout(Duration::ZERO)?;
        db.execute_batch(
            "PRAGMA locking_mode = exclusive; BEGIN EXCLUSIVE; COMMIT; PRAGMA wal_checkpoint(TRUNCATE)",
        )?;
        Ok(())
    };
    match folding() {
        Err(OpenError::InUse) => Err(RestoreError::InUse(database.to_owned())),
        _ => Ok(()),
    }
}
