//! Friends: asked for by one, accepted by the other.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::parts::Api;

mod add;
mod list;
mod modify;
mod remark;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(add::add_friend))
        .routes(routes!(list::list_friends))
        .routes(routes!(modify::modify_friend))
        .routes(routes!(remark::remark_on_friend))
}
