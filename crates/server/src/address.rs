//! Who a request comes from.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use http::HeaderMap;

/// The other end of the TCP connection, in the extensions of every request. Behind a proxy this is the
/// proxy; [`Proxies`] tell who is behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RemoteAddress(pub SocketAddr);

/// Whose word about others is believed.
pub struct Proxies {
    trusted: Vec<IpAddr>,
    /// Whether it was said in the log that somebody else claims to be a proxy: of those inside, where proxies mostly
    /// are, and of those outside, each once. So no stranger can use up the word about one's own proxy.
    said: [AtomicBool; 2],
}

impl Proxies {
    pub fn new(trusted: Vec<IpAddr>) -> Self {
        Self { trusted, said: Default::default() }
    }

    /// The address a request was sent from, as [`client_address`] has it. Says so in the log where a proxy seems to be
    /// meant and is not trusted.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let client = client_address(peer, headers, &self.trusted);
        if self.is_news(peer, headers) {
            tracing::warn!(
                "{client} sends X-Forwarded-For and is not among trusted-proxies, so it counts as one client however many it speaks for; if it is your proxy, set trusted-proxies = [\"{client}\"]"
            );
        }
        client
    }

    fn is_news(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        let peer = peer.to_canonical();
        headers.contains_key("x-forwarded-for")
            && !self.trusted.contains(&peer)
            && !self.said[usize::from(is_inside(peer))].swap(true, Relaxed)
    }
}

/// Whether it is an address of this machine or of a network of one's own.
fn is_inside(address: IpAddr) -> bool {
    address.is_loopback()
        || match address {
            IpAddr::V4(v4) => v4.is_private() || v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
        }
}

/// The address a request was sent from: `peer`, or what a trusted proxy says in `X-Forwarded-For`.
///
/// Every proxy appends the address it was called from, so the list is walked from its end, and the first
/// entry that no trusted proxy wrote about another is the answer. What stands before it was sent by a
/// stranger and may be invented; so may be an entry that is no address, where the walk ends.
fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let trusts = |address: &IpAddr| trusted.contains(address);
    let mut client = peer.to_canonical();
    if !trusts(&client) {
        return client;
    }
    let lines: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok()).collect();
    for entry in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        let Some(address) = forwarded(entry) else { break };
        client = address;
        if !trusts(&client) {
            break;
        }
    }
    client
}

/// What proxies add to say for whom they ask, beside all that begins with `x-forwarded-`.
const FORWARDING: [&str; 8] = [
    "forwarded",
    "via",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-original-forwarded-for",
    "true-client-ip",
    "cf-connecting-ip",
];

/// Whether a request says that somebody has passed it on.
pub fn is_forwarded(headers: &HeaderMap) -> bool {
    headers.keys().any(|name| {
        let name = name.as_str();
        name.starts_with("x-forwarded-") || FORWARDING.contains(&name)
    })
}

/// One entry of the list. Some proxies add the port, and brackets to IPv6.
fn forwarded(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let address = entry.parse().or_else(|_| entry.parse::<SocketAddr>().map(|socket| socket.ip()));
    address.ok().map(|address: IpAddr| address.to_canonical())
}

/// What counts as one address where something is counted per address.
///
/// An IPv6 host may use any of the 2^64 addresses of its network, so the network is what is counted.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROXY: &str = "10.0.0.1";

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn client(peer: &str, lines: &[&'static str]) -> IpAddr {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().expect("a header value"));
        }
        client_address(ip(peer), &headers, &[ip(PROXY), ip("10.0.0.2")])
    }

    #[test]
    fn a_stranger_cannot_claim_another_address() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), ip("203.0.113.9"));
    }

    #[test]
    fn a_trusted_proxy_names_its_client() {
        assert_eq!(client(PROXY, &["198.51.100.1"]), ip("198.51.100.1"));
        assert_eq!(client(PROXY, &["198.51.100.1:4711"]), ip("198.51.100.1"));
        assert_eq!(client(PROXY, &["[2001:db8::1]:4711"]), ip("2001:db8::1"));
        assert_eq!(client(PROXY, &[]), ip(PROXY));
    }

    #[test]
    fn what_the_client_itself_put_into_the_list_is_not_believed() {
        assert_eq!(client(PROXY, &["1.1.1.1, 198.51.100.1"]), ip("198.51.100.1"));
        assert_eq!(client(PROXY, &["1.1.1.1", "198.51.100.1, 10.0.0.2"]), ip("198.51.100.1"));
        assert_eq!(client(PROXY, &["1.1.1.1, rubbish, 10.0.0.2"]), ip("10.0.0.2"));
    }

    #[test]
    fn an_ipv4_peer_on_an_ipv6_socket_is_the_ipv4_peer() {
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.1"]), ip("198.51.100.1"));
    }

    #[test]
    fn a_proxy_that_is_not_trusted_is_spoken_of_once_whatever_strangers_send() {
        let proxies = Proxies::new(vec![ip(PROXY)]);
        let headers: HeaderMap =
            [(http::HeaderName::from_static("x-forwarded-for"), "1.1.1.1".parse().expect("a value"))]
                .into_iter()
                .collect();
        let is_news = |peer: &str, headers: &HeaderMap| proxies.is_news(ip(peer), headers);
        assert!(!is_news("10.0.0.9", &HeaderMap::new()), "it forwards nothing");
        assert!(!is_news(PROXY, &headers) && !is_news("::ffff:10.0.0.1", &headers), "it is trusted");
        assert!(is_news("203.0.113.9", &headers));
        assert!(!is_news("203.0.113.10", &headers));
        assert!(is_news("10.0.0.9", &headers), "one's own is still spoken of");
        assert!(!is_news("127.0.0.1", &headers) && !is_news("fd00::1", &headers));
    }

    #[test]
    fn an_ipv6_network_counts_as_one() {
        assert_eq!(network(ip("2001:db8:1:2:3:4:5:6")), network(ip("2001:db8:1:2::1")));
        assert_ne!(network(ip("2001:db8:1:2::1")), network(ip("2001:db8:1:3::1")));
        assert_eq!(network(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }
}
