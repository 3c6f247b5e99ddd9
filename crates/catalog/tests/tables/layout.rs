//! Layouts of keys: what they become in a table, that the CDK app makes the same of them, and which are
//! refused.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::civil::{DateTime, date};
use jiff::{SignedDuration, ToSpan};
use proptest::prelude::*;
mod refusals;

use rehose_catalog::{Layout, Table, TableLocation, Zone};
use rehose_extract::{Options, Shape};
use serde_json::{Value, json};

use self::refusals::{REFUSED, reason};

const HIVE: &str = "year={yyyy}/month={MM}/day={dd}/hour={HH}";
const AWS: &str = "AWSLogs/{account}/vpcflowlogs/{region}/{yyyy}/{MM}/{dd}";

/// The values of some columns of a layout.
type Values = &'static [(&'static str, &'static [&'static str])];

/// The layouts that the documentation names, and others: with values, and with the value of `datehour` in
/// the hour 2020/01/31/05.
const LAYOUTS: [(&str, Values, &str); 11] = [
    ("{yyyy}/{MM}/{dd}/{HH}", &[], "2020/01/31/05"),
    (HIVE, &[], "year=2020/month=01/day=31/hour=05"),
    ("{yyyy}-{MM}-{dd}", &[], "2020-01-31"),
    (AWS, &[], "2020/01/31"),
    (
        AWS,
        &[
            ("account", &["111122223333", "444455556666"]),
            ("region", &["eu-central-1"]),
        ],
        "2020/01/31",
    ),
    ("{yyyy}/{MM}", &[], "2020/01"),
    ("{yyyy}", &[], "2020"),
    ("logs-{yyyy}{MM}{dd}T{HH}Z", &[], "logs-20200131T05"),
    ("a/dt={yyyy}-{MM}-{dd}/{HH}/b", &[], "dt=2020-01-31/05"),
    (
        "{stream}-{yyyy}-{MM}-{dd}/{vpc_2}",
        &[("vpc_2", &["v"])],
        "2020-01-31",
    ),
    ("{yyyy}Q0{MM}.é{dd}", &[], "2020Q001.é31"),
];

const ZONES: [(&str, &str); 10] = [
    ("UTC", "NOW"),
    ("Asia/Tokyo", "NOW+9HOURS"),
    ("asia/kolkata", "NOW+6HOURS"),
    ("Europe/Berlin", "NOW+2HOURS"),
    ("Pacific/Kiritimati", "NOW+14HOURS"),
    ("America/New_York", "NOW"),
    ("+09:00", "NOW+9HOURS"),
    ("+05:30", "NOW+6HOURS"),
    ("+01", "NOW+1HOURS"),
    ("-08:00", "NOW"),
];

fn layout(text: &str, values: Values) -> Layout {
    let layout = text.parse::<Layout>().unwrap();
    values.iter().fold(layout, |layout, (name, values)| {
        let values = values.iter().map(|value| (*value).to_owned());
        layout.with_values(name, values).unwrap()
    })
}

fn location<'a>(layout: &'a Layout, zone: &str, since: &'a str) -> TableLocation<'a> {
    TableLocation {
        output: "s3://tables/out/",
        prefix: "stash/",
        layout,
        zone: zone.parse().unwrap(),
        since,
        since_day: rehose_catalog::SINCE_DAY,
    }
}

fn shape() -> Shape {
    Options::default().compile().unwrap()
}

fn rows(layout: &Layout, zone: &str) -> Table {
    let since = layout.value(date(2020, 1, 31).at(5, 59, 0, 0));
    Table::rows(&shape(), location(layout, zone, &since)).unwrap()
}

fn projection(table: &Table) -> Vec<(&str, &str)> {
    let projection = table.parameters.iter();
    projection
        .filter_map(|(name, value)| Some((name.strip_prefix("projection.")?, value.as_str())))
        .collect()
}

