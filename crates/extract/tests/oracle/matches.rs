//! The events that a regex finds in a whole text.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use regex::bytes::Regex;

use super::Event;

/// A pattern compiled, once for each pattern: fuzzing asks for the same few all the time.
#[allow(clippy::unwrap_used, reason = "the patterns of tests are valid")]
pub(crate) fn compiled(pattern: &str) -> &'static Regex {
    static KNOWN: LazyLock<Mutex<HashMap<String, &Regex>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap();
    known
        .entry(pattern.to_owned())
        .or_insert_with(|| Box::leak(Box::new(Regex::new(pattern).unwrap())))
}

/// Every match, in order.
pub(crate) fn events(pattern: &str, text: &str) -> Vec<Event> {
    compiled(pattern)
        .captures_iter(text.as_bytes())
        .map(|groups| {
            let group = |name| {
                let group = groups.name(name).map_or(&[][..], |group| group.as_bytes());
                String::from_utf8_lossy(group).into_owned()
            };
            Event {
                timestamp: group("timestamp"),
                message: unescaped(&group("message")),
            }
        })
        .collect()
}

/// The content of a JSON string, in which a quote may also stand for itself; as it stands if it is
/// no such content.
fn unescaped(content: &str) -> Result<String, String> {
    let mut quoted = String::from('"');
    let mut escaped = false;
    for c in content.chars() {
        if c == '"' && !escaped {
            quoted.push('\\');
        }
        escaped = c == '\\' && !escaped;
        quoted.push(c);
    }
    quoted.push('"');
    serde_json::from_str(&quoted).map_err(|_| content.to_owned())
}
