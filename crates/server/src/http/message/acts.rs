//! Doing something with a message, by whichever operation.

use std::sync::Arc;

use axum::extract::FromRef;
use rim_core::note::Act;
use rim_core::{Clock, ConnectionId, GroupId, MessageId};
use rim_protocol::limits;
use rim_protocol::rest::{Message, MessageRef};
use rim_protocol::{Id, Kind};
use rim_store::{Acting, Store};

use crate::config::Config;
use crate::http::answer::{Answer, Data};
use crate::http::caller::Caller;
use crate::http::error::ApiError;
use crate::http::parts::Api;
use crate::limits::RateLimits;
use crate::wire;

/// What the operations need for it.
pub(super) struct Acts {
    store: Arc<dyn Store>,
    limits: Arc<RateLimits>,
    clock: Arc<dyn Clock>,
    config: Arc<Config>,
}

impl FromRef<Api> for Acts {
    fn from_ref(api: &Api) -> Self {
        let (store, limits) = (Arc::from_ref(api), Arc::from_ref(api));
        Self { store, limits, clock: Arc::from_ref(api), config: Arc::from_ref(api) }
    }
}

impl Acts {
    /// Does it, as a frame would, and answers with the message as it is then.
    ///
    /// # Errors
    /// `TooManyRequests`: it counts as a message; and those of the store.
    pub(super) async fn act(&self, caller: &Caller, on: &MessageRef, act: Act) -> Answer<Message> {
        self.limits.message(caller.user)?;
        let acting = Acting {
            user: caller.user,
            group: GroupId(on.gid.get()),
            message: MessageId(on.msg_id.get()),
            act,
            windows: self.config.windows,
            session: Some(caller.session.id),
            now: self.clock.now(),
            // All of their connections are others.
            connection: ConnectionId::default(),
        };
        let message = self.store.act(acting).await?;
        Ok(Data(wire::message(&message, &self.config.time_zone)))
    }
}

/// Those who are mentioned.
pub(super) fn mentioned(uids: Vec<Id>) -> Result<Vec<u64>, ApiError> {
    limits::mentions(&uids)?;
    Ok(uids.into_iter().map(Id::get).collect())
}

/// The kind of what a client writes.
pub(super) fn sent_kind(kind: Kind) -> Result<Kind, ApiError> {
    Ok(Kind::from_name(kind.name())?)
}
