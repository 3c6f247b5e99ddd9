//! Columns that say where an event came from, and filters by them.

use rehose_testkit::shapes::options;
use rehose_testkit::stash::{control_document, document, envelope, event};
use rehose_testkit::subject::{SIZES, SOURCE, transcode_in_chunks};
use serde_json::json;

use super::rows;

const ALL: [&str; 6] = [
    "source",
    "extracted-fields",
    "id",
    "log-stream",
    "log-group",
    "owner",
];

fn extracted(message: &str, fields: &str) -> String {
    format!(r#"{{"id":"7","timestamp":1,"message":"{message}","extractedFields":{fields}}}"#)
}

#[test]
fn columns_of_the_origin_follow_those_of_the_format_in_one_order() {
    let shape = options(json!({"format": "message", "with": ALL}));
    assert_eq!(
        shape.header(),
        "timestamp,message,owner,log-group,log-stream,id,extracted-fields,source"
    );
    let fields = r#"{"a":{"message":"inner"},"timestamp":2}"#;
    let text = envelope(&[event(0, "one"), extracted("two", fields)]);
    let source = SOURCE.replace('"', "\"\"");
    assert_eq!(
        rows(&shape, &text),
        [
            format!(
                "1970-01-01T00:00:00.000Z,one,123456789012,flow-logs,eni-0-all,0,,\"{source}\""
            ),
            format!(
                "1970-01-01T00:00:00.001Z,two,123456789012,flow-logs,eni-0-all,7,\"{}\",\"{source}\"",
                fields.replace('"', "\"\"")
            ),
        ]
    );
}

#[test]
fn events_wait_for_an_origin_that_comes_after_them() {
    let shape = options(json!({"format": "message", "with": ["log-group"]}));
    let text = r#"{"logEvents":[{"timestamp":1,"message":"x"}],"logStream":"s","messageType":"DATA_MESSAGE","owner":"1","logGroup":"late"}"#;
    assert_eq!(rows(&shape, text), ["1970-01-01T00:00:00.001Z,x,late"]);
    // An envelope need not have one.
    let text = r#"{"messageType":"DATA_MESSAGE","logEvents":[{"timestamp":1,"message":"x"}]}"#;
    assert_eq!(rows(&shape, text), ["1970-01-01T00:00:00.001Z,x,"]);
}

#[test]
fn events_of_other_documents_are_filtered() {
    let of = |group: &str, owner: &str| {
        document(&[(1, group)])
            .replace("\"flow-logs\"", &format!("\"{group}\""))
            .replace("123456789012", owner)
    };
    let text = [
        of("vpc/a", "1"),
        of("vpc/b", "2"),
        of("app", "1"),
        control_document(),
    ]
    .concat();
    for (filter, written) in [
        (json!({"log_group": ["vpc*"]}), 2),
        (json!({"log_group": ["vpc/a", "app"]}), 2),
        (json!({"owner": "1"}), 2),
        (json!({"owner": "1", "log_group": ["vpc*"]}), 1),
        (json!({"log_group": ["nothing"]}), 0),
    ] {
        let mut all = json!({"format": "message"});
        all.as_object_mut()
            .unwrap()
            .extend(filter.as_object().unwrap().clone());
        let shape = options(all);
        let output = transcode_in_chunks(&shape, text.as_bytes(), &SIZES).unwrap();
        let summary = output.summary;
        assert_eq!((summary.written, summary.control), (written, 1), "{filter}");
        assert_eq!(summary.filtered, 3 - written, "{filter}");
        assert_eq!(summary.events, 4);
    }
}
