//! Users: who they are, and how they come in.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::http::parts::Api;

mod create;
mod get;
mod login;
mod logout;
mod look_up;
mod password;
mod search;
mod token;
mod update;

pub fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(create::create_user))
        .routes(routes!(login::log_in))
        .routes(routes!(logout::log_out))
        .routes(routes!(get::get_user))
        .routes(routes!(token::get_user_of_token))
        .routes(routes!(search::search_user))
        .routes(routes!(update::update_user))
        .routes(routes!(password::change_password))
}
