//! When two accounts are the same.

/// The form in which accounts are compared: without surrounding blanks, in lower case.
///
/// Uniqueness, login and search all compare this form, so `" Anna "` finds `anna`.
pub fn fold(account: &str) -> String {
    account.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    #[test]
    fn case_and_surrounding_blanks_do_not_tell_accounts_apart() {
        assert_eq!(super::fold("  ÄNNA\u{3000}"), "änna");
        assert_ne!(super::fold("an na"), "anna");
    }
}
