//! The data folder: everything the server writes, and one process at a time that may write it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The lock file holds the id of the process that has the folder.
const LOCK_FILE: &str = "rim.lock";
/// Where a running server listens for the commands of `rim user`.
const ADMIN_SOCKET: &str = "admin.sock";

/// A data folder that is ours until this is dropped. The lock is the kernel's, so a process that was killed
/// has let go of it.
#[derive(Debug)]
pub struct DataFolder {
    _lock: File,
}

/// Why the data folder cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("another rim{} uses the data folder {}; stop it, or choose another folder with --data",
        .pid.as_ref().map(|pid| format!(" (process {pid})")).unwrap_or_default(), .folder.display())]
    InUse { folder: PathBuf, pid: Option<u32> },
    #[error("data: cannot use the folder {}: {error}", .folder.display())]
    Io { folder: PathBuf, error: io::Error },
}

impl DataFolder {
    /// Creates the folder where there is none, readable for its owner alone, and locks it.
    ///
    /// # Errors
    /// `InUse` while another process has it.
    pub fn lock(folder: &Path) -> Result<Self, DataError> {
        let failed = |error| DataError::Io { folder: folder.to_owned(), error };
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
        let path = folder.join(LOCK_FILE);
        // Not truncated: until it is locked, what is in it is another's.
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = file.read_to_string(&mut pid);
                return Err(DataError::InUse { folder: folder.to_owned(), pid: pid.trim().parse().ok() });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id())).map_err(failed)?;
        Ok(Self { _lock: file })
    }
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
}
