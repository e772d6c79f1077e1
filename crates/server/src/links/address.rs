//! The addresses of the web that stand in a message.

use memchr::memmem;
use rim_core::note::MAX_LINKS;
use url::Url;

/// A longer one is none that people send each other.
const MAX_ADDRESS_BYTES: usize = 2048;

/// So far an end is looked for: sentences end in few signs.
const LOOKED_AT_BYTES: usize = 2 * MAX_ADDRESS_BYTES;

/// The first ones, each once, as they stand there and as they are asked.
pub fn addresses(content: &str) -> Vec<(&str, Url)> {
    let mut found: Vec<(&str, Url)> = Vec::new();
    let mut rest = content;
    while found.len() < MAX_LINKS
        && let Some(at) = memmem::find(rest.as_bytes(), b"http")
    {
        let from = &rest[at..];
        rest = &from["http".len()..];
        if !from.starts_with("http://") && !from.starts_with("https://") {
            continue;
        }
        // What has no end in it is none.
        let within = &from[..from.floor_char_boundary(LOOKED_AT_BYTES)];
        let text = trimmed(&within[..within.find(is_an_end).unwrap_or(within.len())]);
        rest = &from["http".len().max(text.len())..];
        let is_one = text.starts_with("http://") || text.starts_with("https://");
        if !is_one || text.len() > MAX_ADDRESS_BYTES || found.iter().any(|(other, _)| *other == text) {
            continue;
        }
        if let Ok(url) = Url::parse(text)
            && url.has_host()
        {
            found.push((text, url));
        }
    }
    found
}

/// What stands in no address: blanks, quotes and brackets of markup, and the signs of Chinese between which there is no blank.
fn is_an_end(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '<' | '>' | '"' | '`' | '\\' | '|' | '^' | '{' | '}' | '，' | '。' | '；' | '：' | '！' | '？'
        )
        || matches!(c, '、' | '“' | '”' | '‘' | '’' | '（' | '）' | '《' | '》' | '「' | '」' | '【' | '】')
}

/// Without what ends a sentence, or closes what was opened before the address.
fn trimmed(mut text: &str) -> &str {
    let count = |sign: char| text.matches(sign).count();
    let mut too_many =
        [(')', count(')').saturating_sub(count('('))), (']', count(']').saturating_sub(count('[')))];
    loop {
        let ends = text.ends_with(['.', ',', ';', ':', '!', '?', '\'', '*', '_', '~']);
        let closing = too_many.iter_mut().find(|(sign, more)| *more > 0 && text.ends_with(*sign));
        if let Some((_, more)) = closing {
            *more -= 1;
        } else if !ends {
            break;
        }
        text = &text[..text.len() - 1];
    }
    // Of Markdown: `[text](address)`, with more behind it.
    match text.find("](").or_else(|| text.find(")[")) {
        Some(end) => &text[..end],
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(content: &str) -> Vec<&str> {
        addresses(content).into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn addresses_are_found_among_words() {
        for (content, found) in [
            ("see https://rim.example/a?b=c#d.", &["https://rim.example/a?b=c#d"][..]),
            ("(http://rim.example)", &["http://rim.example"]),
            ("https://en.wikipedia.org/wiki/Rim_(wheel)!", &["https://en.wikipedia.org/wiki/Rim_(wheel)"]),
            (
                "[rim](https://rim.example/) and **https://b.example**",
                &["https://rim.example/", "https://b.example"],
            ),
            ("看https://rim.example/图，好", &["https://rim.example/图"]),
            ("<https://a.example>\nhttps://a.example", &["https://a.example"]),
            ("http http:// https:// httpx://a.example ftp://a.example", &[]),
            ("http://[::1]:80/a", &["http://[::1]:80/a"]),
            ("http://1 http://2 http://3 http://4", &["http://1", "http://2", "http://3"]),
            ("mailto:a@http", &[]),
            ("", &[]),
        ] {
            assert_eq!(texts(content), found, "{content}");
        }
        assert!(texts(&format!("http://a.example/{}", "a".repeat(MAX_ADDRESS_BYTES))).is_empty());
        let many = ")".repeat(MAX_ADDRESS_BYTES);
        assert_eq!(texts(&format!("http://a.example/(b{many}")), ["http://a.example/(b)"]);
        // Whatever there is of it, it is gone through once.
        for word in ["http://](", "http", "http://", "http://)))))", "https://\u{200b}"] {
            assert!(texts(&word.repeat(1 << 13)).is_empty());
        }
    }
}
