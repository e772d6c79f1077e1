//! How many sockets may be open at once, in total and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::address::network;
use crate::config::Config;
use crate::metrics::Metrics;

/// Lets sockets in while there is room. All listeners of a server share one.
pub struct Gate {
    max_total: usize,
    max_per_address: usize,
    trusted_proxies: Vec<IpAddr>,
    metrics: Arc<Metrics>,
    /// A plain mutex: it is held for one look-up, once when a socket comes and once when it goes.
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    total: usize,
    per_address: HashMap<IpAddr, usize>,
}

/// Why a socket was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Full {
    Total,
    Address,
}

/// Keeps the slot of one socket, in the extensions of each of its requests. Whoever takes the socket
/// over by an upgrade keeps a clone for as long as it is open.
#[derive(Clone)]
pub struct SocketGuard(Arc<Slot>);

struct Slot {
    gate: Arc<Gate>,
    address: IpAddr,
}

impl Gate {
    pub fn new(config: &Config, metrics: Arc<Metrics>) -> Arc<Self> {
        Arc::new(Self {
            max_total: config.max_connections,
            max_per_address: config.max_connections_per_address,
            trusted_proxies: config.trusted_proxies.clone(),
            metrics,
            open: Mutex::default(),
        })
    }

    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<SocketGuard, Full> {
        let address = address.to_canonical();
        {
            let mut open = self.open.lock();
            if open.total >= self.max_total {
                return Err(Full::Total);
            }
            if self.counts(address) {
                let here = open.per_address.entry(network(address)).or_default();
                if *here >= self.max_per_address {
                    return Err(Full::Address);
                }
                *here += 1;
            }
            open.total += 1;
        }
        self.metrics.sockets.inc();
        Ok(SocketGuard(Arc::new(Slot { gate: Arc::clone(self), address })))
    }

    /// Whether sockets of this address are counted against the limit per address. Those from this machine
    /// and from trusted proxies are not: they carry the connections of many people.
    fn counts(&self, address: IpAddr) -> bool {
        !address.is_loopback() && !self.trusted_proxies.contains(&address)
    }
}

impl SocketGuard {
    /// The other end of the TCP connection.
    pub fn address(&self) -> IpAddr {
        self.0.address
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.gate.open.lock();
        open.total -= 1;
        if self.gate.counts(self.address) {
            let key = network(self.address);
            if let Some(here) = open.per_address.get_mut(&key) {
                *here -= 1;
                if *here == 0 {
                    open.per_address.remove(&key);
                }
            }
        }
        drop(open);
        self.gate.metrics.sockets.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(max_total: usize, max_per_address: usize) -> Arc<Gate> {
        Arc::new(Gate {
            max_total,
            max_per_address,
            trusted_proxies: vec![ip("10.0.0.1")],
            metrics: Arc::new(Metrics::new()),
            open: Mutex::default(),
        })
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_slot_is_free_again_when_the_last_holder_lets_go() {
        let gate = gate(1, 9);
        let Ok(guard) = gate.enter(ip("192.0.2.1")) else { panic!("there is room for one") };
        let kept_by_the_gateway = guard.clone();
        drop(guard);
        assert_eq!(gate.enter(ip("192.0.2.2")).err(), Some(Full::Total));
        drop(kept_by_the_gateway);
        assert!(gate.enter(ip("192.0.2.2")).is_ok());
        assert!(gate.open.lock().per_address.is_empty(), "who is gone costs nothing");
    }

    #[test]
    fn one_address_cannot_take_every_slot() {
        let gate = gate(9, 1);
        let _guard = gate.enter(ip("2001:db8::1")).ok();
        assert_eq!(gate.enter(ip("2001:db8::2")).err(), Some(Full::Address), "one network");
        assert!(gate.enter(ip("192.0.2.1")).is_ok());
    }

    #[test]
    fn proxies_and_this_machine_speak_for_many() {
        let gate = gate(9, 1);
        let guards: Vec<_> = ["127.0.0.1", "127.0.0.1", "::1", "::1", "10.0.0.1", "10.0.0.1"]
            .map(ip)
            .map(|a| gate.enter(a))
            .into();
        assert!(guards.iter().all(Result::is_ok));
    }
}
