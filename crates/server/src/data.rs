//! The data folder: everything the server writes, and one process at a time that may write it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::config::Database;
use crate::why;

/// The lock file holds the id of the process that has the folder, its data folder and its database, a line each.
const LOCK_FILE: &str = "rim.lock";
/// Where a running server listens for the commands of `rim user`.
const ADMIN_SOCKET: &str = "admin.sock";

/// A data folder that is ours until this is dropped, and with it the folder of an SQLite database that is elsewhere.
/// The locks are the kernel's, so a process that was killed has let go of them.
#[derive(Debug)]
pub struct DataFolder {
    _locks: Vec<File>,
}

/// Why the data folder cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("another rim{} uses the data folder {}; stop it, or choose another folder with --data",
        .owner.pid.map(|pid| format!(" (process {pid})")).unwrap_or_default(), .folder.display())]
    InUse { folder: PathBuf, owner: Owner },
    #[error("{setting}: cannot use the folder {}: {}; it must be {allowed}", .folder.display(), why::in_words(.error))]
    Io { setting: &'static str, folder: PathBuf, error: io::Error, allowed: &'static str },
}

/// Whose a folder is, as its lock file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Owner {
    pub pid: Option<u32>,
    /// The data folder, where the socket for commands is.
    pub data: Option<PathBuf>,
    /// The database, without passwords.
    pub database: Option<String>,
}

impl DataFolder {
    /// Creates the folder where there is none, readable for its owner alone, and locks it.
    ///
    /// # Errors
    /// `InUse` while another process has it.
    pub fn lock(folder: &Path) -> Result<Self, DataError> {
        create(folder)?;
        let owner = Owner { pid: Some(std::process::id()), data: absolute(folder), database: None };
        Ok(Self { _locks: vec![lock(folder, &owner)?] })
    }

    /// The same, and keeps all others from the database as well, wherever they think the data folder is. Without a
    /// data folder the database is all that is locked.
    ///
    /// # Errors
    /// `InUse` while another process has one of the two.
    pub fn lock_with(folder: Option<&Path>, database: &Database) -> Result<Self, DataError> {
        let home = match database {
            Database::Sqlite(path) => path.parent().map(or_here),
            Database::Postgres(_) => None,
        };
        // Before anything is named by where it is.
        folder.map_or(Ok(()), create)?;
        let owner = Owner {
            pid: Some(std::process::id()),
            data: folder.and_then(absolute),
            database: Some(name_of(database)),
        };
        let mut locks = Vec::new();
        if let Some(folder) = folder {
            locks.push(lock(folder, &owner)?);
        }
        if let Some(home) = home {
            let found = fs::canonicalize(home).map_err(|error| DataError::Io {
                setting: "database",
                folder: home.to_owned(),
                error,
                allowed: "in a folder that there is",
            })?;
            if folder.and_then(|folder| fs::canonicalize(folder).ok()).is_none_or(|folder| folder != found) {
                locks.push(lock(home, &owner)?);
            }
        }
        Ok(Self { _locks: locks })
    }
}

/// Whether the folder is one, or can be made.
///
/// # Errors
/// A file is in its way.
pub fn check(folder: &Path) -> Result<(), DataError> {
    let found = folder.ancestors().map(or_here).find_map(|path| Some((path, fs::metadata(path).ok()?)));
    match found {
        Some((path, metadata)) if !metadata.is_dir() => {
            let kind = if path == folder { ErrorKind::AlreadyExists } else { ErrorKind::NotADirectory };
            Err(unusable(folder, kind.into()))
        }
        _ => Ok(()),
    }
}

/// Who has the folder or had it last; nobody where no rim ever was.
pub fn owner(folder: &Path) -> Owner {
    let text = fs::read_to_string(folder.join(LOCK_FILE)).unwrap_or_default();
    let mut lines = text.lines().map(str::trim).map(|line| Some(line).filter(|line| !line.is_empty()));
    let mut line = || lines.next().flatten();
    Owner {
        pid: line().and_then(|pid| pid.parse().ok()),
        data: line().map(PathBuf::from),
        database: line().map(str::to_owned),
    }
}

