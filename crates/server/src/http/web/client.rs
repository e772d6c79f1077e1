//! The web client, as `build.rs` found it in `web/dist`: its files, and how a browser gets each.
//!
//! What lies in `/assets` has a hash of its content in its name and is fetched once. Everything else is asked
//! for again each time and answered with 304 while it is the same, so that a new server has its client at once.

use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY, X_DNS_PREFETCH_CONTROL,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};

use crate::http::headers::IMMUTABLE;

/// A file of the client.
pub(super) struct File {
    /// Where it is served, from `/`.
    path: &'static str,
    /// Of its content. A weak one, as its compressed forms share it.
    etag: &'static str,
    plain: &'static [u8],
    /// Absent where compressing gains nothing.
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

/// Empty where the server was built without a client.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/web_client.rs"));

/// The file at a path; the client's page is at `/`.
pub(super) fn find(path: &str) -> Option<&'static File> {
    let path = if path == "/" { "/index.html" } else { path };
    FILES.iter().find(|file| file.path == path)
}

impl File {
    /// The file in the smallest form that the browser takes, or 304 if it has it already.
    pub(super) fn answer(&self, request: &HeaderMap, policy: HeaderValue) -> Response {
        let caching =
            if self.path.starts_with("/assets/") { IMMUTABLE } else { HeaderValue::from_static("no-cache") };
        let about = [
            (ETAG, HeaderValue::from_static(self.etag)),
            (CACHE_CONTROL, caching),
            (VARY, HeaderValue::from_static("accept-encoding")),
            // Not for the page alone: a worker obeys the policy of its own file.
            (CONTENT_SECURITY_POLICY, policy),
            // Else a browser looks up the hosts of links in messages, and whoever runs one learns that they are read.
            (X_DNS_PREFETCH_CONTROL, HeaderValue::from_static("off")),
        ];
        // By RFC 9110 an ETag weighs the same here whether it is marked weak or not.
        let strong = self.etag.trim_start_matches("W/");
        if mentions(request, &IF_NONE_MATCH, |tag| tag == "*" || tag.trim_start_matches("W/") == strong) {
            return (StatusCode::NOT_MODIFIED, about).into_response();
        }
        let content_type = [(CONTENT_TYPE, content_type(self.path))];
        let encoded = [("br", self.brotli), ("gzip", self.gzip)];
        let encoded = encoded.into_iter().filter_map(|(coding, bytes)| Some((coding, bytes?)));
        match encoded.into_iter().find(|(coding, _)| accepts(request, coding)) {
            Some((coding, bytes)) => {
                (about, content_type, [(CONTENT_ENCODING, coding)], bytes).into_response()
            }
            None => (about, content_type, self.plain).into_response(),
        }
    }
}

/// Whether the browser can undo a compression: it names it, and not with a weight of zero.
fn accepts(request: &HeaderMap, coding: &str) -> bool {
    mentions(request, &ACCEPT_ENCODING, |item| {
        let (name, weight) = item.split_once(';').unwrap_or((item, ""));
        let refused = weight.trim().strip_prefix("q=").and_then(|q| q.parse().ok()) == Some(0.0_f32);
        name.trim_end().eq_ignore_ascii_case(coding) && !refused
    })
}

/// Whether a header that holds a list has such an item in it.
fn mentions(headers: &HeaderMap, name: &HeaderName, is_it: impl Fn(&str) -> bool) -> bool {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|item| is_it(item.trim()))
}

/// By the ending of a file's name, as the build gives it.
fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("txt") => "text/plain; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("mp3") => "audio/mpeg",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    const PAGE: File = File {
        path: "/index.html",
        etag: "W/\"0123456789abcdef\"",
        plain: b"plain",
        brotli: Some(b"brotli"),
        gzip: Some(b"gzip"),
    };
    const PICTURE: File = File { path: "/assets/a-Bc1.png", brotli: None, gzip: None, ..PAGE };

    const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'");

    fn asked(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    async fn body(response: Response) -> String {
        let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body in memory");
        String::from_utf8(body.to_vec()).expect("UTF-8")
    }

    #[tokio::test]
    async fn the_smallest_form_that_the_browser_takes_is_sent() {
        for (accepted, encoding, content) in [
            ("gzip, deflate, br, zstd", Some("br"), "brotli"),
            ("BR;q=0.1, gzip", Some("br"), "brotli"),
            ("gzip;q=1.0, br;q=0", Some("gzip"), "gzip"),
            ("gzip ; q=0.000, brotli", None, "plain"),
            ("identity", None, "plain"),
            ("", None, "plain"),
        ] {
            let response = PAGE.answer(&asked(ACCEPT_ENCODING, accepted), POLICY);
            let sent = response.headers().get(CONTENT_ENCODING).map(|coding| coding.to_str().expect("ASCII"));
            assert_eq!(sent, encoding, "{accepted}");
            assert_eq!(response.headers()[VARY], "accept-encoding");
            assert_eq!(body(response).await, content, "{accepted}");
        }
        assert_eq!(body(PAGE.answer(&HeaderMap::new(), POLICY)).await, "plain");
        assert_eq!(body(PICTURE.answer(&asked(ACCEPT_ENCODING, "br"), POLICY)).await, "plain");
    }

    #[tokio::test]
    async fn what_the_browser_has_already_is_not_sent() {
        for (tags, has_it) in [
            ("W/\"0123456789abcdef\"", true),
            ("\"0123456789abcdef\"", true),
            ("\"another\", W/\"0123456789abcdef\"", true),
            ("*", true),
            ("\"another\"", false),
            ("0123456789abcdef", false),
        ] {
            let response = PAGE.answer(&asked(IF_NONE_MATCH, tags), POLICY);
            assert_eq!(response.status(), if has_it { 304 } else { 200 }, "{tags}");
            assert_eq!(response.headers()[ETAG], "W/\"0123456789abcdef\"");
            assert_eq!(response.headers()[CACHE_CONTROL], "no-cache");
            // A browser goes by the headers of the newest answer, whichever of the two it is.
            assert_eq!(response.headers()[CONTENT_SECURITY_POLICY], POLICY);
            assert_eq!(response.headers()[X_DNS_PREFETCH_CONTROL], "off");
            assert_eq!(body(response).await, if has_it { "" } else { "plain" });
        }
    }

    #[test]
    fn hashed_names_are_kept_for_ever_and_the_page_is_asked_for_again() {
        let caching = |file: &File| file.answer(&HeaderMap::new(), POLICY).headers()[CACHE_CONTROL].clone();
        assert_eq!(caching(&PAGE), "no-cache");
        assert_eq!(caching(&PICTURE), "public, max-age=31536000, immutable");
    }

    /// Holds for whatever is embedded, so that a new kind of file is noticed when it comes.
    #[test]
    fn every_embedded_file_is_found_and_has_a_type() {
        for file in FILES {
            assert_ne!(content_type(file.path), "application/octet-stream", "{}", file.path);
            assert!(find(file.path).is_some_and(|found| found.etag == file.etag), "{}", file.path);
        }
        assert_eq!(find("/").is_some(), !FILES.is_empty());
        assert!(find("/nothing/here").is_none());
    }
}
