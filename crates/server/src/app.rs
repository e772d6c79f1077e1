//! What every part of the server shares.

use std::sync::Arc;

use rim_core::Clock;
use rim_core::contact::{AskBounds, Bounds};
use rim_protocol::limits::{
    MAX_GROUP_MEMBERS, MAX_GROUPS, MAX_GROUPS_BY_OTHERS, MAX_PENDING_REQUESTS, MAX_UNASKED_GROUPS,
};
use rim_store::Store;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::Accounts;
use crate::address::Proxies;
use crate::cluster::Cluster;
use crate::config::Config;
use crate::gateway::{Hub, Waking};
use crate::intake::Intake;
use crate::limits::{Attempt, Guesser, RateLimits};
use crate::media::Avatars;
use crate::metrics::Metrics;
use crate::time::Time;
use crate::unsent::Unsent;

/// The server's parts, built once by [`crate::run`].
pub struct App {
    pub config: Config,
    pub store: Arc<dyn Store>,
    /// What joins this node with others on the same store; `None` where it is alone.
    pub cluster: Option<Arc<Cluster>>,
    pub avatars: Avatars,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// How time passes.
    pub time: Time,
    /// Registration, login, tokens and passwords.
    pub accounts: Accounts,
    /// Who is connected.
    pub hub: Hub,
    /// Who is to write next.
    pub waking: Waking,
    pub limits: RateLimits,
    pub proxies: Proxies,
    /// How much has come that is not whole yet.
    pub intake: Arc<Intake>,
    /// What answers hold that were not read yet.
    pub unsent: Unsent,
    pub metrics: Arc<Metrics>,
    /// Cancelled when the server should go away: nothing new is accepted, connections end.
    pub shutdown: CancellationToken,
    /// Every task of a connection or in the background; the server waits for them before it closes the store.
    pub tasks: TaskTracker,
}

impl App {
    /// What groups and people in groups may have.
    pub fn bounds(&self) -> Bounds {
        let members = MAX_GROUP_MEMBERS;
        let directory = self.config.directory;
        if !self.config.limits {
            return Bounds { directory, ..Bounds::of_members(members) };
        }
        Bounds {
            members,
            groups: MAX_GROUPS,
            groups_by_others: MAX_GROUPS_BY_OTHERS,
            unasked: MAX_UNASKED_GROUPS,
            directory,
        }
    }

    /// What those may do who ask others to be friends.
    pub fn ask_bounds(&self) -> AskBounds {
        let pending = if self.config.limits { MAX_PENDING_REQUESTS } else { u64::MAX };
        AskBounds { pending, directory: self.config.directory }
    }

    /// What became of a password attempt that the limits had let in; `account_key` is the folded account. Other nodes
    /// are told of what came from an address; a device stays with one, or is as slow at each.
    pub fn password_attempted(&self, account_key: &str, guesser: Guesser, attempt: &Attempt, wrong: bool) {
        if !wrong {
            self.limits.not_a_wrong_password(attempt);
        } else if let (Some(cluster), Guesser::Stranger(address) | Guesser::Neighbour(address)) =
            (&self.cluster, guesser)
        {
            cluster.wrong_password(account_key, address);
        }
    }
}
