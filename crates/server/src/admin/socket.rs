//! The way to a running server: one line of JSON there, one line back, over a Unix socket.
//!
//! Who may open the socket may do everything; the rights of the file are the only check.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use rim_core::Clock;
use rim_store::Store;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::{Answer, Request, apply};
use crate::data;
use crate::life::Life;

/// The longest request; every field of one has a limit far below.
const MAX_REQUEST_BYTES: u64 = 64 * 1024;
/// Who connects and says nothing for so long is not listened to.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The socket of a running server; its file goes when this does.
pub struct AdminSocket {
    listener: UnixListener,
    folder: std::path::PathBuf,
}

impl AdminSocket {
    /// Opens the socket for the owner of the data folder alone. The folder must be locked: a file that is
    /// there already was left by a server that was killed.
    ///
    /// # Errors
    /// The path is too long for a socket, or the folder not to be written to.
    pub fn open(folder: &Path) -> Result<Self> {
        data::remove_admin_socket(folder);
        let path = data::admin_socket(folder);
        let listener =
            UnixListener::bind(&path).with_context(|| format!("cannot open {}", path.display()))?;
        let socket = Self { listener, folder: folder.to_owned() };
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).context("cannot protect the socket")?;
        Ok(socket)
    }

    /// Answers requests until the server goes away.
    pub async fn serve(self, store: Arc<dyn Store>, life: Life) {
        // Cancelling `accept` loses nothing.
        while let Some(accepted) = life.shutdown.run_until_cancelled(self.listener.accept()).await {
            match accepted {
                Ok((stream, _)) => {
                    life.tasks.spawn(answer(Arc::clone(&store), life.clone(), stream));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept commands, trying again shortly");
                    // Without open files to spare it fails again at once, as fast as a core can ask.
                    life.time.sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        data::remove_admin_socket(&self.folder);
    }
}

async fn answer(store: Arc<dyn Store>, life: Life, stream: UnixStream) {
    match life.time.within(TIMEOUT, exchange(&*store, &*life.clock, stream)).await {
        Some(Ok(())) => {}
        Some(Err(error)) => tracing::debug!(%error, "a command was not answered"),
        None => tracing::debug!("a command took too long"),
    }
}

async fn exchange(store: &dyn Store, clock: &dyn Clock, mut stream: UnixStream) -> io::Result<()> {
    let mut line = String::new();
    let (reading, mut writing) = stream.split();
    BufReader::new(reading.take(MAX_REQUEST_BYTES)).read_line(&mut line).await?;
    let answer = match serde_json::from_str::<Request>(&line) {
        Ok(request) => apply(store, clock, request).await,
        Err(error) => Answer::Failed(format!("not a command of this version of rim: {error}")),
    };
    writing.write_all(line_of(&answer)?.as_bytes()).await
}

/// Sends a request to the server that has the data folder.
///
/// # Errors
/// No server answers there.
pub async fn send(folder: &Path, request: &Request) -> Result<Answer> {
    let path = data::admin_socket(folder);
    let mut stream = UnixStream::connect(&path).await.with_context(|| {
        format!("the data folder is in use, but no server takes commands at {}", path.display())
    })?;
    stream.write_all(line_of(request)?.as_bytes()).await?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await.context("the server ended before it answered")?;
    serde_json::from_str(&line).context("the server's answer is not of this version of rim")
}

fn line_of<T: serde::Serialize>(value: &T) -> io::Result<String> {
    let mut line = serde_json::to_string(value)?;
    line.push('\n');
    Ok(line)
}
