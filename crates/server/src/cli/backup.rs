//! `rim backup`: a consistent copy of the database, and of the files that it names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use rim_core::Clock;
use tokio::runtime::Builder;
use tokio_util::task::TaskTracker;

use crate::cli::target;
use crate::clock::SystemClock;
use crate::config::{Config, Database, FilePlace};
use crate::storage::{self, Copied, Folder, Means};

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to write; it must not exist
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The folder for the files that people have sent; what is there from the last time is not copied again
    #[arg(long, value_name = "FOLDER")]
    files: Option<PathBuf>,
}

/// Copies the database through a reader of its own, beside the server if one runs.
pub(super) fn run(command: &Backup, config: &Config) -> Result<()> {
    let Backup { file, files } = command;
    let Database::Sqlite(database) = &config.database else {
        bail!("rim backup copies SQLite; PostgreSQL has pg_dump, which may run beside the server, too");
    };
    target::must_be_read(config, database)?;
    ensure!(!file.exists(), "{} exists already", file.display());
    // Most of them before the database, so that little comes and goes between the database and the rest.
    if let Some(folder) = files {
        copy_files(folder, config)?;
    }
    rim_store_sqlite::backup(database, file)
        .with_context(|| format!("cannot copy {} to {}", database.display(), file.display()))?;
    println!("{} is a complete copy of {}", file.display(), database.display());
    if let Some(folder) = files {
        copy_files(folder, config)?;
        println!("{} has all files that it names", folder.display());
    }
    Ok(())
}

fn copy_files(folder: &Path, config: &Config) -> Result<()> {
    let runtime = Builder::new_multi_thread().enable_all().build().context("cannot start")?;
    let copying = async {
        let tasks = TaskTracker::new();
        let to = Folder::at(folder.to_owned(), tasks.clone())?;
        if config.file_storage == FilePlace::Folder {
            return Ok(Folder::open(&config.data, tasks)?.link_all(&to).await?);
        }
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let means = Means { data: &config.data, shared: None, clock: &clock, tasks: &tasks };
        let from = storage::open_of(&config.file_storage, &means)?;
        anyhow::Ok(storage::copy_all(&*from, &to, |_| ()).await?)
    };
    let copied = runtime.block_on(copying);
    let Copied { objects, bytes, there } =
        copied.with_context(|| format!("cannot copy the files to {}", folder.display()))?;
    eprintln!("{objects} objects of {bytes} bytes were copied, {there} were there");
    Ok(())
}
