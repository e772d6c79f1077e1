//! The connections that listen, a task each.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use tokio::task::JoinSet;

use crate::frames::{Heard, hear};
use crate::wire::Reader;

/// What has not come when nothing at all has come for so long is lost.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often one looks whether everything has come.
const LOOK: Duration = Duration::from_millis(10);

/// Tasks that read connections until this is dropped.
#[derive(Default)]
pub(crate) struct Audience(JoinSet<anyhow::Result<Infallible>>);

impl Audience {
    /// Reads one more connection.
    pub(crate) fn listen(
        &mut self,
        mut reader: Reader,
        mut take: impl FnMut(Heard) -> anyhow::Result<()> + Send + 'static,
    ) {
        self.0.spawn(async move {
            loop {
                reader.hear(|text| take(hear(text))).await?;
            }
        });
    }

    /// Does `work` while all listen.
    ///
    /// # Errors
    /// That of `work`, or of the first connection that fails.
    pub(crate) async fn during<T>(
        &mut self,
        work: impl Future<Output = anyhow::Result<T>>,
    ) -> anyhow::Result<T> {
        tokio::select! {
            done = work => done,
            // Cancelling it loses nothing.
            Some(ended) = self.0.join_next() => match ended.context("a listener")?.context("a listener")? {},
        }
    }

    /// Listens until `progress` has reached `expected`, or stands still.
    pub(crate) async fn until(&mut self, expected: u64, progress: impl Fn() -> u64) -> anyhow::Result<()> {
        let reached = async {
            reached(expected, progress).await;
            Ok(())
        };
        self.during(reached).await
    }
}

/// Waits until `progress` has reached `expected`, or stands still.
pub(crate) async fn reached(expected: u64, progress: impl Fn() -> u64) {
    let (mut last, mut since) = (progress(), Instant::now());
    while last < expected && since.elapsed() < PATIENCE {
        tokio::time::sleep(LOOK).await;
        let now = progress();
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
}

/// For scenarios in which the server may refuse nothing: the Ack or the message, if it is one.
pub(crate) fn accepted(heard: Heard) -> anyhow::Result<Heard> {
    match heard {
        Heard::Error(answer) => bail!("the server has refused a message: {answer}"),
        heard => Ok(heard),
    }
}
