//! Kinds of logs by the names of their objects. AWS writes several into one folder.

/// Returns the kind of log that an object's name tells: the name of a format, or of a kind that no format
/// reads. `None` if it tells none.
///
/// The names are those of AWS
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html>,
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/get-and-view-cloudtrail-log-files.html>).
///
/// ```
/// # use rehose_extract::kind_of_key;
/// let key = "AWSLogs/1/elasticloadbalancing/us-gov-west-1/2026/01/05/conn_log_1_elasticloadbalancing_x.log.gz";
/// assert_eq!(kind_of_key(key), Some("alb-connection"));
/// ```
pub fn kind_of_key(key: &str) -> Option<&'static str> {
    let name = key.rsplit('/').next().unwrap_or(key);
    let begins = |word: &str| {
        let rest = name.strip_prefix(word);
        rest.is_some_and(|rest| rest.starts_with(['_', '.']))
    };
    if begins("conn_log") {
        return Some("alb-connection");
    }
    if begins("health_check_log") {
        return Some("alb-health-check");
    }
    if name.starts_with("ELB") && name.ends_with("LogTestFile") {
        return Some("elb-test-file");
    }
    if let Some((_, rest)) = name.split_once("_elasticloadbalancing_") {
        // Names of Classic Load Balancers have no dots.
        let (_, balancer) = rest.split_once('_')?;
        return Some(match balancer.split_once('.') {
            Some(("app", _)) => "alb",
            Some(("net", _)) => "nlb",
            _ => "elb",
        });
    }
    const WORDS: [(&str, &str); 9] = [
        ("_CloudTrail-Digest_", "cloudtrail-digest"),
        ("_CloudTrail-Insight_", "cloudtrail-insight"),
        ("_CloudTrail-Aggregated_", "cloudtrail-aggregated"),
        ("_CloudTrail-NetworkActivity_", "cloudtrail"),
        ("_CloudTrail_", "cloudtrail"),
        ("_waflogs_", "waf"),
        ("_vpcdnsquerylogs_", "resolver"),
        ("_network-firewall_", "network-firewall"),
        ("_vpcflowlogs_", "vpc-flow-logs"),
    ];
    let (_, kind) = WORDS.iter().find(|(word, _)| name.contains(word))?;
    Some(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_aws() {
        for (name, kind) in [
            (
                "1_elasticloadbalancing_us-gov-west-1_app.shop.0f_20260105T1015Z_10.0.0.1_x.log.gz",
                Some("alb"),
            ),
            (
                "1_elasticloadbalancing_eusc-de-east-1_net.edge.0f_20260105T1015Z_x.log.gz",
                Some("nlb"),
            ),
            (
                "1_elasticloadbalancing_us-east-1_till_20260105T1015Z_10.0.0.1_x.log",
                Some("elb"),
            ),
            (
                "conn_log_1_elasticloadbalancing_us-east-1_app.shop.0f_x.log.gz",
                Some("alb-connection"),
            ),
            (
                "conn_log.1_elasticloadbalancing_us-east-1_app.shop.0f_x.log.gz",
                Some("alb-connection"),
            ),
            (
                "health_check_log_1_elasticloadbalancing_us-east-1_app.shop.0f_x.log.gz",
                Some("alb-health-check"),
            ),
            ("ELBAccessLogTestFile", Some("elb-test-file")),
            ("ELBConnectionLogTestFile", Some("elb-test-file")),
            (
                "1_CloudTrail_us-east-1_20260105T1015Z_x.json.gz",
                Some("cloudtrail"),
            ),
            (
                "1_CloudTrail-NetworkActivity_us-east-1_20260105T1015Z_x.json.gz",
                Some("cloudtrail"),
            ),
            (
                "1_CloudTrail-Digest_us-east-1_trail_us-east-1_20260105T1015Z.json.gz",
                Some("cloudtrail-digest"),
            ),
            (
                "1_CloudTrail-Insight_us-east-1_20260105T1015Z_x.json.gz",
                Some("cloudtrail-insight"),
            ),
            (
                "1_waflogs_us-east-1_shop_20260105T1015Z_x.log.gz",
                Some("waf"),
            ),
            (
                "vpc-1_vpcdnsquerylogs_1_20260105T1015Z_x.log.gz",
                Some("resolver"),
            ),
            (
                "1_network-firewall_flow_us-east-1_edge_202601051015_x.log.gz",
                Some("network-firewall"),
            ),
            (
                "1_vpcflowlogs_us-east-1_fl-1_20260105T1015Z_x.log.gz",
                Some("vpc-flow-logs"),
            ),
            ("E1.2026-01-05-10.abcd.gz", None),
            ("2026-01-05-10-15-00-ABCDEF", None),
            ("conn_logs", None),
            ("", None),
        ] {
            assert_eq!(kind_of_key(name), kind, "{name}");
            assert_eq!(kind_of_key(&format!("a/_waflogs_/{name}")), kind, "{name}");
        }
    }
}
