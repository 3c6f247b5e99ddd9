//! Records in JSON.

use fastrand::Rng;

use super::Moment;

pub(super) fn cloudtrail(moment: &Moment, rng: &mut Rng) -> String {
    let parameters = moment.turn(&[
        r#"{"bucketName":"photos","key":"2019/old.jpg","Host":"photos.s3.amazonaws.com","acl":""}"#,
        "null",
        r#"{"a/b:c":[1,2.50],"id":12345678901234567890,"id":1e400,"ID":"x"}"#,
        r#""omitted""#,
        r#"{"reason":"requestParameters too large","omitted":true,"originalSize":123456}"#,
    ]);
    let agent = moment.turn(&[
        r#""userAgent":"aws-cli/2.15.0","#,
        "",
        r#""userAgent":"say \"hi\" \u00e9","#,
    ]);
    let error = moment.turn(&[
        "",
        "",
        r#""errorCode":"AccessDenied","errorMessage":"User: arn:aws:iam::1:user/kim is not authorized","#,
    ]);
    let more = moment.turn(&["", "", "", r#","brandNew":{"x":[1,2]}"#]);
    let (source, name) = [
        ("s3", "GetBucketAcl"),
        ("signin", "ConsoleLogin"),
        ("kms", "Decrypt"),
        ("s3", "DeleteObject"),
    ][moment.number as usize % 4];
    let (response, additional) = match name {
        "ConsoleLogin" => (
            ["Success", "Success", "Failure"][rng.usize(..3)],
            format!(
                r#"{{"LoginTo":"https://console.aws.amazon.com/","MFAUsed":"{}"}}"#,
                ["No", "Yes"][rng.usize(..2)]
            ),
        ),
        _ => ("", format!(r#"{{"bytesTransferredOut":{}}}"#, rng.u64(..))),
    };
    let response = match response {
        "" => "null".to_owned(),
        result => format!(r#"{{"ConsoleLogin":"{result}"}}"#),
    };
    format!(
        r#"{{"eventVersion":"1.11","userIdentity":{{"type":"AssumedRole","principalId":"AROA:kim","arn":"arn:aws-us-gov:sts::011122223333:assumed-role/ops/kim","accountId":"011122223333","sessionContext":{{"attributes":{{"mfaAuthenticated":"false"}}}}}},"eventTime":"{}","eventSource":"{source}.amazonaws.com","eventName":"{name}","awsRegion":"us-gov-west-1","sourceIPAddress":"{}",{agent}{error}"requestParameters":{parameters},"responseElements":{response},"additionalEventData":{additional},"requestID":"{:016X}","eventID":"{:032x}","readOnly":{},"resources":[{{"ARN":"arn:aws:s3:::photos","type":"AWS::S3::Bucket"}}],"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"011122223333","eventCategory":"Management","tlsDetails":{{"tlsVersion":"TLSv1.3"}},"sessionCredentialFromConsole":"true"{more}}}"#,
        moment.text("%Y-%m-%dT%H:%M:%SZ"),
        moment.turn(&["192.0.2.7", "AWS Internal", "s3.amazonaws.com"]),
        rng.u64(..),
        rng.u128(..),
        moment.turn(&["true", "false"]),
    )
}

pub(super) fn waf(moment: &Moment, rng: &mut Rng) -> String {
    format!(
        r#"{{"timestamp":{},"formatVersion":1,"webaclId":"arn:aws-us-gov:wafv2:us-gov-west-1:011122223333:regional/webacl/shop/1","terminatingRuleId":"{}","terminatingRuleType":"REGULAR","action":"{}","terminatingRuleMatchDetails":[],"httpSourceName":"ALB","httpSourceId":"011122223333-app/shop/1","ruleGroupList":[{{"ruleGroupId":"AWS#Common","terminatingRule":null,"nonTerminatingMatchingRules":[]}}],"rateBasedRuleList":[],"nonTerminatingMatchingRules":[],"requestHeadersInserted":null,"responseCodeSent":{},"httpRequest":{{"clientIp":"192.0.2.{}","country":"DE","headers":[{{"name":"Host","value":"a"}},{{"name":"Host","value":"b \"c\""}}],"uri":"/","args":"{}","httpVersion":"HTTP/2.0","httpMethod":"GET","requestId":"1-{:08x}"}},"labels":[{{"name":"bot"}}],"requestBodySize":{}}}"#,
        moment.time.as_millisecond(),
        moment.turn(&["Default_Action", "block-bots"]),
        moment.turn(&["ALLOW", "BLOCK", "COUNT"]),
        moment.turn(&["null", "403"]),
        rng.u8(..),
        moment.turn(&["", r"a=\u0022b\u0022"]),
        rng.u32(..),
        rng.u32(..100_000),
    )
}

pub(super) fn resolver(moment: &Moment, rng: &mut Rng) -> String {
    format!(
        r#"{{"version":"1.100000","account_id":"011122223333","region":"us-gov-west-1","vpc_id":"vpc-0a1","query_timestamp":"{}","query_name":"host-{}.example.com.","query_type":"{}","query_class":"IN","rcode":"{}","answers":{},"srcaddr":"10.0.0.{}","srcport":"{}","transport":"UDP","srcids":{{"instance":"i-0{:08x}"}}{}}}"#,
        moment.text("%Y-%m-%dT%H:%M:%SZ"),
        rng.u8(..32),
        moment.turn(&["A", "AAAA", "PTR"]),
        moment.turn(&["NOERROR", "NXDOMAIN"]),
        moment.turn(&[r#"[{"Rdata":"192.0.2.1","Type":"A","Class":"IN"}]"#, "[]"]),
        rng.u8(..),
        rng.u32(1024..65_536),
        rng.u32(..),
        moment.turn(&[
            "",
            "",
            r#","firewall_rule_group_id":"rslvr-frg-1","firewall_rule_action":"BLOCK","firewall_domain_list_id":"rslvr-fdl-1""#,
            r#","firewall_rule_group_id":"rslvr-frg-1","firewall_rule_action":"ALERT","firewall_domain_list_id":"rslvr-fdl-1""#,
        ]),
    )
}

pub(super) fn network_firewall(moment: &Moment, rng: &mut Rng) -> String {
    let time = moment.text("%Y-%m-%dT%H:%M:%S.%6f+0000");
    let event = match moment.number % 3 {
        0 => format!(
            r#""event_type":"netflow","netflow":{{"pkts":{},"bytes":{},"start":"{time}","end":"{time}","age":60,"min_ttl":63,"max_ttl":63}}"#,
            rng.u32(1..1000),
            rng.u64(..10_000_000_000),
        ),
        1 => format!(
            r#""event_type":"alert","alert":{{"action":"blocked","signature_id":{},"rev":1,"signature":"say \"no\"","category":"","severity":3}},"tls":{{"sni":"example.com","version":"TLS 1.3"}}"#,
            rng.u32(1..100_000),
        ),
        _ => r#""event_type":"alert","http":{"hostname":"example.com","url":"/a b","http_method":"GET","status":200}"#.to_owned(),
    };
    format!(
        r#"{{"firewall_name":"edge","availability_zone":"us-gov-west-1a","event_timestamp":"{}","event":{{"timestamp":"{time}","flow_id":{},{event},"src_ip":"10.0.0.{}","src_port":{},"dest_ip":"192.0.2.7","dest_port":443,"proto":"TCP","app_proto":"tls"}}}}"#,
        moment.time.as_second(),
        rng.u64(..1 << 62),
        rng.u8(..),
        rng.u32(1024..65_536),
    )
}
