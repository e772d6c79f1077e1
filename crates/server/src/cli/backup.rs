//! `rim backup`: a consistent copy of the database.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;

use crate::cli::target;
use crate::config::{Config, Database};

#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file to write; it must not exist
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Copies the database through a reader of its own, beside the server if one runs.
pub(super) fn run(command: &Backup, config: &Config) -> Result<()> {
    let Backup { file } = command;
    let Database::Sqlite(database) = &config.database else {
        bail!("rim backup copies SQLite; PostgreSQL has pg_dump, which may run beside the server, too");
    };
    target::must_be_read(config, database)?;
    ensure!(!file.exists(), "{} exists already", file.display());
    rim_store_sqlite::backup(database, file)
        .with_context(|| format!("cannot copy {} to {}", database.display(), file.display()))?;
    println!("{} is a complete copy of {}", file.display(), database.display());
    Ok(())
}
