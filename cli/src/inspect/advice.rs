//! The options that suit a stash, and the commands that use them.

use rehose_extract::survey::Messages;
use rehose_extract::{DEFAULT_FIELDS, FormatName, KnownRecord};
use rehose_store::location::Location;
use serde::Serialize;

use super::keys::KeyLayout;
use super::sample::Sample;
use crate::args::inspect::InspectArgs;
use crate::console::quoted;

/// The share of flow logs from which a record is one of the stash's layouts, and no accident.
const SHARE: f64 = 0.01;

/// The percentage of rejected events that a job accepts unless told otherwise.
const ACCEPTED: f64 = 10.0;

/// The most objects that a command excludes by name.
const EXCLUDED: usize = 10;

#[derive(Debug, Serialize)]
pub(super) struct Advice {
    /// What could not be determined, and what a user should know.
    pub(super) notes: Vec<String>,
    /// The commands, to be pasted into a shell.
    pub(super) commands: Vec<String>,
}

/// Options for what is read and for the format.
#[derive(Debug, Default)]
struct Choice {
    /// The log of AWS that was found.
    log: Option<FormatName>,
    format: Vec<String>,
    run: Vec<String>,
    notes: Vec<String>,
}

impl Advice {
    pub(super) fn of(args: &InspectArgs, sample: &Sample, keys: Option<&KeyLayout>) -> Self {
        let mut choice = choose(sample);
        let excluded = failures(sample, &mut choice.notes);
        choice.run.extend(excluded);
        if !sample.error_records.is_empty() {
            choice.notes.push(
                "Records that Firehose could not deliver are left out; --errors too reads them."
                    .to_owned(),
            );
        }
        let mut table = vec![format!("--location s3://{}/out/", bucket(&args.source))];
        let has_days = choice.log.is_some_and(|log| log.key_folders().is_none());
        let layout = keys.and_then(|keys| Some((keys, keys.layout?)));
        match layout {
            // The output has a folder for each day.
            _ if has_days => {}
            Some((keys, layout)) => {
                if !keys.prefix.is_empty() {
                    table.push(format!("--prefix {}", quoted(&keys.prefix)));
                }
                let usual = choice.log.unwrap_or(FormatName::VpcFlowLogs).key_folders();
                if usual != Some(layout) {
                    table.push(format!("--layout {}", quoted(layout)));
                }
            }
            None => choice.notes.push(
                "The keys have no time that is known, so a table over them has no partitions to find; \
                 see `rehose table --help` for --layout."
                    .to_owned(),
            ),
        }
        let mut run = vec![
            "rehose run".to_owned(),
            quoted(&args.source.to_string()),
            "out".to_owned(),
        ];
        if !args.prefix.is_empty() {
            run.push(format!("--prefix {}", quoted(&args.prefix)));
        }
        run.extend(choice.format.clone());
        run.extend(choice.run);
        let mut commands = vec![run.join(" ")];
        if let Location::S3 { prefix, .. } = &args.source {
            let prefix = quoted(&format!("{prefix}{}", args.prefix));
            commands.push(format!("rehose start {prefix} --follow"));
            choice.notes.push(
                "`rehose start` runs the job on a stack for this bucket; the options of `rehose run` are \
                 its value `options` (docs/DEPLOY.md)."
                    .to_owned(),
            );
        }
        table.extend(choice.format);
        commands.push(format!("rehose table {}", table.join(" ")));
        Self {
            notes: choice.notes,
            commands,
        }
    }
}

/// A bucket for the rows, to be replaced by the user's own.
fn bucket(source: &Location) -> &str {
    source.bucket().unwrap_or("my-tables")
}

/// Chooses options for the events that were found.
fn choose(sample: &Sample) -> Choice {
    let mut choice = Choice::default();
    let groups = &sample.events.groups;
    let flows = sample.events.flows();
    let others: u64 = groups.values().map(|group| group.others).sum();
    if let Some((kind, count)) = sample.events.log() {
        let logs = groups.values().flat_map(|group| group.logs.values());
        let all = flows + others + logs.sum::<u64>();
        return log(kind, count, all + sample.events.unreadable, choice);
    }
    if flows + others == 0 {
        choice.notes.push(
            "No message was found in the objects that were read, so their format is not known: read more \
             with --objects."
                .to_owned(),
        );
        return choice;
    }
    if flows == 0 {
        choice.format.push("--format message".to_owned());
        choice.notes.push(
            "The messages are no flow logs in a known record. `--message-regex` splits them into columns of \
             your own; for flow logs in a format of your own, give it as `--fields`."
                .to_owned(),
        );
        return choice;
    }
    let with_flows: Vec<(&String, &Messages)> = groups
        .iter()
        .filter(|(_, group)| group.flows() > 0)
        .collect();
    let is_named = with_flows.iter().all(|(name, _)| !name.is_empty());
    if with_flows.len() < groups.len() && is_named {
        for (name, _) in &with_flows {
            choice.run.push(format!("--log-group {}", quoted(name)));
        }
        choice
            .notes
            .push("The other log groups are no flow logs, and are left out.".to_owned());
    }
    let read = records(&with_flows, flows, &mut choice);
    let chosen: u64 = with_flows
        .iter()
        .map(|(_, group)| group.flows() + group.others)
        .sum();
    accept_rejections(chosen + sample.events.unreadable, read, &mut choice);
    choice
}

