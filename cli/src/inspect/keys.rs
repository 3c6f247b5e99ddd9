//! The layout of a stash's keys, told by the dates in them.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;

/// The most prefixes that are told apart. A stash with more has no common layout.
const MAX_PREFIXES: usize = 1_000;

/// The layouts that are looked for, the most telling ones first. The prefix is what comes before.
static LAYOUTS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        (
            r"^(?P<prefix>.*?)AWSLogs/[0-9]{12}/vpcflowlogs/[a-z0-9-]+/(?P<time>[0-9]{4}/[0-9]{2}/[0-9]{2}/[0-9]{2})/",
            "AWSLogs/{account}/vpcflowlogs/{aws_region}/{yyyy}/{MM}/{dd}/{HH}",
        ),
        (
            r"^(?P<prefix>.*?)AWSLogs/[0-9]{12}/vpcflowlogs/[a-z0-9-]+/(?P<time>[0-9]{4}/[0-9]{2}/[0-9]{2})/",
            "AWSLogs/{account}/vpcflowlogs/{aws_region}/{yyyy}/{MM}/{dd}",
        ),
        (
            r"^(?P<prefix>.*?)(?P<time>year=[0-9]{4}/month=[0-9]{2}/day=[0-9]{2}/hour=[0-9]{2})/",
            "year={yyyy}/month={MM}/day={dd}/hour={HH}",
        ),
        (
            r"^(?P<prefix>.*?)(?P<time>year=[0-9]{4}/month=[0-9]{2}/day=[0-9]{2})/",
            "year={yyyy}/month={MM}/day={dd}",
        ),
        (
            r"^(?P<prefix>(?:.*/)?)(?P<time>[0-9]{4}/[0-9]{2}/[0-9]{2}/[0-9]{2})/",
            "{yyyy}/{MM}/{dd}/{HH}",
        ),
        (
            r"^(?P<prefix>(?:.*/)?)(?P<time>[0-9]{4}/[0-9]{2}/[0-9]{2})/",
            "{yyyy}/{MM}/{dd}",
        ),
        (
            r"^(?P<prefix>(?:.*/)?)(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2})/",
            "{yyyy}-{MM}-{dd}",
        ),
    ]
    .into_iter()
    .filter_map(|(pattern, layout)| Some((Regex::new(pattern).ok()?, layout)))
    .collect()
});

/// Keys by their prefix and layout.
#[derive(Debug, Default)]
pub(super) struct Keys {
    layouts: HashMap<(String, &'static str), KeyLayout>,
}

/// Keys that have the same prefix and layout.
#[derive(Debug, Clone, Serialize)]
pub(super) struct KeyLayout {
    pub(super) prefix: String,
    pub(super) layout: &'static str,
    pub(super) objects: u64,
    /// The first and the last time, as in the keys.
    pub(super) first: String,
    pub(super) last: String,
}

impl Keys {
    pub(super) fn add(&mut self, key: &str) {
        let found = LAYOUTS
            .iter()
            .find_map(|(regex, layout)| Some((regex.captures(key)?, *layout)));
        let Some((groups, layout)) = found else {
            return;
        };
        let (prefix, time) = (&groups["prefix"], &groups["time"]);
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
