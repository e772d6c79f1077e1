//! Messages that are sent later: scheduled, listed, cancelled, and sent now.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::parts::Api;

mod cancel;
mod create;
mod list;
mod now;

pub(super) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(create::schedule_message))
        .routes(routes!(list::list_scheduled))
        .routes(routes!(cancel::cancel_scheduled))
        .routes(routes!(now::send_scheduled))
}
