//! How often an address or a user may do something: generous for people, too little for floods.
//!
//! Each limit lets a burst through and then a steady rate; who is over it is told when to come back.

mod guesses;

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::Quota;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use rim_core::UserId;

use self::guesses::Guesses;
use crate::address::network;
use crate::metrics::Counters;
use crate::time::Time;

/// The rates, all in one place; `docs/operations.md` has the same table.
mod quota {
    use super::{Quota, per_minute, per_second};

    /// Accounts created from one address.
    pub(super) const REGISTER: Quota = per_minute(30, 120);
    /// Logins from one address, whatever the account.
    pub(super) const LOGIN: Quota = per_minute(120, 240);
    /// Failed logins to one account, from wherever.
    pub(super) const FAILED_LOGIN: Quota = per_minute(6, 20);
    /// REST requests of one user.
    pub(super) const REQUEST: Quota = per_second(60, 600);
    /// Messages sent by one user.
    pub(super) const MESSAGE: Quota = per_second(100, 2_000);
    /// Lists of others whom one user watches.
    pub(super) const WATCH: Quota = per_second(1, 60);
    /// Changes of one user's profile, each of which is told to everybody around.
    pub(super) const PROFILE: Quota = per_minute(6, 10);
    /// Files uploaded by one user.
    pub(super) const UPLOAD: Quota = per_minute(6, 30);
    /// WebSocket frames before Login from one address.
    pub(super) const FRAME: Quota = per_second(100, 2_000);
}

/// The labels under which `rim_rate_limited_total` counts refusals.
pub const KINDS: [&str; 9] =
    ["register", "login", "failed_login", "request", "message", "watch", "profile", "upload", "frame"];

/// The caller is over a limit and may try again after this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryAfter(pub Duration);

impl RetryAfter {
    /// Whole seconds, rounded up, as the header `Retry-After` has it; never 0.
    pub fn seconds(self) -> u64 {
        (self.0.as_secs() + u64::from(self.0.subsec_nanos() > 0)).max(1)
    }
}

/// Who did what lately. Addresses of one IPv6 network count as one.
pub struct RateLimits<C: Clock = Time> {
    enabled: bool,
    refused: Counters,
    register: Limit<IpAddr, C>,
    login: Limit<IpAddr, C>,
    failed_login: Guesses<C>,
    request: Limit<UserId, C>,
    message: Limit<UserId, C>,
    watch: Limit<UserId, C>,
    profile: Limit<UserId, C>,
    upload: Limit<UserId, C>,
    frame: Limit<IpAddr, C>,
}

type Limit<K, C> = governor::RateLimiter<K, DashMapStateStore<K>, C, NoOpMiddleware<<C as Clock>::Instant>>;

impl<C: Clock + Clone> RateLimits<C> {
    /// Where not `enabled` everything is allowed. Refusals are counted in `refused`, by [`KINDS`].
    pub fn new(enabled: bool, refused: Counters, clock: &C) -> Self {
        Self {
            enabled,
            refused,
            register: limit(quota::REGISTER, clock),
            login: limit(quota::LOGIN, clock),
            failed_login: Guesses::new(quota::FAILED_LOGIN, clock.clone()),
            request: limit(quota::REQUEST, clock),
            message: limit(quota::MESSAGE, clock),
            watch: limit(quota::WATCH, clock),
            profile: limit(quota::PROFILE, clock),
            upload: limit(quota::UPLOAD, clock),
            frame: limit(quota::FRAME, clock),
        }
    }

    /// An account is about to be created from `address`.
    ///
    /// # Errors
    /// Here as in all the others: the limit is reached, nothing was counted.
    pub fn register(&self, address: IpAddr) -> Result<(), RetryAfter> {
        self.check("register", &self.register, &network(address))
    }

    /// A password is about to be checked for `address`.
    pub fn login(&self, address: IpAddr) -> Result<(), RetryAfter> {
        self.check("login", &self.login, &network(address))
    }

