//! The little Markdown that our own descriptions are written in: paragraphs, lists, fenced code, and
//! `code`, *emphasis* and links within a line. No user's text comes here.

/// Turns a description into HTML.
pub(super) fn render(text: &str) -> String {
    let mut html = String::new();
    // Every second part stands between two fences.
    for (index, part) in text.split("```").enumerate() {
        if index % 2 == 1 {
            html.push_str(&format!("<pre><code>{}</code></pre>", escape(part.trim_matches('\n'))));
        } else {
            part.split("\n\n").filter_map(block).for_each(|block| html.push_str(&block));
        }
    }
    html
}

fn block(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let Some(list) = text.strip_prefix("- ") else { return Some(format!("<p>{}</p>", line(text))) };
    let items = list.split("\n- ").map(|item| format!("<li>{}</li>", line(item)));
    Some(format!("<ul>{}</ul>", items.collect::<String>()))
}

/// One line, for a place where no paragraph fits.
pub(super) fn line(text: &str) -> String {
    let mut html = String::new();
    for (index, part) in text.split('`').enumerate() {
        if index % 2 == 1 {
            html.push_str(&format!("<code>{}</code>", escape(part)));
        } else {
            html.push_str(&links(part));
        }
    }
    html
}

fn links(text: &str) -> String {
    let link = text.split_once('[').and_then(|(before, rest)| {
        let (name, rest) = rest.split_once("](")?;
        let (address, after) = rest.split_once(')')?;
        Some((before, name, address, after))
    });
    match link {
        Some((before, name, address, after)) => format!(
            r#"{}<a href="{}">{}</a>{}"#,
            emphasis(before),
            escape(address),
            escape(name),
            links(after)
        ),
        None => emphasis(text),
    }
}

fn emphasis(text: &str) -> String {
    let parts = text.split('*').enumerate();
    parts
        .map(|(index, part)| match index % 2 {
            1 => format!("<em>{}</em>", escape(part)),
            _ => escape(part),
        })
        .collect()
}

/// Text that is not to be read as HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_lines() {
        assert_eq!(
            render("a *b* `<c>`\n\n- one\n- [two](/x)"),
            concat!(
                "<p>a <em>b</em> <code>&lt;c&gt;</code></p>",
                r#"<ul><li>one</li><li><a href="/x">two</a></li></ul>"#,
            )
        );
        assert_eq!(render("x\n\n```\n{\"a\"}\n```"), "<p>x</p><pre><code>{&quot;a&quot;}</code></pre>");
    }
}
