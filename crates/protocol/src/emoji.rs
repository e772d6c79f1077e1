//! Emojis, as people react with them.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::limits::{Invalid, MAX_EMOJI_BYTES};

/// One emoji, spelled as Unicode has it: whoever sends a heart with or without its variation selector sends the same. Tones
/// of skin and emojis that are joined stay what they are.
///
/// It is looked up among all there are, so a text that is merely drawn as one letter is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Emoji(&'static str);

impl Emoji {
    /// Reads the text of a field of that name.
    ///
    /// # Errors
    /// It is no emoji, or more than one.
    pub fn read(field: &'static str, text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new(field, "one emoji");
        if text.len() > MAX_EMOJI_BYTES {
            return Err(wrong());
        }
        EMOJIS.get(&bare(text)).copied().map(Self).ok_or_else(wrong)
    }

    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// All emojis, by their spelling without selectors. The look-up of the library is not used: of two people it finds some
/// with another's skin.
static EMOJIS: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let with_tones = |emoji: &'static emojis::Emoji| emoji.skin_tones().into_iter().flatten().chain([emoji]);
    emojis::iter().flat_map(with_tones).map(|emoji| (bare(emoji.as_str()), emoji.as_str())).collect()
});

fn bare(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '\u{FE0E}' | '\u{FE0F}')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<&'static str> {
        Emoji::read("emoji", text).ok().map(Emoji::as_str)
    }

    #[test]
    fn every_emoji_is_one_with_and_without_its_selectors() {
        for emoji in emojis::iter() {
            for emoji in emoji.skin_tones().into_iter().flatten().chain([emoji]) {
                let spelled = emoji.as_str();
                let bare = spelled.replace('\u{FE0F}', "");
                assert_eq!((read(spelled), read(&bare)), (Some(spelled), Some(spelled)), "{spelled:?}");
                assert_eq!(read(&format!("{bare}\u{FE0F}")), Some(spelled), "{spelled:?}");
                assert!(2 * spelled.len() <= 2 * MAX_EMOJI_BYTES - 6, "{spelled:?}");
            }
        }
    }

    #[test]
    fn a_tone_of_skin_and_what_is_joined_make_another_emoji() {
        assert_ne!(read("👍"), read("👍🏽"));
        assert_ne!(read("👩"), read("👩\u{200D}💻"));
        assert_eq!(read("❤"), read("❤\u{FE0F}"));
        assert_eq!(read("❤\u{FE0E}"), read("❤"), "as text, too");
    }

    #[test]
    fn what_is_no_emoji_or_more_than_one_is_none() {
        let joined_at_will = "👍\u{200D}👍\u{200D}👍";
        for text in ["", "a", "1", " ", "👍👍", "👍 ", "🏽", "\u{FE0F}", "\u{1F1E6}", joined_at_will]
        {
            assert_eq!(read(text), None, "{text:?}");
        }
        assert_eq!(read(&"👍\u{FE0F}".repeat(20)), None);
    }
}
