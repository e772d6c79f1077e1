//! Pictures of users and groups, in `media/avatars` of the data folder.

use std::fmt;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use super::picture::Format;

const FOLDER: &str = "media/avatars";

/// The folder. All of it blocks, and is for the threads that may.
#[derive(Debug)]
pub struct Avatars {
    folder: PathBuf,
    /// Tells apart the files that are being written; nothing hangs on its order.
    writes: AtomicU64,
}

impl Avatars {
    /// Creates the folder where there is none, readable for its owner alone.
    pub fn open(data: &Path) -> io::Result<Self> {
        let folder = data.join(FOLDER);
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self { folder, writes: AtomicU64::new(0) })
    }

    /// Keeps a picture; when this returns it is on the disk. The same picture again is stored no second time.
    pub fn keep(&self, format: Format, picture: &[u8]) -> io::Result<AvatarName> {
        let name = AvatarName::of(format, picture);
        let path = self.path(&name);
        if !path.exists() {
            self.write(&path, picture)?;
        }
        // The name, too, must be on the disk, whoever has just given it to the file.
        File::open(&self.folder)?.sync_all()?;
        Ok(name)
    }

    /// A picture and its length in bytes; `None` where there is none of that name.
    pub fn find(&self, name: &AvatarName) -> io::Result<Option<(File, u64)>> {
        let file = match File::open(self.path(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let length_bytes = file.metadata()?.len();
        Ok(Some((file, length_bytes)))
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

/// `<SHA-256 of the picture, in hex>.<extension>`: who has not seen the picture cannot guess it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvatarName {
    hash: String,
    pub format: Format,
}

impl AvatarName {
    fn of(format: Format, picture: &[u8]) -> Self {
        let hash = Sha256::digest(picture).iter().map(|byte| format!("{byte:02x}")).collect();
        Self { hash, format }
    }

    /// Reads a name, and nothing that could be a path.
    pub fn parse(text: &str) -> Option<Self> {
        let (hash, extension) = text.split_once('.')?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let format = Format::of_extension(extension)?;
        is_hash.then(|| Self { hash: hash.to_owned(), format })
    }
}

impl fmt::Display for AvatarName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.hash, self.format.extension())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn a_picture_is_kept_once_and_found_by_its_name() {
        let data = tempfile::tempdir().expect("a folder");
        let avatars = Avatars::open(data.path()).expect("opened");
        let name = avatars.keep(Format::Gif, b"GIF89a").expect("kept");
        assert_eq!(avatars.keep(Format::Gif, b"GIF89a").expect("kept"), name);
        assert_eq!(avatars.writes.load(Ordering::Relaxed), 1);
        assert_eq!(fs::read_dir(data.path().join(FOLDER)).expect("listed").count(), 1, "nothing unfinished");

        let (mut file, length) = avatars.find(&name).expect("read").expect("it is there");
        let mut content = Vec::new();
        file.read_to_end(&mut content).expect("read");
        assert_eq!((content.as_slice(), length), (&b"GIF89a"[..], 6));
        let other = AvatarName::of(Format::Png, b"GIF89a");
        assert!(avatars.find(&other).expect("read").is_none());
    }

    #[test]
    fn a_name_is_a_hash_and_a_known_ending_and_nothing_else() {
        let name = AvatarName::of(Format::Webp, b"").to_string();
        assert_eq!(name, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.webp");
        assert_eq!(AvatarName::parse(&name).map(|name| name.to_string()), Some(name.clone()));
        for wrong in [
            name.to_uppercase(),
            name.replace("webp", "svg"),
            name.replace("webp", "jpeg"),
            name.replace(".webp", ""),
            name.replace('b', "é"),
            format!("{name}.webp"),
            format!("../{name}"),
            format!("/{name}"),
            name[1..].to_owned(),
            "unfinished-0".to_owned(),
            String::new(),
        ] {
            assert_eq!(AvatarName::parse(&wrong), None, "{wrong}");
        }
    }
}
