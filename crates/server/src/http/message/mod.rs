//! Messages: the chat list, the history of a group, and marking it read.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::parts::Api;

mod chats;
mod history;
mod page;
mod read;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(chats::list_chats))
        .routes(routes!(history::read_history))
        .routes(routes!(read::mark_group_read))
}
