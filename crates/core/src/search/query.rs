//! What somebody has typed to search for.

use super::folded::{FIRST_LETTERS, Folded, Range, first_letters, term};
use super::operator::{Filter, Test, is_known, test};
use crate::Refusal;

/// What one may ask for at once: characters, and words, phrases and operators all together.
pub const MAX_CHARACTERS: usize = 256;
pub const MAX_TERMS: usize = 10;

/// Ranges that are told of one text.
const MAX_RANGES: usize = 100;

/// Terms by which one phrase is looked up. What they do not tell apart `matches` does.
const TERMS_OF_A_PHRASE: usize = 8;

/// Words and phrases that must be in a text, and those that must not, with what else is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    pub all: Vec<Phrase>,
    pub none: Vec<Phrase>,
    pub filters: Vec<Filter>,
}

/// What stands together in a text: parts that follow each other, whatever is between them that is not looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// A word, or what one begins with.
    Word { chars: Vec<char>, is_beginning: bool },
    /// Characters that stand for themselves and touch.
    Run(Vec<char>),
}

/// What a text that matches has among its [`super::terms`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Term {
    Whole(String),
    /// One that begins with this.
    Beginning(String),
}

impl Query {
    /// Reads what somebody typed. The last word is the beginning of one, unless a blank stands behind it: it is being typed.
    ///
    /// # Errors
    /// `QueryTooLong`, `TooManyTerms`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if text.trim().chars().count() > MAX_CHARACTERS {
            return Err(Refusal::QueryTooLong(MAX_CHARACTERS));
        }
        let mut query = Self::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (item, behind) = Item::take(rest);
            let is_last = behind.is_empty();
            rest = behind.trim_start();
            query.add(item, is_last);
        }
        if query.all.len() + query.none.len() + query.filters.len() > MAX_TERMS {
            return Err(Refusal::TooManyTerms(MAX_TERMS));
        }
        Ok(query)
    }

    fn add(&mut self, Item { not, operator, value, is_open }: Item<'_>, is_last: bool) {
        let mut words = value.to_owned();
        if let Some(name) = operator {
            if value.is_empty() {
                // Its value is about to be typed.
                return;
            }
            // That it was not sent on a day nobody asks.
            let is_date = |test: &Test| matches!(test, Test::Before(_) | Test::After(_) | Test::On(_));
            if let Some(test) = test(name, value).filter(|test| !not || !is_date(test)) {
                self.filters.push(Filter { not, test });
                return;
            }
            words = format!("{name} {value}");
        }
        let Some(phrase) = Phrase::new(&words, is_open && is_last && !not) else { return };
        if not { self.none.push(phrase) } else { self.all.push(phrase) }
    }

    /// Whether nothing is asked for: such as by one that has punctuation alone.
    pub fn says_nothing(&self) -> bool {
        self.all.is_empty() && self.none.is_empty() && self.filters.is_empty()
    }

    /// Whether words are asked for, so that only a text can match.
    pub fn has_words(&self) -> bool {
        !self.all.is_empty()
    }

    /// Whether everything is in the text that must be and nothing that must not, and where what must be is: ranges that
    /// ascend and do not overlap.
    pub fn matches(&self, text: &str) -> Option<Vec<Range>> {
        self.matches_folded(&Folded::new(text))
    }

    /// The same of a text that is folded already.
    pub fn matches_folded(&self, text: &Folded) -> Option<Vec<Range>> {
        if self.none.iter().any(|phrase| phrase.find(text, 0).is_some()) {
            return None;
        }
        let mut ranges = Vec::new();
        for phrase in &self.all {
            let before = ranges.len();
            let mut at = 0;
            while ranges.len() < before + MAX_RANGES
                && let Some((begin, end)) = phrase.find(text, at)
            {
                ranges.push((text.units[begin].range.0, text.units[end - 1].range.1));
                at = end;
            }
            if ranges.len() == before {
                return None;
            }
        }
        ranges.sort_unstable();
        let mut merged: Vec<Range> = Vec::with_capacity(ranges.len());
        for (from, to) in ranges {
            match merged.last_mut() {
                Some(last) if from < last.1 => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        merged.truncate(MAX_RANGES);
        Some(merged)
    }

    /// What every text that matches has among its terms. There may be other texts that have it.
    pub fn terms(&self) -> Vec<Term> {
        let mut terms: Vec<_> = self.all.iter().flat_map(Phrase::terms).collect();
        terms.sort_unstable();
        terms.dedup();
        terms
    }
}

impl Phrase {
    /// `None` where there is nothing in it that is looked for.
    fn new(text: &str, is_open: bool) -> Option<Self> {
        let folded = Folded::new(text);
        let mut parts: Vec<Part> = Vec::new();
        for unit in &folded.units {
            match parts.last_mut() {
                Some(Part::Run(chars)) if unit.single && !unit.apart => chars.push(unit.char),
                Some(Part::Word { chars, .. }) if !unit.single && !unit.apart => chars.push(unit.char),
                _ if unit.single => parts.push(Part::Run(vec![unit.char])),
                _ => parts.push(Part::Word { chars: vec![unit.char], is_beginning: false }),
            }
        }
        if let Some(Part::Word { is_beginning, .. }) = parts.last_mut() {
            *is_beginning = is_open;
        }
        (!parts.is_empty()).then_some(Self { parts })
    }

    /// The first place where it stands, from that unit on: from a unit up to, and without, another.
    fn find(&self, text: &Folded, from: usize) -> Option<(usize, usize)> {
        (from..text.units.len()).find_map(|begin| Some((begin, self.end(text, begin)?)))
    }

    /// Where it ends if it begins there.
    fn end(&self, text: &Folded, begin: usize) -> Option<usize> {
        let mut at = begin;
        for part in &self.parts {
            at = part.end(text, at)?;
        }
        Some(at)
    }

    fn terms(&self) -> Vec<Term> {
        let mut terms: Vec<_> = self.parts.iter().flat_map(Part::terms).collect();
        // The long ones say more.
        terms.sort_by_key(|term| std::cmp::Reverse(term.length()));
        terms.truncate(TERMS_OF_A_PHRASE);
        terms
    }
}

impl Part {
    fn end(&self, text: &Folded, at: usize) -> Option<usize> {
        let (chars, single) = match self {
            Self::Word { chars, .. } => (chars, false),
            Self::Run(chars) => (chars, true),
        };
        let units = text.units.get(at..at + chars.len())?;
        let touches = units[1..].iter().all(|unit| !unit.apart);
        let is_same = units.iter().zip(chars).all(|(unit, char)| unit.char == *char && unit.single == single);
        if !touches || !is_same {
            return None;
        }
        if let Self::Word { is_beginning, .. } = self
            && !(units[0].begins && (*is_beginning || units[chars.len() - 1].ends))
        {
            return None;
        }
        Some(at + chars.len())
    }

    fn terms(&self) -> Vec<Term> {
        match self {
            Self::Word { chars, is_beginning: false } => {
                vec![Term::Whole(term(chars.iter().copied()).collect())]
            }
            Self::Word { chars, .. } if chars.len() <= FIRST_LETTERS => {
                vec![Term::Whole(first_letters(chars.iter().copied()).collect())]
            }
            Self::Word { chars, .. } => vec![Term::Beginning(term(chars.iter().copied()).collect())],
            Self::Run(chars) if chars.len() == 1 => vec![Term::Whole(chars[0].to_string())],
            Self::Run(chars) => chars.windows(2).map(|pair| Term::Whole(pair.iter().collect())).collect(),
        }
    }
}

impl Term {
    fn length(&self) -> usize {
        let (Self::Whole(text) | Self::Beginning(text)) = self;
        text.len()
    }
}

/// What stands between blanks, or in quotes.
struct Item<'q> {
    not: bool,
    operator: Option<&'q str>,
    value: &'q str,
    /// Whether it goes on where the text does.
    is_open: bool,
}

