//! When two accounts are the same, and when they only look it.
//!
//! Unicode writes one text in many ways. Accounts are kept as they were given, in NFC, and compared by a key
//! ([`fold`]); a second key ([`skeleton`]) finds those that people cannot tell apart (UTS 39).

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;

/// The form in which accounts are compared: without surrounding blanks, compatibility forms as what they stand for
/// (NFKC), case folded, without characters that are invisible. It is its own form.
///
/// Uniqueness, login and search all compare this form, so `" Anna "` finds `anna`, and `ＡＮＮＡ` does.
pub fn fold(account: &str) -> String {
    // Twice, as folding undoes the form and the form brings back what can be folded (UAX 15, X4.3).
    let once: String = account.nfd().default_case_fold().nfkd().default_case_fold().nfkc().collect();
    let visible: String = once.chars().filter(|c| !is_ignorable(*c)).nfkc().collect();
    visible.trim().to_owned()
}

/// The keys by which what somebody typed is looked up, the first before the second.
///
/// Until text was normalised the key was the text in lower case. Accounts of that time whose new key another one has
/// keep it, and who types it gets them. An old key that could be a new one is not looked up: whoever registered it
/// later would stand before the account that was meant.
pub fn keys(account: &str) -> [String; 2] {
    let (old, new) = (account.trim().to_lowercase(), fold(account));
    if fold(&old) == old { [new.clone(), new] } else { [old, new] }
}

/// The form as which accounts are shown and kept.
pub fn shown(account: &str) -> String {
    account.trim().nfc().collect()
}

/// What those have in common that look alike, such as `аnna` with a Cyrillic `а` and `anna`.
pub fn skeleton(key: &str) -> String {
    unicode_security::skeleton(key).collect()
}

/// The same of an account as it was given: not empty, even where nothing of it is visible.
pub fn skeleton_of_any(account: &str) -> String {
    let skeleton = skeleton(&fold(account));
    if skeleton.is_empty() { account.to_owned() } else { skeleton }
}

/// Whether nobody may take the account of `key` beside that of `other`, whose [`skeleton`] is the same.
///
/// Of two in ASCII both may be there: `m` looks like `rn` and `1` like `l`, and people know that.
pub fn confuses(key: &str, other: &str) -> bool {
    !(key.is_ascii() && other.is_ascii())
}

/// Default_Ignorable_Code_Point of Unicode: not drawn, whatever the font. A Hangul filler is one; the others that leave
/// a blank (a Braille pattern without dots) are not.
pub(crate) fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_surrounding_blanks_do_not_tell_accounts_apart() {
        assert_eq!(fold("  ÄNNA\u{3000}"), "änna");
        assert_ne!(fold("an na"), "anna");
    }

    #[test]
    fn the_ways_to_write_one_text_do_not_tell_accounts_apart() {
        for (one, other) in [
            ("Zoë", "Zoe\u{308}"),
            ("STRASSE", "straße"),
            ("ΟΔΟΣ", "οδος"),
            ("ＡＮＮＡ", "anna"),
            ("ﬁnn", "FINN"),
            ("한글", "\u{1112}\u{1161}\u{11ab}\u{1100}\u{1173}\u{11af}"),
            ("an\u{200B}na\u{2060}", "anna"),
            ("\u{345}\u{399}", "ιι"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} and {other}");
        }
        assert_ne!(fold("zoe"), fold("zoë"), "a mark is a letter's own");
    }

    #[test]
    fn a_key_is_its_own_key() {
        // All planes that have characters, but for those of private use.
        let all = (0..=0x3_FFFF).chain(0xE_0000..=0xE_FFFF).filter_map(char::from_u32);
        for c in all {
            let key = fold(&format!("a{c}b"));
            assert_eq!(fold(&key), key, "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn what_was_always_typed_finds_an_old_key_before_a_new_one() {
        assert_eq!(keys("Straße"), ["straße", "strasse"]);
        assert_eq!(keys(" Anna "), ["anna", "anna"]);
        // Its lower case may be known to one table of Unicode alone, and somebody may have it as a new key.
        let [first, second] = keys("\u{A7CE}");
        assert!(first == second || fold(&first) != first, "{first} {second}");
    }

    #[test]
    fn what_looks_alike_has_one_skeleton() {
        assert_eq!(skeleton(&fold("аnnа")), skeleton(&fold("anna")), "two letters are Cyrillic");
        assert!(confuses("аnnа", "anna"));
        assert_ne!(skeleton("anna"), skeleton("hanna"));
        assert!(!confuses("modern", "modem"));
    }
}
