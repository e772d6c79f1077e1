//! What there is to ask for.

use utoipa_axum::router::OpenApiRouter;

use super::parts::Api;
use super::{chat, file, friend, group, message, server, session, sync, user};

/// Every operation with its document, which so cannot differ from it.
pub(super) fn all() -> OpenApiRouter<Api> {
    OpenApiRouter::default()
        .merge(server::routes())
        .merge(user::routes())
        .merge(session::routes())
        .merge(friend::routes())
        .merge(group::routes())
        .merge(message::routes())
        .merge(chat::routes())
        .merge(sync::routes())
        .merge(file::routes())
}
