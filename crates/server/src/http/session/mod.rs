//! Sessions: on which devices a user is logged in.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::parts::Api;

mod list;
mod revoke;
mod revoke_others;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list::list_sessions))
        .routes(routes!(revoke::revoke_session))
        .routes(routes!(revoke_others::revoke_other_sessions))
}
