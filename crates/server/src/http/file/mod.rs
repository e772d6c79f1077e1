//! Uploads: what is sent as it is and not as JSON, and gets an address that everybody can read.

use std::sync::Arc;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

mod avatar;

pub fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(avatar::upload_avatar))
}
