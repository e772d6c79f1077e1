//! REST, the web client, and what an operator asks: everything on the main port but the WebSocket.
//!
//! One operation is one file, `<resource>/<operation>.rs`: its route, its document and its handler, which
//! parses, acts and answers. Who asks is known before a handler runs; what he may do is decided by the
//! store, inside the transaction that does it.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use tower_http::catch_panic::CatchPanicLayer;

use crate::App;
use crate::gateway;

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
pub mod probes;
pub mod query;
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

/// Everything the main port serves.
pub fn router(app: Arc<App>) -> Router {
    let api = api(&app).into_service();
    let pages = pages(&app).into_service();
    Router::new()
        .route_service("/api", api.clone())
        .route_service("/api/", api.clone())
        .route_service("/api/{*path}", api)
        .fallback_service(pages)
        .layer(from_fn_with_state(Arc::clone(&app), headers::protect))
        .layer(from_fn_with_state(Arc::clone(&app), count))
        // After the layers: a socket is no answer to be counted or guarded.
        .route("/ws", any(gateway::upgrade))
        .with_state(app)
}

/// The REST operations. The layers are around their router and not inside it, so that a stranger is told
/// `login required` before anybody looks whether there is such a route.
fn api(app: &Arc<App>) -> Router {
    let routes = Router::from(operations::all())
        .merge(docs::routes())
        .fallback(invalid_request)
        .method_not_allowed_fallback(invalid_request)
        .with_state(Arc::clone(app));
    Router::new()
        .fallback_service(routes.into_service())
        .layer(from_fn_with_state(Arc::clone(app), caller::require))
        .layer(from_fn_with_state(Arc::clone(app), limit_time))
        .layer(CatchPanicLayer::custom(system_error))
        .layer(from_fn(headers::no_store))
        .layer(from_fn_with_state(Arc::clone(app), cors::share))
}

fn pages(app: &Arc<App>) -> Router {
    Router::new()
        .merge(probes::routes())
        .merge(media::routes())
        .merge(web::routes())
        .method_not_allowed_fallback(web::not_found)
        .with_state(Arc::clone(app))
}

async fn invalid_request() -> ApiError {
    ApiError::InvalidRequest
}

/// A handler panicked. Its connection lives on, and the client learns that it was not his fault.
fn system_error(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    ApiError::Fault(format!("panic: {}", text.unwrap_or("without a text"))).into_response()
}

/// Ends a request that takes too long: a body that does not arrive, or a store that does not answer. What
/// was handed to the store by then may still be done.
async fn limit_time(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    match app.time.within(app.config.request_timeout, next.run(request)).await {
        Some(response) => response,
        None => ApiError::TimedOut.into_response(),
    }
}

async fn count(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    // The path and not the query, which may hold a token.
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let (status, elapsed) = (response.status().as_u16(), started.elapsed());
    app.metrics.http_request(status, elapsed);
    tracing::debug!(%method, path, status, ?elapsed, "answered");
    response
}
