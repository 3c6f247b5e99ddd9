//! The account and region of records, and what has the form of one.

use std::sync::LazyLock;

use regex::Regex;

/// The digits of an account's id
/// (<https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html>).
const ACCOUNT_DIGITS: usize = 12;

/// More characters than any region has.
const MAX_REGION: usize = 32;

/// The name of a region inside other text. What only looks like one, such as `vpc-flow-1`, is none: other text is
/// for people, and a guess would put records where nobody looks for them.
static REGION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let begin = "af|ap|ca|cn|eu|il|me|mx|sa|us|us-gov|us-iso[a-z]?|eu-isoe";
    let middle = "central|(?:north|south)(?:east|west)?|east|west";
    Regex::new(&format!(
        "(?:^|[^a-z0-9])((?:{begin})-(?:{middle})-[1-9])(?:[^a-z0-9]|$)"
    ))
    .ok()
});

/// The account and region to which records belong, as far as they are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Home {
    /// An id of 12 digits.
    pub account: Option<String>,
    /// A name such as `eu-west-1`.
    pub region: Option<String>,
}

impl Home {
    /// This one, and what it lacks from another.
    pub fn or(self, other: &Self) -> Self {
        Self {
            account: self.account.or_else(|| other.account.clone()),
            region: self.region.or_else(|| other.region.clone()),
        }
    }
}

/// Whether a text is the id of an account.
pub fn is_account(text: &str) -> bool {
    text.len() == ACCOUNT_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a text has the form of a region, such as `eu-west-1` or `us-gov-west-1`.
pub fn is_region(text: &str) -> bool {
    let mut parts = text.rsplit('-');
    let has_number = parts.next().is_some_and(|number| {
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    });
    let mut words = 0;
    let are_words = parts.all(|word| {
        words += 1;
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase())
    });
    text.len() <= MAX_REGION && has_number && are_words && words >= 2
}

/// The only region that is named in a text, such as the name of a log stream.
pub fn region_in(text: &str) -> Option<&str> {
    let pattern = REGION.as_ref()?;
    let (mut found, mut at) = (None, 0);
    // A character between two names ends one and begins the other.
    while let Some(region) = (pattern.captures_at(text, at)).and_then(|found| found.get(1)) {
        if found.is_some_and(|found| found != region.as_str()) {
            return None;
        }
        found = Some(region.as_str());
        at = region.end();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_found_in_other_text() {
        for (text, region) in [
            ("eu-west-1", Some("eu-west-1")),
            ("vpc/eu-west-1/2026/11/25/07/x", Some("eu-west-1")),
            ("stash-us-gov-west-1-1-2026-11-25", Some("us-gov-west-1")),
            ("aws-region=ap-southeast-2/", Some("ap-southeast-2")),
            ("1_vpcflowlogs_us-isob-east-1_fl-1", Some("us-isob-east-1")),
            ("eu-west-1/eu-west-1", Some("eu-west-1")),
            ("eu-west-1/eu-west-2", None),
            ("vpc-flow-1", None),
            ("db-east-1", None),
            ("eu-west-1a", None),
            ("eni-0a1b2c3d-all", None),
            ("", None),
        ] {
            assert_eq!(region_in(text), region, "{text}");
        }
    }

    #[test]
    fn nothing_else_is_an_account_or_a_region() {
        for text in [
            "unknown",
            "-",
            "../../etc",
            "12345678901",
            "1234567890123",
            "12345678901a",
        ] {
            assert!(!is_account(text), "{text}");
            assert!(!is_region(text), "{text}");
        }
        for text in [
            "eu-1",
            "EU-WEST-1",
            "eu--1",
            "eu-west-",
            "../eu-west-1",
            "eu-west-1/",
        ] {
            assert!(!is_region(text), "{text}");
        }
        assert!(!is_region(&format!("eu-west-{}", "1".repeat(40))));
        assert!(is_account("000000000001") && is_region("us-gov-west-1"));
    }
}