#[test]
fn the_default_is_firehoses_own_layout() {
    let written: Layout = "{yyyy}/{MM}/{dd}/{HH}".parse().unwrap();
    assert_eq!(written, Layout::default());
}

#[test]
fn a_layout_is_written_as_it_was_read() {
    for (text, values, _) in LAYOUTS {
        assert_eq!(layout(text, values).to_string(), text);
    }
}

#[test]
fn the_time_has_the_text_of_the_key_from_the_folder_with_the_year_on() {
    for (text, values, expected) in LAYOUTS {
        let time = date(2020, 1, 31).at(5, 59, 0, 0);
        assert_eq!(layout(text, values).value(time), expected, "{text}");
    }
}

#[test]
fn text_in_the_time_is_quoted_in_the_pattern() {
    let table = rows(&layout(HIVE, &[]), "UTC");
    assert_eq!(
        projection(&table),
        [
            (
                "datehour.format",
                "'year='yyyy'/month='MM'/day='dd'/hour='HH"
            ),
            ("datehour.interval", "1"),
            ("datehour.interval.unit", "HOURS"),
            ("datehour.range", "year=2020/month=01/day=31/hour=05,NOW"),
            ("datehour.type", "date"),
            ("enabled", "true"),
        ]
    );
    assert_eq!(
        table.parameters["storage.location.template"],
        "s3://tables/out/csv/stash/${datehour}/"
    );
}

#[test]
fn a_name_is_a_column_that_a_query_names_or_one_with_values() {
    let table = rows(
        &layout(AWS, &[("region", &["eu-central-1", "us-east-1"])]),
        "UTC",
    );
    let partitions: Vec<_> = table
        .partitions
        .iter()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(partitions, ["account", "region", "datehour"]);
    assert_eq!(
        projection(&table),
        [
            ("account.type", "injected"),
            ("datehour.format", "yyyy/MM/dd"),
            ("datehour.interval", "1"),
            ("datehour.interval.unit", "DAYS"),
            ("datehour.range", "2020/01/31,NOW"),
            ("datehour.type", "date"),
            ("enabled", "true"),
            ("region.type", "enum"),
            ("region.values", "eu-central-1,us-east-1"),
        ]
    );
    assert_eq!(
        table.parameters["storage.location.template"],
        "s3://tables/out/csv/stash/AWSLogs/${account}/vpcflowlogs/${region}/${datehour}/"
    );
    let ddl = table.ddl(None);
    let partitioned = "PARTITIONED BY (`account` string, `region` string, `datehour` string)";
    assert!(ddl.contains(partitioned), "{ddl}");
}

#[test]
fn the_range_of_a_zone_ends_with_its_latest_clock() {
    for (zone, end) in ZONES {
        let table = rows(&Layout::default(), zone);
        assert_eq!(
            table.parameters["projection.datehour.range"],
            format!("2020/01/31/05,{end}"),
            "{zone}"
        );
    }
    for text in [
        "",
        "Tokyo",
        "JST",
        "+9",
        "+15",
        "+09:60",
        "09:00",
        "+09:00:00",
        "+é9",
    ] {
        let error = text.parse::<Zone>().unwrap_err().to_string();
        assert!(error.contains("Asia/Tokyo"), "{text}: {error}");
    }
}

/// Formats a time by a pattern of Java's `DateTimeFormatter`, as Athena does.
fn java(pattern: &str, time: DateTime) -> String {
    let mut text = String::new();
    for (at, piece) in pattern.split('\'').enumerate() {
        if at % 2 == 1 {
            text += piece;
            continue;
        }
        let piece = filled(piece, "", time);
        assert!(!piece.contains(char::is_alphabetic), "{piece}");
        text += &piece;
    }
    text
}

