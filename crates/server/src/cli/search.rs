//! `rim search`: the index of words, from the command line.

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use tokio::runtime::Builder;

use crate::admin::{Answer, IndexLine, Request};
use crate::cli::target;
use crate::cli::way::Way;
use crate::config::Config;

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum SearchCommand {
    /// Shows how far the index has come and how large it is
    Status,
    /// Makes the index anew, while people go on; until it is whole a search may say that it is partial
    Rebuild,
}

/// Carries out the command, through the server if one runs.
pub(super) fn run(command: SearchCommand, config: &Config) -> Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build().context("cannot start")?;
    runtime.block_on(async {
        target::must_exist(config)?;
        let request = match command {
            SearchCommand::Status => Request::IndexStatus,
            SearchCommand::Rebuild => Request::RebuildIndex,
        };
        let IndexLine { messages, waiting, bytes } =
            match Way::find(config, false).await?.request(request).await? {
                Answer::Index(line) => line,
                Answer::Failed(reason) => bail!(reason),
                Answer::Done { .. } | Answer::Users(_) => {
                    bail!("the server gave an answer of another command")
                }
            };
        match command {
            SearchCommand::Status => println!("{}", status(messages, waiting, bytes)),
            SearchCommand::Rebuild => {
                println!("the index is made anew: {waiting} messages wait for the server");
            }
        }
        Ok(())
    })
}

fn status(messages: u64, waiting: u64, bytes: u64) -> String {
    let listed = messages - waiting;
    let megabytes = bytes.div_ceil(1_000_000);
    format!("{listed} of {messages} messages are in the index, which takes {megabytes} MB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_says_how_far_and_how_large() {
        assert_eq!(status(10, 3, 1), "7 of 10 messages are in the index, which takes 1 MB");
        assert_eq!(status(0, 0, 0), "0 of 0 messages are in the index, which takes 0 MB");
    }
}
