//! The data folder: everything the server writes, one process at a time that may write it, and which store it belongs to.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::config::Database;
use crate::why;

/// The lock file holds the id of the process that has the folder, its data folder and its database, a line each.
const LOCK_FILE: &str = "rim.lock";
/// Beside a database, whatever folder it is in: who has it, in the same words. That nobody else does is seen to by a
/// lock of the database itself; this one says who.
const DATABASE_LOCK: &str = ".lock";
/// The store that the data folder belongs to: its id and its database, a line each. Written when it is open.
const STORE_FILE: &str = "rim.store";
/// Where a running server listens for the commands of `rim user`.
const ADMIN_SOCKET: &str = "admin.sock";

/// A data folder that is ours until this is dropped, and with it an SQLite database, wherever that is.
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
    #[error("another rim{} has the database {}; stop it, or choose another database with --database",
        .owner.pid.map(|pid| format!(" (process {pid})")).unwrap_or_default(), .database.display())]
    DatabaseInUse { database: PathBuf, owner: Owner },
    #[error("there is {missing} {database}, but the data folder {} belongs to a store that had its database {}; \
        put it back, or restore a backup with `rim restore`. To begin with nothing, remove the file {} first",
        .folder.display(), if .was == .database { "there" } else { .was }, .folder.join(STORE_FILE).display())]
    Lost { missing: &'static str, database: String, was: String, folder: PathBuf },
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
    /// `InUse` or `DatabaseInUse` while another process has one of the two.
    pub fn lock_with(folder: Option<&Path>, database: &Database) -> Result<Self, DataError> {
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
        if let Database::Sqlite(path) = database {
            locks.push(lock_database(path, &owner)?);
        }
        Ok(Self { _locks: locks })
    }
}

/// Whether the store that the data folder belongs to has lost its database: a server would begin a new one in silence.
///
/// # Errors
/// `Lost`. `has_database` says whether there is something where the settings look for it.
pub fn must_not_be_lost(folder: &Path, database: &Database, has_database: bool) -> Result<(), DataError> {
    let Some((_, was)) = store_of(folder).filter(|_| !has_database) else { return Ok(()) };
    let missing = match database {
        Database::Sqlite(path) if path.exists() => "nothing in the file",
        Database::Sqlite(_) => "no file",
        Database::Postgres(_) => "no rim in",
    };
    Err(DataError::Lost { missing, database: name_of(database), was, folder: folder.to_owned() })
}

/// Notes which store the data folder belongs to.
///
/// # Errors
/// The folder cannot be written.
pub fn remember_store(folder: &Path, id: &str, database: &Database) -> Result<(), DataError> {
    let note = (id.to_owned(), name_of(database));
    let before = store_of(folder);
    if before.as_ref() == Some(&note) {
        return Ok(());
    }
    if let Some((was, _)) = before.filter(|(was, _)| *was != note.0) {
        tracing::warn!(
            was,
            now = id,
            "the data folder had another store: pictures of that one may be missing here"
        );
    }
    let (path, unfinished) = (folder.join(STORE_FILE), folder.join(format!("{STORE_FILE}.new")));
    let written = File::create(&unfinished).and_then(|mut file| {
        writeln!(file, "{}\n{}", note.0, note.1)?;
        file.sync_all()?;
        fs::rename(&unfinished, &path)?;
        File::open(folder)?.sync_all()
    });
    written.map_err(|error| unusable(folder, error))
}

/// The id of the store that the folder belongs to, and its database; `None` where no server has had one open.
fn store_of(folder: &Path) -> Option<(String, String)> {
    let text = fs::read_to_string(folder.join(STORE_FILE)).ok()?;
    let mut lines = text.lines().map(|line| line.trim().to_owned());
    Some((lines.next()?, lines.next().unwrap_or_default()))
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
    owner_in(&folder.join(LOCK_FILE))
}

fn owner_in(lock_file: &Path) -> Owner {
    let text = fs::read_to_string(lock_file).unwrap_or_default();
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
    match database {
        Database::Sqlite(path) => Database::Sqlite(full_name(path)).to_string(),
        Database::Postgres(_) => database.to_string(),
    }
}