/// The time in a text with `yyyy` or `{yyyy}`, and so on.
fn filled(text: &str, brace: &str, time: DateTime) -> String {
    let close = if brace.is_empty() { "" } else { "}" };
    [("yyyy", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H")]
        .iter()
        .fold(text.to_owned(), |text, (unit, format)| {
            text.replace(
                &format!("{brace}{unit}{close}"),
                &time.strftime(format).to_string(),
            )
        })
}

proptest! {
    #[test]
    fn the_folder_of_any_time_is_in_the_projection(
        (text, values, _) in proptest::sample::select(LAYOUTS.to_vec()),
        hours in 0..300_000_i64,
        zone_minutes in -12 * 60..=14 * 60_i64,
    ) {
        let layout = layout(text, values);
        // An object is written now. Firehose names it by the clock of its zone.
        let now = date(2015, 6, 1).at(14, 0, 0, 0) + hours.hours();
        let clock = now + SignedDuration::from_mins(zone_minutes);
        let sign = if zone_minutes < 0 { '-' } else { '+' };
        let (hour, minute) = (zone_minutes.abs() / 60, zone_minutes.abs() % 60);
        let folder = filled(text, "{", clock);

        let since = layout.value(date(2015, 6, 1).at(0, 0, 0, 0));
        let zone = format!("{sign}{hour:02}:{minute:02}");
        let parameters = Table::rejected(&shape(), location(&layout, &zone, &since)).parameters;
        let pattern = &parameters["projection.datehour.format"];
        let value = java(pattern, clock);
        prop_assert_eq!(&value, &layout.value(clock));

        // The template with the values in it is the folder. A name stands for itself.
        let template = &parameters["storage.location.template"];
        let found = template.replace("${datehour}", &value).replace("${", "{");
        prop_assert_eq!(found, format!("s3://tables/out/rejected/stash/{folder}/"));

        let (start, end) = parameters["projection.datehour.range"].split_once(',').unwrap();
        let ahead = match end.strip_prefix("NOW+") {
            Some(hours) => hours.strip_suffix("HOURS").unwrap().parse::<i64>().unwrap(),
            None => {
                prop_assert_eq!(end, "NOW");
                0
            }
        };
        prop_assert!(start <= value.as_str(), "{} before {}", value, start);
        let last = java(pattern, now + ahead.hours());
        prop_assert!(value <= last, "{} after {}", value, last);
        prop_assert!(ahead * 60 < zone_minutes.max(0) + 60, "an hour too many: {}", end);
    }
}

/// The CDK app parses layouts itself, and its tests compare what it makes of them with this file:
/// `UPDATE_SNAPSHOT=1 cargo test -p rehose-catalog`.
#[test]
fn the_cdk_app_makes_the_same_of_layouts() {
    let table =
        |table: &Table| json!({"partitions": table.partitions, "parameters": table.parameters});
    let zones = ZONES.iter().map(|(zone, _)| *zone).cycle();
    let accepted: Vec<_> = LAYOUTS
        .iter()
        .zip(zones)
        .map(|((text, values, value), zone)| {
            let layout = layout(text, values);
            json!({
                "layout": text,
                "partitions": values.iter().copied().collect::<BTreeMap<_, _>>(),
                "timeZone": zone,
                "rows": table(&rows(&layout, zone)),
                "rejected": table(&Table::rejected(&shape(), location(&layout, zone, value))),
            })
        })
        .collect();
    let refused: Vec<_> = REFUSED
        .iter()
        .filter(|(text, ..)| !text.is_empty())
        .map(|(text, values, _)| {
            let partitions: BTreeMap<_, _> = (values.split_once('=').into_iter())
                .map(|(name, values)| (name, values.split(',').collect::<Vec<_>>()))
                .collect();
            json!({"layout": text, "partitions": partitions, "reason": reason(text, values)})
        })
        .collect();
    let known = json!({"accepted": accepted, "refused": refused});
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/test/layouts.json");
    if std::env::var_os("UPDATE_SNAPSHOT").is_some() {
        let text = serde_json::to_string_pretty(&known).unwrap();
        std::fs::write(&path, text + "\n").unwrap();
    }
    let written: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!(written, known, "on purpose? then UPDATE_SNAPSHOT=1");
}
