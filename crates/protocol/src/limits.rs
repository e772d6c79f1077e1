//! What every field accepts: the one place where the bounds are written.
//!
//! `docs/protocol.md` shows the same table, and a test holds the two together.

use std::fmt;

use crate::visible::{composed, is_directional, is_visible};

/// A frame of the WebSocket, fragments added up. A larger one ends the connection with 1009.
pub const MAX_FRAME_BYTES: usize = 512 * 1024;
/// The same before Login, where nothing but a token has to fit. A larger one ends the connection with 1009, too.
pub const MAX_FRAME_BYTES_BEFORE_LOGIN: usize = 4 * 1024;
/// `content` of a message, in bytes of UTF-8.
pub const MAX_CONTENT_BYTES: usize = 64 * 1024;
/// Quotes and lists inside of each other in a RichText: a banner of `>` across a terminal is less.
pub const MAX_RICH_TEXT_DEPTH: usize = 100;
/// One mark in a row in a RichText: the time of a parser that looks back from each is its square.
pub const MAX_RICH_TEXT_RUN: usize = 1000;
/// Brackets of a paragraph of a RichText that wait for their end, for the same reason.
pub const MAX_RICH_TEXT_OPEN_BRACKETS: usize = 1000;
/// Marks of a paragraph of a RichText inside of each other: whoever draws them goes down as many steps.
pub const MAX_RICH_TEXT_MARKS_IN_MARKS: usize = 500;
/// Columns of a table in a RichText: a row of one byte gets as many cells.
pub const MAX_RICH_TEXT_COLUMNS: usize = 100;
/// `caption` of a file, in bytes of UTF-8.
pub const MAX_CAPTION_BYTES: usize = 4 * 1024;
/// `album` of a file, in bytes of UTF-8.
pub const MAX_ALBUM_BYTES: usize = 64;
/// `name` of a file, in bytes of UTF-8: what file systems take.
pub const MAX_FILE_NAME_BYTES: usize = 255;
/// `durationMs` of a file: a day. Nobody talks for longer.
pub const MAX_DURATION_MS: u64 = 24 * 60 * 60 * 1000;
/// `width` and `height` of a file.
pub const MAX_PICTURE_SIDE: u64 = 16_384;
/// `waveform` of a file: how many samples it has,
pub const MAX_WAVEFORM_SAMPLES: usize = 100;
/// and how large one is.
pub const MAX_WAVEFORM_SAMPLE: u8 = 31;
/// `clientMsgId`, in bytes of UTF-8; at least one.
pub const MAX_CLIENT_MSG_ID_BYTES: usize = 64;
/// A JSON body, where the settings say nothing else.
pub const DEFAULT_MAX_BODY_BYTES: usize = 1024 * 1024;
/// The same of a request without a token: user/login and user/create. All of their fields fit, however they are
/// escaped.
pub const MAX_STRANGERS_BODY_BYTES: usize = 32 * 1024;
/// Names of users, groups and devices, in characters.
pub const MAX_NAME_CHARS: usize = 64;
/// `account`, trimmed, in bytes of UTF-8; at least one.
pub const MAX_ACCOUNT_BYTES: usize = 64;
/// `avatar` (an address), in bytes of UTF-8.
pub const MAX_AVATAR_BYTES: usize = 2048;
/// An uploaded picture of a user or group.
pub const MAX_AVATAR_FILE_BYTES: usize = 512 * 1024;
/// The picture that stands for a video.
pub const MAX_POSTER_BYTES: usize = 2 * 1024 * 1024;
/// `email`, in bytes of UTF-8.
pub const MAX_EMAIL_BYTES: usize = 254;
/// `password`, in bytes of UTF-8; at least one.
pub const MAX_PASSWORD_BYTES: usize = 1024;
/// Rows of a page of chats or history; a larger `size` is read as this.
pub const MAX_PAGE_SIZE: u32 = 200;
/// Users named in one request (`users` of group/create, `uids` of group/user/change).
pub const MAX_USERS_PER_REQUEST: usize = 10_000;
/// Users that one connection watches (`uids` of a Watch).
pub const MAX_WATCHED: usize = 500;
/// Members that one message mentions.
pub const MAX_MENTIONS: usize = 50;
/// Messages named in one request.
pub const MAX_MESSAGES_PER_REQUEST: usize = 100;
/// One emoji, in bytes of UTF-8: more than the longest takes.
pub const MAX_EMOJI_BYTES: usize = 64;
/// Current members of one group.
pub const MAX_GROUP_MEMBERS: u64 = 200_000;
/// Group chats of which one is a member; as many single chats as there are people come on top.
pub const MAX_GROUPS: u64 = 5_000;
/// As many of them as others may bring one up to: the rest is room for groups of one's own.
pub const MAX_GROUPS_BY_OTHERS: u64 = 4_500;
/// Group chats into which people who are no contacts have put somebody, as long as that one has neither read nor written
/// there. Also one who looks in once a year is put into fewer by those whom they have to do with.
pub const MAX_UNASKED_GROUPS: u64 = 500;
/// Friends whom one has asked and who have not answered.
pub const MAX_PENDING_REQUESTS: u64 = 200;
/// Sessions of a user. One more ends that which is missed least: clients that log in anew at each start leave theirs.
pub const MAX_SESSIONS: u64 = 100;
/// `groups` of one sync request.
pub const MAX_SYNC_GROUPS: usize = 10_000;
/// Rows of one sync answer, where the request names none.
pub const DEFAULT_SYNC_LIMIT: u32 = 500;
/// Rows of one sync answer at the most; a larger `limit` is read as this.
pub const MAX_SYNC_LIMIT: u32 = 1000;

