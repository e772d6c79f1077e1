//! A text as it is compared, and what it is found by.
//!
//! Characters are compared in their compatibility forms (NFKC), case folded, and without the marks that people leave out when
//! they type: those of Latin, Greek and Cyrillic letters, and the vowels of Arabic and Hebrew. What is invisible is left out.
//! Scripts that put no blanks between words are compared character by character, all others word by word; a word may also
//! begin and end where an identifier has its seams, as in `readFile2`.

use std::sync::LazyLock;

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_script::{Script, UnicodeScript};

use crate::account::is_ignorable;

/// Characters of a text that are compared; of more the rest is not found. As long a message may be as it was sent: only what unfolds
/// to many characters (a whole sentence, in Arabic) comes to more.
const MAX_UNITS: usize = 1 << 16;

/// Of characters below this it is kept what they are compared as: those of nearly all words that are no ideographs.
const COMMON: u32 = 0x3100;

/// Seams of one run of letters and digits that are looked for. What has more of them is no identifier that somebody reads.
const MAX_PARTS: usize = 5;

/// Characters of a word that the index knows; longer words are found by their beginning.
const TERM_CHARACTERS: usize = 32;

/// The first letters of words, so many of them, are terms of their own. To find those by the words that begin with them would
/// take reading most of the index.
pub(super) const FIRST_LETTERS: usize = 2;

/// What such a term begins with, so that it is no word.
pub(super) const FIRST: char = '\u{E001}';

/// A part of a text, in UTF-16 units: from the first up to, and without, the second.
pub type Range = (u32, u32);

/// A text as it is compared: only what is looked for, without what stands between.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folded {
    pub(super) units: Vec<Unit>,
}

/// A character as it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) char: char,
    /// Whether it stands for itself, and is no part of a word.
    pub(super) single: bool,
    /// Whether something that is not looked for stands before it.
    pub(super) apart: bool,
    /// Whether a word may begin with it,
    pub(super) begins: bool,
    /// or end with it.
    pub(super) ends: bool,
    shape: Shape,
    /// Where it stands in the text.
    pub(super) range: Range,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Upper,
    Digit,
    Other,
    /// It came of the character before.
    More,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Word,
    Single,
    Between,
}

impl Folded {
    pub fn new(text: &str) -> Self {
        let mut folded = Self { units: Vec::with_capacity(text.len()) };
        let (mut apart, mut from, mut cluster) = (false, 0, String::new());
        let mut chars = text.chars().peekable();
        while folded.units.len() < MAX_UNITS
            && let Some(c) = chars.next()
        {
            let mut to = from + c.len_utf16() as u32;
            if is_ignorable(c) || is_skin(c) {
                from = to;
                continue;
            }
            let shape = shape(c);
            let is_joined = chars.peek().copied().is_some_and(joins);
            if !is_joined && let Some(simple) = simple(c) {
                folded.push(simple, shape, &mut apart, (from, to));
                from = to;
                continue;
            }
            cluster.clear();
            cluster.push(c);
            while let Some(next) = chars.next_if(|next| joins(*next)) {
                to += next.len_utf16() as u32;
                cluster.push(next);
            }
            let mut shape = shape;
            for c in fold(&cluster) {
                folded.push(c, shape, &mut apart, (from, to));
                shape = Shape::More;
            }
            from = to;
        }
        folded.seams();
        folded
    }

    /// Whether it has the other somewhere, whatever words begin and end there.
    pub fn contains(&self, other: &Self) -> bool {
        let is_same = |(one, other): (&Unit, &Unit)| one.char == other.char;
        let length = other.units.len();
        length > 0 && self.units.windows(length).any(|part| part.iter().zip(&other.units).all(is_same))
    }

    fn push(&mut self, char: char, shape: Shape, apart: &mut bool, range: Range) {
        let last = self.units.last().filter(|_| !*apart);
        let single = match class(char) {
            Class::Between => {
                *apart = true;
                return;
            }
            // It belongs to what it stands on.
            _ if is_mark(char) && last.is_some() => last.is_some_and(|last| last.single),
            class => class == Class::Single,
        };
        let apart = std::mem::take(apart);
        self.units.push(Unit { char, single, apart, begins: single, ends: single, shape, range });
    }

