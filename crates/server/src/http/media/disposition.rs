//! What a browser does with a file: shows it, or saves it under its name. RFC 6266 and RFC 5987.

use http::HeaderValue;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What stands for itself in an extended value.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Whether a browser may show it: what can hold no script, and is decoded by what a browser has for it.
fn may_be_shown(mime: &str) -> bool {
    matches!(mime, "image/jpeg" | "image/png" | "image/gif" | "image/webp" | "text/plain")
        || mime.starts_with("audio/")
        || mime.starts_with("video/")
}

/// The header `Content-Disposition` of a file: to be saved, where that is asked for or it must not be shown.
pub(super) fn disposition(mime: &str, name: &str, to_be_saved: bool) -> HeaderValue {
    let kind = if to_be_saved || !may_be_shown(mime) { "attachment" } else { "inline" };
    // For clients that read no other: whatever could end the text or mean something in it is left out.
    let plain: String = name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || " -._()".contains(c) { c } else { '_' })
        .collect();
    let encoded = utf8_percent_encode(name, ENCODED);
    HeaderValue::from_str(&format!("{kind}; filename=\"{plain}\"; filename*=UTF-8''{encoded}"))
        .expect("letters, digits and a few marks")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_list_is_shown_and_all_else_saved() {
        for shown in ["image/png", "image/webp", "audio/mp4", "video/webm", "text/plain"] {
            assert!(disposition(shown, "x", false).as_bytes().starts_with(b"inline;"), "{shown}");
            assert!(disposition(shown, "x", true).as_bytes().starts_with(b"attachment;"), "{shown}");
        }
        for saved in ["image/svg+xml", "text/html", "text/xml", "application/pdf", "image/avif", ""] {
            assert!(disposition(saved, "x", false).as_bytes().starts_with(b"attachment;"), "{saved}");
        }
    }

    #[test]
    fn every_name_comes_back_from_its_header_and_no_character_means_anything_in_it() {
        let all: Vec<char> = ('\0'..='\u{2fff}').chain(['\u{202e}', '\u{e0041}', '😀', char::MAX]).collect();
        for name in all.chunks(16).map(|chars| chars.iter().collect::<String>()) {
            let header = disposition("text/plain", &name, false);
            let header = header.to_str().expect("ASCII");
            let parts: Vec<_> = header.split("; ").collect();
            let [kind, plain, encoded] = parts[..] else { panic!("three parts: {header}") };
            assert_eq!(kind, "inline");
            let plain = plain.strip_prefix("filename=\"").and_then(|rest| rest.strip_suffix('"'));
            assert!(!plain.expect("in quotes").contains(['"', '\\', ';', '%', '/']), "{header}");
            let encoded = encoded.strip_prefix("filename*=UTF-8''").expect("an extended value");
            let decoded = percent_encoding::percent_decode_str(encoded).decode_utf8().expect("UTF-8");
            assert_eq!(decoded, name);
        }
    }

    #[test]
    fn no_name_says_more_than_a_name() {
        for (name, header) in [
            ("a.txt", "filename=\"a.txt\"; filename*=UTF-8''a.txt"),
            ("Übung 1.pdf", "filename=\"_bung 1.pdf\"; filename*=UTF-8''%C3%9Cbung%201.pdf"),
            ("照片.jpg", "filename=\"__.jpg\"; filename*=UTF-8''%E7%85%A7%E7%89%87.jpg"),
            ("a\"; filename=\"b", "filename=\"a__ filename__b\"; filename*=UTF-8''a%22%3B%20filename%3D%22b"),
            ("a\r\nb%0d\\", "filename=\"a__b_0d_\"; filename*=UTF-8''a%0D%0Ab%250d%5C"),
        ] {
            assert_eq!(disposition("text/plain", name, false), format!("inline; {header}"), "{name:?}");
        }
    }
}
