//! What a RichText must not hold: marks that are cheap to write and dear to read.
//!
//! Parsers of CommonMark recurse for each level of nesting, look back from each bracket, and fill each row of a table
//! up to its columns. Which parser a reader has nobody knows, so what only serves to hurt one is not stored. The
//! bounds are far above what people write, also in code and logs that they paste, as fences are not looked for. One
//! pass over the bytes, and no more of CommonMark than it takes.

use crate::limits::{
    Invalid, MAX_RICH_TEXT_COLUMNS, MAX_RICH_TEXT_DEPTH, MAX_RICH_TEXT_MARKS_IN_MARKS,
    MAX_RICH_TEXT_OPEN_BRACKETS, MAX_RICH_TEXT_RUN,
};

/// Checks the content of a RichText.
///
/// # Errors
/// Names the bound that it breaks.
pub(crate) fn check(content: &str) -> Result<(), Invalid> {
    let (mut depth, mut open) = (0, 0_usize);
    let mut marks = Marks::default();
    for line in content.split(['\n', '\r']) {
        let line = line.as_bytes();
        if line.trim_ascii().is_empty() {
            // A list goes on behind a blank line, and a link does not.
            open = 0;
            marks = Marks::default();
            continue;
        }
        let held;
        (depth, held) = nesting(line, depth);
        if depth > MAX_RICH_TEXT_DEPTH {
            return wrong(format!(
                "a RichText nests quotes and lists {MAX_RICH_TEXT_DEPTH} deep at the most"
            ));
        }
        if columns(held) > MAX_RICH_TEXT_COLUMNS {
            return wrong(format!("a table of a RichText has at most {MAX_RICH_TEXT_COLUMNS} columns"));
        }
        let mut at = 0;
        for run in line.chunk_by(|one, next| one == next) {
            let (mark, begin) = (run[0], at);
            at += run.len();
            if is_dear(mark) && run.len() > MAX_RICH_TEXT_RUN {
                let mark = char::from(mark);
                return wrong(format!("a RichText has at most {MAX_RICH_TEXT_RUN} of `{mark}` in a row"));
            }
            match mark {
                b'[' => open += run.len(),
                b']' => open = open.saturating_sub(run.len()),
                b'*' | b'_' | b'~' => {
                    let is_blank = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_whitespace);
                    let (before, after) = (begin.checked_sub(1).and_then(|at| line.get(at)), line.get(at));
                    marks.run(run.len(), !is_blank(before), !is_blank(after));
                }
                _ => {}
            }
            if marks.deepest > MAX_RICH_TEXT_MARKS_IN_MARKS {
                return wrong(format!(
                    "a RichText has at most {MAX_RICH_TEXT_MARKS_IN_MARKS} marks inside of each other"
                ));
            }
            if open > MAX_RICH_TEXT_OPEN_BRACKETS {
                return wrong(format!(
                    "a RichText has at most {MAX_RICH_TEXT_OPEN_BRACKETS} brackets that are open at once"
                ));
            }
        }
    }
    Ok(())
}

/// The marks of a paragraph that may begin something, and how deep it is what each of them holds so far.
#[derive(Default)]
struct Marks {
    begun: Vec<usize>,
    deepest: usize,
}

impl Marks {
    /// A run of one mark. Which of them belong together is the parser's to say; it is no deeper than where any do.
    fn run(&mut self, length: usize, may_end: bool, may_begin: bool) {
        // Two of them are one: `**a**` is as deep as `*a*`.
        let mut left = length.div_ceil(2);
        while may_end && left > 0 {
            let Some(inner) = self.begun.pop() else { break };
            left -= 1;
            self.deepest = self.deepest.max(inner + 1);
            if let Some(outer) = self.begun.last_mut() {
                *outer = inner.saturating_add(1).max(*outer);
            }
        }
        if may_begin {
            self.begun.extend(std::iter::repeat_n(0, left));
        }
    }
}

fn wrong(allowed: String) -> Result<(), Invalid> {
    Err(Invalid::new("content", allowed))
}

