//! The check that the list of a suite names every claim there is.

/// Holds `list`, the file with the list, against the files with the claims, in the order of their subjects.
pub(crate) fn are_listed(list: &str, subjects: &[(&str, &str)]) {
    let mut list = list.lines().map(str::trim);
    for (subject, file) in subjects {
        assert!(list.any(|line| line == format!("{subject} {{")), "{subject} is in the list");
        let listed: Vec<_> = list.by_ref().take_while(|line| *line != "}").collect();
        let claims: Vec<_> = file
            .lines()
            .filter_map(|line| line.strip_prefix("pub async fn "))
            .filter_map(|line| line.split_once('('))
            .map(|(name, _)| name)
            .collect();
        assert_eq!(listed, claims, "the claims about {subject}");
    }
}