    /// Says where words begin and end.
    fn seams(&mut self) {
        let mut begin = 0;
        while begin < self.units.len() {
            let run = &mut self.units[begin..];
            if run[0].single {
                begin += 1;
                continue;
            }
            let length = 1 + run[1..].iter().take_while(|unit| !unit.single && !unit.apart).count();
            let run = &mut run[..length];
            run[0].begins = true;
            run[length - 1].ends = true;
            let mut parts = 1;
            for at in 1..length {
                if parts < MAX_PARTS && is_seam(run, at) {
                    run[at - 1].ends = true;
                    run[at].begins = true;
                    parts += 1;
                }
            }
            begin += length;
        }
    }

    /// Each word as `each` wants it, with whether it is the longest of those that begin there; then each character that
    /// stands for itself with the one behind it, if they touch.
    fn each_word(&self, each: &mut dyn FnMut(&[Unit], bool)) {
        for (at, unit) in self.units.iter().enumerate() {
            if unit.single || !unit.begins {
                continue;
            }
            let run = 1 + self.units[at + 1..].iter().take_while(|unit| !unit.single && !unit.apart).count();
            for end in (at..at + run).filter(|end| self.units[*end].ends) {
                each(&self.units[at..=end], end + 1 == at + run);
            }
        }
    }
}

/// What the index finds a text by: words, each once, in their order. None has a blank, a quote or a backslash.
pub fn terms(text: &str) -> Vec<String> {
    let mut all = String::new();
    write_terms(text, &mut all);
    let mut terms: Vec<String> = all.split_terminator(' ').map(str::to_owned).collect();
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// The same as they come, some of them again, each with a blank behind it.
pub fn write_terms(text: &str, out: &mut String) {
    let folded = Folded::new(text);
    let mut write = |term: &mut dyn Iterator<Item = char>| {
        out.extend(term);
        out.push(' ');
    };
    folded.each_word(&mut |word, is_longest| {
        write(&mut term(word.iter().map(|unit| unit.char)));
        if is_longest {
            for count in 1..=FIRST_LETTERS.min(word.len()) {
                write(&mut first_letters(word[..count].iter().map(|unit| unit.char)));
            }
        }
    });
    for (at, unit) in folded.units.iter().enumerate().filter(|(_, unit)| unit.single) {
        write(&mut std::iter::once(unit.char));
        if let Some(next) = folded.units.get(at + 1).filter(|next| next.single && !next.apart) {
            write(&mut [unit.char, next.char].into_iter());
        }
    }
}

/// The term of a word.
pub(super) fn term(word: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    word.take(TERM_CHARACTERS)
}

/// The term of the first letters of words.
pub(super) fn first_letters(letters: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    std::iter::once(FIRST).chain(letters)
}

/// Whether an identifier has a seam before that unit of a run: `read|File`, `HTML|Page`, `file|2`.
fn is_seam(run: &[Unit], at: usize) -> bool {
    let (before, here) = (run[at - 1].shape, run[at].shape);
    let next = run.get(at + 1).map(|unit| unit.shape);
    match (before, here) {
        (_, Shape::More) => false,
        (Shape::Upper, Shape::Upper) => next == Some(Shape::Other),
        (Shape::Upper, Shape::Other) => false,
        (Shape::More, Shape::Other) => false,
        (before, here) => before != here,
    }
}

/// Whether it is of those that most texts of East Asia are made of, which nothing has to be looked up of.
const fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7A3}')
}

fn is_mark(c: char) -> bool {
    !c.is_ascii() && !is_ideograph(c) && is_combining_mark(c)
}

fn shape(c: char) -> Shape {
    if is_ideograph(c) {
        Shape::Other
    } else if c.is_uppercase() {
        Shape::Upper
    } else if c.is_numeric() {
        Shape::Digit
    } else {
        Shape::Other
    }
}

/// What most characters are compared as, which is one character, unless something joins them.
fn simple(c: char) -> Option<char> {
    match c {
        '\0'..='\u{7F}' => Some(c.to_ascii_lowercase()),
        _ if is_ideograph(c) => Some(c),
        _ => COMMON_FORMS.get(c as usize).copied().flatten(),
    }
}

