//! An inspection as text for people.

use std::collections::BTreeMap;
use std::fmt::Display;

use comfy_table::Table;
use indicatif::{HumanBytes, HumanCount, HumanDuration};

use rehose_extract::survey::Messages;

use super::Inspection;
use crate::summary::empty_grid;

/// The most log groups that are shown.
const SHOWN: usize = 20;

pub(super) fn of(inspection: &Inspection) -> String {
    let Inspection {
        source,
        sample,
        keys,
        estimate,
        advice,
    } = inspection;
    let mut grid = empty_grid();
    grid.add_row(["stash", source.as_str(), ""]);
    grid.add_row(["", "objects", &HumanCount(sample.objects).to_string()]);
    grid.add_row(["", "bytes", &HumanBytes(sample.bytes).to_string()]);
    counts(&mut grid, "error records", &sample.error_records);
    match keys {
        Some(keys) => {
            grid.add_row(["keys", "prefix", keys.prefix.as_str()]);
            grid.add_row(["", "layout", keys.layout.unwrap_or("in names of objects")]);
            grid.add_row(["", "first", keys.first.as_str()]);
            grid.add_row(["", "last", keys.last.as_str()]);
            if keys.objects < sample.objects {
                grid.add_row(["", "objects", &HumanCount(keys.objects).to_string()]);
            }
        }
        None => {
            grid.add_row(["keys", "layout", "not determined"]);
        }
    }
    grid.add_row([
        "sample",
        "objects read",
        &HumanCount(sample.read).to_string(),
    ]);
    grid.add_row([
        "",
        "that fail",
        &HumanCount(sample.failed.len() as u64).to_string(),
    ]);
    counts(&mut grid, "compression", &sample.compressions);
    counts(&mut grid, "dialect", &sample.dialects);
    for (i, (name, group)) in sample.events.groups.iter().take(SHOWN).enumerate() {
        let name = if name.is_empty() {
            "(no log group)"
        } else {
            name
        };
        grid.add_row([if i == 0 { "events" } else { "" }, name, &messages(group)]);
    }
    grid.add_row([
        "",
        "control",
        &HumanCount(sample.events.control).to_string(),
    ]);
    grid.add_row([
        "",
        "unreadable",
        &HumanCount(sample.events.unreadable).to_string(),
    ]);
    match estimate {
        Some(estimate) => {
            let time = |seconds: f64| {
                HumanDuration(std::time::Duration::from_secs_f64(seconds.max(1.0))).to_string()
            };
            grid.add_row([
                "estimate",
                "text",
                &HumanBytes(estimate.text as u64).to_string(),
            ]);
            grid.add_row(["", "one core", &time(estimate.core_seconds)]);
            grid.add_row(["", "on the stack, at least", &time(estimate.stack_seconds)]);
            grid.add_row(["", "on the stack", &format!("${:.2}", estimate.dollars)]);
        }
        None => {
            grid.add_row(["estimate", "", "not determined: no object was read whole"]);
        }
    }
    let mut text = grid.trim_fmt();
    for note in &advice.notes {
        text += &format!("\n{note}");
    }
    text += "\n";
    for command in &advice.commands {
        text += &format!("\n{command}");
    }
    text
}

fn counts(grid: &mut Table, heading: &str, counts: &BTreeMap<impl Display, u64>) {
    for (i, (name, count)) in counts.iter().enumerate() {
        let heading = if i == 0 { heading } else { "" };
        grid.add_row([heading, &name.to_string(), &HumanCount(*count).to_string()]);
    }
}

/// The messages of a log group.
fn messages(group: &Messages) -> String {
    let mut parts: Vec<String> = (group.flow_logs.iter())
        .map(|(record, count)| {
            let fields = record.fields.split(' ').count();
            format!("{} flow logs of {fields} fields", HumanCount(*count))
        })
        .collect();
    let logs = group.logs.iter();
    parts.extend(logs.map(|(kind, count)| format!("{} {kind}", HumanCount(*count))));
    if group.others > 0 {
        parts.push(format!("{} others", HumanCount(group.others)));
    }
    parts.join(", ")
}