/// Marks of which a long run makes some parser look at the same bytes again and again.
const fn is_dear(mark: u8) -> bool {
    matches!(mark, b'[' | b']' | b'(' | b')' | b'<' | b'>' | b'*' | b'_' | b'~' | b'`' | b'|' | b'&' | b'\\')
}

/// How many quotes and lists a line is in, at the most: those that it opens, and of those `before` it as many as it is
/// indented for. And what they hold of the line.
fn nesting(line: &[u8], before: usize) -> (usize, &[u8]) {
    let line = line.trim_ascii_end();
    let rule = rule_at(line);
    let (mut at, mut opened, mut indent) = (0, 0, 0);
    while at < line.len() && at < rule {
        match line[at] {
            b' ' => indent += 1,
            b'\t' => indent += 4,
            _ => {
                let Some(length) = marker(&line[at..]) else { break };
                opened += 1;
                at += length;
                continue;
            }
        }
        at += 1;
    }
    // An item of a list stands two columns to the right of what holds it, at the least.
    (before.min(indent / 2) + opened, &line[at..])
}

/// The length of the marker of a quote or an item of a list that a line goes on with, with the blank that belongs to it.
fn marker(rest: &[u8]) -> Option<usize> {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let length = match rest.get(digits)? {
        b'>' if digits == 0 => 1,
        b'-' | b'+' | b'*' if digits == 0 => 1,
        b'.' | b')' if (1..=9).contains(&digits) => digits + 1,
        _ => return None,
    };
    match rest.get(length) {
        None => Some(length),
        Some(b' ') => Some(length + 1),
        Some(b'\t') => Some(length),
        Some(_) if rest[0] == b'>' => Some(length),
        Some(_) => None,
    }
}

/// Where a line of nothing but one mark and blanks begins, which is a rule and no list in a list in a list.
fn rule_at(line: &[u8]) -> usize {
    match line.last() {
        Some(mark @ (b'-' | b'*')) => {
            line.iter().rposition(|byte| byte != mark && !matches!(byte, b' ' | b'\t')).map_or(0, |at| at + 1)
        }
        _ => line.len(),
    }
}

