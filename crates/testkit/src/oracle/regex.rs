//! Finds events with a regex in the whole text.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use regex::bytes::Regex;

use super::{Event, Time};

/// Compiles a pattern, once. Fuzzing uses the same few patterns for every input.
pub fn compiled(pattern: &str) -> &'static Regex {
    static KNOWN: LazyLock<Mutex<HashMap<String, &Regex>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap();
    known
        .entry(pattern.to_owned())
        .or_insert_with(|| Box::leak(Box::new(Regex::new(pattern).unwrap())))
}

/// Returns the events of all matches, in order.
pub fn events(pattern: &str, text: &str) -> Vec<Event> {
    compiled(pattern)
        .captures_iter(text.as_bytes())
        .map(|groups| {
            let group = |name| {
                let group = groups.name(name).map_or(&[][..], |group| group.as_bytes());
                String::from_utf8_lossy(group).into_owned()
            };
            let message = unescaped(&group("message"));
            let reason = message.is_err().then_some("escape");
            let (Ok(message) | Err(message)) = message;
            Event {
                time: Time::Milliseconds(group("timestamp")),
                message,
                reason,
                ..Event::default()
            }
        })
        .collect()
}

/// Decodes the content of a JSON string, in which quotes need no escape. Returns it as it is if it
/// cannot be decoded.
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
