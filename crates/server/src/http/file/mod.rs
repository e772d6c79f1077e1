//! Uploads: what is sent as it is and not as JSON, and gets an address that everybody can read.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::parts::Api;

mod avatar;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(avatar::upload_avatar))
}
