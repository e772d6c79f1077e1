//! What happens by the clock.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::App;
use crate::accounts;
use crate::cluster;
use crate::gateway;
use crate::media;
use crate::time::Ticks;
use crate::tls::Certificates;

const SECOND: Duration = Duration::from_secs(1);
const PURGE_EVERY: Duration = Duration::from_secs(60 * 60);
/// A look at every avatar, and seldom anything to do.
const SWEEP_EVERY: Duration = Duration::from_secs(60 * 60);
const FORGET_EVERY: Duration = Duration::from_secs(60);
/// What a node does not need of the database's connections it gives back within two of these.
const TEND_EVERY: Duration = Duration::from_secs(60);
const LOOK_AT_TLS_EVERY: Duration = Duration::from_secs(10);

/// Starts all background jobs; each ends at shutdown.
pub(crate) fn start(app: &Arc<App>, certificates: Option<Arc<Certificates>>) {
    app.tasks.spawn(gateway::heartbeat(Arc::clone(app), app.time.ticks(SECOND)));
    app.tasks.spawn(accounts::purge::run(Arc::clone(app), app.time.ticks(PURGE_EVERY)));
    app.tasks.spawn(every(Arc::clone(app), app.time.ticks(FORGET_EVERY), async |app| {
        app.limits.forget_the_quiet();
    }));
    app.tasks.spawn(every(Arc::clone(app), app.time.ticks(SWEEP_EVERY), media::sweep));
    if let Some(cluster) = &app.cluster {
        app.tasks.spawn(cluster::note_nodes(
            Arc::clone(app),
            Arc::clone(cluster),
            app.time.ticks(cluster::NOTE_EVERY),
        ));
        let store = Arc::clone(&cluster.store);
        app.tasks.spawn(every(Arc::clone(app), app.time.ticks(TEND_EVERY), move |_| {
            let store = Arc::clone(&store);
            async move { store.tend().await }
        }));
        let cluster = Arc::clone(cluster);
        app.tasks.spawn(every(Arc::clone(app), app.time.ticks(PURGE_EVERY), move |_| {
            let cluster = Arc::clone(&cluster);
            async move { cluster::purge_changes(&cluster).await }
        }));
    }
    if let Some(certificates) = certificates {
        let ticks = app.time.ticks(LOOK_AT_TLS_EVERY);
        app.tasks.spawn(watch_certificates(Arc::clone(app), certificates, ticks));
    }
}

/// Runs a job at every tick.
async fn every<J>(app: Arc<App>, mut ticks: Ticks, job: impl Fn(Arc<App>) -> J)
where
    J: Future<Output = ()>,
{
    while app.shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        job(Arc::clone(&app)).await;
    }
}

/// Takes up a replaced certificate, by itself after some seconds and at once on SIGHUP.
///
/// SIGHUP is caught where there is a certificate; elsewhere it means what it always does.
async fn watch_certificates(app: Arc<App>, certificates: Arc<Certificates>, mut ticks: Ticks) {
    let Ok(mut hangups) = signal(SignalKind::hangup()) else {
        tracing::warn!("SIGHUP cannot be caught; changed TLS files are still seen");
        return every(app, ticks, async |_| certificates.reload_if_changed()).await;
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
