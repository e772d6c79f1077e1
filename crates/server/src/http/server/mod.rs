//! The server itself, as anybody may know it.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::parts::Api;

mod info;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(info::server_info))
}
