//! `rim restore`: a backup in the place of the database, or the word that one was put there.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use rim_store::archive::StoreArchive;
use rim_store_postgres::PostgresArchive;
use tokio::runtime::Builder;

use crate::cluster::GONE_AFTER;
use crate::config::{Config, Database};
use crate::data::DataFolder;

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup, as `rim backup` made it; none for PostgreSQL, which is restored with its own tools before
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Put it in the place of the database that is there, which is kept beside it under another name
    #[arg(long)]
    replace: bool,
}

/// Restores, and makes the store another epoch, so that every client starts anew.
pub(super) fn run(command: &Restore, config: &Config) -> Result<()> {
    match (&config.database, &command.file) {
        (Database::Sqlite(database), Some(file)) => file_to(file, database, command.replace, config),
        (Database::Sqlite(_), None) => bail!("rim restore needs the file that rim backup has made"),
        (Database::Postgres(url), None) => {
            let runtime = Builder::new_current_thread().enable_all().build().context("cannot start")?;
            runtime.block_on(new_epoch(url)).with_context(|| format!("cannot use {}", config.database))
        }
        (Database::Postgres(_), Some(_)) => {
            bail!(
                "rim restore copies SQLite; restore PostgreSQL with its own tools, and then run rim restore without a file"
            )
        }
    }
}

fn file_to(file: &Path, database: &Path, replace: bool, config: &Config) -> Result<()> {
    // Looked at first, so that a misspelt name makes no folder.
    ensure!(file.is_file(), "there is no file {}", file.display());
    let _folder = DataFolder::lock_with(Some(&config.data), &config.database)?;
    let kept = rim_store_sqlite::restore(file, database, replace)
        .with_context(|| format!("cannot restore {} to {}", file.display(), database.display()))?;
    println!("{} is what {} was; every client starts anew", database.display(), file.display());
    if let Some(kept) = kept {
        println!("the database before is {}", kept.display());
    }
    if !config.data.join("media").is_dir() {
        println!(
            "there are no pictures in {}: put the folder media of the backup there",
            config.data.display()
        );
    }
    Ok(())
}

async fn new_epoch(url: &str) -> Result<()> {
    let mut archive = PostgresArchive::restored(url).await?;
    let since = archive.now().await?.minus(GONE_AFTER);
    let nodes = archive.nodes(since).await?;
    let names: Vec<_> = nodes.iter().map(|node| node.name.as_str()).collect();
    ensure!(
        nodes.is_empty(),
        "servers run on it: {}; stop them, and try again when they are gone for {} seconds",
        names.join(", "),
        GONE_AFTER.as_secs()
    );
    archive.forget_epoch().await?;
    println!("the database is another epoch of its store; every client starts anew");
    Ok(())
}
