//! Groups: single chats and group chats, and who is in them.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::parts::Api;

mod change_members;
mod change_role;
mod create;
mod dissolve;
mod events;
mod get;
mod leave;
mod list_members;
mod members;
mod settings;
mod transfer;
mod update;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(create::create_group))
        .routes(routes!(update::update_group))
        .routes(routes!(get::list_groups))
        .routes(routes!(members::list_members))
        .routes(routes!(list_members::list_members_in_pages))
        .routes(routes!(change_members::change_members))
        .routes(routes!(change_role::change_role))
        .routes(routes!(transfer::transfer_group))
        .routes(routes!(leave::leave_group))
        .routes(routes!(dissolve::dissolve_group))
        .routes(routes!(events::list_events))
        .routes(routes!(settings::set_group_settings))
}
