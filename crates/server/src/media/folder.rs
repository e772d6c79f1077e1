//! Pictures in `media/avatars` of the data folder.

use std::collections::HashSet;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::name::AvatarName;

const FOLDER: &str = "media/avatars";

/// Where they are in a data folder.
pub fn folder(data: &Path) -> PathBuf {
    data.join(FOLDER)
}

/// All of it blocks, and is for the threads that may.
#[derive(Debug)]
pub(super) struct Folder {
    folder: PathBuf,
    /// Tells apart the files that are being written; nothing hangs on its order.
    writes: AtomicU64,
    /// Those that may be removed at any moment. A plain mutex: it is held to look, to mark, and to remove one file.
    leaving: Mutex<HashSet<String>>,
}

impl Folder {
    /// Creates the folder where there is none, readable for its owner alone.
    pub(super) fn open(data: &Path) -> io::Result<Self> {
        let folder = folder(data);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self { folder, writes: AtomicU64::new(0), leaving: Mutex::default() })
    }

    /// Keeps a picture; when this returns it is on the disk. The same picture again is stored no second time.
    ///
    /// # Errors
    /// `WouldBlock` for the moment in which the same is about to be removed.
    pub(super) fn keep(&self, name: &AvatarName, picture: &[u8]) -> io::Result<()> {
        if self.leaving.lock().contains(&name.to_string()) {
            return Err(ErrorKind::WouldBlock.into());
        }
        let path = self.path(name);
        if !path.exists() {
            self.write(&path, picture)?;
        }
        // The name, too, must be on the disk, whoever has just given it to the file.
        File::open(&self.folder)?.sync_all()
    }

    /// A picture and its length in bytes; `None` where there is none of that name.
    pub(super) fn find(&self, name: &AvatarName) -> io::Result<Option<(File, u64)>> {
        let file = match File::open(self.path(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let length_bytes = file.metadata()?.len();
        Ok(Some((file, length_bytes)))
    }

    /// Nobody keeps these anew until [`Self::remove`] has come to its end.
    pub(super) fn leave(&self, names: &[String]) {
        self.leaving.lock().extend(names.iter().cloned());
    }

    /// Removes pictures, and lets those of `left` be kept again that it was told of before.
    pub(super) fn remove(&self, names: &[String], left: &[String]) -> io::Result<()> {
        let mut outcome = Ok(());
        for name in names.iter().filter_map(|name| AvatarName::parse(name)) {
            match fs::remove_file(self.path(&name)) {
                Err(error) if error.kind() != ErrorKind::NotFound => outcome = Err(error),
                _ => {}
            }
        }
        let mut leaving = self.leaving.lock();
        for name in left {
            leaving.remove(name);
        }
        outcome
    }

    /// The names of all pictures, in no order.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            // What is no picture's name is one that was not written to its end, or somebody else's.
            names.extend(
                entry?.file_name().into_string().ok().filter(|name| AvatarName::parse(name).is_some()),
            );
        }
        Ok(names)
    }

    /// Writes beside and renames, so that a picture is there whole or not at all.
    fn write(&self, path: &Path, picture: &[u8]) -> io::Result<()> {
        // What a killed server has left under this name is overwritten.
        let number = self.writes.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.folder.join(format!("unfinished-{number}"));
        let written = File::create(&unfinished).and_then(|mut file| {
            file.write_all(picture)?;
            file.sync_all()?;
            fs::rename(&unfinished, path)
        });
        if written.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        written
    }

    fn path(&self, name: &AvatarName) -> PathBuf {
        self.folder.join(name.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;
    use crate::media::Format;

    #[test]
    fn a_picture_is_kept_once_and_found_by_its_name() {
        let data = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(data.path()).expect("opened");
        let name = AvatarName::of(Format::Gif, b"GIF89a");
        for _ in 0..2 {
            folder.keep(&name, b"GIF89a").expect("kept");
        }
        assert_eq!(folder.writes.load(Ordering::Relaxed), 1);
        assert_eq!(fs::read_dir(data.path().join(FOLDER)).expect("listed").count(), 1, "nothing unfinished");

        let (mut file, length) = folder.find(&name).expect("read").expect("it is there");
        let mut content = Vec::new();
        file.read_to_end(&mut content).expect("read");
        assert_eq!((content.as_slice(), length), (&b"GIF89a"[..], 6));
        let other = AvatarName::of(Format::Png, b"GIF89a");
        assert!(folder.find(&other).expect("read").is_none());
    }

    #[test]
    fn a_picture_that_is_being_removed_is_not_kept_until_it_is_gone() {
        let data = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(data.path()).expect("opened");
        let [one, other] = [&b"GIF89a1"[..], b"GIF89a2"].map(|content| AvatarName::of(Format::Gif, content));
        folder.keep(&one, b"GIF89a1").expect("kept");
        let names = [one.to_string(), other.to_string()];
        folder.leave(&names);
        for name in [&one, &other] {
            let refused = folder.keep(name, b"GIF89a").expect_err("not now");
            assert_eq!(refused.kind(), ErrorKind::WouldBlock);
        }
        // The other was named meanwhile, and stays.
        folder.remove(&names[..1], &names).expect("removed");
        assert!(folder.find(&one).expect("read").is_none());
        folder.keep(&one, b"GIF89a1").expect("kept again");
        assert!(folder.find(&one).expect("read").is_some());
    }
}
