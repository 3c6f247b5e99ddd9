//! The format `resolver`: query logs of Route 53 Resolver.

use super::json_log::{JsonLog, member, object, required};
use crate::schema::FieldKind::{Int, Json, Text, Timestamp};

/// The names are those of AWS's own table
/// (<https://docs.aws.amazon.com/athena/latest/ug/querying-r53-resolver-logs.html>).
pub(super) const LOG: JsonLog = JsonLog {
    members: &[
        member("version", "version", Text),
        member("account_id", "account_id", Text),
        member("region", "region", Text),
        member("vpc_id", "vpc_id", Text),
        required("query_timestamp", "query_timestamp", Timestamp),
        required("query_name", "query_name", Text),
        member("query_type", "query_type", Text),
        member("query_class", "query_class", Text),
        member("rcode", "rcode", Text),
        member("answers", "answers", Json),
        member("srcaddr", "srcaddr", Text),
        member("srcport", "srcport", Int),
        member("transport", "transport", Text),
        object(
            "srcids",
            "srcids",
            &[
                member("instance", "srcids_instance", Text),
                member("resolver_endpoint", "srcids_resolver_endpoint", Text),
            ],
        ),
        member("firewall_rule_group_id", "firewall_rule_group_id", Text),
        member("firewall_rule_action", "firewall_rule_action", Text),
        member("firewall_domain_list_id", "firewall_domain_list_id", Text),
    ],
    time: "query_timestamp",
    in_array: false,
    others: &[],
    folders: "AWSLogs/{account}/vpcdnsquerylogs/{vpc}/{yyyy}/{MM}/{dd}",
    fact: "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html",
};
