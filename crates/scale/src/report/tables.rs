//! What all reports have.

use std::time::Duration;

use comfy_table::{CellAlignment, Table, presets};

use crate::lambda::Function;
use crate::measured::Stage;
use crate::meter::{Counts, Request};

/// An empty table.
pub(super) fn table<const COLUMNS: usize>(header: [&str; COLUMNS]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// What each part of a time was due to.
pub(super) fn stages(stages: &[(Stage, Duration)], all: Duration) -> Table {
    let mut table = table(["where the time went", "time", "of all"]);
    for (stage, time) in stages {
        table.add_row([
            stage.name().to_owned(),
            clock(*time),
            percent(time.as_secs_f64() / all.as_secs_f64()),
        ]);
    }
    table.add_row(["duration".to_owned(), clock(all), String::new()]);
    table
}

/// The invocations of each function.
pub(super) fn functions(counts: &Counts) -> Table {
    let mut table = table([
        "function",
        "calls",
        "failed",
        "cold",
        "billed s",
        "core s",
        "billed ÷ core",
    ]);
    for function in Function::ALL {
        let calls = counts.invocations(function);
        let (billed, core) = (calls.billed_ms as f64 / 1_000.0, calls.busy.as_secs_f64());
        table.add_row([
            function.name().to_owned(),
            thousands(calls.number),
            thousands(calls.failed),
            thousands(calls.cold),
            format!("{billed:.1}"),
            format!("{core:.1}"),
            format!("{:.2}", billed / core),
        ]);
    }
    table
}

/// The requests of each kind.
pub(super) fn requests(counts: &Counts) -> Table {
    let mut table = table(["request", "number", "throttled"]);
    for request in Request::ALL {
        let requests = counts.requests(request);
        table.add_row([
            request.name().to_owned(),
            thousands(requests.answered),
            thousands(requests.throttled),
        ]);
    }
    table
}

/// A duration as hours, minutes and seconds.
pub(super) fn clock(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    format!("{hours}:{minutes:02}:{:02}", seconds % 60)
}

/// A share of the whole.
pub(super) fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// A number with commas.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_easy_to_read() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(clock(Duration::from_secs(3_725)), "1:02:05");
    }
}