/// Also of a file that there is not yet.
fn full_name(file: &Path) -> PathBuf {
    let of_its_folder = || {
        let home = file.parent().and_then(|home| fs::canonicalize(or_here(home)).ok())?;
        Some(home.join(file.file_name()?))
    };
    fs::canonicalize(file).ok().or_else(of_its_folder).unwrap_or_else(|| file.to_owned())
}

fn create(folder: &Path) -> Result<(), DataError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|error| unusable(folder, error))
}

fn lock(folder: &Path, owner: &Owner) -> Result<File, DataError> {
    let locked = lock_file(&folder.join(LOCK_FILE), owner).map_err(|error| unusable(folder, error))?;
    locked.ok_or_else(|| DataError::InUse { folder: folder.to_owned(), owner: self::owner(folder) })
}

fn lock_database(database: &Path, owner: &Owner) -> Result<File, DataError> {
    let mut path = full_name(database).into_os_string();
    path.push(DATABASE_LOCK);
    let path = PathBuf::from(path);
    let locked = lock_file(&path, owner).map_err(|error| DataError::Io {
        setting: "database",
        folder: database.parent().map_or_else(PathBuf::new, |home| or_here(home).to_owned()),
        error,
        allowed: "in a folder that rim may write",
    })?;
    locked.ok_or_else(|| DataError::DatabaseInUse { database: database.to_owned(), owner: owner_in(&path) })
}

/// `None` where another process has it.
fn lock_file(path: &Path, owner: &Owner) -> io::Result<Option<File>> {
    // Not truncated: until it is locked, what is in it is another's.
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let data = owner.data.as_ref().map(|data| data.display().to_string()).unwrap_or_default();
    let database = owner.database.as_deref().unwrap_or_default();
    let text = format!("{}\n{data}\n{database}\n", owner.pid.unwrap_or_default());
    file.set_len(0).and_then(|()| file.write_all(text.as_bytes()))?;
    Ok(Some(file))
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
        let DataError::DatabaseInUse { owner, .. } = second else { panic!("{second}") };
        assert_eq!(owner.data, Some(one));
        assert_eq!(owner.database, Some(name_of(&Database::Sqlite(home.join("rim.db")))));
        DataFolder::lock_with(None, &database).expect_err("by its database alone");
        // Under another name, and one beside it.
        std::os::unix::fs::symlink(home.join("rim.db"), parent.path().join("link.db")).expect("linked");
        fs::write(home.join("rim.db"), "").expect("written");
        DataFolder::lock_with(None, &Database::Sqlite(parent.path().join("link.db"))).expect_err("the same");
        DataFolder::lock_with(Some(&other), &Database::Sqlite(home.join("other.db"))).expect("another");
        drop(first);
        DataFolder::lock_with(None, &database).expect("it is free again");
        DataFolder::lock_with(Some(&home), &database).expect("a folder with its database");
    }

    #[test]
    fn a_folder_whose_database_is_gone_says_what_it_had() {
        let parent = tempfile::tempdir().expect("a folder");
        let database = Database::Sqlite(parent.path().join("rim.db"));
        must_not_be_lost(parent.path(), &database, false).expect("there was none");
        remember_store(parent.path(), "abc", &database).expect("noted");
        must_not_be_lost(parent.path(), &database, true).expect("it is there");
        let lost = must_not_be_lost(parent.path(), &database, false).expect_err("it is gone").to_string();
        assert!(lost.starts_with("there is no file sqlite:"), "{lost}");
        assert!(lost.contains("rim restore") && lost.contains("rim.store"), "{lost}");
        // Another name for it, as with a mistake in the settings: it is the folder that had one.
        let other = Database::Sqlite(parent.path().join("other.db"));
        let lost = must_not_be_lost(parent.path(), &other, false).expect_err("there is none").to_string();
        assert!(lost.contains("other.db") && lost.contains("had its database sqlite:"), "{lost}");
        fs::remove_file(parent.path().join(STORE_FILE)).expect("removed");
        must_not_be_lost(parent.path(), &database, false).expect("as one wants it");
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
