//! How often an address or a user may do something: generous for people, too little for floods.
//!
//! Each limit lets a burst through and then a steady rate; who is over it is told when to come back.

mod debts;
mod guesses;
mod quota;

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::Quota;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use rim_core::UserId;

use self::debts::{Charge, Debts};
use self::guesses::{Account, Guesses};
pub use self::guesses::{Attempt, Guesser};
use crate::address::network;
use crate::counters::Counters;
use crate::time::Time;

/// The caller is over a limit and may try again after this time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryAfter(pub Duration);

impl RetryAfter {
    /// Whole seconds, rounded up, as the header `Retry-After` has it; never 0.
    pub fn seconds(self) -> u64 {
        (self.0.as_secs() + u64::from(self.0.subsec_nanos() > 0)).max(1)
    }
}

/// The labels under which `rim_rate_limited_total` counts refusals.
pub const KINDS: [&str; 16] = [
    "register",
    "taken",
    "login",
    "failed_login",
    "request",
    "message",
    "watch",
    "profile",
    "named",
    "search",
    "upload",
    "file",
    "fetch",
    "look_up",
    "ask",
    "frame",
];

/// Who did what lately. Addresses of one IPv6 network count as one.
pub struct RateLimits<C: Clock = Time> {
    enabled: bool,
    refused: Counters,
    register: Limit<IpAddr, C>,
    taken: Debts<IpAddr, C>,
    login: Limit<IpAddr, C>,
    login_of_device: Limit<Account, C>,
    failed_login: Guesses<C>,
    request: Limit<UserId, C>,
    message: Limit<UserId, C>,
    watch: Limit<UserId, C>,
    profile: Limit<UserId, C>,
    named: Limit<UserId, C>,
    search: Limit<UserId, C>,
    upload: Limit<UserId, C>,
    file: Limit<UserId, C>,
    fetch: Limit<UserId, C>,
    look_up: Limit<UserId, C>,
    ask: Limit<UserId, C>,
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
            taken: Debts::new(clock.clone()),
            login: limit(quota::LOGIN, clock),
            login_of_device: limit(quota::LOGIN_OF_DEVICE, clock),
            failed_login: Guesses::new(clock.clone()),
            request: limit(quota::REQUEST, clock),
            message: limit(quota::MESSAGE, clock),
            watch: limit(quota::WATCH, clock),
            profile: limit(quota::PROFILE, clock),
            named: limit(quota::NAMED, clock),
            search: limit(quota::SEARCH, clock),
            upload: limit(quota::UPLOAD, clock),
            file: limit(quota::FILE, clock),
            fetch: limit(quota::FETCH, clock),
            look_up: limit(quota::LOOK_UP, clock),
            ask: limit(quota::ASK, clock),
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

    /// A password is about to be checked for a device at `address` that the account knows. Who is behind the same address
    /// keeps it from nothing; and what one account asks for in this way is bounded, as hashing is shared by all.
    pub fn login_of_device(&self, account_key: &str, address: IpAddr) -> Result<(), RetryAfter> {
        if self.enabled && self.login_of_device.check_key(&Account::new(account_key)).is_ok() {
            return Ok(());
        }
        self.login(address)
    }

    /// An account is about to be looked for by somebody at `address` who registers. It counts as taken until
    /// [`Self::not_taken`].
    pub fn taken(&self, address: IpAddr) -> Result<(), RetryAfter> {
        if !self.enabled {
            return Ok(());
        }
        let charge = Charge::of(network(address), quota::TAKEN);
        self.taken.attempt(&[charge]).map_err(|wait| self.refuse("taken", wait))
    }

    /// Nobody had the account.
    pub fn not_taken(&self, address: IpAddr) {
        self.taken.give_back(&[Charge::of(network(address), quota::TAKEN)]);
    }

    /// A password of the account is about to be checked; `account_key` is the folded account. It counts as
    /// a wrong one until [`Self::not_a_wrong_password`].
    pub fn password_attempt(&self, account_key: &str, guesser: Guesser) -> Result<Attempt, RetryAfter> {
        if !self.enabled {
            return Ok(Attempt::default());
        }
        self.failed_login.attempt(account_key, guesser).map_err(|wait| self.refuse("failed_login", wait))
    }

    /// The attempt was no guess: the password was right, or it was not looked at.
    pub fn not_a_wrong_password(&self, attempt: &Attempt) {
        self.failed_login.give_back(attempt);
    }

    /// Another node has counted a wrong password: it counts here, too, so that guessing at several nodes is no
    /// faster.
    pub fn wrong_password_elsewhere(&self, account_key: &str, address: IpAddr) {
        // One over the limit is refused already, here as there.
        let _ = self.failed_login.attempt(account_key, Guesser::Stranger(address));
    }

