//! The format `waf`: logs of WAF.

use super::json_log::{JsonLog, member, object, required};
use crate::schema::FieldKind::{BigInt, Int, Json, Text, Timestamp};

/// The names are those of AWS's own table
/// (<https://docs.aws.amazon.com/athena/latest/ug/create-waf-table-partition-projection.html>), except for its
/// `timestamp`. The members of the request have columns too.
pub(super) const LOG: JsonLog = JsonLog {
    members: &[
        required("timestamp", "time", Timestamp),
        member("formatVersion", "formatversion", Int),
        required("webaclId", "webaclid", Text),
        member("terminatingRuleId", "terminatingruleid", Text),
        member("terminatingRuleType", "terminatingruletype", Text),
        required("action", "action", Text),
        member(
            "terminatingRuleMatchDetails",
            "terminatingrulematchdetails",
            Json,
        ),
        member("httpSourceName", "httpsourcename", Text),
        member("httpSourceId", "httpsourceid", Text),
        member("ruleGroupList", "rulegrouplist", Json),
        member("rateBasedRuleList", "ratebasedrulelist", Json),
        member(
            "nonTerminatingMatchingRules",
            "nonterminatingmatchingrules",
            Json,
        ),
        member("requestHeadersInserted", "requestheadersinserted", Json),
        member("responseCodeSent", "responsecodesent", Int),
        object(
            "httpRequest",
            "httprequest",
            &[
                member("clientIp", "clientip", Text),
                member("country", "country", Text),
                member("headers", "headers", Json),
                member("uri", "uri", Text),
                member("args", "args", Text),
                member("httpVersion", "httpversion", Text),
                member("httpMethod", "httpmethod", Text),
                member("requestId", "requestid", Text),
                member("fragment", "fragment", Text),
                member("scheme", "scheme", Text),
                member("host", "host", Text),
            ],
        ),
        member("labels", "labels", Json),
        member("captchaResponse", "captcharesponse", Json),
        member("challengeResponse", "challengeresponse", Json),
        member("ja3Fingerprint", "ja3fingerprint", Text),
        member("ja4Fingerprint", "ja4fingerprint", Text),
        member("oversizeFields", "oversizefields", Json),
        member("requestBodySize", "requestbodysize", BigInt),
        member(
            "requestBodySizeInspectedByWAF",
            "requestbodysizeinspectedbywaf",
            BigInt,
        ),
        member("clientAsn", "clientasn", BigInt),
        member("cfDistributionTenantId", "cfdistributiontenantid", Text),
    ],
    time: "time",
    in_array: false,
    others: &[],
    folders: "AWSLogs/{account}/WAFLogs/{region}/{webacl}/{yyyy}/{MM}/{dd}/{HH}",
    fact: "https://docs.aws.amazon.com/waf/latest/developerguide/logging-fields.html",
};
