//! The fields of S3's access logs.

use std::sync::LazyLock;

use regex::Regex;

use super::values::Column;
use super::{Found, columns_of};

pub(super) fn columns() -> Vec<Column> {
    let names = "bucketowner bucket_name requestdatetime@ remoteip requester requestid operation \
                 key request_uri httpstatus# errorcode bytessent% objectsize% totaltime% \
                 turnaroundtime% referrer useragent versionid hostid sigv ciphersuite authtype \
                 endpoint tlsversion accesspointarn aclrequired sourceregion";
    columns_of(&names.split_whitespace().collect::<Vec<_>>())
}

/// Up to the times, with as little of the request as possible.
static HEAD: LazyLock<Regex> = LazyLock::new(|| {
    let word = "([^ ]+) ";
    let number = "([0-9]+|-) ".repeat(4);
    Regex::new(&format!(
        r#"(?s)^{word}{word}\[([^\]]*)\] {}(?:"(.*?)"|-) ([0-9]{{3}}|-) ([A-Za-z0-9.]+|-) {number}(.*)$"#,
        word.repeat(5)
    ))
    .unwrap()
});

/// The referrer, the user agent, and what comes after them: as much of the user agent as possible.
static AGENTS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r#"^"(.*?)" "(.*)"(?: ([^"]*))?$"#,
        r#"^-() "(.*)"(?: ([^"]*))?$"#,
        r#"^"(.*)" -()(?: ([^"]*))?$"#,
        r#"^-() -()(?: ([^"]*))?$"#,
    ]
    .map(|pattern| Regex::new(&format!("(?s){pattern}")).unwrap())
    .to_vec()
});

pub(super) fn find(message: &str) -> Found {
    let none = || Found::fault("no-match", "");
    let Some(head) = HEAD.captures(message) else {
        return none();
    };
    let rest = &head[16];
    let Some((kind, agents)) = AGENTS
        .iter()
        .enumerate()
        .find_map(|(kind, pattern)| Some((kind, pattern.captures(rest)?)))
    else {
        return none();
    };
    let mut fields: Vec<Option<String>> = (1..=15)
        .map(|group| head.get(group).map(|field| field.as_str().to_owned()))
        .collect();
    let has = [kind == 0 || kind == 2, kind < 2];
    for (group, has) in [1, 2].into_iter().zip(has) {
        fields.push(has.then(|| agents[group].to_owned()));
    }
    let tail = agents.get(3).map_or("", |tail| tail.as_str());
    let words: Vec<&str> = tail.split(' ').filter(|word| !word.is_empty()).collect();
    let count = fields.len() + words.len();
    if count < 27 && ![18, 24, 25, 26].contains(&count) {
        return Found::fault("field-count", &count.to_string());
    }
    fields.extend(words.iter().take(10).map(|word| Some((*word).to_owned())));
    let values = fields.into_iter().enumerate();
    let mut values: Vec<_> = values
        .filter_map(|(place, field)| Some((place, field.filter(|field| field != "-")?)))
        .collect();
    if count > 27 {
        // From the first word that is too many to the end of the line.
        let mut rest = tail.trim_start_matches(' ');
        for _ in 0..10 {
            let (_, after) = rest.split_once(' ').unwrap();
            rest = after.trim_start_matches(' ');
        }
        values.push((27, rest.to_owned()));
    }
    Found {
        values,
        fault: None,
        is_json: false,
    }
}
