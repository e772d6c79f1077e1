//! Users: who they are, and how they come in.

use std::sync::Arc;

use rim_core::UserId;
use rim_core::user::User;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::http::error::ApiError;

mod create;
mod get;
mod login;
mod logout;
mod password;
mod search;
mod token;
mod update;

pub fn routes() -> OpenApiRouter<Arc<App>> {
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

/// Somebody whom a user looks up, as far as they may. All who are nobody or strangers to them count.
///
/// # Errors
/// `TooManyRequests`, and those of the store.
async fn look_up(app: &App, user: UserId, other: Option<UserId>) -> Result<Option<User>, ApiError> {
    if other == Some(user) {
        return Ok(app.store.user(user).await?);
    }
    let found = match other {
        Some(other) => app.store.look_up(user, other).await?,
        None => None,
    };
    if !found.as_ref().is_some_and(|(_, contact)| contact.is_known()) {
        app.limits.look_up(user)?;
    }
    let directory = app.config.directory;
    Ok(found.filter(|(_, contact)| contact.may_be_looked_up(directory)).map(|(found, _)| found))
}