/// By their numbers; `None` of what comes to no character, or to several.
static COMMON_FORMS: LazyLock<Vec<Option<char>>> = LazyLock::new(|| {
    let form = |number| match fold(char::from_u32(number)?.encode_utf8(&mut [0; 4])).as_slice() {
        [one] => Some(*one),
        _ => None,
    };
    (0..COMMON).map(form).collect()
});

/// Whether it changes the character before it: a mark, the mark of a half-width Katakana, or a vowel or end of a Hangul
/// syllable.
fn joins(c: char) -> bool {
    is_mark(c) || matches!(c, '\u{FF9E}' | '\u{FF9F}' | '\u{1161}'..='\u{11FF}' | '\u{D7B0}'..='\u{D7FF}')
}

/// One character with what joins it, as it is compared.
fn fold(cluster: &str) -> Vec<char> {
    // Twice, as folding undoes the form and the form brings back what can be folded (UAX 15, X4.3).
    let folded = cluster.nfd().default_case_fold().nfkd().default_case_fold().nfkd();
    let (mut base, mut kept) = ('\0', String::new());
    for c in folded.filter(|c| !is_ignorable(*c)) {
        if !is_combining_mark(c) {
            base = c;
        } else if is_left_out(base, c) {
            continue;
        }
        match letters(c) {
            Some(letters) => kept.push_str(letters),
            None => kept.push(digit(c).unwrap_or(c)),
        }
    }
    kept.nfc().collect()
}

/// Whether people leave the mark out when they type. Not the breve of й and ў, which are letters of their own.
fn is_left_out(base: char, mark: char) -> bool {
    match base.script() {
        Script::Cyrillic => !(mark == '\u{306}' && matches!(base, 'и' | 'у')),
        Script::Latin | Script::Greek => true,
        _ => {
            matches!(mark, '\u{591}'..='\u{5C7}' | '\u{610}'..='\u{61A}' | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{6D6}'..='\u{6ED}')
        }
    }
}

/// Digits of Arabic and Persian, which are typed as either and as those of Europe.
fn digit(c: char) -> Option<char> {
    let zero = match c {
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6F0}'..='\u{6F9}' => 0x6F0,
        _ => return None,
    };
    char::from_digit(u32::from(c) - zero, 10)
}

/// Letters that have no mark of their own in Unicode, and are typed as if they had; and those for which a keyboard of another
/// language has one that looks the same.
const fn letters(c: char) -> Option<&'static str> {
    Some(match c {
        'ı' => "i",
        'ł' => "l",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ŧ' => "t",
        'æ' => "ae",
        'œ' => "oe",
        // Kaf and yeh of Persian and Urdu, and an Arabic yeh without its dots.
        'ک' => "ك",
        'ی' | 'ى' => "ي",
        // The stretched line of Arabic.
        '\u{640}' => "",
        _ => return None,
    })
}

const fn is_skin(c: char) -> bool {
    matches!(c, '\u{1F3FB}'..='\u{1F3FF}')
}

fn class(c: char) -> Class {
    if c.is_ascii() {
        return if c.is_ascii_alphanumeric() { Class::Word } else { Class::Between };
    }
    if is_ideograph(c) {
        return Class::Single;
    }
    // Pictures that people send in texts, wherever they are.
    if matches!(
        c,
        '\u{1F000}'..='\u{1FAFF}' | '\u{2600}'..='\u{27BF}' | '\u{2B00}'..='\u{2BFF}' | '\u{231A}'..='\u{231B}'
            | '\u{23CF}' | '\u{23E9}'..='\u{23FA}' | '\u{25B6}' | '\u{25C0}' | '\u{25FB}'..='\u{25FE}'
    ) {
        return Class::Single;
    }
    if !c.is_alphanumeric() && !is_combining_mark(c) {
        return Class::Between;
    }
    match c.script() {
        Script::Han
        | Script::Hiragana
        | Script::Katakana
        | Script::Bopomofo
        | Script::Hangul
        | Script::Thai
        | Script::Lao
        | Script::Khmer
        | Script::Myanmar
        | Script::Yi => Class::Single,
        // The long vowel of Katakana is common to several.
        _ if c == 'ー' => Class::Single,
        _ => Class::Word,
    }
}
