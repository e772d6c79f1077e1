//! Friends: asked for by one, accepted by the other.

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

mod add;
mod list;
mod modify;

pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(add::add_friend))
        .routes(routes!(list::list_friends))
        .routes(routes!(modify::modify_friend))
}
