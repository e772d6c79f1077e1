//! What a web page says of itself: its title, a sentence or two, and a picture.

use encoding_rs::{Encoding, UTF_8};
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

/// Characters of a title, and of what the page is about. More is cut.
const MAX_TITLE_CHARS: usize = 200;
const MAX_TEXT_CHARS: usize = 400;
/// Bytes of the address of a picture.
const MAX_ADDRESS_BYTES: usize = 2048;
/// So far into a page it may say in which characters it is written.
const CHARSET_WITHIN_BYTES: usize = 8 << 10;

/// A page, as far as it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    pub title: String,
    pub text: String,
    /// The address of a picture, as it stands in the page.
    pub picture: Option<String>,
}

/// Reads the head of a page of HTML, of which the end may be missing. `content_type` is what its server says of it.
pub fn page(bytes: &[u8], content_type: &str) -> Page {
    let encoding = charset_of(content_type)
        // Who can read this in the page itself does not read it in pairs of bytes.
        .or_else(|| {
            let said = charset_of_page(&bytes[..bytes.len().min(CHARSET_WITHIN_BYTES)]);
            said.filter(|said| said.is_ascii_compatible())
        })
        .unwrap_or(UTF_8);
    // A mark at its beginning counts more than both.
    let (html, _, _) = encoding.decode(bytes);
    let mut told = Told::default();
    let mut is_title = false;
    let mut emitter = DefaultEmitter::default();
    // In a title and in a script there are no tags.
    emitter.naively_switch_states(true);
    for Ok(token) in Tokenizer::new_with_emitter(&*html, emitter) {
        match token {
            Token::StartTag(tag) => match tag.name.as_slice() {
                b"title" => is_title = told.title.is_empty(),
                b"meta" => told.meta(&tag),
                b"body" => break,
                _ => {}
            },
            Token::String(text) if is_title => told.title.push_str(&String::from_utf8_lossy(&text)),
            Token::EndTag(tag) if tag.name.as_slice() == b"title" => is_title = false,
            // What stands in the head of a page is no such thing.
            Token::EndTag(tag) if tag.name.as_slice() == b"head" => break,
            _ => {}
        }
    }
    told.page()
}

/// What a page is called, what it is about, and what shows it: by those who say it for this purpose, and for others.
#[derive(Default)]
struct Told {
    title: String,
    shared_title: String,
    text: String,
    shared_text: String,
    picture: String,
}

impl Told {
    fn meta(&mut self, tag: &StartTag<()>) {
        let attribute = |name: &[u8]| tag.attributes.get(name).map(|value| String::from_utf8_lossy(value));
        let name = attribute(b"property").or_else(|| attribute(b"name"));
        let (Some(name), Some(content)) = (name, attribute(b"content")) else { return };
        let told = match name.trim().to_ascii_lowercase().as_str() {
            "og:title" | "twitter:title" => &mut self.shared_title,
            "og:description" | "twitter:description" => &mut self.shared_text,
            "description" => &mut self.text,
            "og:image" | "og:image:url" | "og:image:secure_url" | "twitter:image" => &mut self.picture,
            _ => return,
        };
        if told.is_empty() {
            content.trim().clone_into(told);
        }
    }

    fn page(self) -> Page {
        let first = |one: String, other: String, most| {
            let one = plain(&one, most);
            if one.is_empty() { plain(&other, most) } else { one }
        };
        let is_one = !self.picture.is_empty() && self.picture.len() <= MAX_ADDRESS_BYTES;
        Page {
            title: first(self.shared_title, self.title, MAX_TITLE_CHARS),
            text: first(self.shared_text, self.text, MAX_TEXT_CHARS),
            picture: is_one.then_some(self.picture),
        }
    }
}

/// One line that reads as it is written, of so many characters at the most.
fn plain(text: &str, most: usize) -> String {
    let is_unseen = |c: char| {
        c.is_control()
            || matches!(c, '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}')
            || matches!(c, '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{E0000}'..='\u{E0FFF}')
    };
    let mut line = String::new();
    let mut chars = 0;
    // In other characters than it says.
    let text = if text.contains(char::REPLACEMENT_CHARACTER) { "" } else { text };
    for word in text.split_whitespace() {
        let word: String = word.chars().filter(|c| !is_unseen(*c)).collect();
        if word.is_empty() {
            continue;
        }
        if chars > 0 {
            line.push(' ');
            chars += 1;
        }
        for c in word.chars() {
            if chars >= most {
                line.truncate(line.trim_end().len());
                line.push('…');
                return line;
            }
            line.push(c);
            chars += 1;
        }
    }
    line
}

/// `text/html; charset=gbk`.
fn charset_of(content_type: &str) -> Option<&'static Encoding> {
    charset_of_page(content_type.as_bytes())
}

