//! What all scenarios stand on.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::people::Target;
use crate::server::Server;

/// Measured only after this: the first messages find cold caches and an empty log.
pub(crate) const WARM_UP: Duration = Duration::from_secs(1);

/// Tells the messages of this run from those of an earlier one on the same store: a `clientMsgId` that
/// came before is acknowledged, and not delivered again.
pub(crate) fn stamp() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// What a scenario runs against.
pub(crate) struct Bench {
    pub(crate) server: Server,
    pub(crate) target: Arc<Target>,
}
