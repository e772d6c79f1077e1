//! What of a request's head is read here and not by hyper: who it comes from.

use std::net::IpAddr;

use http::{HeaderMap, HeaderValue};

#[path = "../../server/src/address.rs"]
#[allow(dead_code)]
mod address;

use crate::spelled::texts;
use address::{Proxies, network};

const WORDS: &[&str] = &[
    "10.0.0.1",
    ",",
    ", ",
    "198.51.100.1",
    ":80",
    "[",
    "]",
    "2001:db8::1",
    "::ffff:10.0.0.1",
    ";",
    "\"",
    "unknown",
    "%eth0",
    " ",
    "\t",
    "::",
    "0",
    "65536",
    ".",
];

pub fn forwarded(bytes: &[u8]) {
    let proxy: IpAddr = [10, 0, 0, 1].into();
    let stranger: IpAddr = [203, 0, 113, 9].into();
    let proxies = Proxies::new(vec![proxy]);
    for text in texts(bytes, WORDS) {
        let mut headers = HeaderMap::new();
        for line in text.split('\n') {
            if let Ok(line) = HeaderValue::from_bytes(line.as_bytes()) {
                headers.append("x-forwarded-for", line);
            }
        }
        assert_eq!(proxies.client(stranger, &headers), stranger);
        // One that is trusted names somebody, or is itself the one.
        let named = proxies.client(proxy, &headers);
        assert_eq!(named, named.to_canonical());
        let counted = network(named);
        assert_eq!(network(counted), counted);
    }
}