    /// Whether strangers are guessing so much that it matters who is none.
    pub fn is_under_attack(&self, account_key: &str) -> bool {
        self.enabled && self.failed_login.is_under_attack(account_key)
    }

    /// `user` sends a REST request.
    pub fn request(&self, user: UserId) -> Result<(), RetryAfter> {
        self.check("request", &self.request, &user)
    }

    /// `user` sends a message.
    pub fn message(&self, user: UserId) -> Result<(), RetryAfter> {
        self.check("message", &self.message, &user)
    }

    /// `user` sends so many messages at once.
    pub fn messages(&self, user: UserId, count: usize) -> Result<(), RetryAfter> {
        self.check_many("message", &self.message, user, count)
    }

    /// `user` names others whom they watch.
    pub fn watch(&self, user: UserId) -> Result<(), RetryAfter> {
        self.check("watch", &self.watch, &user)
    }

    /// `user` changes their profile.
    pub fn profile(&self, user: UserId) -> Result<(), RetryAfter> {
        self.check("profile", &self.profile, &user)
    }

    /// `user` names so many as members of a group, to come or to go.
    pub fn named(&self, user: UserId, count: usize) -> Result<(), RetryAfter> {
        self.check_many("named", &self.named, user, count)
    }

    /// `user` searches messages.
    pub fn search(&self, user: UserId) -> Result<(), RetryAfter> {
        self.check("search", &self.search, &user)
    }

    /// `user` is about to upload a picture of a user or group.
    pub fn upload(&self, user: UserId) -> Result<(), RetryAfter> {
        self.check("upload", &self.upload, &user)
    }

    /// `user` is about to upload a file.
    pub fn file(&self, user: UserId) -> Result<(), RetryAfter> {
        self.check("file", &self.file, &user)
    }

    /// `user` fetches a file, or a part of one.
    pub fn fetch(&self, user: UserId) -> Result<(), RetryAfter> {
        self.check("fetch", &self.fetch, &user)
    }

    /// `user` looks up somebody who is nobody or a stranger to them.
    pub fn look_up(&self, user: UserId) -> Result<(), RetryAfter> {
        self.check("look_up", &self.look_up, &user)
    }

    /// `user` asks somebody to be friends.
    pub fn ask(&self, user: UserId) -> Result<(), RetryAfter> {
        self.check("ask", &self.ask, &user)
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
        self.login_of_device.retain_recent();
        self.taken.retain_recent();
        self.failed_login.retain_recent();
        self.request.retain_recent();
        self.message.retain_recent();
        self.watch.retain_recent();
        self.profile.retain_recent();
        self.named.retain_recent();
        self.search.retain_recent();
        self.upload.retain_recent();
        self.file.retain_recent();
        self.fetch.retain_recent();
        self.look_up.retain_recent();
        self.ask.retain_recent();
        self.frame.retain_recent();
    }

    fn check<K: Hash + Eq + Clone>(
        &self,
        label: &'static str,
        limit: &Limit<K, C>,
        key: &K,
    ) -> Result<(), RetryAfter> {
        if !self.enabled {
            return Ok(());
        }
        limit.check_key(key).map_err(|until| self.refuse(label, until.wait_time_from(limit.clock().now())))
    }

    /// No list is longer than the burst.
    fn check_many(
        &self,
        label: &'static str,
        limit: &Limit<UserId, C>,
        user: UserId,
        count: usize,
    ) -> Result<(), RetryAfter> {
        let Some(count) = u32::try_from(count).ok().and_then(NonZeroU32::new).filter(|_| self.enabled) else {
            return Ok(());
        };
        let Ok(checked) = limit.check_key_n(&user, count) else { return Ok(()) };
        checked.map_err(|until| self.refuse(label, until.wait_time_from(limit.clock().now())))
    }

    fn refuse(&self, label: &'static str, wait: Duration) -> RetryAfter {
        self.refused.inc(label);
        RetryAfter(wait)
    }
}

