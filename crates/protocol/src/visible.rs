//! What of a text can be seen.

use unicode_normalization::UnicodeNormalization;

/// The form in which text is kept: one of the many ways in which Unicode writes it.
pub(crate) fn composed(text: &str) -> String {
    text.nfc().collect()
}

/// Whether there is anything to be seen: neither blanks alone nor characters that fonts draw as nothing.
pub(crate) fn is_visible(text: &str) -> bool {
    text.chars().any(|c| !is_blank(c))
}

/// Whether it turns the direction of what stands around it, or its lines.
pub(crate) fn is_directional(c: char) -> bool {
    matches!(c, '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Default_Ignorable_Code_Point of Unicode, blanks, and the fillers that are drawn as blanks.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{13440}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D159}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_drawn_as_nothing_is_not_visible() {
        for text in [
            "",
            " ",
            "\u{3000}",
            "\u{200B}\u{200D}",
            "\u{3164}",
            "\u{115F}\u{1160}",
            "\u{2800}",
            "\u{FFA0}",
            "\u{E0041}",
            "\u{FEFF}",
            "\u{AD}",
            "\u{FE0F}",
        ] {
            assert!(!is_visible(text), "{text:?}");
        }
        for text in ["a", "号", "👩‍💻", "\u{200B}a", "ᄒ", "·"] {
            assert!(is_visible(text), "{text:?}");
        }
    }
}