    /// A password of the account is about to be checked; `account_key` is the folded account. It counts as
    /// a wrong one until [`Self::not_a_wrong_password`].
    pub fn password_attempt(&self, account_key: &str, address: IpAddr) -> Result<(), RetryAfter> {
        if !self.enabled {
            return Ok(());
        }
        let guesser = (account_key.into(), network(address));
        self.failed_login.attempt(guesser).map_err(|wait| self.refuse("failed_login", wait))
    }

    /// The attempt was no guess: the password was right, or it was not looked at.
    pub fn not_a_wrong_password(&self, account_key: &str, address: IpAddr) {
        self.failed_login.give_back(&(account_key.into(), network(address)));
    }

    /// Another node has counted a wrong password: it counts here, too, so that guessing at several nodes is no
    /// faster.
    pub fn wrong_password_elsewhere(&self, account_key: &str, address: IpAddr) {
        // One over the limit is refused already, here as there.
        let _ = self.failed_login.attempt((account_key.into(), network(address)));
    }

    /// `user` sends a REST request.
    pub fn request(&self, user: UserId) -> Result<(), RetryAfter> {
        self.check("request", &self.request, &user)
    }

    /// `user` sends a message.
    pub fn message(&self, user: UserId) -> Result<(), RetryAfter> {
        self.check("message", &self.message, &user)
    }

    /// `user` names others whom he watches.
    pub fn watch(&self, user: UserId) -> Result<(), RetryAfter> {
        self.check("watch", &self.watch, &user)
    }

    /// `user` changes their profile.
    pub fn profile(&self, user: UserId) -> Result<(), RetryAfter> {
        self.check("profile", &self.profile, &user)
    }

    /// `user` is about to upload a file.
    pub fn upload(&self, user: UserId) -> Result<(), RetryAfter> {
        self.check("upload", &self.upload, &user)
    }

    /// A frame came from `address` over a WebSocket that nobody has logged in on.
    pub fn frame(&self, address: IpAddr) -> Result<(), RetryAfter> {
        self.check("frame", &self.frame, &network(address))
    }

    /// Forgets whoever has been quiet for long enough to start afresh. Called every minute, which bounds
    /// the memory by what a minute can bring.
    pub fn forget_the_quiet(&self) {
        self.register.retain_recent();
        self.login.retain_recent();
        self.failed_login.retain_recent();
        self.request.retain_recent();
        self.message.retain_recent();
        self.watch.retain_recent();
        self.profile.retain_recent();
        self.upload.retain_recent();
        self.frame.retain_recent();
    }

    fn check<K: Hash + Eq + Clone>(
        &self,
        kind: &'static str,
        limit: &Limit<K, C>,
        key: &K,
    ) -> Result<(), RetryAfter> {
        if !self.enabled {
            return Ok(());
        }
        limit.check_key(key).map_err(|until| self.refuse(kind, until.wait_time_from(limit.clock().now())))
    }

    fn refuse(&self, kind: &'static str, wait: Duration) -> RetryAfter {
        self.refused.inc(kind);
        RetryAfter(wait)
    }
}

fn limit<K: Hash + Eq + Clone, C: Clock + Clone>(quota: Quota, clock: &C) -> Limit<K, C> {
    Limit::new(quota, DashMapStateStore::default(), clock.clone())
}

const fn per_second(rate: u32, burst: u32) -> Quota {
    Quota::per_second(positive(rate)).allow_burst(positive(burst))
}

const fn per_minute(rate: u32, burst: u32) -> Quota {
    Quota::per_minute(positive(rate)).allow_burst(positive(burst))
}