/// A field that breaks a limit: its name and what is allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    pub field: &'static str,
    pub allowed: String,
    /// Whether the field is too large, rather than of a wrong shape.
    pub too_large: bool,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.allowed)
    }
}

impl std::error::Error for Invalid {}

impl Invalid {
    pub fn new(field: &'static str, allowed: impl Into<String>) -> Self {
        Self { field, allowed: allowed.into(), too_large: false }
    }

    fn too_large(field: &'static str, allowed: impl Into<String>) -> Self {
        Self { field, allowed: allowed.into(), too_large: true }
    }
}

/// `account` as it is shown: trimmed, in NFC, without what turns the direction of text, and something to be seen.
pub fn account(text: &str) -> Result<String, Invalid> {
    let text = composed(text.trim());
    let strange = |c: char| c.is_control() || is_directional(c);
    if text.is_empty() || text.len() > MAX_ACCOUNT_BYTES || text.chars().any(strange) {
        return Err(Invalid::new(
            "account",
            format!("1 to {MAX_ACCOUNT_BYTES} bytes without control characters or overrides of direction"),
        ));
    }
    must_be_visible("account", text)
}

/// The name of a user: trimmed, in NFC, without control characters, and something to be seen.
pub fn user_name(text: &str) -> Result<String, Invalid> {
    let text = name("name", text)?;
    if text.is_empty() {
        return Err(Invalid::new("name", format!("1 to {MAX_NAME_CHARS} characters")));
    }
    Ok(text)
}

/// The name of a group; empty is allowed, as a single chat is shown by its partner's name.
pub fn group_name(text: &str) -> Result<String, Invalid> {
    name("name", text)
}

/// What a client calls its device; empty where it has no name.
pub fn device_name(text: &str) -> Result<String, Invalid> {
    name("device", text)
}

pub(crate) fn name(field: &'static str, text: &str) -> Result<String, Invalid> {
    let text = composed(text.trim());
    if text.chars().count() > MAX_NAME_CHARS || text.chars().any(char::is_control) {
        return Err(Invalid::new(
            field,
            format!("at most {MAX_NAME_CHARS} characters, none of them a control character"),
        ));
    }
    if text.is_empty() { Ok(text) } else { must_be_visible(field, text) }
}

/// What nobody sees names nobody.
fn must_be_visible(field: &'static str, text: String) -> Result<String, Invalid> {
    if is_visible(&text) {
        Ok(text)
    } else {
        Err(Invalid::new(field, "at least one character that can be seen"))
    }
}

/// The address of a picture, or empty.
pub fn avatar(text: &str) -> Result<&str, Invalid> {
    short_line("avatar", text, MAX_AVATAR_BYTES)
}

/// An email address, or empty. Nothing is sent to it, so only its length is looked at.
pub fn email(text: &str) -> Result<&str, Invalid> {
    short_line("email", text, MAX_EMAIL_BYTES)
}

