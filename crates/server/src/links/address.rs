//! The addresses of the web that stand in a message.

use memchr::memmem;
use rim_core::note::MAX_LINKS;
use url::Url;

/// A longer one is none that people send each other.
const MAX_ADDRESS_BYTES: usize = 2048;

/// The first ones, each once, as they stand there and as they are asked.
pub fn addresses(content: &str) -> Vec<(&str, Url)> {
    let mut found: Vec<(&str, Url)> = Vec::new();
    let mut rest = content;
    while found.len() < MAX_LINKS
        && let Some(at) = memmem::find(rest.as_bytes(), b"http")
    {
        let from = &rest[at..];
        let text = trimmed(&from[..from.find(is_an_end).unwrap_or(from.len())]);
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
    loop {
        let closes =
            |open, close| text.ends_with(close) && text.matches(close).count() > text.matches(open).count();
        let ends = text.ends_with(['.', ',', ';', ':', '!', '?', '\'', '*', '_', '~']);
        if !ends && !closes('(', ')') && !closes('[', ']') {
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
    }
}