const fn positive(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("a quota is not zero")
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use governor::clock::FakeRelativeClock;

    use super::*;
    use crate::documented;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn limits(enabled: bool) -> (RateLimits<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        (RateLimits::new(enabled, Counters::unregistered("kind", &KINDS), &clock), clock)
    }

    #[test]
    fn the_documented_rates_are_the_ones_that_hold() {
        let mut table = "| what | by | at once | then |\n|---|---|---|---|\n".to_owned();
        for (what, by, quota) in [
            ("registrations", "address", quota::REGISTER),
            ("logins", "address", quota::LOGIN),
            ("wrong passwords", "account and address", quota::FAILED_LOGIN),
            ("REST requests", "user", quota::REQUEST),
            ("messages", "user", quota::MESSAGE),
            ("lists to watch", "user", quota::WATCH),
            ("changes of a profile", "user", quota::PROFILE),
            ("uploads", "user", quota::UPLOAD),
            ("WebSocket frames before Login", "address", quota::FRAME),
        ] {
            let a_minute = (60.0 / quota.replenish_interval().as_secs_f64()).round();
            let (rate, time) =
                if a_minute < 600.0 { (a_minute, "minute") } else { (a_minute / 60.0, "second") };
            writeln!(table, "| {what} | {by} | {} | {rate} a {time} |", quota.burst_size()).expect("written");
        }
        documented::check("operations.md", "rates", &table);
    }

    #[test]
    fn a_burst_of_registrations_passes_and_the_next_learns_when_to_come_back() {
        let (limits, clock) = limits(true);
        for _ in 0..120 {
            assert_eq!(limits.register(HOME), Ok(()));
        }
        let RetryAfter(wait) = limits.register(HOME).expect_err("the burst is used up");
        assert_eq!(wait, Duration::from_secs(2), "thirty a minute");
        assert_eq!(limits.register("192.0.2.2".parse().expect("an address")), Ok(()), "others go on");
        clock.advance(wait);
        assert_eq!(limits.register(HOME), Ok(()));
        assert!(limits.register(HOME).is_err());
        assert_eq!(limits.refused.get("register"), 2);
    }

    #[test]
    fn twenty_wrong_passwords_close_an_account_to_their_sender_for_a_while() {
        let (limits, clock) = limits(true);
        for _ in 0..20 {
            assert_eq!(limits.password_attempt("anna", HOME), Ok(()));
        }
        let closed = Err(RetryAfter(Duration::from_secs(10)));
        assert_eq!(limits.password_attempt("anna", HOME), closed, "also if all of them came at once");
        assert_eq!(limits.password_attempt("bob", HOME), Ok(()));
        let elsewhere = "192.0.2.2".parse().expect("an address");
        assert_eq!(limits.password_attempt("anna", elsewhere), Ok(()), "the owner is not locked out");
        clock.advance(Duration::from_secs(10));
        assert_eq!(limits.password_attempt("anna", HOME), Ok(()));
        assert_eq!(limits.password_attempt("anna", HOME), closed);
    }

    #[test]
    fn right_passwords_are_not_counted() {
        let (limits, _) = limits(true);
        for _ in 0..100 {
            assert_eq!(limits.password_attempt("anna", HOME), Ok(()));
            limits.not_a_wrong_password("anna", HOME);
        }
    }

    #[test]
    fn who_was_quiet_for_long_is_forgotten() {
        let (limits, clock) = limits(true);
        assert_eq!(limits.message(UserId(1)), Ok(()));
        assert_eq!(limits.password_attempt("anna", HOME), Ok(()));
        limits.forget_the_quiet();
        assert_eq!((limits.message.len(), limits.failed_login.len()), (1, 1));
        clock.advance(Duration::from_secs(3600));
        limits.forget_the_quiet();
        assert_eq!((limits.message.len(), limits.failed_login.len()), (0, 0));
    }

    #[test]
    fn limits_that_are_off_refuse_nothing() {
        let (limits, _) = limits(false);
        for _ in 0..3_000 {
            assert_eq!(limits.password_attempt("anna", HOME), Ok(()));
            assert_eq!(limits.frame(HOME), Ok(()));
        }
    }

    #[test]
    fn the_header_says_whole_seconds() {
        assert_eq!(RetryAfter(Duration::from_millis(1)).seconds(), 1);
        assert_eq!(RetryAfter(Duration::from_secs(2)).seconds(), 2);
        assert_eq!(RetryAfter(Duration::from_millis(2001)).seconds(), 3);
    }
}