fn short_line<'a>(field: &'static str, text: &'a str, max: usize) -> Result<&'a str, Invalid> {
    let text = text.trim();
    if text.len() > max || text.chars().any(char::is_control) {
        return Err(Invalid::new(field, format!("at most {max} bytes without control characters")));
    }
    Ok(text)
}

/// A password: anything that is not empty, taken as it is.
pub fn password(text: &str) -> Result<&str, Invalid> {
    if text.is_empty() || text.len() > MAX_PASSWORD_BYTES {
        return Err(Invalid::new("password", format!("1 to {MAX_PASSWORD_BYTES} bytes")));
    }
    Ok(text)
}

/// `clientMsgId`: any text of 1 to 64 bytes.
pub fn client_msg_id(text: &str) -> Result<&str, Invalid> {
    if text.is_empty() || text.len() > MAX_CLIENT_MSG_ID_BYTES {
        return Err(Invalid::new("clientMsgId", format!("1 to {MAX_CLIENT_MSG_ID_BYTES} bytes")));
    }
    Ok(text)
}

/// How long the content of any kind may be.
pub fn content_size(text: &str) -> Result<(), Invalid> {
    if text.len() > MAX_CONTENT_BYTES {
        return Err(Invalid::too_large("content", format!("at most {MAX_CONTENT_BYTES} bytes")));
    }
    Ok(())
}

/// The members that a message mentions.
pub fn mentions<T>(uids: &[T]) -> Result<(), Invalid> {
    if uids.len() > MAX_MENTIONS { Err(wrong_mentions()) } else { Ok(()) }
}

pub(crate) fn wrong_mentions() -> Invalid {
    Invalid::new("mentions", format!("must be a list of at most {MAX_MENTIONS} ids of users"))
}

/// A part of a name that is searched for: not longer than a name.
pub fn part_of_name(text: &str) -> Result<&str, Invalid> {
    let text = text.trim();
    if text.chars().count() > MAX_NAME_CHARS {
        return Err(Invalid::new("q", format!("at most {MAX_NAME_CHARS} characters")));
    }
    Ok(text)
}

/// A list of users in a request.
pub fn user_list<T>(field: &'static str, users: &[T]) -> Result<(), Invalid> {
    if users.len() > MAX_USERS_PER_REQUEST {
        return Err(Invalid::too_large(field, format!("at most {MAX_USERS_PER_REQUEST} in one request")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_shown_trimmed_and_counted_in_bytes() {
        assert_eq!(account("  anna\t").expect("fits"), "anna");
        assert!(account(" \u{3000} ").is_err(), "an ideographic space is a blank");
        assert!(account(&"号".repeat(21)).is_ok(), "63 bytes");
        assert!(account(&"号".repeat(22)).is_err(), "66 bytes");
        assert!(account("a\0b").is_err());
    }

    #[test]
    fn text_is_kept_in_one_form() {
        assert_eq!(account("Zoe\u{308}").expect("fits"), "Zoë");
        assert_eq!(user_name("Zoe\u{308}").expect("fits"), "Zoë");
        assert_eq!(group_name("\u{1112}\u{1161}\u{11ab}").expect("fits"), "한");
        assert_eq!(user_name("ﬁ①").expect("fits"), "ﬁ①", "what one chose to write stays");
    }

    #[test]
    fn what_nobody_sees_names_nobody() {
        for invisible in
            ["\u{200B}", "\u{3164}", "\u{115F}", "\u{2800}", "\u{2800} \u{200D}", "\u{FEFF}\u{3000}\u{FEFF}"]
        {
            for (field, refused) in [
                ("account", account(invisible)),
                ("name", user_name(invisible)),
                ("name", group_name(invisible)),
                ("device", device_name(invisible)),
            ] {
                let told = refused.expect_err(invisible).to_string();
                assert_eq!(told, format!("{field}: at least one character that can be seen"));
            }
        }
        assert!(user_name("👩\u{200D}💻").is_ok() && account("a\u{200D}b").is_ok());
        for turned in ["exe.\u{202E}live", "a\u{2066}b", "a\u{200F}b", "a\u{2028}b"] {
            assert!(account(turned).is_err(), "{turned:?}");
        }
    }

    #[test]
    fn names_are_counted_in_characters() {
        assert!(user_name(&"😀".repeat(64)).is_ok());
        assert!(user_name(&"😀".repeat(65)).is_err());
        assert!(user_name("").is_err());
        assert!(group_name("").is_ok());
    }
}
