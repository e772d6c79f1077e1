//! The server that is measured.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::process::{Cores, Process};

/// How long a server may take to start on its store, and to stop. Its own drain is 10 s.
const PATIENCE: Duration = Duration::from_secs(60);

/// A rim server: one that runs already, or one that was started to be measured.
pub(crate) struct Server {
    url: String,
    pub(crate) process: Process,
    started: Option<Started>,
}

/// A server of our own.
struct Started {
    binary: PathBuf,
    data: PathBuf,
    cores: Option<Cores>,
    settings: Settings,
    child: Child,
    /// Kept open: a server whose output nobody reads is another story.
    _output: Lines<BufReader<ChildStdout>>,
    /// Removed with everything in it at the end, where no folder was named.
    _folder: Option<TempDir>,
}

/// What a server is started with besides, and what works beside it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Settings {
    /// Words of its command line.
    pub(crate) words: Vec<String>,
    /// Such as its database: see [`Process::of_all`].
    pub(crate) beside: Vec<(String, u32)>,
}

impl Settings {
    fn process(&self, child: &Child) -> anyhow::Result<Process> {
        let pid = child.id().context("a server that has just started")?;
        Ok(Process::of_all(vec![pid], self.beside.clone()))
    }
}

impl Server {
    /// A server that runs at `url` as `process`.
    pub(crate) fn running(url: &str, process: Process) -> Self {
        Self { url: url.to_owned(), process, started: None }
    }

    /// Starts `binary` on the folder `data`, or on a new one, without limits, on a free port and on a
    /// core of its own.
    pub(crate) async fn start(
        binary: &Path,
        data: Option<&Path>,
        cores: Option<Cores>,
        settings: Settings,
    ) -> anyhow::Result<Self> {
        let binary = binary.canonicalize().with_context(|| format!("no server at {}", binary.display()))?;
        let folder = if data.is_none() { Some(TempDir::new()?) } else { None };
        let data = data.or(folder.as_ref().map(TempDir::path)).context("one of the two is there")?;
        fs::create_dir_all(data).with_context(|| format!("cannot create {}", data.display()))?;
        let data = data.canonicalize()?;
        let (child, output, url) = spawn(&binary, &data, "127.0.0.1:0", cores, &settings.words).await?;
        let process = settings.process(&child)?;
        let started = Started { binary, data, cores, settings, child, _output: output, _folder: folder };
        Ok(Self { url, process, started: Some(started) })
    }

    /// `http://host:port`, with commas between those of several nodes.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Its data folder, if the bench has started it.
    pub(crate) fn data(&self) -> Option<&Path> {
        self.started.as_ref().map(|started| started.data.as_path())
    }

    /// Its resident memory in bytes.
    pub(crate) fn resident(&self) -> anyhow::Result<u64> {
        self.process.resident()
    }

    /// Tells it to stop, waits until it has, and starts it again on the same address and data.
    ///
    /// # Errors
    /// The server was not started by the bench.
    pub(crate) async fn restart(&mut self) -> anyhow::Result<()> {
        self.restart_with(&[]).await
    }

    /// The same, with other settings besides from then on.
    ///
    /// # Errors
    /// As [`Self::restart`].
    pub(crate) async fn restart_with(&mut self, settings: &[&str]) -> anyhow::Result<()> {
        let Some(started) = &mut self.started else {
            bail!("only a server that the bench has started can be restarted: use --server");
        };
        started.stop().await?;
        let address = self.url.trim_start_matches("http://");
        let Started { binary, data, cores, settings: Settings { words, .. }, .. } = started;
        words.extend(settings.iter().map(|word| (*word).to_owned()));
        let (child, output, url) = spawn(binary, data, address, *cores, words).await?;
        ensure!(url == self.url, "the server was restarted at {url}, not at {}", self.url);
        self.process = started.settings.process(&child)?;
        (started.child, started._output) = (child, output);
        Ok(())
    }

    /// Starts another from the same binary on the folder `data`, beside this one and on the same core.
    ///
    /// # Errors
    /// The server was not started by the bench.
    pub(crate) async fn start_another(&self, data: &Path) -> anyhow::Result<Self> {
        let Some(started) = &self.started else {
            bail!("only beside a server that the bench has started can another be started: use --server");
        };
        Self::start(&started.binary, Some(data), started.cores, Settings::default()).await
    }

    /// Runs a command of its binary on its data, and returns what that says; `None` where the bench has not started it.
    ///
    /// # Errors
    /// The command failed.
    pub(crate) async fn command(&self, words: &[&str]) -> anyhow::Result<Option<String>> {
        let Some(Started { binary, data, settings, .. }) = &self.started else { return Ok(None) };
        let mut command = Command::new(binary);
        command.args(words).arg("--data").arg(data).args(&settings.words).current_dir(data);
        let output = command.output().await?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "rim {}: {}", words.join(" "), said.trim());
        Ok(Some(String::from_utf8_lossy(&output.stdout).into_owned()))
    }

    /// Stops it if the bench has started it.
    ///
    /// # Errors
    /// It did not end well: what it said is among the errors.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        match self.started {
            // Dropped without this, as on an error, it is killed.
            Some(mut started) => started.stop().await,
            None => Ok(()),
        }
    }
}

impl Started {
    async fn stop(&mut self) -> anyhow::Result<()> {
        let pid = self.child.id().and_then(|pid| Pid::from_raw(pid.cast_signed()));
        let pid = pid.with_context(|| format!("the server has ended by itself: {}", said(&self.data)))?;
        kill_process(pid, Signal::TERM)?;
        let status = timeout(PATIENCE, self.child.wait()).await.context("the server does not stop")??;
        ensure!(status.success(), "the server ended with {status}: {}", said(&self.data));
        Ok(())
    }
}

async fn spawn(
    binary: &Path,
    data: &Path,
    listen: &str,
    cores: Option<Cores>,
    words: &[String],
) -> anyhow::Result<(Child, Lines<BufReader<ChildStdout>>, String)> {
    let log = fs::File::create(data.join(LOG))?;
    let mut command = Command::new(binary);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("RIM_")) {
        command.env_remove(name);
    }
    let settings = ["serve", "--limits", "off", "--listen", listen, "--ws-listen", "off", "--data"];
    command
        .args(settings.map(OsStr::new))
        .arg(data)
        .args(words)
        // Nor may a rim.toml beside the bench say otherwise.
        .current_dir(data)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .kill_on_drop(true);
    let mut child = match cores {
        Some(cores) => cores.on_the_servers(|| command.spawn())?,
        None => command.spawn(),
    }
    .with_context(|| format!("cannot start {}", binary.display()))?;

    let mut output = BufReader::new(child.stdout.take().context("piped")?).lines();
    let said_where = async {
        while let Some(line) = output.next_line().await? {
            if let Some(url) = line.trim().strip_prefix("open") {
                return Ok(url.trim().to_owned());
            }
        }
        bail!("the server did not start: {}", said(data))
    };
    let url = timeout(PATIENCE, said_where).await.context("the server does not say where it is")??;
    Ok((child, output, url))
}

/// Where a server of ours logs, in its folder.
const LOG: &str = "bench.log";

/// The last it has logged.
fn said(data: &Path) -> String {
    let log = fs::read_to_string(data.join(LOG)).unwrap_or_default();
    log.lines().last().unwrap_or("it said nothing").to_owned()
}
