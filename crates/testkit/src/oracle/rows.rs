//! The row or rejected line of an event.

use jiff::SignedDuration;
use jiff::civil::date;
use regex::bytes::Regex;
use rehose_extract::{FIELDS, FileKind, FormatName, LineBreaks, Options};

use super::regex::compiled;
use super::{Event, Time, logs};

/// The columns of the default record.
const DEFAULT_COLUMNS: &str = "version,account-id,interface-id,srcaddr,dstaddr,srcport,dstport,\
                               protocol,packets,bytes,start,end,action,log-status";

/// The columns of that record which are numbers.
const NUMBERS: &str =
    "version,srcport,dstport,protocol,packets,bytes,start,end,tcp-flags,traffic-path";

/// The numbers of 32 bits. The others have 64.
const INTS: &str = "version,srcport,dstport,tcp-flags,traffic-path";

/// The fields of the flow logs of transit gateways.
const TGW_FIELDS: &str = "version,resource-type,account-id,tgw-id,tgw-attachment-id,tgw-src-vpc-account-id,tgw-dst-vpc-account-id,\
     tgw-src-vpc-id,tgw-dst-vpc-id,tgw-src-subnet-id,tgw-dst-subnet-id,tgw-src-eni,tgw-dst-eni,tgw-src-az-id,\
     tgw-dst-az-id,tgw-pair-attachment-id,srcaddr,dstaddr,srcport,dstport,protocol,packets,bytes,start,end,\
     log-status,type,packets-lost-no-route,packets-lost-blackhole,packets-lost-mtu-exceeded,\
     packets-lost-ttl-expired,tcp-flags,region,flow-direction,pkt-src-aws-service,pkt-dst-aws-service";

/// The field of a name that may have a number, such as `srcaddr-2`.
fn without_number(name: &str) -> String {
    let is_field = |name: &str| {
        FIELDS.iter().any(|field| field.name == name)
            || TGW_FIELDS.split(',').any(|field| field == name)
    };
    match name.rsplit_once('-') {
        Some((field, number))
            if !is_field(name) && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            field.to_owned()
        }
        _ => name.to_owned(),
    }
}

/// Whether AWS can write a record with as many fields as a detail says: from those that it writes unless
/// told otherwise to all that it documents.
pub fn is_known_count(options: &Options, detail: &str) -> bool {
    let count = detail.parse().unwrap_or(0);
    is_flow_logs(options) && (14..=FIELDS.len()).contains(&count)
}

fn is_flow_logs(options: &Options) -> bool {
    options.with_defaults().format == Some(FormatName::VpcFlowLogs)
}

/// Returns the first line of the CSV, with its line break.
pub fn header(options: &Options) -> String {
    let with = options.with_defaults().with;
    let with = with
        .iter()
        .map(|column| format!(",{}", column.name()))
        .collect::<String>();
    format!("timestamp,{}{with}\n", columns(options).join(","))
}

fn columns(options: &Options) -> Vec<String> {
    if let Some(columns) = logs::columns(options) {
        return columns;
    }
    match (options.with_defaults().format, &options.fields) {
        (Some(FormatName::Message), _) => vec!["message".to_owned()],
        (Some(FormatName::Regex), _) => {
            let regex = message_regex(options);
            regex.capture_names().flatten().map(str::to_owned).collect()
        }
        (_, _) => {
            let mut columns: Vec<String> = Vec::new();
            for field in layouts(options).into_iter().flatten() {
                if !columns.contains(&field) {
                    columns.push(field);
                }
            }
            columns
        }
    }
}

/// Returns the fields of each layout of flow logs.
fn layouts(options: &Options) -> Vec<Vec<String>> {
    match &options.fields {
        Some(fields) => fields.lists().to_vec(),
        None => vec![DEFAULT_COLUMNS.split(',').map(str::to_owned).collect()],
    }
}

fn message_regex(options: &Options) -> &'static Regex {
    compiled(options.message_regex.as_deref().unwrap())
}

/// Makes rows of the events of an object.
pub struct Rows<'a> {
    options: &'a Options,
    source: &'a str,
    columns: Vec<String>,
    /// The fields of a record in its order, for each layout. No two have the same number.
    layouts: Vec<Vec<String>>,
    /// What the last header of a log has named.
    named: Vec<String>,
    /// Whether the last header of flow logs was that of transit gateways.
    is_tgw: bool,
}

impl<'a> Rows<'a> {
    pub fn new(options: &'a Options, source: &'a str) -> Self {
        Self {
            options,
            source,
            layouts: layouts(options),
            columns: columns(options),
            named: Vec::new(),
            is_tgw: false,
        }
    }

