//! Known devices: a browser that was logged in to an account shows so when it logs in again.
//!
//! What it shows is a cookie: a number and a seal on it, whose key is the hash of the password as it is stored. So
//! nothing has to be stored for it, every node knows it, and another password makes it worth nothing. It opens nothing:
//! whoever has it is only counted apart from those who guess (`limits/guesses.rs`).

use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use super::cookies;

/// Keeps this seal apart from any other there may ever be.
const PURPOSE: &[u8] = b"rim: a device that was logged in\0";
/// As long as browsers keep one.
const MAX_AGE_SECONDS: u32 = 400 * 24 * 60 * 60;

/// The number of a device; random, and another for each account.
pub type Number = [u8; 16];

/// A number that nobody has.
///
/// # Errors
/// The system's random source failed.
pub fn new_number() -> Result<Number, getrandom::Error> {
    let mut number = [0; 16];
    getrandom::fill(&mut number)?;
    Ok(number)
}

/// The number of the device that sends these headers, if it was logged in to the account with the password of this
/// hash.
pub fn known(headers: &HeaderMap, account_key: &str, password_hash: &str) -> Option<Number> {
    let name = cookie_name(account_key);
    let shown = cookies::value(headers, &name)?;
    let bytes = URL_SAFE_NO_PAD.decode(shown).ok()?;
    let (number, seal) = bytes.split_first_chunk::<16>()?;
    sealing(password_hash, number).verify_slice(seal).is_ok().then_some(*number)
}

/// Whether a device shows anything for the account.
pub fn shows_something(headers: &HeaderMap, account_key: &str) -> bool {
    cookies::value(headers, &cookie_name(account_key)).is_some()
}

/// What has a browser remember that it was logged in to the account. Without a path: a browser then keeps it to where
/// it logged in, also behind a proxy that puts the server below a path.
pub fn remember(account_key: &str, password_hash: &str, number: Number, tls: bool) -> HeaderValue {
    let seal: [u8; 32] = sealing(password_hash, &number).finalize().into_bytes().into();
    let value = URL_SAFE_NO_PAD.encode([&number[..], &seal].concat());
    let (name, secure) = (cookie_name(account_key), if tls { "; Secure" } else { "" });
    let cookie = format!("{name}={value}; HttpOnly; SameSite=Strict; Max-Age={MAX_AGE_SECONDS}{secure}");
    HeaderValue::from_str(&cookie).expect("base64 and letters")
}

/// One for each account, and no account in it.
fn cookie_name(account_key: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(account_key).into();
    format!("rim_device_{}", URL_SAFE_NO_PAD.encode(&hash[..9]))
}

fn sealing(password_hash: &str, number: &Number) -> Hmac<Sha256> {
    let key = Hmac::<Sha256>::new_from_slice(password_hash.as_bytes()).expect("a key of any length");
    key.chain_update(PURPOSE).chain_update(number)
}

#[cfg(test)]
mod tests {
    use axum::http::header::COOKIE;

    use super::*;

    const HASH: &str = "$argon2id$v=19$m=12288,t=3,p=1$c2FsdA$aGFzaA";

    fn shown_again(cookie: &HeaderValue) -> HeaderMap {
        let pair = cookie.to_str().expect("text").split(';').next().expect("the first");
        let cookies = format!("other=1; {pair}; last=2");
        HeaderMap::from_iter([(COOKIE, cookies.parse().expect("a value"))])
    }

    #[test]
    fn a_device_is_known_for_the_account_and_the_password_that_it_was_logged_in_with() {
        let number = new_number().expect("chance");
        let headers = shown_again(&remember("anna", HASH, number, false));
        assert_eq!(known(&headers, "anna", HASH), Some(number));
        assert_eq!(known(&headers, "bob", HASH), None);
        assert_eq!(known(&headers, "anna", "another hash"), None);
        assert_eq!(known(&HeaderMap::new(), "anna", HASH), None);
        assert!(shows_something(&headers, "anna") && !shows_something(&headers, "bob"));
    }

    #[test]
    fn what_nobody_has_sealed_is_not_believed() {
        let name = cookie_name("anna");
        let good = URL_SAFE_NO_PAD.encode([7; 48]);
        for value in ["", "AAAA", "ä", &good, &"A".repeat(22)] {
            let headers = HeaderMap::from_iter([(
                COOKIE,
                HeaderValue::from_bytes(format!("{name}={value}").as_bytes()).expect("a value"),
            )]);
            assert_eq!(known(&headers, "anna", HASH), None, "{value}");
        }
    }

    #[test]
    fn scripts_and_other_pages_do_not_get_it() {
        let cookie = remember("anna", HASH, [0; 16], true);
        let text = cookie.to_str().expect("text");
        for word in ["; HttpOnly", "; SameSite=Strict", "; Secure", "; Max-Age=34560000"] {
            assert!(text.contains(word), "{text}");
        }
        assert!(!text.contains("anna") && !text.contains("Path"), "{text}");
    }
}
