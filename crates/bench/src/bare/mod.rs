//! The bare machine: what the same disk and the same sockets do when nothing understands what goes
//! through them.
//!
//! No server can be faster than this; how near rim comes to it says more than a figure that another machine
//! would not repeat.

pub(crate) mod append;
pub(crate) mod files;
pub(crate) mod relay;

use std::process::Stdio;

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::process::{Cores, Process};

/// A server of the bare machine that runs: this program itself, on the server's core.
pub(crate) struct Program {
    pub(crate) process: Process,
    pub(crate) address: String,
    /// Killed when this is dropped.
    _child: Child,
}

impl Program {
    /// Starts `bare` with these arguments, which prints its address first.
    pub(crate) async fn start(arguments: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("bare").args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = match Cores::divide()? {
            Some(cores) => cores.on_the_servers(|| command.spawn())?,
            None => command.spawn(),
        }
        .context("cannot start the bare machine")?;
        let mut output = BufReader::new(child.stdout.take().context("piped")?).lines();
        let address = output.next_line().await?.context("the bare machine did not start")?;
        let process = Process::new(child.id().context("a program that has just started")?);
        Ok(Self { process, address, _child: child })
    }
}