    /// Takes a line that names fields. Returns whether it is one, or `None` if it names others than the
    /// columns.
    pub fn header_line(&mut self, line: &str) -> Option<bool> {
        if let Some(named) = logs::header_line(self.options, line) {
            if !named.is_empty() {
                self.named = named;
            }
            return Some(true);
        }
        let names: Vec<String> = line
            .split([' ', '\t', '\r', '\x0c', ',', '"', '\'', '`', '$', '{', '}'])
            .filter(|word| !word.is_empty())
            .map(|word| word.to_ascii_lowercase().replace('_', "-"))
            .collect();
        let is_known = |name: &String| FIELDS.iter().any(|field| field.name == name);
        let is_number = line.starts_with(|c: char| c.is_ascii_digit());
        if !is_flow_logs(self.options) || is_number || !names.iter().take(2).any(is_known) {
            return Some(false);
        }
        let is_tgw = |name: &String| TGW_FIELDS.split(',').any(|field| field == name);
        let fields: Vec<String> = names.iter().map(|name| without_number(name)).collect();
        self.is_tgw = !fields.iter().all(is_known) && fields.iter().all(is_tgw);
        if self.is_tgw {
            return Some(true);
        }
        let before = |i: usize| {
            fields[..i]
                .iter()
                .filter(|field| **field == fields[i])
                .count()
        };
        let names: Vec<String> = (0..fields.len())
            .map(|i| match before(i) {
                0 => fields[i].clone(),
                before => format!("{}_{}", fields[i], before + 1),
            })
            .collect();
        if !names.iter().all(|name| self.columns.contains(name)) {
            return None;
        }
        self.layouts = vec![names];
        Some(true)
    }

    /// Returns the row of an event, or the reason why it is rejected, with its detail.
    pub fn row(&self, event: &Event) -> Result<String, (&'static str, String)> {
        let plain = |reason| (reason, String::new());
        if let Some(reason) = event.reason {
            return Err(plain(reason));
        }
        let time = match &event.time {
            Time::Milliseconds(text) => {
                Some(timestamp(milliseconds(text)).ok_or(plain("timestamp"))?)
            }
            Time::Guessed(text) => Some(timestamp(guessed(text)).ok_or(plain("timestamp"))?),
            Time::InMessage => None,
        };
        let mut log_time = None;
        // A line break after a line is not the line's.
        let record = event.message.trim_end_matches(['\n', '\r']);
        let mut values: Vec<String> = match self.options.with_defaults().format {
            _ if logs::columns(self.options).is_some() => {
                let found = logs::values(self.options, &self.named, record);
                let (values, time) = found.map_err(|rejected| {
                    let format = self.options.with_defaults().format.unwrap();
                    let line = match &event.time {
                        Time::Guessed(time) => format!("{time} {}", event.message),
                        _ => return rejected,
                    };
                    let kind = logs::other_kind(format, &line);
                    kind.map_or(rejected, |kind| ("other-kind", kind))
                })?;
                log_time = Some(time);
                values.iter().map(|value| self.written(value)).collect()
            }
            Some(FormatName::Message) => vec![self.written(&event.message)],
            Some(FormatName::Regex) => {
                let regex = message_regex(self.options);
                let groups = regex
                    .captures(event.message.as_bytes())
                    .ok_or(plain("no-match"))?;
                regex
                    .capture_names()
                    .flatten()
                    .map(|name| {
                        let group = groups.name(name).map_or(&[][..], |group| group.as_bytes());
                        self.written(&String::from_utf8_lossy(group))
                    })
                    .collect()
            }
            _ => self.flow_log(record)?,
        };
        let time = match (time, log_time) {
            (Some(time), _) => time,
            (None, None) => self.own_time(&values)?,
            (None, Some(time)) => timestamp(logs::milliseconds(&time)).ok_or(plain("timestamp"))?,
        };
        for column in self.options.with_defaults().with {
            values.push(self.written(match column.name() {
                "owner" => &event.owner,
                "log-group" => &event.log_group,
                "log-stream" => &event.log_stream,
                "id" => &event.id,
                "extracted-fields" => &event.extracted_fields,
                _ => self.source,
            }));
        }
        Ok(format!("{time},{}\n", values.join(",")))
    }

