//! Timestamps of events.

use super::*;

/// Returns the timestamp in the row of an event, or its rejected line.
fn written(timestamp: &str) -> Result<String, String> {
    let object =
        document(&[(0, "x")]).replace(r#""timestamp":0"#, &format!(r#""timestamp":{timestamp}"#));
    let output = transcode(&messages(), object.as_bytes(), &[5]).unwrap();
    let expected = expect(messages().options(), SOURCE, object.as_bytes()).unwrap();
    assert_eq!(output.as_expected(), expected);
    match output.csv().lines().nth(1) {
        Some(row) => Ok(row.strip_suffix(",x").unwrap().to_owned()),
        None => Err(output.rejected_lines()),
    }
}

#[test]
fn timestamps_of_the_years_1_to_9999_are_written() {
    for (milliseconds, time) in [
        ("0", "1970-01-01T00:00:00.000Z"),
        ("-0", "1970-01-01T00:00:00.000Z"),
        ("-1", "1969-12-31T23:59:59.999Z"),
        ("1580515200000", "2020-02-01T00:00:00.000Z"),
        ("1582988399999", "2020-02-29T14:59:59.999Z"),
        ("951782400001", "2000-02-29T00:00:00.001Z"),
        ("-2203891200000", "1900-03-01T00:00:00.000Z"),
        ("-62135596800000", "0001-01-01T00:00:00.000Z"),
        ("253402207200000", "9999-12-30T22:00:00.000Z"),
        ("253402300799999", "9999-12-31T23:59:59.999Z"),
    ] {
        assert_eq!(written(milliseconds).as_deref(), Ok(time));
    }
}

#[test]
fn any_other_number_is_rejected_as_written() {
    for number in [
        "-62135596800001",
        "253402300800000",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775809",
        "12345678901234567890",
        "1e99",
    ] {
        let line = r#"{"source":"2020/02/01/00/a \"stash\"","reason":"timestamp","log_group":"flow-logs","log_stream":"eni-0-all","timestamp":NUMBER,"message":"x"}"#;
        assert_eq!(written(number), Err(line.replace("NUMBER", number) + "\n"));
    }
}

#[test]
fn the_day_changes_from_event_to_event() {
    let day = 24 * 60 * 60 * 1000;
    let events: Vec<_> = [0, 1, -1, 2, 2, 0].map(|days| (days * day, "x")).to_vec();
    let csv = output(&messages(), &events).csv();
    let days: Vec<_> = csv.lines().skip(1).map(|row| &row[..10]).collect();
    assert_eq!(
        days,
        [
            "1970-01-01",
            "1970-01-02",
            "1969-12-31",
            "1970-01-03",
            "1970-01-03",
            "1970-01-01"
        ]
    );
}
