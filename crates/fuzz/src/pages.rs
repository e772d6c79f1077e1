//! Web pages that links lead to: whatever they say of themselves is one short line that reads as it is written.

/// The first byte says whether its server has told of which characters it is.
pub fn page(bytes: &[u8]) {
    let content_type =
        if bytes.first().is_some_and(|byte| byte % 2 == 0) { "text/html; charset=gbk" } else { "" };
    let page = rim_media::page(bytes, content_type);
    for (line, most) in [(&page.title, 201), (&page.text, 401)] {
        assert!(line.chars().count() <= most);
        assert!(!line.chars().any(|c| c.is_control() || c == '\u{202E}'));
    }
    assert!(page.picture.is_none_or(|address| !address.is_empty() && address.len() <= 2048));
}
