//! Rejected lines.

use super::*;

#[test]
fn an_event_is_kept_as_a_line_of_json() {
    let events = [(5, "a \"b\" \\ \n\u{1f} é😀"), (-6, "too short")];
    let output = output(&flow_logs(), &events);
    assert_eq!(
        output.rejected_lines(),
        concat!(
            r#"{"source":"2020/02/01/00/a \"stash\"","reason":"character","log_group":"flow-logs","log_stream":"eni-0-all","timestamp":5,"message":"a \"b\" \\ \n\u001f é😀"}"#,
            "\n",
            r#"{"source":"2020/02/01/00/a \"stash\"","reason":"field-count","detail":"2","log_group":"flow-logs","log_stream":"eni-0-all","timestamp":-6,"message":"too short"}"#,
            "\n"
        )
    );
}

#[test]
fn a_timestamp_that_is_not_a_number_is_kept_as_a_string() {
    let shape = event_regex("(?P<timestamp>[0-9x]*):(?P<message>[a-z]+)");
    let output = transcode(&shape, b"007:a x:b :c", &[1]).unwrap();
    assert_eq!(
        output.csv(),
        "timestamp,message\n1970-01-01T00:00:00.007Z,a\n"
    );
    let kept: Vec<Value> = output
        .rejected_lines()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!([&kept[0]["timestamp"], &kept[1]["timestamp"]], ["x", ""]);
}

#[test]
fn without_rejected_events_nothing_is_written() {
    assert_eq!(output(&messages(), &[(0, "x")]).rejected_gz, b"");
}
