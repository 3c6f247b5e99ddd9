//! The layout of a stash's keys, told by the dates in them.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;
use rehose_catalog::KeyTime;
use rehose_extract::FormatName;
use serde::Serialize;

/// The most prefixes that are told apart. A stash with more has no common layout.
const MAX_PREFIXES: usize = 1_000;

/// Layouts of flow logs as AWS writes them. Their rows have a column `region`.
const FLOW_LOGS: [&str; 2] = [
    "AWSLogs/{account}/vpcflowlogs/{aws_region}/{yyyy}/{MM}/{dd}/{HH}",
    "AWSLogs/{account}/vpcflowlogs/{aws_region}/{yyyy}/{MM}/{dd}",
];

/// Layouts of any log.
const OTHERS: [&str; 5] = [
    "year={yyyy}/month={MM}/day={dd}/hour={HH}",
    "year={yyyy}/month={MM}/day={dd}",
    "{yyyy}/{MM}/{dd}/{HH}",
    "{yyyy}/{MM}/{dd}",
    "{yyyy}-{MM}-{dd}",
];

/// The layouts that are looked for, the most telling ones first. The prefix is what comes before.
static LAYOUTS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    let logs = (FormatName::ALL.iter())
        .filter(|format| format.has_fixed_columns())
        .filter_map(|format| format.key_folders());
    let all = FLOW_LOGS.into_iter().chain(logs).chain(OTHERS);
    all.filter_map(|layout| Some((pattern(layout)?, layout)))
        .collect()
});

/// The expression for keys in a layout.
fn pattern(layout: &str) -> Option<Regex> {
    let prefix = match layout.starts_with('{') {
        true => "(?:.*/)?",
        false => ".*?",
    };
    let time = layout.find("year=").or_else(|| layout.find("{yyyy}"))?;
    let (before, time) = layout.split_at(time);
    let pattern = format!("^(?P<prefix>{prefix}){before}(?P<time>{time})/")
        .replace("{account}", "[0-9]{12}")
        .replace("{yyyy}", "[0-9]{4}");
    let pattern = ["{MM}", "{dd}", "{HH}"]
        .iter()
        .fold(pattern, |pattern, unit| pattern.replace(unit, "[0-9]{2}"));
    let name = Regex::new(r"\{[a-z_]+\}").ok()?;
    Regex::new(&name.replace_all(&pattern, "[^/]+")).ok()
}

/// Keys by their prefix and layout.
#[derive(Debug, Default)]
pub(super) struct Keys {
    layouts: HashMap<(String, Option<&'static str>), KeyLayout>,
}

/// Keys that have the same prefix and layout.
#[derive(Debug, Clone, Serialize)]
pub(super) struct KeyLayout {
    pub(super) prefix: String,
    /// `None` if only names of objects have the time.
    pub(super) layout: Option<&'static str>,
    pub(super) objects: u64,
    /// The first and the last time, as in the keys.
    pub(super) first: String,
    pub(super) last: String,
}

/// The prefix, the layout and the time of a key.
type Found<'a> = (&'a str, Option<&'static str>, &'a str);

fn in_folders(key: &str) -> Option<Found<'_>> {
    LAYOUTS.iter().find_map(|(regex, layout)| {
        let groups = regex.captures(key)?;
        let group = |name| groups.name(name).map(|group| group.as_str());
        Some((group("prefix")?, Some(*layout), group("time")?))
    })
}

fn in_name(key: &str) -> Option<Found<'_>> {
    let begin = KeyTime::of_name(key)?.begin;
    let folders = key.rfind('/').map_or(0, |slash| slash + 1);
    let time = key.get(begin..begin + "yyyy-MM-dd-HH".len())?;
    Some((key.get(..folders)?, None, time))
}

impl Keys {
    pub(super) fn add(&mut self, key: &str) {
        let Some((prefix, layout, time)) = in_folders(key).or_else(|| in_name(key)) else {
            return;
        };
        let name = (prefix.to_owned(), layout);
        if self.layouts.len() == MAX_PREFIXES && !self.layouts.contains_key(&name) {
            return;
        }
        let known = self.layouts.entry(name).or_insert_with(|| KeyLayout {
            prefix: prefix.to_owned(),
            layout,
            objects: 0,
            first: time.to_owned(),
            last: time.to_owned(),
        });
        known.objects += 1;
        if time < known.first.as_str() {
            time.clone_into(&mut known.first);
        }
        if time > known.last.as_str() {
            time.clone_into(&mut known.last);
        }
    }

    /// Returns the layout of most keys. Of several, that with the first prefix.
    pub(super) fn commonest(self) -> Option<KeyLayout> {
        let order = |layout: &KeyLayout| (layout.objects, std::cmp::Reverse(layout.prefix.clone()));
        self.layouts.into_values().max_by_key(order)
    }
}
