//! `rim check`: whether everything is as it was written.

use std::fs;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use clap::Args;
use rim_store::check::Report;
use tokio::runtime::Builder;

use crate::cli::target;
use crate::config::{Config, Database};
use crate::media::AvatarName;
use crate::storage;

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Give a checksum to the messages that have none, if nothing is wrong; no server may run on the database
    #[arg(long)]
    fill: bool,
}

/// Looks at everything, whether or not a server runs, and says what is wrong; fails if something is.
pub(super) fn run(command: &Check, config: &Config) -> Result<()> {
    let unusable = || format!("cannot check the database {}", config.database);
    let mut report = match &config.database {
        Database::Sqlite(path) => {
            target::must_be_read(config, path)?;
            let mut report = rim_store_sqlite::check(path).with_context(unusable)?;
            let named = rim_store_sqlite::pictures_named(path).with_context(unusable)?;
            pictures(&config.data, &named, &mut report).context("cannot check the pictures")?;
            report
        }
        Database::Postgres(url) => {
            let runtime = Builder::new_current_thread().enable_all().build().context("cannot start")?;
            runtime.block_on(rim_store_postgres::check(url)).with_context(unusable)?
        }
    };
    tell(&mut report);
    if report.count > 0 {
        bail!(
            "{} things are wrong in {}: restore a backup, or ask for help before anything else is written",
            report.count,
            config.database
        );
    }
    println!("nothing is wrong in {}", config.database);
    match (&config.database, command.fill) {
        (_, false) => Ok(()),
        (Database::Sqlite(path), true) => {
            let filled = rim_store_sqlite::fill_checksums(path).with_context(unusable)?;
            println!("{filled} messages have a checksum now");
            Ok(())
        }
        (Database::Postgres(_), true) => {
            bail!("PostgreSQL has checksums of its own, for whole pages: see `pg_checksums --enable`")
        }
    }
}

/// What was looked at, and what is wrong with it.
pub(super) fn tell(report: &mut Report) {
    for note in report.notes.drain(..) {
        println!("{note}");
    }
    for finding in &report.found {
        println!("wrong: {finding}");
    }
    let more = report.count - report.found.len() as u64;
    if more > 0 {
        println!("and {more} more");
    }
}

/// A picture is named by its content, so it says itself whether it is what was uploaded.
fn pictures(data: &Path, named: &[String], report: &mut Report) -> Result<()> {
    let folder = storage::folder(data).join("avatars");
    if !folder.is_dir() {
        report.note(format_args!("there are no pictures in {}", data.display()));
        return Ok(());
    }
    let (mut count, mut content) = (0_u64, Vec::new());
    for entry in fs::read_dir(&folder)? {
        let entry = entry?;
        let Some(name) = entry.file_name().to_str().and_then(AvatarName::parse) else { continue };
        count += 1;
        content.clear();
        match fs::File::open(entry.path()).and_then(|mut file| file.read_to_end(&mut content)) {
            Ok(_) if AvatarName::of(name.format, &content) == name => {}
            Ok(_) => report.found(format_args!("picture {name} is not what was uploaded")),
            Err(error) => report.found(format_args!("picture {name} cannot be read: {error}")),
        }
    }
    report.note(format_args!("{count} pictures"));
    let missing = named.iter().filter(|name| !folder.join(name).exists()).count();
    if missing > 0 {
        // No fault of the disk: anybody may call a picture theirs that never was.
        report.note(format_args!("{missing} pictures that people or groups have are not there"));
    }
    Ok(())
}
