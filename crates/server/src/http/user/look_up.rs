//! Whom somebody may look up.

use std::sync::Arc;

use axum::extract::FromRef;
use rim_core::UserId;
use rim_core::user::User;
use rim_store::Store;

use crate::config::Config;
use crate::http::error::ApiError;
use crate::http::parts::Api;
use crate::limits::RateLimits;

/// People, as others may look them up.
pub(super) struct People {
    store: Arc<dyn Store>,
    limits: Arc<RateLimits>,
    config: Arc<Config>,
}

impl FromRef<Api> for People {
    fn from_ref(api: &Api) -> Self {
        Self { store: Arc::from_ref(api), limits: Arc::from_ref(api), config: Arc::from_ref(api) }
    }
}

impl People {
    /// Somebody whom a user looks up, as far as they may. All who are nobody or strangers to them count.
    ///
    /// # Errors
    /// `TooManyRequests`, and those of the store.
    pub(super) async fn look_up(
        &self,
        user: UserId,
        other: Option<UserId>,
    ) -> Result<Option<User>, ApiError> {
        if other == Some(user) {
            return Ok(self.store.user(user).await?);
        }
        let found = match other {
            Some(other) => self.store.look_up(user, other).await?,
            None => None,
        };
        if !found.as_ref().is_some_and(|(_, contact)| contact.is_known()) {
            self.limits.look_up(user)?;
        }
        let directory = self.config.directory;
        Ok(found.filter(|(_, contact)| contact.may_be_looked_up(directory)).map(|(found, _)| found))
    }
}
