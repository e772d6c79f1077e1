//! What the operations of REST work with. Each takes of it what it uses, by `State`.

use std::sync::Arc;

use axum::extract::FromRef;
use rim_core::Clock;
use rim_core::bus::Bus;
use rim_store::Store;

use super::bounded::Bounded;
use crate::accounts::Accounts;
use crate::address::Proxies;
use crate::avatars::Avatars;
use crate::config::Config;
use crate::files::Filing;
use crate::intake::Intake;
use crate::life::Life;
use crate::limits::RateLimits;
use crate::metrics::Metrics;

/// All parts; a clone is the same.
#[derive(Clone)]
pub struct Api(Arc<Parts>);

/// The parts, built once by [`crate::run`].
pub struct Parts {
    pub store: Arc<dyn Store>,
    pub accounts: Arc<Accounts>,
    pub avatars: Avatars,
    /// How files come to be, and where they are.
    pub filing: Arc<Filing>,
    pub limits: Arc<RateLimits>,
    pub proxies: Arc<Proxies>,
    /// How much has come that is not whole yet.
    pub intake: Arc<Intake>,
    /// How answers are made that may be large.
    pub bounded: Bounded,
    pub metrics: Arc<Metrics>,
    /// Where there may be other nodes.
    pub bus: Option<Arc<dyn Bus>>,
    pub config: Arc<Config>,
    pub life: Life,
}

impl From<Parts> for Api {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

macro_rules! hand_out {
    ($($($part:ident).+: $type:ty,)*) => {
        $(
            impl FromRef<Api> for $type {
                fn from_ref(api: &Api) -> Self {
                    api.0.$($part).+.clone()
                }
            }
        )*
    };
}

hand_out! {
    store: Arc<dyn Store>,
    accounts: Arc<Accounts>,
    avatars: Avatars,
    filing: Arc<Filing>,
    limits: Arc<RateLimits>,
    proxies: Arc<Proxies>,
    intake: Arc<Intake>,
    bounded: Bounded,
    metrics: Arc<Metrics>,
    bus: Option<Arc<dyn Bus>>,
    config: Arc<Config>,
    life: Life,
    life.clock: Arc<dyn Clock>,
}