/// The columns of a table whose second line this would be.
fn columns(line: &[u8]) -> usize {
    if !line.iter().all(|byte| matches!(byte, b'|' | b'-' | b':' | b' ' | b'\t')) || !line.contains(&b'-') {
        return 0;
    }
    line.iter().filter(|byte| **byte == b'|').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(content: &str) -> String {
        check(content).expect_err(&content[..content.len().min(40)]).to_string()
    }

    #[test]
    fn what_people_write_is_taken() {
        let mut texts = vec![
            String::new(),
            "# hi <b> **strong** _weak_ `code`\n\n> said\n> > before\n\n- a\n  - b\n    1. c\n".to_owned(),
            format!("{}\n{}\n{}", "-".repeat(5000), "=".repeat(5000), "- ".repeat(500)),
            format!("> {}", "* ".repeat(500)),
            format!("{}\n{}", ">".repeat(80), "_".repeat(200)),
            ":) ".repeat(20_000),
            ":( ".repeat(20_000),
            "cout << a[i] << b[j] << \"\\n\"; ".repeat(2000),
            "[2026-11-28 10:00:00] GET /x -> 200\n".repeat(1700),
            "{\"a\": [[1, 2], {\"b\": []}], \"c\": null},\n".repeat(1500),
            "好！！！！！！ ~~~~~~~~~~~~~~~~~~~~".repeat(900),
            format!("```\n{}\n```", format!("{}x\n", " ".repeat(200)).repeat(300)),
            format!("|{}\n|{}\n", " a |".repeat(50), "---|".repeat(50)),
        ];
        // As deep as may be, whichever way.
        texts.push(format!("{}x", "> ".repeat(MAX_RICH_TEXT_DEPTH)).repeat(20).replace('x', "x\n"));
        texts.push((0..MAX_RICH_TEXT_DEPTH).map(|depth| format!("{}- x\n", "  ".repeat(depth))).collect());
        texts.push("[".repeat(MAX_RICH_TEXT_RUN));
        for text in texts {
            assert_eq!(check(&text), Ok(()), "{}", &text[..text.floor_char_boundary(60)]);
        }
    }

    #[test]
    fn what_nests_without_end_is_not() {
        for marker in [">", "> ", "- ", "+ ", "* ", "1. ", "123) ", "- > ", ">\t", "-\t", " -  "] {
            let nested = format!("{}x", marker.repeat(21_800));
            assert!(told(&nested).contains("nests"), "{marker:?}: {}", told(&nested));
            let behind_a_line = format!("text\n\n{nested}");
            assert!(told(&behind_a_line).contains("nests"), "{marker:?}");
        }
        // A few on each line, and each line as far in as the one before has come.
        let mut stairs = String::new();
        for step in 0..30 {
            stairs += &format!("{}{}x\n\n", " ".repeat(step * 20), "- ".repeat(10));
        }
        assert!(told(&stairs).contains("nests"));
        assert!(told(&stairs.replace("- ", "1.\t")).contains("nests"));
    }

    #[test]
    fn runs_and_open_brackets_have_an_end() {
        let address = format!("http://x/{}", ")".repeat(65_000));
        assert_eq!(told(&address), "content: a RichText has at most 1000 of `)` in a row");
        for mark in ["[", "<", "*", "_", "`", "~", "\\", "&", "|"] {
            assert!(told(&format!("x{}", mark.repeat(MAX_RICH_TEXT_RUN + 1))).contains("in a row"), "{mark}");
        }
        assert!(told(&"[a".repeat(30_000)).contains("brackets"));
        assert!(told(&"![a\n".repeat(10_000)).contains("brackets"));
        assert_eq!(check(&"[a](b) ".repeat(9000)), Ok(()));
        assert_eq!(check(&"[a\n\n".repeat(10_000)), Ok(()), "each for itself");
    }

    #[test]
    fn marks_inside_of_marks_have_an_end() {
        let most = MAX_RICH_TEXT_MARKS_IN_MARKS;
        let nested =
            |begin: &str, end: &str, times: usize| format!("{}b{}", begin.repeat(times), end.repeat(times));
        for (begin, end) in
            [("*a ", " c*"), ("**a ", " c**"), ("_a *b ", " c* d_"), ("~~a ", " c~~"), ("*a\n", "\nc*")]
        {
            assert!(told(&nested(begin, end, 5000)).contains("inside"), "{begin:?}");
            assert_eq!(check(&nested(begin, end, most / 2)), Ok(()), "{begin:?}");
        }
        assert_eq!(check(&"*a* **b** _c_ ".repeat(4000)), Ok(()), "beside each other");
        assert_eq!(check(&"*a_ ".repeat(16_000)), Ok(()));
        assert_eq!(check(&"int *p = (char*)q; ".repeat(3000)), Ok(()));
        assert_eq!(check(&"a*b*c snake_case_name __init__ ".repeat(2000)), Ok(()));
        assert_eq!(check(&"*a ".repeat(20_000)), Ok(()), "nothing ends");
        assert_eq!(check(&nested("*a\n\n", "c*\n\n", 5000)), Ok(()), "each for itself");
    }

    #[test]
    fn a_table_of_many_columns_is_not_filled_up_in_each_row() {
        let table = |columns: usize| format!("{}\n{}\n|\n|\n", "|a".repeat(columns), "|-".repeat(columns));
        assert_eq!(check(&table(MAX_RICH_TEXT_COLUMNS)), Ok(()));
        assert!(told(&table(MAX_RICH_TEXT_COLUMNS + 1)).contains("columns"));
        assert!(told(&format!("> {}", table(5000).replace('\n', "\n> "))).contains("columns"));
        assert!(told(&format!("1. x\n\n   {}", table(5000).replace('\n', "\n   "))).contains("columns"));
        assert!(told(&format!("1. {}", table(5000).replacen('\n', "\n   ", 1))).contains("columns"));
    }
}
