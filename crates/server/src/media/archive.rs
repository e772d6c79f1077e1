//! The pictures of a data folder as rows, to be moved to a store of several nodes or from one.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use rim_store::archive::{Archive, ArchiveError, Chunk, Key, Result, Row, Table, Value};

use super::folder::Folder;
use super::name::AvatarName;

/// Holds the table [`rim_store::archive::MEDIA`] alone.
pub struct FolderArchive {
    folder: Arc<Folder>,
    /// In their order, since the folder was last read.
    names: Option<Arc<Vec<String>>>,
}

impl FolderArchive {
    /// Opens the pictures of a data folder.
    ///
    /// # Errors
    /// There is no folder for them and none can be created.
    pub fn open(data: &Path) -> io::Result<Self> {
        Ok(Self { folder: Arc::new(Folder::open(data)?), names: None })
    }

    async fn names(&mut self) -> Result<Arc<Vec<String>>> {
        if self.names.is_none() {
            let mut names = self.call(|folder| folder.names()).await?;
            names.sort_unstable();
            self.names = Some(Arc::new(names));
        }
        Ok(self.names.clone().unwrap_or_default())
    }

    async fn call<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Folder) -> io::Result<T> + Send + 'static,
    {
        let folder = Arc::clone(&self.folder);
        let answer = tokio::task::spawn_blocking(move || work(&folder));
        let answer = answer.await.unwrap_or_else(|panic| Err(io::Error::other(panic)));
        answer.map_err(|error| ArchiveError(format!("the folder of pictures: {error}")))
    }
}

#[async_trait]
impl Archive for FolderArchive {
    async fn count(&mut self, _: &'static Table) -> Result<u64> {
        Ok(self.names().await?.len() as u64)
    }

    async fn last_key(&mut self, _: &'static Table) -> Result<Option<Key>> {
        Ok(self.names().await?.last().map(|name| vec![Value::Text(name.clone())]))
    }

    async fn rows(&mut self, _: &'static Table, above: Option<&[Value]>) -> Result<Vec<Row>> {
        let names = self.names().await?;
        let first = match above {
            Some([Value::Text(above)]) => names.partition_point(|name| name <= above),
            _ => 0,
        };
        self.call(move |folder| {
            let mut chunk = Chunk::default();
            let mut names = names[first..].iter();
            while !chunk.is_full()
                && let Some(name) = names.next()
            {
                chunk.push(vec![Value::Text(name.clone()), Value::Bytes(read(folder, name)?)]);
            }
            Ok(chunk.rows)
        })
        .await
    }

    async fn add(&mut self, _: &'static Table, rows: Vec<Row>) -> Result<()> {
        self.names = None;
        self.call(move |folder| rows.iter().try_for_each(|row| keep(folder, row))).await
    }
}

fn read(folder: &Folder, name: &str) -> io::Result<Vec<u8>> {
    let found = AvatarName::parse(name).map(|name| folder.find(&name)).transpose()?.flatten();
    let (mut file, length): (File, u64) = found.ok_or_else(|| io::Error::other(format!("{name} is gone")))?;
    let mut content = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    file.read_to_end(&mut content)?;
    Ok(content)
}

fn keep(folder: &Folder, row: &Row) -> io::Result<()> {
    let [Value::Text(name), Value::Bytes(content)] = row.as_slice() else {
        return Err(io::Error::other("a row of another table"));
    };
    // A name that is none could be a path to anywhere.
    let name = AvatarName::parse(name)
        .ok_or_else(|| io::Error::other(format!("{name:?} is no name of a picture")))?;
    folder.keep(&name, content)
}
