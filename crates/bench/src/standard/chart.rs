//! `docs/images/benchmarks.svg`: rim beside the bare machine, as bars.

use std::fmt::{self, Write as _};

use crate::report::Unit;
use crate::standard::summary::Summary;

/// What is drawn: the scenario, its figure, and what is above the bars.
const PAIRS: [(&str, &str, &str); 5] = [
    ("chats", "delivered", "Single chats: messages delivered a second (more is better)"),
    ("chats", "server CPU a message", "Single chats: CPU a message (less is better)"),
    ("one-in-flight", "server CPU a message", "The same, one at a time: CPU a message (less is better)"),
    ("fanout", "deliveries", "A group of 1,000: deliveries a second (more is better)"),
    ("fanout", "server CPU a delivery", "A group of 1,000: CPU a delivery (less is better)"),
];

const WIDTH: u32 = 760;
const MARGIN: u32 = 16;
/// Of the longest bar; its value is written behind it.
const LONGEST: f64 = 560.0;
const BAR: u32 = 18;
const PAIR: u32 = 78;
const TOP: u32 = 44;

/// Colours that are told apart on white and on black, by those, too, who see fewer of them.
const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#1f2328}.rim{fill:#2563a8}.bare{fill:#9aa4af}\
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.rim{fill:#6cb0f5}.bare{fill:#6e7781}}";

/// A bar's length and what is written behind it.
struct Bar {
    value: f64,
    unit: Unit,
}

/// The chart of what was measured beside the bare machine; none, if nothing was.
pub(super) fn svg(summaries: &[Summary]) -> Option<String> {
    let pairs: Vec<(&str, Bar, Bar)> = PAIRS
        .iter()
        .filter_map(|(name, figure, title)| {
            let row = summaries.iter().find(|summary| summary.name == *name)?.row(figure)?;
            let bar = |value| Bar { value, unit: row.unit };
            Some((*title, bar(row.rim?.median), bar(row.bare?.median)))
        })
        .collect();
    let mut svg = String::new();
    draw(&mut svg, &pairs).expect("a String takes everything");
    (!pairs.is_empty()).then_some(svg)
}

fn draw(svg: &mut String, pairs: &[(&str, Bar, Bar)]) -> fmt::Result {
    let height = TOP + pairs.len() as u32 * PAIR;
    writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" aria-label=\"rim beside the bare machine\">"
    )?;
    writeln!(svg, "<style>{STYLE}</style>")?;
    let mut x = MARGIN;
    for (class, name, width) in [("rim", "rim", 52), ("bare", "the bare machine", 150)] {
        writeln!(svg, "<rect class=\"{class}\" x=\"{x}\" y=\"14\" width=\"12\" height=\"12\" rx=\"2\"/>")?;
        writeln!(svg, "<text x=\"{}\" y=\"25\">{name}</text>", x + 18)?;
        x += width;
    }
    for (place, (title, rim, bare)) in (0..).zip(pairs) {
        let y = TOP + place * PAIR;
        writeln!(svg, "<text x=\"{MARGIN}\" y=\"{}\">{}</text>", y + 14, escaped(title))?;
        let longest = rim.value.max(bare.value).max(f64::MIN_POSITIVE);
        for (y, class, bar) in [(y + 22, "rim", rim), (y + 22 + BAR + 3, "bare", bare)] {
            let length = (bar.value / longest * LONGEST).max(1.0);
            writeln!(
                svg,
                "<rect class=\"{class}\" x=\"{MARGIN}\" y=\"{y}\" width=\"{length:.1}\" height=\"{BAR}\" rx=\"2\"/>"
            )?;
            let (x, y) = (f64::from(MARGIN) + length + 8.0, y + 14);
            writeln!(svg, "<text x=\"{x:.1}\" y=\"{y}\">{}</text>", escaped(&bar.unit.show(bar.value)))?;
        }
    }
    writeln!(svg, "</svg>")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::summary::tests::summary;

    /// The names of the elements, in order, after checking that each that is opened is closed where it
    /// should be.
    fn elements(svg: &str) -> Vec<String> {
        let (mut open, mut all) = (Vec::new(), Vec::new());
        for tag in svg.split('<').skip(1) {
            let (tag, text) = tag.split_once('>').expect("a tag ends");
            assert!(!text.contains('>'), "not escaped: {text}");
            assert_eq!(tag.matches('"').count() % 2, 0, "quotes come in pairs: {tag}");
            if let Some(name) = tag.strip_prefix('/') {
                assert_eq!(open.pop().as_deref(), Some(name), "closed where it was opened");
                continue;
            }
            let name = tag.split([' ', '/']).next().expect("a name").to_owned();
            if !tag.ends_with('/') {
                open.push(name.clone());
            }
            all.push(name);
        }
        assert_eq!(open, Vec::<String>::new(), "everything is closed");
        all
    }

    #[test]
    fn two_bars_are_drawn_for_each_pair_in_proportion() {
        let svg = svg(&[summary()]).expect("two pairs");
        let elements = elements(&svg);
        assert_eq!(elements.iter().filter(|name| *name == "rect").count(), 2 + 2 * 2);
        // 42,000 of 80,000, and 19.0 beside 5.0.
        for bar in [
            "class=\"rim\" x=\"16\" y=\"66\" width=\"294.0\"",
            "class=\"bare\" x=\"16\" y=\"87\" width=\"560.0\"",
            "class=\"rim\" x=\"16\" y=\"144\" width=\"560.0\"",
            "class=\"bare\" x=\"16\" y=\"165\" width=\"147.4\"",
        ] {
            assert!(svg.contains(bar), "{bar} in {svg}");
        }
        assert!(svg.contains(">42,000 a second</text>"), "{svg}");
    }

    #[test]
    fn what_is_written_is_escaped() {
        assert_eq!(escaped("a < b & c > d"), "a &lt; b &amp; c &gt; d");
    }

    #[test]
    fn without_a_bare_machine_there_is_no_chart() {
        let mut summary = summary();
        summary.rows.iter_mut().for_each(|row| row.bare = None);
        assert_eq!(svg(&[summary]), None);
    }
}
