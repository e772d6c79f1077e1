//! REST, the web client, and what an operator asks: everything on the main port but the WebSocket.
//!
//! One operation is one file, `<resource>/<operation>.rs`: its route, its document and its handler, which
//! parses, acts and answers. Who asks is known before a handler runs; what they may do is decided by the
//! store, inside the transaction that does it.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;

use crate::config::Config;
use crate::life::Life;
use crate::metrics::Metrics;
use crate::pace;

pub mod answer;
pub mod body;
pub mod bounded;
pub mod caller;
pub mod cors;
pub mod docs;
mod envelope;
pub mod error;
pub mod headers;
pub mod json;
pub mod media;
mod operations;
mod parts;
pub mod probes;
pub mod query;
pub mod tus;
pub mod web;

pub mod chat;
pub mod file;
pub mod friend;
pub mod group;
pub mod message;
pub mod server;
pub mod session;
pub mod sync;
pub mod user;

#[cfg(test)]
mod tests;

use error::ApiError;
pub use parts::{Api, Parts};

/// Everything the main port serves but the WebSocket.
pub fn router(api: Api) -> Router {
    let operations = operations_of(&api).into_service();
    let pages = pages(&api).into_service();
    Router::new()
        .route_service("/api", operations.clone())
        .route_service("/api/", operations.clone())
        .route_service("/api/{*path}", operations)
        .fallback_service(pages)
        .layer(from_fn_with_state(api.clone(), headers::protect))
        .layer(from_fn_with_state(api, count))
}

/// The REST operations. The layers are around their router and not inside it, so that a stranger is told
/// `login required` before anybody looks whether there is such a route.
fn operations_of(api: &Api) -> Router {
    let routes = Router::from(operations::all())
        .merge(docs::routes())
        .merge(file::tus::routes())
        .fallback(invalid_request)
        .method_not_allowed_fallback(invalid_request)
        .with_state(api.clone());
    Router::new()
        .fallback_service(routes.into_service())
        .layer(from_fn_with_state(api.clone(), caller::require))
        .layer(from_fn_with_state(api.clone(), limit_time))
        .layer(CatchPanicLayer::custom(system_error))
        .layer(from_fn(headers::no_store))
        .layer(from_fn_with_state(api.clone(), cors::share))
}

fn pages(api: &Api) -> Router {
    Router::new()
        .merge(probes::routes())
        .merge(media::routes())
        .merge(web::routes())
        .method_not_allowed_fallback(web::not_found)
        .with_state(api.clone())
}

async fn invalid_request() -> ApiError {
    ApiError::InvalidRequest
}

/// A handler panicked. Its connection lives on, and the client learns that it was not at fault.
fn system_error(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    ApiError::Fault(format!("panic: {}", text.unwrap_or("without a text"))).into_response()
}

/// Ends a request that takes too long: a body that does not arrive, or a store that does not answer. What
/// was handed to the store by then may still be done.
async fn limit_time(
    State(life): State<Life>,
    State(config): State<Arc<Config>>,
    request: Request,
    next: Next,
) -> Response {
    let (time, allowed) = (&life.time, config.request_timeout);
    let response = if pace::is_stream(request.uri().path()) {
        let (request, pace) = pace::watch(request, time, allowed);
        pace::while_it_goes_on(&pace, time, allowed, next.run(request)).await
    } else {
        time.within(allowed, next.run(request)).await
    };
    response.unwrap_or_else(|| ApiError::TimedOut.into_response())
}

async fn count(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    // The path and not the query, which may hold a token.
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let (status, elapsed) = (response.status().as_u16(), started.elapsed());
    metrics.http_request(status, elapsed);
    tracing::debug!(%method, path, status, ?elapsed, "answered");
    response
}
