//! Passes: what opens files, and nothing else, to a session without its token.
//!
//! A browser sends no token with the pictures of a page, and an address must never hold one. So there is a cookie, which
//! names a session, and there are links, each of which names a session and one file for some minutes. Both are sealed with a secret of
//! the store, so that every node knows them and none has to be kept. Neither says whether the session goes on, nor what its
//! user may see: that is asked whenever one is shown.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use http::{HeaderMap, HeaderValue};
use rim_core::file::FileId;
use rim_core::session::Session;
use rim_core::{SessionId, Timestamp, UserId};

use super::cookies;

const COOKIE: &str = "rim_media";
const MEDIA: &str = "/media";
/// No proxy has a path as long.
const MAX_PATH_BYTES: usize = 256;
/// What [`MediaPath::parse`] takes, in words.
pub const MEDIA_PATH: &str = "a path such as /chat/media: it begins with /, ends with /media, and has 256 letters, digits and -._~%/ at the most";
/// For how long a link opens its file.
pub const LINK_MS: i64 = 15 * 60 * 1000;

/// Keep these seals apart from each other, and from any other there may ever be.
const OF_COOKIES: &[u8] = b"rim: a session that may fetch its files\0";
const OF_LINKS: &[u8] = b"rim: a file that a session may fetch for a while\0";

/// Where a browser finds what files are fetched from: at `/media`, or below a path that a proxy cuts off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaPath(String);

impl Default for MediaPath {
    fn default() -> Self {
        Self(MEDIA.to_owned())
    }
}

impl MediaPath {
    /// `None` for what is no such path. It becomes a part of a header.
    pub fn parse(path: &str) -> Option<Self> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%".contains(&byte);
        let is_path = path.len() <= MAX_PATH_BYTES && path.starts_with('/') && path.bytes().all(is_plain);
        (is_path && path.ends_with(MEDIA)).then(|| Self(path.to_owned()))
    }
}

/// Whose pass it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    pub user: UserId,
    pub session: SessionId,
}

/// Issues passes, and knows its own.
#[derive(Clone)]
pub struct Seal([u8; 32]);

impl Seal {
    pub const fn new(secret: [u8; 32]) -> Self {
        Self(secret)
    }

    /// What has a browser show the pass of a session with each file that it fetches. It is not sent with anything else.
    pub fn cookie(&self, holder: Holder, path: &MediaPath, max_age_seconds: u64, tls: bool) -> HeaderValue {
        let value = URL_SAFE_NO_PAD.encode([&holder.bytes()[..], &self.of_cookie(holder)].concat());
        let secure = if tls { "; Secure" } else { "" };
        let path = &path.0;
        let cookie = format!(
            "{COOKIE}={value}; HttpOnly; SameSite=Strict; Path={path}; Max-Age={max_age_seconds}{secure}"
        );
        HeaderValue::from_str(&cookie).expect("base64 and letters")
    }

    /// Whose cookie these headers have.
    pub fn shown(&self, headers: &HeaderMap) -> Option<Holder> {
        let bytes = URL_SAFE_NO_PAD.decode(cookies::value(headers, COOKIE)?).ok()?;
        let (holder, seal) = bytes.split_first_chunk::<16>()?;
        let holder = Holder::of(*holder);
        self.sealing(OF_COOKIES).chain_update(holder.bytes()).verify_slice(seal).is_ok().then_some(holder)
    }

    /// The query of a link that opens this file until then.
    pub fn link(&self, holder: Holder, file: &FileId, until: Timestamp) -> String {
        let [session, seal] =
            [&holder.bytes()[..], &self.of_link(holder, file, until).finalize().into_bytes()]
                .map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        format!("e={}&s={session}&m={seal}", until.0)
    }

    /// Whose link to this file a query is at `now`.
    pub fn linked(&self, file: &FileId, query: &str, now: Timestamp) -> Option<Holder> {
        let of = |key| query.split('&').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='));
        let until = Timestamp(of("e")?.parse().ok()?);
        let holder = Holder::of(URL_SAFE_NO_PAD.decode(of("s")?).ok()?.try_into().ok()?);
        let seal = URL_SAFE_NO_PAD.decode(of("m")?).ok()?;
        let is_ours = self.of_link(holder, file, until).verify_slice(&seal).is_ok();
        (is_ours && now < until).then_some(holder)
    }

    fn of_cookie(&self, holder: Holder) -> [u8; 32] {
        self.sealing(OF_COOKIES).chain_update(holder.bytes()).finalize().into_bytes().into()
    }

    fn of_link(&self, holder: Holder, file: &FileId, until: Timestamp) -> Hmac<sha2::Sha256> {
        let sealing = self.sealing(OF_LINKS).chain_update(holder.bytes());
        sealing.chain_update(until.0.to_be_bytes()).chain_update(file.as_str())
    }

    fn sealing(&self, purpose: &[u8]) -> Hmac<sha2::Sha256> {
        let key = Hmac::<sha2::Sha256>::new_from_slice(&self.0).expect("a key of any length");
        key.chain_update(purpose)
    }
}