/// Chooses the format of a log of AWS, of which a number of all events are records.
fn log(kind: &str, count: u64, all: u64, mut choice: Choice) -> Choice {
    choice.log = (FormatName::ALL.iter().copied()).find(|format| format.name() == kind);
    match choice.log {
        Some(log) => choice.format.push(format!("--format {}", log.name())),
        None => {
            choice.format.push("--format message".to_owned());
            choice.notes.push(format!(
                "The messages are of {kind}, which no format reads."
            ));
        }
    }
    accept_rejections(all, count, &mut choice);
    choice
}

/// Chooses the records of the flow logs. Returns the number of messages that have one of them.
fn records(groups: &[(&String, &Messages)], flows: u64, choice: &mut Choice) -> u64 {
    let mut records: Vec<(&KnownRecord, u64)> = Vec::new();
    for (record, count) in groups.iter().flat_map(|(_, group)| &group.flow_logs) {
        match records.iter_mut().find(|(known, _)| *known == record) {
            Some((_, sum)) => *sum += count,
            None => records.push((record, *count)),
        }
    }
    records.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let Some((commonest, _)) = records.first().copied() else {
        return 0;
    };
    let (mut chosen, mut read): (Vec<&KnownRecord>, u64) = (Vec::new(), 0);
    for (record, count) in records {
        let length = |record: &KnownRecord| record.fields.split(' ').count();
        let is_other = record.format == commonest.format
            && chosen.iter().all(|known| length(known) != length(record));
        if is_other && count as f64 >= SHARE * flows as f64 {
            chosen.push(record);
            read += count;
        }
    }
    if commonest.format == FormatName::TgwFlowLogs {
        choice.format.push("--format tgw-flow-logs".to_owned());
    }
    let is_default = match chosen.as_slice() {
        [only] if only.format == FormatName::TgwFlowLogs => only.is_whole,
        [only] => only.fields == DEFAULT_FIELDS.join(" "),
        _ => false,
    };
    if !is_default {
        for record in &chosen {
            choice
                .format
                .push(format!("--fields {}", quoted(&record.fields)));
            if !record.is_whole {
                choice.notes.push(format!(
                    "The order of the {} fields is not known for sure: compare --fields with the format of \
                     the flow log.",
                    record.fields.split(' ').count()
                ));
            }
        }
    }
    read
}

/// Accepts as many rejections as the sample lets one expect, if they are many.
fn accept_rejections(all: u64, read: u64, choice: &mut Choice) {
    let percent = (all - read.min(all)) as f64 * 100.0 / all.max(1) as f64;
    if percent <= ACCEPTED {
        return;
    }
    // A sample is not exact.
    let accepted = (percent + 5.0).ceil().min(100.0);
    choice.run.push(format!("--max-rejected {accepted}"));
    choice.notes.push(format!(
        "About {percent:.0} percent of the events fit no row and will be rejected."
    ));
}

/// Notes the objects that fail, and returns the options that leave them out.
fn failures(sample: &Sample, notes: &mut Vec<String>) -> Vec<String> {
    for failed in sample.failed.iter().take(EXCLUDED) {
        notes.push(format!("{} fails: {}", failed.key, failed.reason));
    }
    let has_read_all = sample.read + sample.error_records.values().sum::<u64>() == sample.objects;
    if !has_read_all && !sample.failed.is_empty() {
        notes.push("Other objects may fail too; the report of the job lists them.".to_owned());
    }
    let keys = sample.failed.iter().take(EXCLUDED);
    keys.map(|failed| format!("--exclude {}", quoted(&literal(&failed.key))))
        .collect()
}

/// Returns a pattern that matches a key alone.
fn literal(key: &str) -> String {
    let mut pattern = String::new();
    for c in key.chars() {
        match c {
            '*' | '?' | '[' | ']' | '{' | '}' => pattern.extend(['[', c, ']']),
            '\\' => pattern.push_str("[\\\\]"),
            c => pattern.push(c),
        }
    }
    pattern
}
