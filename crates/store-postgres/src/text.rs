//! Text as PostgreSQL can keep it.
//!
//! It has every character but U+0000, which people may send. So U+0000 and U+0001 are written as U+0001 followed
//! by `0` or `1`; all other text is written as it is. Two texts are the same exactly if they are written the same.

use std::borrow::Cow;
use std::error::Error;

use bytes::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};

const ESCAPE: char = '\u{1}';

/// Text on its way into a column.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl ToSql for Text<'_> {
    fn to_sql(&self, sql_type: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        written(self.0).to_sql(sql_type, out)
    }

    accepts!(TEXT);
    to_sql_checked!();
}

/// Text out of a column.
pub(crate) struct OwnedText(pub(crate) String);

impl<'a> FromSql<'a> for OwnedText {
    fn from_sql(sql_type: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        read(<&str>::from_sql(sql_type, raw)?).map(Self)
    }

    accepts!(TEXT);
}

fn written(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte <= 1) {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        match char {
            '\0' => written.extend([ESCAPE, '0']),
            ESCAPE => written.extend([ESCAPE, '1']),
            other => written.push(other),
        }
    }
    Cow::Owned(written)
}

fn read(written: &str) -> Result<String, Box<dyn Error + Sync + Send>> {
    let mut parts = written.split(ESCAPE);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push(match part.as_bytes().first() {
            Some(b'0') => '\0',
            Some(b'1') => ESCAPE,
            _ => return Err("U+0001 is followed by neither 0 nor 1".into()),
        });
        text.push_str(&part[1..]);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_reads_back_as_it_was_and_is_written_without_zeros() {
        for text in ["", "plain", "\0", "\0\0", "\u{1}", "a\0b\u{1}c", "\u{1}0", "01\0", "é\0é"] {
            let written = written(text);
            assert!(!written.contains('\0'), "{text:?}");
            assert_eq!(read(&written).expect("readable"), text);
        }
    }

    #[test]
    fn ordinary_text_is_written_as_it_is() {
        assert!(matches!(written("Hello\n"), Cow::Borrowed("Hello\n")));
    }

    #[test]
    fn what_is_never_written_is_not_read() {
        for never in ["\u{1}", "\u{1}2", "a\u{1}é"] {
            assert!(read(never).is_err(), "{never:?}");
        }
    }
}