impl From<&Session> for Holder {
    fn from(session: &Session) -> Self {
        Self { user: session.user, session: session.id }
    }
}

impl Holder {
    fn bytes(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.user.0.to_be_bytes());
        bytes[8..].copy_from_slice(&self.session.0.to_be_bytes());
        bytes
    }

    fn of(bytes: [u8; 16]) -> Self {
        let number = |at: usize| u64::from_be_bytes(bytes[at..at + 8].try_into().expect("eight bytes"));
        Self { user: UserId(number(0)), session: SessionId(number(8)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANNA: Holder = Holder { user: UserId(7), session: SessionId(9) };
    const NOW: Timestamp = Timestamp(1_000_000);

    fn seal() -> Seal {
        Seal::new([1; 32])
    }

    fn shown_again(cookie: &HeaderValue) -> HeaderMap {
        let pair = cookie.to_str().expect("text").split(';').next().expect("the first");
        let cookies = format!("other=1; {pair}; last=2");
        HeaderMap::from_iter([(http::header::COOKIE, cookies.parse().expect("a value"))])
    }

    #[test]
    fn a_cookie_is_known_where_its_secret_is_and_nowhere_else() {
        let headers = shown_again(&seal().cookie(ANNA, &MediaPath::default(), 60, false));
        assert_eq!(seal().shown(&headers), Some(ANNA));
        assert_eq!(Seal::new([2; 32]).shown(&headers), None);
        assert_eq!(seal().shown(&HeaderMap::new()), None);
    }

    #[test]
    fn a_cookie_is_for_a_path_that_ends_at_media_and_for_nothing_that_is_none() {
        let path = MediaPath::parse("/chat/of-us/media").expect("a path");
        let cookie = seal().cookie(ANNA, &path, 60, false);
        assert!(cookie.to_str().expect("text").contains("; Path=/chat/of-us/media; "));
        assert_eq!(MediaPath::parse("/media"), Some(MediaPath::default()));
        let long = format!("/{}/media", "a".repeat(MAX_PATH_BYTES));
        for wrong in [
            "",
            "/",
            "media",
            "/chat",
            "/media/",
            "/chat;x/media",
            "/a b/media",
            "/\r\n/media",
            "/é/media",
            &long,
        ] {
            assert_eq!(MediaPath::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn no_byte_of_a_cookie_can_be_another() {
        let good = seal().cookie(ANNA, &MediaPath::default(), 60, false);
        let value = good.to_str().expect("text").split(['=', ';']).nth(1).expect("a value");
        let bytes = URL_SAFE_NO_PAD.decode(value).expect("base64");
        for at in 0..bytes.len() {
            let mut other = bytes.clone();
            other[at] ^= 1;
            let cookie = format!("{COOKIE}={}", URL_SAFE_NO_PAD.encode(&other));
            assert_eq!(seal().shown(&shown_again(&cookie.parse().expect("a value"))), None, "{at}");
        }
        for cut in [0, 15, 16, bytes.len() - 1] {
            let cookie = format!("{COOKIE}={}", URL_SAFE_NO_PAD.encode(&bytes[..cut]));
            assert_eq!(seal().shown(&shown_again(&cookie.parse().expect("a value"))), None, "{cut}");
        }
    }

    #[test]
    fn scripts_and_other_pages_do_not_get_a_cookie_and_it_goes_to_files_alone() {
        let cookie = seal().cookie(ANNA, &MediaPath::default(), 60, true);
        let text = cookie.to_str().expect("text");
        for word in ["; HttpOnly", "; SameSite=Strict", "; Path=/media;", "; Max-Age=60", "; Secure"] {
            assert!(text.contains(word), "{text}");
        }
        assert!(
            !seal().cookie(ANNA, &MediaPath::default(), 60, false).to_str().expect("text").contains("Secure")
        );
    }

    #[test]
    fn a_link_opens_one_file_for_a_while() {
        let [file, other] = [FileId::new([1; 16]), FileId::new([2; 16])];
        let until = NOW.plus_ms(10);
        let link = seal().link(ANNA, &file, until);
        assert_eq!(seal().linked(&file, &link, NOW), Some(ANNA));
        assert_eq!(seal().linked(&file, &format!("download&{link}"), NOW), Some(ANNA));
        assert_eq!(seal().linked(&file, &link, until), None, "its time is over");
        assert_eq!(seal().linked(&other, &link, NOW), None);
        assert_eq!(Seal::new([2; 32]).linked(&file, &link, NOW), None);
        let longer = link.replace(&format!("e={}", until.0), &format!("e={}", until.0 + 1));
        let of_another = seal().link(Holder { session: SessionId(8), ..ANNA }, &file, until);
        let seal_of = |link: &str| link.split("m=").nth(1).expect("a seal").to_owned();
        let forged = link.replace(&seal_of(&link), &seal_of(&of_another));
        for wrong in ["", "e=1", &longer, &forged, &link[..link.len() - 2], &link.replace("s=", "x=")] {
            assert_eq!(seal().linked(&file, wrong, NOW), None, "{wrong}");
        }
    }
}
