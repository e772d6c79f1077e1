//! Connections and their settings.

use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Pool, PoolError, QueueMode, RecyclingMethod, Runtime, Timeouts,
};
use tokio_postgres::Config;
use tokio_postgres::config::{SslMode, TargetSessionAttrs};
use tokio_postgres::error::SqlState;
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::OpenError;
use crate::causes::describe;
use crate::tls;

/// How long a connection may take to be made, encryption and login included: a server that is there answers in
/// milliseconds, and one that is not should soon be called so.
pub(crate) const CONNECT: Duration = Duration::from_secs(5);

/// How long a use case waits for a connection that is free: longer, and its caller has given up.
pub(crate) const WAIT: Duration = Duration::from_secs(5);

/// When bytes that were sent have not been acknowledged for so long, the connection is lost. Less than the time for
/// which a batch is tried again.
const UNHEARD: Duration = Duration::from_secs(5);

/// After so long without a word the other end is asked whether it is still there.
const IDLE: Duration = Duration::from_secs(15);

/// What every connection is set to, whatever the server's defaults are.
///
/// - `synchronous_commit`: what is acknowledged has reached the disk. A server set to more than that
///   (`remote_apply`) is left at it.
/// - `statement_timeout`, `lock_timeout`: a statement looks at what its answer holds, so one that takes seconds
///   is ill; a lock is held for as long as a transaction of a few round trips takes.
/// - `idle_in_transaction_session_timeout`: locks of a node that died without a word are given back.
/// - The planner's: every statement is a look-up by key, whatever the statistics say of a table that was small
///   when it was planned. So it is planned once a connection, and never reads a whole table where there is an index.
const SETTINGS: &str = "
    SELECT set_config('synchronous_commit', 'on', false)
    WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply');
    SET statement_timeout = '8s';
    SET lock_timeout = '4s';
    SET idle_in_transaction_session_timeout = '20s';
    SET default_transaction_isolation = 'read committed';
    SET plan_cache_mode = force_generic_plan;
    SET enable_seqscan = off;
    SET jit = off";

/// How to reach a server.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) config: Config,
    pub(crate) tls: MakeRustlsConnect,
}

impl Server {
    /// Reads a URL `postgres://user:password@host:port/database?…` or `key=value` pairs, as libpq has them. See
    /// [`crate::Options::url`].
    pub(crate) fn new(url: &str) -> Result<Self, OpenError> {
        let (rest, trust) = tls::take_trust(url)?;
        let mut config: Config = rest.parse().map_err(|error| OpenError::Url(describe(&error)))?;
        if trust.is_required() {
            config.ssl_mode(SslMode::Require);
        }
        if config.get_application_name().is_none() {
            config.application_name("rim");
        }
        // Of several hosts the one that can be written to, and not a standby that has just taken the address.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        config.connect_timeout(CONNECT).tcp_user_timeout(UNHEARD);
        config.keepalives_idle(IDLE).keepalives_interval(UNHEARD).keepalives_retries(2);
        Ok(Self { config, tls: tls::connector(&trust)? })
    }

    /// A pool of at most `size` connections, none of which is made yet.
    pub(crate) fn pool(&self, size: usize) -> Pool {
        // Looked at, not asked: a connection that broke is noticed by its own task.
        let method = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = Manager::from_config(self.config.clone(), self.tls.clone(), method);
        let set_up = Hook::async_fn(|client, _| {
            Box::pin(async move { client.batch_execute(SETTINGS).await.map_err(HookError::Backend) })
        });
        Pool::builder(manager)
            .max_size(size.max(1))
            // The one that was used last: so those that nobody needs are not used, and can be given back.
            .queue_mode(QueueMode::Lifo)
            .timeouts(Timeouts { wait: Some(WAIT), create: Some(CONNECT), recycle: Some(WAIT) })
            .post_create(set_up)
            .runtime(Runtime::Tokio1)
            .build()
            .expect("the runtime that the time-outs need is given")
    }
}

/// What keeps one from being connected, for people.
pub(crate) fn why_not(error: PoolError) -> OpenError {
    match error {
        PoolError::Timeout(_) => OpenError::Connect("it does not answer".into()),
        PoolError::Backend(error) => cannot_connect(&error),
        other => OpenError::Connect(other.to_string()),
    }
}

/// The same of one connection.
pub(crate) fn cannot_connect(error: &tokio_postgres::Error) -> OpenError {
    if is_full(error) { OpenError::Full(describe(error)) } else { OpenError::Connect(describe(error)) }
}

/// Whether the server has as many connections as it may have: in all, or of the role or the database.
pub(crate) fn is_full(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::TOO_MANY_CONNECTIONS)
}