/// The first `charset=` that is one.
fn charset_of_page(head: &[u8]) -> Option<&'static Encoding> {
    let head = head.to_ascii_lowercase();
    memchr::memmem::find_iter(&head, b"charset").find_map(|at| {
        let rest = head[at + 7..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
        let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
        let is_of_a_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b':');
        let end = rest.iter().position(|byte| !is_of_a_name(byte)).unwrap_or(rest.len());
        Encoding::for_label(&rest[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(html: &str) -> Page {
        page(html.as_bytes(), "text/html; charset=utf-8")
    }

    #[test]
    fn a_page_is_shown_by_what_it_says_for_that_purpose_and_else_by_its_title() {
        let full = read(
            "<!doctype html><html><head><title>Rim &amp; friends</title>
             <meta name=description content='for search engines'>
             <meta property='og:title' content='A  chat\n server'/><META PROPERTY=og:description CONTENT=\"It&#39;s fast\">
             <meta property=og:image content=' /cover.png '></head><body>",
        );
        let expected = Page {
            title: "A chat server".into(),
            text: "It's fast".into(),
            picture: Some("/cover.png".into()),
        };
        assert_eq!(full, expected);
        let plain = read("<title> Rim &amp; friends </title><meta name=Description content='What it is'>");
        assert_eq!((plain.title.as_str(), plain.text.as_str()), ("Rim & friends", "What it is"));
        assert_eq!(plain.picture, None);
    }

    #[test]
    fn markup_in_a_title_is_text_and_what_stands_in_the_body_is_nothing() {
        assert_eq!(read("<title><script>alert(1)</script>").title, "<script>alert(1)</script>");
        assert_eq!(read("<script>'<title>no</title>'</script><title>yes</title>").title, "yes");
        assert_eq!(read("<!-- <title>no</title> --><title>yes</title><title>no</title>").title, "yes");
        assert_eq!(read("<body><title>no</title><meta property=og:title content=no>"), Page::default());
        assert_eq!(read("<svg onload=alert(1)>"), Page::default());
    }

    #[test]
    fn titles_are_one_line_that_reads_as_it_is_written() {
        assert_eq!(read("<title>a\u{202E}b\u{7}\u{200B} \u{2066} c</title>").title, "ab c");
        let long = read(&format!("<title>{}</title>", "图 ".repeat(500))).title;
        assert_eq!(long.chars().count(), MAX_TITLE_CHARS);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn a_page_may_be_written_in_other_characters_than_utf_8() {
        let gbk = b"<meta charset=\"gb2312\"><title>\xc4\xe3\xba\xc3</title>";
        assert_eq!(page(gbk, "text/html").title, "你好");
        assert_eq!(page(&gbk[23..], "text/html; Charset=GBK").title, "你好");
        let declared = b"<meta http-equiv=content-type content='text/html; charset=windows-1251'><title>\xcf\xf0</title>";
        assert_eq!(page(declared, "").title, "Пр");
        assert_eq!(page("<title>你好</title>".as_bytes(), "text/html; charset=nonsense").title, "你好");
        let rare = b"<meta charset=gb18030><title>\x95\x32\x82\x36\xcc\xec</title>";
        assert_eq!(page(rare, "text/html").title, "𠀀天");
        let japanese = b"<title>\x93\xfa\x96\x7b\x8c\xea\x82\xcc\x95\x5c</title>";
        assert_eq!(page(japanese, "text/html;charset=Shift_JIS").title, "日本語の表");
        let far =
            [b"<meta charset=big5>".to_vec(), b"<link>".repeat(1000), b"<title>\xa4\xa4</title>".to_vec()];
        assert_eq!(page(&far.concat(), "").title, "中");
        let marked: Vec<u8> = "\u{feff}<title>好</title>".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(page(&marked, "text/html; charset=utf-8").title, "好");
        // It says what cannot be, or nothing, and is in other characters.
        assert_eq!(page("<meta charset=utf-16><title>好</title>".as_bytes(), "").title, "好");
        let unsaid = b"<title>\xc4\xe3\xba\xc3</title><meta property=og:title content=Hello>";
        assert_eq!(page(unsaid, "").title, "Hello");
        assert_eq!(page(&unsaid[..19], ""), Page::default());
    }

    #[test]
    fn a_page_that_breaks_off_says_what_it_has_said_until_then() {
        let html = "<title>你好 &amp; more</title><meta property=og:image content=a.png>";
        for end in 0..html.len() {
            page(&html.as_bytes()[..end], "");
        }
        assert_eq!(read("<title>Rim").title, "Rim");
        assert_eq!(read("<meta property=og:title content='Rim"), Page::default());
    }
}
