//! Sessions: on which devices a user is logged in.

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

mod list;
mod revoke;
mod revoke_others;

pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list::list_sessions))
        .routes(routes!(revoke::revoke_session))
        .routes(routes!(revoke_others::revoke_other_sessions))
}
