//! Where the server goes for strangers: to the public internet, and nowhere near itself.
//!
//! Whoever sends a link chooses an address, and the server would ask it from within its own network: databases, routers,
//! what a cloud tells its machines. So a connection is made to addresses that everybody can reach alone, on the ports
//! of the web.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

const PORTS: [u16; 2] = [80, 443];

/// Whether it is an address on the public internet, and on a port of the web.
pub fn is_public(address: SocketAddr) -> bool {
    PORTS.contains(&address.port())
        && match address.ip().to_canonical() {
            IpAddr::V4(ip) => is_public_v4(ip),
            IpAddr::V6(ip) => is_public_v6(ip),
        }
}

/// What IANA has set aside for no special purpose.
const fn is_public_v4(ip: Ipv4Addr) -> bool {
    match ip.octets() {
        // This network, private ones, carriers', this machine, and this line, where clouds tell secrets.
        [0 | 10 | 127, ..] | [100, 64..=127, ..] | [169, 254, ..] | [172, 16..=31, ..] | [192, 168, ..] => {
            false
        }
        // Protocols, documentation, relays to IPv6, and benchmarks.
        [192, 0, 0 | 2, _] | [192, 31, 196, _] | [192, 52, 193, _] | [192, 88, 99, _] | [192, 175, 48, _] => {
            false
        }
        [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => false,
        // To many at once, and never used.
        [224..=255, ..] => false,
        _ => true,
    }
}

/// Of the addresses that are for one machine those that hold no other kind of address, nor are for documents.
const fn is_public_v6(ip: Ipv6Addr) -> bool {
    match ip.segments() {
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] | [0x3fff, 0..=0xfff, ..] => false,
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_goes_to_no_private_address() {
        for (ip, is_one) in [
            ("93.184.216.34", true),
            ("2606:2800:220:1:248:1893:25c8:1946", true),
            ("::ffff:93.184.216.34", true),
            ("0.0.0.0", false),
            ("10.1.2.3", false),
            ("100.64.0.1", false),
            ("100.128.0.1", true),
            ("127.0.0.1", false),
            ("127.255.0.9", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("172.32.0.1", true),
            ("192.0.0.8", false),
            ("192.168.1.1", false),
            ("198.18.0.1", false),
            ("203.0.113.9", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::ffff:127.0.0.1", false),
            ("::127.0.0.1", false),
            ("64:ff9b::7f00:1", false),
            ("2001::7f00:1", false),
            ("2001:db8::1", false),
            ("2002:7f00:1::", false),
            ("fc00::1", false),
            ("fd12:3456::1", false),
            ("fe80::1", false),
            ("ff02::1", false),
        ] {
            let ip: IpAddr = ip.parse().expect("an address");
            assert_eq!(is_public(SocketAddr::new(ip, 443)), is_one, "{ip}");
            assert!(!is_public(SocketAddr::new(ip, 5432)), "{ip}");
        }
    }
}
