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
        let line = match Way::find(config, false).await?.request(request).await? {
            Answer::Index(line) => line,
            Answer::Failed(reason) => bail!(reason),
            Answer::Done { .. } | Answer::Users(_) | Answer::Adopted(_) => {
                bail!("the server gave an answer of another command")
            }
        };
        match command {
            SearchCommand::Status => println!("{}", status(&line)),
            SearchCommand::Rebuild => {
                println!("the index is made anew: {} messages wait for the server", line.waiting);
            }
        }
        Ok(())
    })
}

fn status(line: &IndexLine) -> String {
    let IndexLine { messages, waiting, passed_over, bytes } = *line;
    let listed = messages.saturating_sub(waiting + passed_over);
    let megabytes = bytes.div_ceil(1_000_000);
    let mut status = format!("{listed} of {messages} messages are in the index, which takes {megabytes} MB");
    if passed_over > 0 {
        status.push_str(&format!(
            "\n{passed_over} could not be put in and are not found: the log of the server says which and why; \
             `rim search rebuild` tries them anew"
        ));
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_says_how_far_and_how_large() {
        let status = |messages, waiting, passed_over, bytes| {
            status(&IndexLine { messages, waiting, passed_over, bytes })
        };
        assert_eq!(status(10, 3, 0, 1), "7 of 10 messages are in the index, which takes 1 MB");
        assert_eq!(status(0, 0, 0, 0), "0 of 0 messages are in the index, which takes 0 MB");
        assert_eq!(
            status(10, 3, 2, 1),
            "5 of 10 messages are in the index, which takes 1 MB\n2 could not be put in and are not found: the log of the server \
             says which and why; `rim search rebuild` tries them anew"
        );
    }
}