fn limit<K: Hash + Eq + Clone, C: Clock + Clone>(quota: Quota, clock: &C) -> Limit<K, C> {
    Limit::new(quota, DashMapStateStore::default(), clock.clone())
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
            ("registrations of taken accounts, with `login-errors` `uniform`", "address", quota::TAKEN),
            ("logins", "address", quota::LOGIN),
            ("logins that count for no address", "account, from devices it knows", quota::LOGIN_OF_DEVICE),
            ("wrong passwords", "account and address, or device", quota::FAILED_LOGIN),
            ("wrong passwords", "account: all strangers together", quota::FAILED_LOGIN_OF_ACCOUNT),
            ("REST requests", "user", quota::REQUEST),
            ("messages", "user", quota::MESSAGE),
            ("lists to watch", "user", quota::WATCH),
            ("changes of a profile", "user", quota::PROFILE),
            ("users named to become members of groups or to leave them", "user", quota::NAMED),
            ("searches", "user", quota::SEARCH),
            ("uploads of pictures of users and groups", "user", quota::UPLOAD),
            ("uploads of files", "user", quota::FILE),
            ("files fetched, and parts of them", "user", quota::FETCH),
            ("strangers looked up", "user", quota::LOOK_UP),
            ("friend requests", "user", quota::ASK),
            ("WebSocket frames before Login", "address", quota::FRAME),
        ] {
            let an_hour = (3600.0 / quota.replenish_interval().as_secs_f64()).round();
            let (rate, time) = match an_hour {
                rate if rate < 180.0 => (rate, "an hour"),
                rate if rate < 36_000.0 => (rate / 60.0, "a minute"),
                rate => (rate / 3600.0, "a second"),
            };
            writeln!(table, "| {what} | {by} | {} | {rate} {time} |", quota.burst_size()).expect("written");
        }
        documented::check("operations.md", "rates", &table);
    }

    #[test]
    fn devices_that_are_known_count_for_their_address_only_when_they_come_often() {
        let (limits, _) = limits(true);
        for _ in 0..240 {
            assert_eq!(limits.login(HOME), Ok(()));
        }
        for _ in 0..20 {
            assert_eq!(limits.login_of_device("anna", HOME), Ok(()), "whatever others do at the address");
        }
        assert!(limits.login_of_device("anna", HOME).is_err(), "as everybody there");
        let elsewhere = "192.0.2.2".parse().expect("an address");
        assert_eq!(limits.login_of_device("anna", elsewhere), Ok(()));
        assert_eq!(limits.login_of_device("bob", HOME), Ok(()), "accounts count each for themselves");
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

    const STRANGER: Guesser = Guesser::Stranger(HOME);

    fn address(number: u32) -> IpAddr {
        IpAddr::V4((0xC633_6400 + number).into())
    }

    type Limits = RateLimits<FakeRelativeClock>;

    /// Whether a password may be tried, which is wrong.
    fn guess(limits: &Limits, account: &str, guesser: Guesser) -> Result<(), RetryAfter> {
        limits.password_attempt(account, guesser).map(drop)
    }

    /// How many guesses are let in of so many addresses, each of which goes on until it is refused.
    fn guesses_of(limits: &Limits, addresses: std::ops::Range<u32>, kind: fn(IpAddr) -> Guesser) -> usize {
        let of =
            |number| (0..1000).take_while(|_| guess(limits, "anna", kind(address(number))).is_ok()).count();
        addresses.map(of).sum()
    }

    #[test]
    fn twenty_wrong_passwords_close_an_account_to_their_sender_for_a_while() {
        let (limits, clock) = limits(true);
        for _ in 0..20 {
            assert_eq!(guess(&limits, "anna", STRANGER), Ok(()));
        }
        let closed = Err(RetryAfter(Duration::from_secs(10)));
        assert_eq!(guess(&limits, "anna", STRANGER), closed, "also if all of them came at once");
        assert_eq!(guess(&limits, "bob", STRANGER), Ok(()));
        assert_eq!(
            guess(&limits, "anna", Guesser::Stranger(address(1))),
            Ok(()),
            "the owner is not locked out"
        );
        clock.advance(Duration::from_secs(10));
        assert_eq!(guess(&limits, "anna", STRANGER), Ok(()));
        assert_eq!(guess(&limits, "anna", STRANGER), closed);
    }

    #[test]
    fn however_many_addresses_guess_an_account_has_so_many_guesses() {
        let (limits, clock) = limits(true);
        let at_once = guesses_of(&limits, 0..10_000, Guesser::Stranger);
        assert_eq!(at_once, 100);
        let mut later = 0;
        for _ in 0..24 * 60 {
            clock.advance(Duration::from_secs(60));
            later += guesses_of(&limits, 0..200, Guesser::Stranger);
        }
        assert!(later <= 24 * 100, "{later} in a day");
    }

    #[test]
    fn a_device_and_a_neighbour_pass_while_strangers_attack() {
        let (limits, _) = limits(true);
        guesses_of(&limits, 0..10_000, Guesser::Stranger);
        assert!(limits.is_under_attack("anna") && !limits.is_under_attack("bob"));
        assert!(guess(&limits, "anna", Guesser::Stranger(address(10_001))).is_err());
        assert_eq!(guess(&limits, "anna", Guesser::Device([1; 16])), Ok(()));
        assert_eq!(guess(&limits, "anna", Guesser::Neighbour(HOME)), Ok(()));
        // Neighbours have no more than strangers, and take nothing from devices.
        assert!(guesses_of(&limits, 20_000..30_000, Guesser::Neighbour) < 100);
        assert!(guess(&limits, "anna", Guesser::Neighbour(HOME)).is_err());
        assert_eq!(guess(&limits, "anna", Guesser::Device([1; 16])), Ok(()));
        for _ in 0..1000 {
            let _ = guess(&limits, "anna", Guesser::Device([2; 16]));
        }
        assert!(
            guess(&limits, "anna", Guesser::Device([2; 16])).is_err(),
            "nor does one device guess for ever"
        );
        assert_eq!(guess(&limits, "anna", Guesser::Device([1; 16])), Ok(()));
    }

    /// As long as fewer than seventeen addresses attack, what they may use up is less than what comes back.
    #[test]
    fn the_owner_at_a_new_address_waits_at_most_some_minutes_during_an_attack() {
        let (limits, clock) = limits(true);
        let mut waited = 0;
        for minute in 0..300 {
            guesses_of(&limits, 0..16, Guesser::Stranger);
            if minute >= 60 {
                // Each time from another address.
                match limits.password_attempt("anna", Guesser::Stranger(address(1_000 + minute))) {
                    Ok(attempt) => {
                        waited = 0;
                        limits.not_a_wrong_password(&attempt);
                    }
                    Err(_) => waited += 1,
                }
                assert!(waited <= 3, "{waited} minutes");
            }
            clock.advance(Duration::from_secs(60));
        }
    }

    #[test]
    fn right_passwords_are_not_counted() {
        let (limits, _) = limits(true);
        for _ in 0..1000 {
            for guesser in [STRANGER, Guesser::Neighbour(HOME), Guesser::Device([1; 16])] {
                let attempt = limits.password_attempt("anna", guesser).expect("let in");
                limits.not_a_wrong_password(&attempt);
            }
        }
    }

    #[test]
    fn what_strangers_send_as_an_account_has_one_size() {
        let (limits, _) = limits(true);
        let long = "x".repeat(1024 * 1024);
        assert_eq!(guess(&limits, &long, STRANGER), Ok(()));
        assert!(std::mem::size_of::<guesses::Debtor>() <= 40);
    }

    #[test]
    fn free_accounts_are_not_counted_among_those_that_are_taken() {
        let (limits, clock) = limits(true);
        for _ in 0..100 {
            assert_eq!(limits.taken(HOME), Ok(()));
            limits.not_taken(HOME);
        }
        for _ in 0..10 {
            assert_eq!(limits.taken(HOME), Ok(()));
        }
        assert_eq!(limits.taken(HOME), Err(RetryAfter(Duration::from_secs(180))));
        assert_eq!(limits.taken(address(1)), Ok(()));
        clock.advance(Duration::from_secs(180));
        assert_eq!(limits.taken(HOME), Ok(()));
    }

    #[test]
    fn as_many_are_named_as_a_request_may_name_and_not_one_request_after_the_other() {
        use rim_protocol::limits::MAX_USERS_PER_REQUEST;

        let (limits, clock) = limits(true);
        let largest = MAX_USERS_PER_REQUEST;
        assert!(quota::NAMED.burst_size().get() as usize >= largest, "nobody is refused for ever");
        let created = (0..590).filter(|_| limits.named(UserId(1), largest).is_ok()).count();
        assert_eq!(created, 2);
        let RetryAfter(wait) = limits.named(UserId(1), largest).expect_err("the burst is used up");
        assert_eq!(wait, Duration::from_secs(500), "twenty a second");
        assert_eq!(limits.named(UserId(2), largest), Ok(()), "others go on");
        clock.advance(Duration::from_secs(1));
        assert_eq!(limits.named(UserId(1), 20), Ok(()));
        assert_eq!(limits.named(UserId(1), 0), Ok(()), "to name nobody is no matter");
        clock.advance(wait);
        assert_eq!(limits.named(UserId(1), largest), Ok(()));
    }

    #[test]
    fn who_was_quiet_for_long_is_forgotten() {
        let (limits, clock) = limits(true);
        assert_eq!(limits.message(UserId(1)), Ok(()));
        assert_eq!(guess(&limits, "anna", STRANGER), Ok(()));
        limits.forget_the_quiet();
        assert_eq!((limits.message.len(), limits.failed_login.len()), (1, 2));
        clock.advance(Duration::from_secs(3600));
        limits.forget_the_quiet();
        assert_eq!((limits.message.len(), limits.failed_login.len()), (0, 0));
    }

    #[test]
    fn limits_that_are_off_refuse_nothing() {
        let (limits, _) = limits(false);
        for _ in 0..3_000 {
            assert_eq!(guess(&limits, "anna", STRANGER), Ok(()));
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
