//! Which web pages may speak to the server.
//!
//! A browser says in `Origin` which page a request comes from. What sends none is no page, and is let in.

use std::net::IpAddr;

use http::HeaderMap;
use http::header::{HOST, ORIGIN};
use http::uri::{Authority, Uri};

use crate::config::{AllowedOrigins, Config};

/// Whether the page that sends a request, if it is one, may.
pub fn allowed(config: &Config, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    origin.to_str().is_ok_and(|origin| admits(&config.allowed_origins, origin, host))
}

fn admits(rule: &AllowedOrigins, origin: &str, host: Option<&str>) -> bool {
    match rule {
        AllowedOrigins::Any => true,
        AllowedOrigins::SameHostAnd(listed) => {
            listed.iter().any(|allowed| allowed == origin) || host.is_some_and(|host| same_host(origin, host))
        }
    }
}

/// Whether the page and the server are on the same host, ports and schemes aside: a page of one's own
/// machine is served by a development server on another port.
fn same_host(origin: &str, host: &str) -> bool {
    // `null` (a sandboxed page, a file) and other oddities have no host.
    let (Ok(origin), Ok(host)) = (origin.parse::<Uri>(), host.parse::<Authority>()) else { return false };
    let (Some(_), Some(page)) = (origin.scheme(), origin.host()) else { return false };
    page.eq_ignore_ascii_case(host.host()) || is_this_machine(page) && is_this_machine(host.host())
}

/// Whether a host, without its port, is a name of the machine that it is said on.
pub fn is_this_machine(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost") || address.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

/// The hosts that a request is for, without ports: that of its `Host`, and that of its target where one stands there.
/// `None` for one that is unreadable.
pub fn asked_for<'a>(uri: &'a Uri, headers: &'a HeaderMap) -> impl Iterator<Item = Option<&'a str>> {
    let said = headers.get_all(HOST).iter().map(|host| host.to_str().ok().and_then(host_of));
    said.chain(uri.host().map(Some))
}

/// The host of a `Host` header; `None` where it is none.
pub fn host_of(value: &str) -> Option<&str> {
    let authority: Authority = value.parse().ok()?;
    // Somebody's name before the host is no part of one.
    let host = authority.host();
    value.get(..host.len()).filter(|start| *start == host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own_host(origin: &str, host: &str) -> bool {
        admits(&AllowedOrigins::SameHostAnd(Vec::new()), origin, Some(host))
    }

    #[test]
    fn pages_of_the_same_host_may_on_any_port_and_scheme() {
        assert!(own_host("https://chat.example", "chat.example"));
        assert!(own_host("http://chat.example:5173", "Chat.Example:8000"));
        assert!(own_host("http://[2001:db8::1]:80", "[2001:db8::1]:8000"));
    }

    #[test]
    fn the_names_of_this_machine_are_the_same_host() {
        for name in ["localhost", "127.0.0.1", "[::1]"] {
            assert!(own_host(&format!("http://{name}:5173"), "localhost:8000"), "{name}");
            assert!(own_host("tauri://localhost", &format!("{name}:8000")), "{name}");
            assert!(!own_host(&format!("http://{name}"), "chat.example"), "{name}");
        }
    }

    #[test]
    fn other_pages_may_not() {
        for origin in [
            "https://evil.example",
            "https://chat.example.evil.example",
            "https://sub.chat.example",
            "https://evil.example/chat.example",
            "https://evil.example#chat.example",
            "https://chat.example@evil.example",
            "chat.example",
            "null",
            "",
        ] {
            assert!(!own_host(origin, "chat.example"), "{origin}");
        }
        assert!(!admits(&AllowedOrigins::SameHostAnd(Vec::new()), "https://chat.example", None));
    }

    #[test]
    fn a_listed_origin_is_compared_exactly() {
        let rule = AllowedOrigins::SameHostAnd(vec!["https://app.example".to_owned()]);
        assert!(admits(&rule, "https://app.example", Some("chat.example")));
        assert!(!admits(&rule, "https://app.example:8443", Some("chat.example")));
        assert!(!admits(&rule, "http://app.example", Some("chat.example")));
        assert!(admits(&AllowedOrigins::Any, "null", None));
    }
}
