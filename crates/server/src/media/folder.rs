//! Pictures in `media/avatars` of the data folder.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::avatars::AvatarName;

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
}

impl Folder {
    /// Creates the folder where there is none, readable for its owner alone.
    pub(super) fn open(data: &Path) -> io::Result<Self> {
        let folder = folder(data);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self { folder, writes: AtomicU64::new(0) })
    }

    /// Keeps a picture; when this returns it is on the disk. The same picture again is stored no second time.
    pub(super) fn keep(&self, name: &AvatarName, picture: &[u8]) -> io::Result<()> {
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
}
