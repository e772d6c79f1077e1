//! Whom somebody may look up.

use rim_core::UserId;
use rim_core::user::User;

use crate::App;
use crate::http::error::ApiError;

/// Somebody whom a user looks up, as far as they may. All who are nobody or strangers to them count.
///
/// # Errors
/// `TooManyRequests`, and those of the store.
pub(super) async fn look_up(
    app: &App,
    user: UserId,
    other: Option<UserId>,
) -> Result<Option<User>, ApiError> {
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
