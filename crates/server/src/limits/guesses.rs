//! Guesses at a password: who makes them, and how many are let in.
//!
//! An address may guess so often, and all strangers together may guess so often at one account; else
//! whoever has ten thousand addresses guesses ten thousand times as fast. But a bound of the account alone would let
//! strangers lock its owner out. So there are three kinds of guessers, and none takes attempts from another kind:
//!
//! - a *device* that was logged in to the account before, which shows a cookie or a session: it counts for itself;
//! - a *neighbour*: an address from which the account has a session, be it of the owner or of somebody behind the same
//!   router;
//! - *strangers*. Once they have been wrong often, each address has one attempt in ten minutes: so those who attack use up
//!   what is theirs, and attempts are left for the owner at a new address.

use std::net::IpAddr;
use std::time::Duration;

use governor::Quota;
use governor::clock::Clock;
use rim_core::SessionId;
use sha2::{Digest, Sha256};

use super::debts::{Charge, Debts};
use super::quota;
use crate::address::network;

/// Once half of what strangers have together is used up, an address that guesses waits for so long.
const PAUSE_UNDER_ATTACK: Duration = Duration::from_secs(10 * 60);

/// From where somebody tries a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guesser {
    Device([u8; 16]),
    Neighbour(IpAddr),
    Stranger(IpAddr),
}

impl Guesser {
    /// Whoever holds the token of this session.
    pub fn session(id: SessionId) -> Self {
        Self::Device(u128::from(id.0).to_le_bytes())
    }
}

/// A folded account, in a form that has one size whatever a stranger sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Account([u8; 16]);

impl Account {
    pub(super) fn new(key: &str) -> Self {
        let hash: [u8; 32] = Sha256::digest(key).into();
        Self(hash[..16].try_into().expect("half of it"))
    }
}

/// Who owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Debtor {
    Device(Account, [u8; 16]),
    DeviceInAll(Account, [u8; 16]),
    Address(Account, IpAddr),
    Neighbours(Account),
    Strangers(Account),
}

/// An attempt that was let in.
#[derive(Debug, Default)]
#[must_use = "what was no wrong password is to be given back"]
pub struct Attempt(Vec<Charge<Debtor>>);

pub(super) struct Guesses<C: Clock>(Debts<Debtor, C>);

impl<C: Clock> Guesses<C> {
    pub(super) fn new(clock: C) -> Self {
        Self(Debts::new(clock))
    }

    /// Counts an attempt; or tells how long to wait.
    pub(super) fn attempt(&self, account_key: &str, guesser: Guesser) -> Result<Attempt, Duration> {
        let account = Account::new(account_key);
        let one = |debtor| Charge::of(debtor, quota::FAILED_LOGIN);
        let charges = match guesser {
            Guesser::Device(number) => vec![
                one(Debtor::Device(account, number)),
                Charge::of(Debtor::DeviceInAll(account, number), quota::FAILED_LOGIN_OF_ACCOUNT),
            ],
            Guesser::Neighbour(address) => vec![
                one(Debtor::Address(account, network(address))),
                Charge::of(Debtor::Neighbours(account), quota::FAILED_LOGIN_OF_ACCOUNT),
            ],
            Guesser::Stranger(address) => {
                let mut charge = one(Debtor::Address(account, network(address)));
                if self.is_under_attack(account_key) {
                    charge = Charge { cost: PAUSE_UNDER_ATTACK, tolerance: Duration::ZERO, ..charge };
                }
                vec![charge, Charge::of(Debtor::Strangers(account), quota::FAILED_LOGIN_OF_ACCOUNT)]
            }
        };
        self.0.attempt(&charges).map(|()| Attempt(charges))
    }

    pub(super) fn give_back(&self, attempt: &Attempt) {
        self.0.give_back(&attempt.0);
    }

    /// Whether strangers have used up half of what they have together.
    pub(super) fn is_under_attack(&self, account_key: &str) -> bool {
        let all = full(quota::FAILED_LOGIN_OF_ACCOUNT);
        self.0.debt(&Debtor::Strangers(Account::new(account_key))) >= all / 2
    }

    pub(super) fn retain_recent(&self) {
        self.0.retain_recent();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// The debt of who has used up all that is let in at once.
fn full(quota: Quota) -> Duration {
    quota.replenish_interval() * quota.burst_size().get()
}