/// A database as it is called in lock files: without passwords, and a file by its one full name.
pub fn name_of(database: &Database) -> String {
    let Database::Sqlite(path) = database else { return database.to_string() };
    let home = path.parent().and_then(|home| fs::canonicalize(or_here(home)).ok());
    let path = home.zip(path.file_name()).map_or_else(|| path.clone(), |(home, name)| home.join(name));
    Database::Sqlite(path).to_string()
}

fn create(folder: &Path) -> Result<(), DataError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| unusable(folder, error))
}

fn lock(folder: &Path, owner: &Owner) -> Result<File, DataError> {
    let failed = |error| unusable(folder, error);
    let path = folder.join(LOCK_FILE);
    // Not truncated: until it is locked, what is in it is another's.
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            return Err(DataError::InUse { folder: folder.to_owned(), owner: self::owner(folder) });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    let data = owner.data.as_ref().map(|data| data.display().to_string()).unwrap_or_default();
    let database = owner.database.as_deref().unwrap_or_default();
    let text = format!("{}\n{data}\n{database}\n", owner.pid.unwrap_or_default());
    file.set_len(0).and_then(|()| file.write_all(text.as_bytes())).map_err(failed)?;
    Ok(file)
}

fn unusable(folder: &Path, error: io::Error) -> DataError {
    let allowed = "a folder that rim may write, or the place for a new one";
    DataError::Io { setting: "data", folder: folder.to_owned(), error, allowed }
}

fn absolute(path: &Path) -> Option<PathBuf> {
    std::path::absolute(path).ok()
}

/// The parent of a plain name is the empty path.
fn or_here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

/// The path of the socket for commands.
pub fn admin_socket(folder: &Path) -> PathBuf {
    // The shorter of two ways to say the same: the path of a Unix socket has 107 bytes at the most.
    let absolute = folder.join(ADMIN_SOCKET);
    let relative =
        std::env::current_dir().ok().and_then(|here| absolute.strip_prefix(here).ok().map(Path::to_owned));
    relative.unwrap_or(absolute)
}

/// Removes what is left of the socket; it is no matter if nothing is.
pub fn remove_admin_socket(folder: &Path) {
    let _ = fs::remove_file(admin_socket(folder));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_is_refused_and_told_who_has_the_folder() {
        let parent = tempfile::tempdir().expect("a folder");
        let folder = parent.path().join("data");
        let first = DataFolder::lock(&folder).expect("it is free");
        let text = DataFolder::lock(&folder).expect_err("it is taken").to_string();
        assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
        assert!(text.contains(&folder.display().to_string()), "{text}");
        drop(first);
        DataFolder::lock(&folder).expect("it is free again");
    }

    #[test]
    fn a_database_has_one_writer_wherever_its_data_folder_is() {
        let parent = tempfile::tempdir().expect("a folder");
        let [one, other, home] = ["one", "other", "home"].map(|name| parent.path().join(name));
        fs::create_dir(&home).expect("created");
        let database = Database::Sqlite(home.join("../home/rim.db"));
        let first = DataFolder::lock_with(Some(&one), &database).expect("it is free");
        let second = DataFolder::lock_with(Some(&other), &database).expect_err("it is taken");
        let DataError::InUse { owner, .. } = second else { panic!("{second}") };
        assert_eq!(owner.data, Some(one));
        assert_eq!(owner.database, Some(name_of(&Database::Sqlite(home.join("rim.db")))));
        DataFolder::lock_with(None, &database).expect_err("by its database alone");
        drop(first);
        DataFolder::lock_with(None, &database).expect("it is free again");
        DataFolder::lock_with(Some(&home), &database).expect("one folder is locked once");
    }

    #[test]
    fn a_file_in_the_way_of_the_folder_is_seen() {
        let parent = tempfile::tempdir().expect("a folder");
        let file = parent.path().join("file");
        fs::write(&file, "").expect("written");
        for (folder, usable) in
            [(parent.path().join("new/er"), true), (file.clone(), false), (file.join("under"), false)]
        {
            assert_eq!(check(&folder).is_ok(), usable, "{}", folder.display());
            if !usable {
                let text = DataFolder::lock(&folder).expect_err("it is not to be had").to_string();
                assert_eq!(text, check(&folder).expect_err("the same").to_string());
            }
        }
        check(Path::new("data")).expect("a plain name");
    }
}
