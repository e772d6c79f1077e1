//! What happens by the clock.

mod expire;
mod schedule;

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};

use crate::life::Life;
use crate::time::Ticks;
use crate::tls::Certificates;

pub(crate) use self::expire::expire_due;
pub(crate) use self::schedule::send_due;

/// Runs a job at every tick.
pub(crate) async fn every<J>(life: Life, mut ticks: Ticks, job: impl Fn() -> J)
where
    J: Future<Output = ()>,
{
    while life.shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        job().await;
    }
}

/// Takes up a replaced certificate, by itself after some seconds and at once on SIGHUP.
///
/// SIGHUP is caught where there is a certificate; elsewhere it means what it always does.
pub(crate) async fn watch_certificates(life: Life, certificates: Arc<Certificates>, mut ticks: Ticks) {
    let Ok(mut hangups) = signal(SignalKind::hangup()) else {
        tracing::warn!("SIGHUP cannot be caught; changed TLS files are still seen");
        return every(life, ticks, async || certificates.reload_if_changed()).await;
    };
    loop {
        // Each arm may be dropped while it waits: a signal stays noted, and a tick comes again.
        tokio::select! {
            () = life.shutdown.cancelled() => return,
            _ = hangups.recv() => certificates.reload(),
            _ = ticks.tick() => certificates.reload_if_changed(),
        }
    }
}
