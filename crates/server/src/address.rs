//! Who a request comes from.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::HeaderMap;

/// The other end of the TCP connection, in the extensions of every request. Behind a proxy this is the
/// proxy; [`client_address`] tells who is behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// The address a request was sent from: `peer`, or what a trusted proxy says in `X-Forwarded-For`.
///
/// Every proxy appends the address it was called from, so the list is walked from its end, and the first
/// entry that no trusted proxy wrote about another is the answer. What stands before it was sent by a
/// stranger and may be invented; so may be an entry that is no address, where the walk ends.
pub fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
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
    fn an_ipv6_network_counts_as_one() {
        assert_eq!(network(ip("2001:db8:1:2:3:4:5:6")), network(ip("2001:db8:1:2::1")));
        assert_ne!(network(ip("2001:db8:1:2::1")), network(ip("2001:db8:1:3::1")));
        assert_eq!(network(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }
}
