//! What people write where one searches: some words are common and most are rare, six texts of ten are Chinese, and some have
//! a link.
//!
//! Words are drawn by chance. So two characters stand beside each other in far more ways than in what people really write, and
//! an index of pairs is larger than it would be of that.

use fastrand::Rng;

/// Words of each language. The second is half as common as the first, the third a third, and so on.
pub(crate) const WORDS: usize = 20_000;
/// Characters of Chinese, which are as common.
pub(crate) const CHARACTERS: usize = 6_000;
/// One text in so many has a word that no other has,
pub(crate) const A_NEEDLE: u64 = 10_000;
/// and one in so many a link.
const A_LINK: u64 = 50;
/// Of ten texts.
const CHINESE: u64 = 6;
/// A comma stands behind so many Chinese words.
const A_COMMA: usize = 6;
/// English letters, the most common first.
const LETTERS: &[u8] = b"etaoinshrdlucmfwypvbgkjqxz";

/// The text of a message.
pub(crate) fn text(number: u64) -> String {
    let mut rng = Rng::with_seed(number);
    let mut text = String::new();
    for place in 0..rng.usize(4..=24) {
        let rank = ranked(&mut rng, WORDS);
        if number % 10 < CHINESE {
            text.push_str(if place > 0 && place % A_COMMA == 0 { "，" } else { "" });
            text.push_str(&chinese(rank));
        } else {
            text.push_str(if place > 0 { " " } else { "" });
            text.push_str(&english(rank));
        }
    }
    if number.is_multiple_of(A_NEEDLE) {
        text.push(' ');
        text.push_str(&needle(number));
    }
    if number.is_multiple_of(A_LINK) {
        text.push_str(" https://example.org/");
        text.push_str(&english(ranked(&mut rng, WORDS)));
    }
    text
}

/// What only this text has.
pub(crate) fn needle(number: u64) -> String {
    format!("needle{number}")
}

/// The Chinese word of that rank.
pub(crate) fn chinese(rank: usize) -> String {
    let mut rng = Rng::with_seed(rank as u64);
    (0..2).map(|_| character(ranked(&mut rng, CHARACTERS))).collect()
}

/// The character of that rank.
pub(crate) fn character(rank: usize) -> char {
    char::from_u32(0x4E00 + rank as u32).unwrap_or('一')
}

/// The English word of that rank: three letters and more.
pub(crate) fn english(rank: usize) -> String {
    let mut rng = Rng::with_seed((WORDS + rank) as u64);
    (0..rng.usize(3..=9)).map(|_| char::from(LETTERS[ranked(&mut rng, LETTERS.len())])).collect()
}

/// A number below that, each as rare as it is large.
fn ranked(rng: &mut Rng, below: usize) -> usize {
    let rank = ((below as f64).ln() * rng.f64()).exp() as usize;
    rank.clamp(1, below) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_words_are_common_and_most_are_rare() {
        let texts: Vec<String> = (0..20_000).map(text).collect();
        let having = |word: &str| texts.iter().filter(|text| text.contains(word)).count();
        assert_eq!(texts[7], text(7), "the same every time");
        assert!(having(&chinese(0)) > 5_000, "{}", having(&chinese(0)));
        assert!((1..500).contains(&having(&chinese(300))), "{}", having(&chinese(300)));
        assert!(having(&chinese(WORDS - 1)) < 20, "{}", having(&chinese(WORDS - 1)));
        assert!(having(&english(1)) > having(&english(1_000)));
        assert_eq!(having(&needle(A_NEEDLE)), 1);
        assert_eq!(having("https://"), 400);
    }

    #[test]
    fn each_rank_comes_as_often_as_it_says() {
        let mut rng = Rng::with_seed(1);
        let mut counts = [0_u32; 100];
        (0..100_000).for_each(|_| counts[ranked(&mut rng, 100)] += 1);
        assert!(counts[0] > counts[1] && counts[1] > counts[4] && counts[4] > counts[50]);
        assert!((1..1000).contains(&counts[90]), "{}", counts[90]);
    }
}