impl<'q> Item<'q> {
    /// The first one, and what is behind it. The text begins with no blank.
    fn take(text: &'q str) -> (Self, &'q str) {
        let (not, text) = match text.strip_prefix(['-', '－']) {
            Some(rest) if rest.starts_with(|c: char| !c.is_whitespace()) => (true, rest),
            _ => (false, text),
        };
        let end = text.find(char::is_whitespace).unwrap_or(text.len());
        let colon = text[..end].find([':', '：']).filter(|at| is_known(&text[..*at]));
        let (operator, text) = match colon {
            Some(at) => {
                let behind = text[at..].chars().next().map_or(0, char::len_utf8);
                (Some(&text[..at]), &text[at + behind..])
            }
            None => (None, text),
        };
        let (value, is_open, rest) = value(text);
        (Self { not, operator, value, is_open }, rest)
    }
}

/// A text in quotes, or up to the next blank; whether it goes on; and what is behind it.
fn value(text: &str) -> (&str, bool, &str) {
    const QUOTES: [(char, &[char]); 5] =
        [('"', &['"']), ('“', &['”', '"']), ('„', &['“', '”']), ('«', &['»']), ('「', &['」'])];
    let first = text.chars().next().unwrap_or_default();
    if let Some((open, close)) = QUOTES.iter().find(|(open, _)| *open == first) {
        let inside = &text[open.len_utf8()..];
        return match inside.char_indices().find(|(_, c)| close.contains(c)) {
            Some((end, c)) => (&inside[..end], false, &inside[end + c.len_utf8()..]),
            None => (inside, true, ""),
        };
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    (&text[..end], true, &text[end..])
}
