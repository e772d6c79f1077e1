//! The documents of the API: for programs, `/api/openapi.json`; for people, `/api/docs`.
//!
//! Both are made once, from what stands beside the handlers. The page is static: no script, nothing from
//! elsewhere, readable without a network.

use std::sync::LazyLock;

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::Value;

use super::parts::Api;
use super::web;

mod bounds;
mod markdown;
mod openapi;
mod page;

static JSON: LazyLock<String> = LazyLock::new(openapi_document);
static HTML: LazyLock<String> = LazyLock::new(|| page::render(&openapi::document()));

pub fn routes() -> Router<Api> {
    Router::new()
        .route(
            "/api/openapi.json",
            get(async || {
                let headers = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")];
                (headers, JSON.as_str()).into_response()
            }),
        )
        .route("/api/docs", get(async || web::page(StatusCode::OK, HTML.as_str())))
        .route("/api/docs/style.css", get(async || web::style(include_str!("style.css"))))
}

/// The OpenAPI document, as it is served and as `docs/openapi.json` holds it.
pub fn openapi_document() -> String {
    text(&openapi::document())
}

fn text(document: &Value) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("a JSON value always has a JSON form");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use rim_protocol::frame::{Notice, document};
    use serde_json::json;

    use super::openapi;
    use crate::documented;

    #[test]
    fn the_documented_operations_are_the_ones_there_are() {
        documented::check_file("openapi.json", &super::openapi_document());
    }
    #[test]
    fn the_documented_frames_are_the_ones_there_are() {
        documented::check_file("frames.json", &super::text(&document::document()));
    }

    #[test]
    fn the_frames_list_every_notice_that_the_operations_know() {
        let notices = &openapi::document()["components"]["schemas"]["Notice"]["enum"];
        assert_eq!(*notices, json!(Notice::ALL));
    }

    #[test]
    fn the_frames_refer_to_objects_that_the_operations_have() {
        let frames = document::document().to_string();
        let operations = openapi::document();
        let references: Vec<_> = frames.split("openapi.json#").skip(1).collect();
        assert!(!references.is_empty());
        for reference in references {
            let pointer = reference.split('"').next().expect("a pointer");
            assert!(operations.pointer(pointer).is_some(), "{pointer}");
        }
    }
}
