//! Uploads: files, which messages name and which are shown to those who see the messages; and pictures of users and
//! groups, whose addresses everybody can read.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::parts::Api;

mod avatar;
mod cookie;
mod get;
mod link;
mod poster;
mod receive;
pub mod tus;
mod upload;
mod wire;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(avatar::upload_avatar))
        .routes(routes!(upload::upload_file))
        .routes(routes!(get::get_file))
        .routes(routes!(poster::set_poster))
        .routes(routes!(link::link_file))
        .routes(routes!(cookie::set_cookie))
}
