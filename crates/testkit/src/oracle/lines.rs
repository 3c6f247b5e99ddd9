//! The events of a text of lines, and of an export.

use super::{Event, Found, Time};

/// Returns the lines that are not blank.
pub fn lines(text: &str) -> Found {
    let events = text
        .split('\n')
        .map(|line| line.strip_prefix('\u{feff}').unwrap_or(line))
        .map(|line| line.strip_suffix('\r').unwrap_or(line))
        .filter(|line| !line.trim_ascii().is_empty())
        .map(|line| Event {
            message: line.to_owned(),
            reason: line.contains('\0').then_some("character"),
            is_line: true,
            ..Event::default()
        });
    Found {
        events: events.collect(),
        documents: 0,
    }
}

/// Returns the events of an export. A line without a time continues the one before.
pub fn export(text: &str) -> Found {
    let text = text.strip_suffix('\n').unwrap_or(text);
    let mut events: Vec<Event> = Vec::new();
    for line in text.split('\n') {
        let line = line.strip_prefix('\u{feff}').unwrap_or(line);
        let (time, message) = line.split_once(' ').unwrap_or((line, ""));
        let is_time = (20..=30).contains(&time.len())
            && time.is_ascii()
            && time[..4].bytes().all(|b| b.is_ascii_digit())
            && &time[4..5] == "-"
            && &time[10..11] == "T"
            && time.ends_with('Z');
        match events.last_mut() {
            _ if is_time => events.push(Event {
                time: Time::Guessed(time.to_owned()),
                message: message.to_owned(),
                ..Event::default()
            }),
            Some(event) if event.reason.is_none() => event.message += &format!("\n{line}"),
            _ if line.trim_ascii().is_empty() => {}
            _ => events.push(Event {
                time: Time::Guessed(String::new()),
                message: line.to_owned(),
                reason: Some("timestamp"),
                ..Event::default()
            }),
        }
    }
    for event in &mut events {
        if let Some(message) = event.message.strip_suffix('\r') {
            event.message = message.to_owned();
        }
    }
    Found {
        events,
        documents: 0,
    }
}
