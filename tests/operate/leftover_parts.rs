//! `rehose start` looks for a lifecycle rule that removes the parts of uploads whose function died.

use serde_json::json;

use crate::command::Finished;
use crate::server::{MACHINE, answered_by};

/// The answer for a bucket without lifecycle rules.
const NO_RULES: (&str, &str) = (
    "404 Not Found",
    "<Error><Code>NoSuchLifecycleConfiguration</Code><Message>none</Message></Error>",
);

/// Starts a job whose output is `s3://tables/vpc`. The question for the bucket's lifecycle rules is
/// answered like this.
fn start(rules: (&'static str, &'static str)) -> Finished {
    let answer = move |operation: &str| match operation {
        "StartExecution" => {
            let started = json!({"executionArn": "arn", "startDate": 0});
            ("200 OK".to_owned(), started.to_string())
        }
        path if path.contains("lifecycle") => (rules.0.to_owned(), rules.1.to_owned()),
        operation => panic!("{operation}"),
    };
    let output = "s3://tables/vpc";
    let machine = ["--state-machine", MACHINE, "--output", output];
    answered_by(answer, &[&["start", "2020/"], &machine[..]].concat())
}

#[test]
fn an_output_bucket_that_keeps_incomplete_uploads_is_warned_about() {
    let rule = |status: &str, filter: &str, action: &str| -> (&'static str, &'static str) {
        let rules = format!(
            "<LifecycleConfiguration><Rule><Status>{status}</Status>{filter}{action}</Rule>\
             </LifecycleConfiguration>"
        );
        ("200 OK", rules.leak())
    };
    let prefix = |prefix: &str| format!("<Filter><Prefix>{prefix}</Prefix></Filter>");
    let abort = "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation>\
                 </AbortIncompleteMultipartUpload>";
    let tagged =
        "<Filter><And><Prefix></Prefix><Tag><Key>a</Key><Value>b</Value></Tag></And></Filter>";
    let expire = "<Expiration><Days>1</Days></Expiration>";
    let denied = "<Error><Code>AccessDenied</Code><Message>no</Message></Error>";
    for (rules, says) in [
        (NO_RULES, "warning: no lifecycle rule of tables"),
        (
            rule("Enabled", &prefix("other/"), abort),
            "warning: no lifecycle rule",
        ),
        (
            rule("Disabled", &prefix(""), abort),
            "warning: no lifecycle rule",
        ),
        (
            rule("Enabled", &prefix(""), expire),
            "warning: no lifecycle rule",
        ),
        (("403 Forbidden", denied), "note: cannot see"),
        (
            rule("Enabled", &prefix("vpc/csv/"), abort),
            "warning: no lifecycle rule",
        ),
        (rule("Enabled", tagged, abort), "warning: no lifecycle rule"),
        (rule("Enabled", &prefix("vpc"), abort), ""),
        (rule("Enabled", &prefix("vpc/"), abort), ""),
        (rule("Enabled", "<Prefix></Prefix>", abort), ""),
    ] {
        let started = start(rules).with_status(0);
        assert_eq!(
            started.err.contains("lifecycle"),
            !says.is_empty(),
            "{rules:?} {started:?}"
        );
        assert!(started.err.contains(says), "{rules:?} {started:?}");
    }
}
