//! What a user does with a chat of theirs, for themselves alone.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::parts::Api;

mod delete;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(delete::delete_chat))
}
