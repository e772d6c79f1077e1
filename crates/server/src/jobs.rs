//! What happens by the clock.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use crate::App;
use crate::accounts;
use crate::cluster;
use crate::gateway;
use crate::tls::Certificates;

const PURGE_EVERY: Duration = Duration::from_secs(60 * 60);
const FORGET_EVERY: Duration = Duration::from_secs(60);
const LOOK_AT_TLS_EVERY: Duration = Duration::from_secs(10);

/// Starts all background jobs; each ends at shutdown.
pub(crate) fn start(app: &Arc<App>, certificates: Option<Arc<Certificates>>) {
    app.tasks.spawn(gateway::heartbeat(Arc::clone(app)));
    app.tasks.spawn(every(Arc::clone(app), PURGE_EVERY, accounts::purge_expired));
    app.tasks.spawn(every(Arc::clone(app), FORGET_EVERY, async |app| app.limits.forget_the_quiet()));
    if let Some(cluster) = &app.cluster {
        app.tasks.spawn(cluster::note_nodes(Arc::clone(app), Arc::clone(cluster)));
        let cluster = Arc::clone(cluster);
        app.tasks.spawn(every(Arc::clone(app), PURGE_EVERY, move |app| {
            let cluster = Arc::clone(&cluster);
            async move { cluster::purge_changes(&app, &cluster).await }
        }));
    }
    if let Some(certificates) = certificates {
        app.tasks.spawn(watch_certificates(Arc::clone(app), certificates));
    }
}

/// Runs a job now and then once in every `period`.
async fn every<J>(app: Arc<App>, period: Duration, job: impl Fn(Arc<App>) -> J)
where
    J: Future<Output = ()>,
{
    let mut ticks = interval(period);
    // After the machine has slept, once is enough.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while app.shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        job(Arc::clone(&app)).await;
    }
}

/// Takes up a replaced certificate, by itself after some seconds and at once on SIGHUP.
///
/// SIGHUP is caught where there is a certificate; elsewhere it means what it always does.
async fn watch_certificates(app: Arc<App>, certificates: Arc<Certificates>) {
    let mut ticks = interval(LOOK_AT_TLS_EVERY);
    let Ok(mut hangups) = signal(SignalKind::hangup()) else {
        tracing::warn!("SIGHUP cannot be caught; changed TLS files are still seen");
        return every(app, LOOK_AT_TLS_EVERY, async |_| certificates.reload_if_changed()).await;
    };
    loop {
        // Each arm may be dropped while it waits: a signal stays noted, and a tick comes again.
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            _ = hangups.recv() => certificates.reload(),
            _ = ticks.tick() => certificates.reload_if_changed(),
        }
    }
}
