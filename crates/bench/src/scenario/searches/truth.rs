//! What a search must find: by a plain look at everything that was filled in, and without anything that the server has.

use memchr::memmem::Finder;

use crate::store::{HEAVY, LIGHT, Line, Plan, words};

/// Everything that was said, the oldest first.
pub(super) struct Truth {
    said: Vec<Said>,
    /// Whether the user of few groups is in it, of each group.
    few: Vec<bool>,
    /// The same of the one who is in all.
    all: Vec<bool>,
}

struct Said {
    /// When, in Unix milliseconds.
    at: i64,
    group: u64,
    sender: u64,
    text: Box<str>,
}

/// In whose groups it is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    All,
    Few,
    /// In this group alone.
    One(u64),
}

/// What each message must be that is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Test {
    /// It has this text, wherever it stands.
    Inside(String),
    /// It has this text as words of their own.
    Words(String),
    /// It has a word that begins so.
    Begins(String),
    From(u64),
    /// It was sent before that, in Unix milliseconds.
    Before(i64),
}

impl Truth {
    /// What was said by that plan, and stored in that order of numbers.
    pub(super) fn new(plan: &Plan, filled_at: i64, order: &[u64]) -> Self {
        let lines: Vec<Line> = plan.lines().collect();
        // In a group time does not go back, whatever those say who send.
        let mut last = vec![i64::MIN; plan.groups as usize];
        let said = order.iter().map(|number| {
            let Line { number, group, sender, .. } = lines[*number as usize];
            let at = plan.sent_at(filled_at, number).max(last[group as usize]);
            last[group as usize] = at;
            Said { at, group, sender, text: words::text(number).into_boxed_str() }
        });
        let is_in = |user| (0..plan.groups).map(|group| plan.members(group).contains(&user)).collect();
        Self { said: said.collect(), few: is_in(LIGHT), all: is_in(HEAVY) }
    }

    /// The bytes of all texts.
    pub(super) fn bytes(&self) -> u64 {
        self.said.iter().map(|said| said.text.len() as u64).sum()
    }

    /// Of the message that was stored behind so many others what it says, and when it was sent.
    pub(super) fn at(&self, place: usize) -> (&str, i64) {
        let Said { text, at, .. } = &self.said[place];
        (text, *at)
    }

    /// Messages for whom all of it holds, the newest first.
    pub(super) fn newest(&self, who: Who, tests: &[Test], most: usize) -> Vec<&str> {
        let looks: Vec<Look<'_>> = tests.iter().map(Look::new).collect();
        let sees = |group: u64| match who {
            Who::All => self.all[group as usize],
            Who::Few => self.few[group as usize],
            Who::One(only) => group == only,
        };
        let fits = |said: &&Said| sees(said.group) && looks.iter().all(|look| look.holds(said));
        self.said.iter().rev().filter(fits).map(|said| &*said.text).take(most).collect()
    }
}

/// A test that is made ready.
struct Look<'t> {
    test: &'t Test,
    finder: Finder<'t>,
}

impl<'t> Look<'t> {
    fn new(test: &'t Test) -> Self {
        let text = match test {
            Test::Inside(text) | Test::Words(text) | Test::Begins(text) => text.as_str(),
            Test::From(_) | Test::Before(_) => "",
        };
        Self { test, finder: Finder::new(text) }
    }

    fn holds(&self, said: &Said) -> bool {
        match self.test {
            Test::Inside(_) => self.finder.find(said.text.as_bytes()).is_some(),
            Test::Words(_) => self.stands(&said.text, true),
            Test::Begins(_) => self.stands(&said.text, false),
            Test::From(sender) => said.sender == *sender,
            Test::Before(bound) => said.at < *bound,
        }
    }

    /// Whether a word begins with it, and ends with it where it must.
    fn stands(&self, text: &str, is_whole: bool) -> bool {
        let text = text.as_bytes();
        let is_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        self.finder.find_iter(text).any(|at| {
            let end = at + self.finder.needle().len();
            let is_inside = is_word(at.checked_sub(1).and_then(|before| text.get(before)));
            let goes_on = is_whole && is_word(text.get(end));
            !is_inside && !goes_on
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(tests: &[Test]) -> Vec<&'static str> {
        let texts = ["a red fox", "redfox runs", "the fox, red", "一二三四"];
        let said = |(sender, text): (usize, &&str)| Said {
            at: sender as i64,
            group: 0,
            sender: sender as u64,
            text: (*text).into(),
        };
        let said = texts.iter().enumerate().map(said).collect();
        let truth = Truth { said, few: vec![false], all: vec![true] };
        assert!(truth.newest(Who::Few, tests, 9).is_empty());
        assert_eq!(truth.newest(Who::One(0), tests, 9), truth.newest(Who::All, tests, 9));
        let found = truth.newest(Who::All, tests, 9).into_iter();
        found.map(|text| *texts.iter().find(|other| **other == text).expect("one of them")).collect()
    }

    #[test]
    fn words_are_told_from_beginnings_and_parts() {
        let text = |text: &str| text.to_owned();
        assert_eq!(found(&[Test::Words(text("red"))]), ["the fox, red", "a red fox"]);
        assert_eq!(found(&[Test::Begins(text("red"))]), ["the fox, red", "redfox runs", "a red fox"]);
        assert_eq!(found(&[Test::Words(text("red fox"))]), ["a red fox"]);
        assert_eq!(found(&[Test::Begins(text("ox"))]), [""; 0]);
        assert_eq!(found(&[Test::Inside(text("二三"))]), ["一二三四"]);
        assert_eq!(found(&[Test::Words(text("red")), Test::Before(2)]), ["a red fox"]);
        assert_eq!(found(&[Test::From(1)]), ["redfox runs"]);
    }
}
