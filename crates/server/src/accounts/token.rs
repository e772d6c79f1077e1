//! Session tokens: what a client shows to be who it is.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rim_core::session::TokenHash;
use sha2::{Digest, Sha256};

/// Makes a token easy to find where it should not be: in logs, in a commit, in a paste.
const PREFIX: &str = "rim_";

/// 256 random bits. Nothing can be learned from one, and its hash is all that is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Token([u8; 32]);

impl Token {
    /// A new token from the operating system's random source.
    ///
    /// # Errors
    /// The random source failed.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// Reads the text form; `None` for anything that [`Token::to_text`] cannot have written.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.strip_prefix(PREFIX)?).ok()?;
        Some(Self(bytes.try_into().ok()?))
    }

    /// The form that travels: `rim_` and 43 characters of base64url.
    pub fn to_text(&self) -> String {
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(self.0))
    }

    /// What is stored and looked up. Finding a row by the hash leaks no time about the token, and needs
    /// no salt: 256 random bits cannot be guessed from a table.
    pub fn hash(&self) -> TokenHash {
        Sha256::digest(self.0).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_from_its_text() {
        let token = Token::generate().expect("the random source works");
        let text = token.to_text();
        assert_eq!(text.len(), 4 + 43);
        assert_eq!(Token::parse(&text), Some(token));
    }

    #[test]
    fn what_is_no_token_is_none() {
        let text = Token([0xff; 32]).to_text();
        let longer = format!("{text}A");
        for wrong in ["", "rim_", "rim_AAAA", &text[4..], &text[..46], &longer, "rim_ä", &text.to_uppercase()]
        {
            assert_eq!(Token::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_token_is_not_printed() {
        assert_eq!(format!("{:?}", Token([7; 32])), "Token(…)");
    }
}