    fn flow_log(&self, message: &str) -> Result<Vec<String>, (&'static str, String)> {
        if self.is_tgw {
            return Err(("other-kind", "tgw-flow-logs".to_owned()));
        }
        if message.contains([',', '"', '\\', '\n', '\r']) {
            return Err(("character", String::new()));
        }
        let values: Vec<_> = message
            .split(' ')
            .filter(|field| !field.is_empty())
            .collect();
        let mut layouts = self.layouts.iter();
        let Some(fields) = layouts.find(|fields| fields.len() == values.len()) else {
            return Err(("field-count", values.len().to_string()));
        };
        for (name, value) in fields.iter().zip(&values) {
            let is_number = NUMBERS.split(',').any(|number| number == name);
            let most = match INTS.split(',').any(|int| int == name) {
                true => i64::from(i32::MAX),
                false => i64::MAX,
            };
            let is_digits = value.bytes().all(|b| b.is_ascii_digit());
            let fits = || value.parse::<i64>().is_ok_and(|number| number <= most);
            if is_number && *value != "-" && !(is_digits && fits()) {
                return Err(("field-type", name.clone()));
            }
        }
        let value = |column: &String| {
            let Some(place) = fields.iter().position(|field| field == column) else {
                return "-".to_owned();
            };
            // Parquet has the number, and not how it was written.
            let is_in_parquet = self.options.to == Some(FileKind::Parquet);
            match NUMBERS.split(',').any(|number| number == column) && is_in_parquet {
                true => values[place]
                    .parse()
                    .map_or("-".to_owned(), |number: i64| number.to_string()),
                false => values[place].to_owned(),
            }
        };
        Ok(self.columns.iter().map(value).collect())
    }

    /// Returns the time that a record has in its fields.
    fn own_time(&self, values: &[String]) -> Result<String, (&'static str, String)> {
        if !is_flow_logs(self.options) {
            return Ok(String::new());
        }
        let place = |name| self.columns.iter().position(|column| column == name);
        let Some(place) = place("start").or_else(|| place("end")) else {
            return Ok(String::new());
        };
        let seconds: Option<i64> = values[place].parse().ok();
        let time = timestamp(seconds.and_then(|seconds| seconds.checked_mul(1000)));
        time.ok_or(("timestamp", String::new()))
    }

    fn written(&self, field: &str) -> String {
        match self.options.line_breaks {
            Some(LineBreaks::Keep) => quoted(field),
            _ => quoted(
                &field
                    .replace('\\', r"\\")
                    .replace('\n', r"\n")
                    .replace('\r', r"\r"),
            ),
        }
    }
}

fn milliseconds(text: &str) -> Option<i64> {
    let number = || is_json_number(text).then(|| text.parse::<f64>().unwrap().floor() as i64);
    text.parse().ok().or_else(number).or_else(|| iso(text))
}

fn guessed(text: &str) -> Option<i64> {
    if !is_json_number(text) {
        return iso(text);
    }
    match text.parse::<f64>().unwrap() {
        // Rounded to a microsecond, because 1095017997.445 is no double.
        number if number.abs() < 1e11 => {
            let milliseconds: f64 = format!("{:.3}", number * 1000.0).parse().ok()?;
            Some(milliseconds.floor() as i64)
        }
        _ => milliseconds(text),
    }
}

fn iso(text: &str) -> Option<i64> {
    Some(instant(text)?.as_millisecond())
}

/// Returns a time as in ISO 8601. Without an offset it is UTC, and the name of a zone alone is none.
pub(super) fn instant(text: &str) -> Option<jiff::Timestamp> {
    let with_offset = text.parse().ok();
    with_offset.or_else(|| {
        let time: jiff::civil::DateTime = (!text.contains('[')).then(|| text.parse().ok())??;
        Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    })
}

fn is_json_number(text: &str) -> bool {
    serde_json::from_str::<&serde_json::value::RawValue>(text)
        .is_ok_and(|raw| raw.get() == text && matches!(text.as_bytes()[0], b'-' | b'0'..=b'9'))
}

fn timestamp(milliseconds: Option<i64>) -> Option<String> {
    let since = SignedDuration::from_millis(milliseconds?);
    let time = date(1970, 1, 1).at(0, 0, 0, 0).checked_add(since).ok()?;
    (time.year() >= 1).then(|| time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string())
}

/// Returns a field of CSV, in quotes if it needs them.
pub fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// Returns the line of JSON for a rejected event.
pub fn rejected_line(source: &str, reason: &str, detail: &str, event: &Event) -> String {
    let known = [
        ("detail", detail),
        ("log_group", &event.log_group),
        ("log_stream", &event.log_stream),
    ];
    let known: String = (known.iter())
        .filter(|(_, value)| !value.is_empty())
        .map(|(key, value)| format!(",\"{key}\":{}", json(value)))
        .collect();
    let timestamp = match &event.time {
        Time::Milliseconds(text) | Time::Guessed(text) if is_json_number(text) => text.clone(),
        Time::Milliseconds(text) | Time::Guessed(text) => json(text),
        Time::InMessage => json(""),
    };
    format!(
        "{{\"source\":{},\"reason\":\"{reason}\"{known},\"timestamp\":{timestamp},\"message\":{}}}\n",
        json(source),
        json(&event.message)
    )
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
