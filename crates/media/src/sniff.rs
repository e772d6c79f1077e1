//! What a file is, by its own bytes. What clients and names say of it counts only where several answers are right.

/// How many of the first bytes are looked at.
pub const SNIFF_BYTES: usize = 8 << 10;
/// What nobody knows, and what a browser could be talked into running: HTML, SVG and all else that begins like them.
pub const OTHER: &str = "application/octet-stream";
/// All that people can read as it is, programs and tables too.
pub const TEXT: &str = "text/plain";

/// Says what a file is that begins with `head`, its first [`SNIFF_BYTES`] or all of it. Of the name only the ending counts, and
/// only where the bytes leave it open.
pub fn sniff(head: &[u8], name: &str) -> &'static str {
    if begins_as_markup(head) {
        return OTHER;
    }
    match infer::get(head).map_or_else(|| film(head), |kind| kind.mime_type()) {
        // A document that is looked for behind something else is that something.
        "" | "application/pdf" if !head.starts_with(b"%PDF-") => {
            if is_text(head) {
                TEXT
            } else {
                OTHER
            }
        }
        // Scripts are read, not run.
        "text/x-shellscript" => TEXT,
        text if text.starts_with("text/") => OTHER,
        // Of one thing one name.
        "audio/m4a" => "audio/mp4",
        "audio/x-wav" => "audio/wav",
        "audio/x-flac" => "audio/flac",
        "audio/x-aiff" => "audio/aiff",
        "video/x-m4v" => "video/mp4",
        // Containers, which hold a voice as well as a film.
        "video/webm" if has_sound_alone(head, b"A_", b"V_") => "audio/webm",
        "video/3gpp" if has_sound_alone(head, b"soun", b"vide") => "audio/3gpp",
        "video/mp4" if has_sound_alone(head, b"soun", b"vide") || ends_in(name, "m4a") => "audio/mp4",
        "audio/ogg" if contains(head, b"\x80theora") => "video/ogg",
        known => known,
    }
}

/// What the client says of a container that holds sound alone, which its first bytes need not show.
pub fn as_claimed(sniffed: &'static str, claimed: &str) -> &'static str {
    let claimed = claimed.split(';').next().unwrap_or_default().trim();
    let sound = match sniffed {
        "video/mp4" => "audio/mp4",
        "video/webm" => "audio/webm",
        "video/ogg" => "audio/ogg",
        "video/3gpp" => "audio/3gpp",
        other => return other,
    };
    if claimed.eq_ignore_ascii_case(sound) { sound } else { sniffed }
}

/// MPEG-4 of makers that nobody has listed. Empty if it is none.
fn film(head: &[u8]) -> &'static str {
    match head.get(4..11) {
        Some(b"ftyp3gp" | b"ftyp3g2") => "video/3gpp",
        Some(b"ftypiso" | b"ftypcmf" | b"ftyphvc" | b"ftyphev" | b"ftypav0") => "video/mp4",
        _ => "",
    }
}

fn ends_in(name: &str, ending: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, last)| last.eq_ignore_ascii_case(ending))
}

fn contains(head: &[u8], what: &[u8]) -> bool {
    memchr::memmem::find(head, what).is_some()
}

fn has_sound_alone(head: &[u8], sound: &[u8], film: &[u8]) -> bool {
    contains(head, sound) && !contains(head, film)
}

/// Whether it is UTF-8, or UTF-16 that says so, without characters that no text has.
fn is_text(head: &[u8]) -> bool {
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return true;
    }
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // A character that is cut off at the end of the head.
        Err(error) if error.error_len().is_none() && head.len() >= SNIFF_BYTES => {
            std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    // Colours of terminals stand in logs.
    !text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\x0c' | '\x1b'))
}

/// Whether it begins as markup does, whatever comes before its first sign.
fn begins_as_markup(head: &[u8]) -> bool {
    let is_blank =
        |byte: u8| matches!(byte, 0xef | 0xbb | 0xbf | 0xff | 0xfe | 0) || byte.is_ascii_whitespace();
    head.iter().find(|byte| !is_blank(**byte)) == Some(&b'<')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_bytes_say_whatever_it_is_called() {
        for (head, mime) in [
            (&b"\x89PNG\r\n\x1a\n"[..], "image/png"),
            (b"\xff\xd8\xff\xe1", "image/jpeg"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
            (b"PK\x03\x04\x14\0\0\0", "application/zip"),
            (b"MZ\x90\0", "application/vnd.microsoft.portable-executable"),
            (b"ID3\x04", "audio/mpeg"),
            (b"RIFF\x10\0\0\0WAVEfmt ", "audio/wav"),
            (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "image/heif"),
            (b"\x1f\x8b\x08\0", "application/gzip"),
            (b"name,age\nAnna,3", TEXT),
            ("价格".as_bytes(), TEXT),
            (b"\x1b[31mred\x1b[0m", TEXT),
            (b"\xff\xfea\0b\0", TEXT),
            (b"", TEXT),
            (b"\0\x01\x02", OTHER),
            (b"caf\xe9", OTHER),
        ] {
            for name in ["a.mp4", "a.html", "a"] {
                assert_eq!(sniff(head, name), mime, "{}", head.escape_ascii());
            }
        }
    }

    #[test]
    fn a_voice_is_no_film_though_both_come_in_the_same_containers() {
        let webm = |codec: &str| [b"\x1a\x45\xdf\xa3\x42\x82\x84webm", codec.as_bytes(), &[0; 256]].concat();
        let mp4 = |handlers: &str| [b"\0\0\0\x18ftypisom\0\0\0\0isommp42moov", handlers.as_bytes()].concat();
        for (head, name, mime) in [
            (webm("A_OPUS"), "", "audio/webm"),
            (webm("V_VP8 A_OPUS"), "", "video/webm"),
            (mp4("soun"), "", "audio/mp4"),
            (mp4("vide soun"), "", "video/mp4"),
            (mp4(""), "a.M4A", "audio/mp4"),
            (mp4(""), "a.mp4", "video/mp4"),
            (b"\0\0\0\x18ftyp3gp4\0\0\0\0moov".to_vec(), "", "video/3gpp"),
            (b"\0\0\0\x18ftypiso8\0\0\0\0moov".to_vec(), "", "video/mp4"),
            (b"\0\0\0\x18ftypM4A \0\0\0\0".to_vec(), "", "audio/mp4"),
            (b"OggS\0\x02........OpusHead".to_vec(), "", "audio/ogg"),
            (b"OggS\0\x02........\x80theora".to_vec(), "", "video/ogg"),
        ] {
            assert_eq!(sniff(&head, name), mime, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn a_claim_counts_between_what_may_both_be_right() {
        assert_eq!(as_claimed("video/mp4", "audio/mp4"), "audio/mp4");
        assert_eq!(as_claimed("video/webm", "Audio/WebM; codecs=opus"), "audio/webm");
        assert_eq!(as_claimed("video/webm", "audio/mp4"), "video/webm");
        assert_eq!(as_claimed("audio/mp4", "video/mp4"), "audio/mp4");
        assert_eq!(as_claimed(OTHER, "text/html"), OTHER);
    }

    #[test]
    fn a_text_may_be_cut_within_a_character() {
        let text = format!("a{}", "图".repeat(SNIFF_BYTES));
        assert_eq!(sniff(&text.as_bytes()[..SNIFF_BYTES], ""), TEXT);
        assert_eq!(sniff(&text.as_bytes()[..5], ""), OTHER, "it ends there, and is none");
    }
}
