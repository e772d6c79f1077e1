//! What an operator's machines ask: is it alive, may it get traffic, and how is it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use http::header::{CONTENT_TYPE, FORWARDED};
use http::{HeaderMap, StatusCode, Uri};
use rim_core::StoreError;

use super::web;
use crate::App;
use crate::address::Peer;
use crate::config::MetricsAccess;
use crate::metrics;

/// A store that takes longer to say that it is ready is not.
const READY_WITHIN: Duration = Duration::from_secs(2);

pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(ready))
        .route("/metrics", get(show_metrics))
}

async fn ready(State(app): State<Arc<App>>) -> Response {
    match readiness(&app).await {
        Ok(()) => bus_state(&app).into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason).into_response(),
    }
}

/// Why the server should get no traffic now. What exactly ails the store is for the log, not for strangers.
async fn readiness(app: &App) -> Result<(), &'static str> {
    if app.shutdown.is_cancelled() {
        return Err("shutting down");
    }
    match app.time.within(READY_WITHIN, app.store.ready()).await {
        Some(Ok(())) => Ok(()),
        Some(Err(StoreError::Busy)) => Err("the store is busy"),
        Some(Err(error)) => {
            tracing::warn!(%error, "not ready");
            Err("the store fails, the log says why")
        }
        None => Err("the store does not answer"),
    }
}

/// A node whose bus is away serves on: its clients hear what happens on other nodes some seconds later. Were it
/// not ready, a failure of the bus would take all nodes out of service at once.
fn bus_state(app: &App) -> String {
    match app.cluster.as_ref().map_or(Ok(()), |cluster| cluster.bus.ready()) {
        Ok(()) => "ok".to_owned(),
        Err(reason) => {
            tracing::warn!(%reason, "the bus is away");
            "ok, but the bus is away: what happens on other nodes comes late".to_owned()
        }
    }
}

async fn show_metrics(
    State(app): State<Arc<App>>,
    Extension(Peer(peer)): Extension<Peer>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if !may_read_metrics(app.config.metrics, peer, &headers) {
        return web::not_found(uri).await;
    }
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], app.metrics.render(&app)).into_response()
}

/// A proxy on this machine speaks from the loopback address, too, but says that it forwards.
fn may_read_metrics(access: MetricsAccess, peer: SocketAddr, headers: &HeaderMap) -> bool {
    match access {
        MetricsAccess::Everybody => true,
        MetricsAccess::Nobody => false,
        MetricsAccess::Loopback => {
            peer.ip().to_canonical().is_loopback()
                && !headers.contains_key("x-forwarded-for")
                && !headers.contains_key(FORWARDED)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_for_this_machine_and_not_for_its_proxy() {
        let local = "[::ffff:127.0.0.1]:9".parse().expect("an address");
        let other = "192.0.2.1:9".parse().expect("an address");
        let forwarded = HeaderMap::from_iter([(FORWARDED, http::HeaderValue::from_static("for=192.0.2.1"))]);
        assert!(may_read_metrics(MetricsAccess::Loopback, local, &HeaderMap::new()));
        assert!(!may_read_metrics(MetricsAccess::Loopback, other, &HeaderMap::new()));
        assert!(!may_read_metrics(MetricsAccess::Loopback, local, &forwarded));
        assert!(!may_read_metrics(MetricsAccess::Nobody, local, &HeaderMap::new()));
        assert!(may_read_metrics(MetricsAccess::Everybody, other, &forwarded));
    }
}
