//! What an operator's machines ask: is it alive, may it get traffic, and how is it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode, Uri};
use rim_core::bus::Bus;
use rim_store::{Store, StoreError};

use super::parts::Api;
use super::web;
use crate::address::{self, RemoteAddress};
use crate::config::{Config, MetricsAccess};
use crate::life::Life;
use crate::metrics::Metrics;
use crate::{metrics, origin};

/// A store that takes longer to say that it is ready is not.
const READY_WITHIN: Duration = Duration::from_secs(2);

pub fn routes() -> Router<Api> {
    Router::new()
        .route("/healthz", get(async || "ok"))
        .route("/readyz", get(ready))
        .route("/metrics", get(show_metrics))
}

async fn ready(
    State(store): State<Arc<dyn Store>>,
    State(bus): State<Option<Arc<dyn Bus>>>,
    State(life): State<Life>,
) -> Response {
    match readiness(&*store, &life).await {
        Ok(()) => bus_state(bus.as_deref()).into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason).into_response(),
    }
}

/// Why the server should get no traffic now. What exactly ails the store is for the log, not for strangers.
async fn readiness(store: &dyn Store, life: &Life) -> Result<(), &'static str> {
    if life.vitals.fault().is_some() {
        return Err("something that the server needs has failed, the log says what");
    }
    if life.shutdown.is_cancelled() {
        return Err("shutting down");
    }
    match life.time.within(READY_WITHIN, store.ready()).await {
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
fn bus_state(bus: Option<&dyn Bus>) -> String {
    match bus.map_or(Ok(()), Bus::ready) {
        Ok(()) => "ok".to_owned(),
        Err(reason) => {
            tracing::warn!(%reason, "the bus is away");
            "ok, but the bus is away: what happens on other nodes comes late".to_owned()
        }
    }
}

async fn show_metrics(
    State(metrics): State<Arc<Metrics>>,
    State(store): State<Arc<dyn Store>>,
    State(bus): State<Option<Arc<dyn Bus>>>,
    State(config): State<Arc<Config>>,
    Extension(RemoteAddress(peer)): Extension<RemoteAddress>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if !may_read_metrics(config.metrics, peer, &uri, &headers) {
        return web::not_found(uri).await;
    }
    let page = metrics.render(store.queue_depth(), bus.is_none_or(|bus| bus.ready().is_ok()));
    ([(CONTENT_TYPE, metrics::CONTENT_TYPE)], page).into_response()
}

/// A proxy on this machine speaks from the loopback address, too, but says that it forwards. So does a browser here
/// that was sent to this machine by a name of somebody else's, but it says that name.
fn may_read_metrics(access: MetricsAccess, peer: SocketAddr, uri: &Uri, headers: &HeaderMap) -> bool {
    match access {
        MetricsAccess::Everybody => true,
        MetricsAccess::Nobody => false,
        MetricsAccess::Loopback => {
            peer.ip().to_canonical().is_loopback()
                && !address::is_forwarded(headers)
                && origin::asked_for(uri, headers).all(|host| host.is_some_and(origin::is_this_machine))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loopback(peer: &str, target: &'static str, headers: &[(&'static str, &'static str)]) -> bool {
        let headers = headers.iter().map(|(name, value)| {
            (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))
        });
        let peer = peer.parse().expect("an address");
        may_read_metrics(MetricsAccess::Loopback, peer, &Uri::from_static(target), &headers.collect())
    }

    #[test]
    fn metrics_are_for_this_machine_and_not_for_its_proxy() {
        let local = "[::ffff:127.0.0.1]:9";
        assert!(loopback(local, "/metrics", &[]));
        assert!(!loopback("192.0.2.1:9", "/metrics", &[]));
        for name in [
            "forwarded",
            "via",
            "x-real-ip",
            "x-forwarded-for",
            "x-forwarded-host",
            "x-forwarded-anything",
            "x-client-ip",
            "x-cluster-client-ip",
            "x-original-forwarded-for",
            "true-client-ip",
            "cf-connecting-ip",
        ] {
            assert!(!loopback(local, "/metrics", &[("host", "localhost"), (name, "192.0.2.1")]), "{name}");
        }
        let (local, other) = (local.parse().expect("ours"), "192.0.2.1:9".parse().expect("another"));
        let may_read = |access, peer| {
            let headers = HeaderMap::from_iter([(http::header::VIA, "1.1 x".parse().expect("a value"))]);
            may_read_metrics(access, peer, &Uri::from_static("/metrics"), &headers)
        };
        assert!(!may_read(MetricsAccess::Nobody, local));
        assert!(may_read(MetricsAccess::Everybody, other));
    }

    #[test]
    fn metrics_are_not_for_a_page_that_calls_this_machine_by_a_name_of_its_own() {
        let local = "127.0.0.1:9";
        for host in ["localhost", "LocalHost:8000", "127.0.0.1:8000", "127.3.2.1", "[::1]:8000", "[::1]"] {
            assert!(loopback(local, "/metrics", &[("host", host)]), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8000",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "192.0.2.1:8000",
            "localhost@evil.example",
            "",
        ] {
            assert!(!loopback(local, "/metrics", &[("host", host)]), "{host}");
        }
        assert!(!loopback(local, "http://evil.example/metrics", &[("host", "localhost")]));
        assert!(loopback(local, "http://localhost:8000/metrics", &[("host", "localhost:8000")]));
    }
}
