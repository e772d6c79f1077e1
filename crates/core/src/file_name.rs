//! What a file is called, from what strangers call it.
//!
//! A name is shown in chats, written into headers, and becomes a file on the disks of others. So it is no path, it reads in
//! the order in which it is written, and every system can keep it.

use unicode_normalization::UnicodeNormalization;

/// Bytes of a name: what file systems take.
pub const MAX_FILE_NAME_BYTES: usize = 255;
/// Bytes of an ending that stays when a name is cut, with its dot.
const MAX_ENDING_BYTES: usize = 16;
/// What a file is called that has no name.
const NAMELESS: &str = "file";
/// Devices of Windows, whatever their ending.
const DEVICES: [&str; 22] = [
    "aux", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9", "con", "lpt1", "lpt2",
    "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9", "nul", "prn",
];

/// Makes a name of 1 to 255 bytes that is no path, in NFC, without what cannot be seen. It is the same for a name that was
/// made here.
pub fn clean_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let seen: String = last.chars().filter(|c| !is_unseen(*c)).map(allowed).nfc().collect();
    // Files that begin with a dot are hidden, and Windows drops dots and blanks at the end.
    let seen = seen.trim_start_matches(at_an_edge);
    let mut name = cut(seen.trim_end_matches(at_an_edge));
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    if DEVICES.iter().any(|device| stem.eq_ignore_ascii_case(device)) {
        name = cut(&format!("_{name}"));
    }
    if name.is_empty() { NAMELESS.to_owned() } else { name }
}

fn at_an_edge(c: char) -> bool {
    c == '.' || c.is_whitespace()
}

/// What takes no room on a line, or turns it around. Joiners stay: emoji and the scripts of India are made with them.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}')
        || matches!(c, '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}')
        || matches!(c, '\u{FFF0}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
        || u32::from(c) & 0xfffe == 0xfffe
}

/// In place of what Windows takes in no name.
const fn allowed(c: char) -> char {
    match c {
        '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
        // Blanks of other widths look like that one.
        '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' | '\u{3000}' => ' ',
        other => other,
    }
}

/// The name as far as it fits, with its ending.
fn cut(name: &str) -> String {
    if name.len() <= MAX_FILE_NAME_BYTES {
        return name.to_owned();
    }
    let ending = name.rfind('.').map_or("", |dot| &name[dot..]);
    let ending = if ending.len() <= MAX_ENDING_BYTES { ending } else { "" };
    let mut end = MAX_FILE_NAME_BYTES - ending.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ending}", name[..end].trim_end_matches(at_an_edge))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path() {
        for (name, cleaned) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\Windows\\system32\\cmd.exe", "cmd.exe"),
            ("a/b\\c.zip", "c.zip"),
            ("/", "file"),
            ("..", "file"),
            (".", "file"),
            (".bashrc", "bashrc"),
            ("...hidden.txt", "hidden.txt"),
            ("C:evil.txt", "C_evil.txt"),
            ("", "file"),
            (" \t\r\n", "file"),
        ] {
            assert_eq!(clean_name(name), cleaned, "{name:?}");
        }
    }

    #[test]
    fn a_name_reads_as_it_is_written() {
        for (name, cleaned) in [
            // Shown as "holidayexe.jpg" by whoever goes by the marks.
            ("holiday\u{202E}gpj.exe", "holidaygpj.exe"),
            ("a\u{2066}b\u{2069}\u{200F}\u{61C}.txt", "ab.txt"),
            ("in\u{200B}vis\u{FEFF}ible\u{2060}\u{AD}.txt", "invisible.txt"),
            ("tags\u{E0041}\u{E007F}.txt", "tags.txt"),
            ("header\r\nset-cookie: a\0.txt", "headerset-cookie_ a.txt"),
            ("photo.jpg\u{A0}\u{3000}\u{2003}.exe", "photo.jpg   .exe"),
            ("\"quoted\".txt", "_quoted_.txt"),
            ("noncharacter\u{FFFE}\u{1FFFF}.txt", "noncharacter.txt"),
        ] {
            assert_eq!(clean_name(name), cleaned, "{name:?}");
        }
    }

    #[test]
    fn every_system_can_keep_a_name() {
        for (name, cleaned) in [
            ("CON", "_CON"),
            ("nul.txt", "_nul.txt"),
            ("com1 .tar.gz", "_com1 .tar.gz"),
            ("console.txt", "console.txt"),
            ("what? <now> | *.md", "what_ _now_ _ _.md"),
            ("dots... ", "dots"),
            // As macOS writes it.
            ("u\u{308}ber.txt", "über.txt"),
        ] {
            assert_eq!(clean_name(name), cleaned, "{name:?}");
        }
    }

    #[test]
    fn names_of_every_script_stay_as_they_are() {
        for name in
            ["假期照片.jpg", "отчёт (1).pdf", "👩‍👩‍👧.png", "क्‍ष.txt", "مرحبا.pdf", "a.tar.gz", "no ending", "-rf"]
        {
            assert_eq!(clean_name(name), name);
        }
    }

    #[test]
    fn a_long_name_is_cut_before_its_ending() {
        let cleaned = clean_name(&format!("{}.jpeg", "图".repeat(200)));
        assert!(cleaned.ends_with("图.jpeg") && cleaned.len() > MAX_FILE_NAME_BYTES - 3, "{cleaned}");
        let cleaned = clean_name(&format!("a.{}", "b".repeat(500)));
        assert_eq!(cleaned.len(), MAX_FILE_NAME_BYTES);
    }

    #[test]
    fn a_name_that_is_clean_stays_as_it_is() {
        let parts = ["nul", ".", " ", "a", "/", "\u{202E}", "é", "\u{301}", ":", "\u{FFFE}", "图"];
        let mut number = 1_u64;
        for _ in 0..5_000 {
            let mut name = String::new();
            for _ in 0..=number % 60 {
                number =
                    number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let times = if number >> 60 == 0 { 40 } else { 1 };
                name.push_str(&parts[(number >> 33) as usize % parts.len()].repeat(times));
            }
            let cleaned = clean_name(&name);
            assert_eq!(clean_name(&cleaned), cleaned, "{name:?}");
            assert!(!cleaned.is_empty() && cleaned.len() <= MAX_FILE_NAME_BYTES);
            assert!(!cleaned.contains(['/', '\\']) && !cleaned.starts_with('.'));
        }
    }
}
