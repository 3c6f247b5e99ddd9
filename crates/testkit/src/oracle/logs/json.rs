//! The members of logs in JSON.

use super::super::tree::{self, Node, Value};
use super::values::Column;
use super::{Found, columns_of};

/// Keys with the types of their columns. A column has the name of its key in small letters, unless another
/// follows `=`. After a key, members of its value stand in brackets. `!` is a member that every record has.
pub(super) const CLOUDTRAIL: &str = "eventVersion userIdentity{ eventTime@! eventSource eventName! \
    awsRegion sourceIPAddress userAgent errorCode errorMessage requestParameters{ \
    responseElements{ additionalEventData{ requestID eventID readOnly resources{ eventType \
    apiVersion managementEvent recipientAccountId sharedEventID vpcEndpointId \
    vpcEndpointAccountId serviceEventDetails{ eventCategory addendum{ tlsDetails{ \
    edgeDeviceDetails{ eventContext{ sessionCredentialFromConsole";

pub(super) const WAF: &str = "timestamp=time@! formatVersion# webaclId! terminatingRuleId \
    terminatingRuleType action! terminatingRuleMatchDetails{ httpSourceName httpSourceId \
    ruleGroupList{ rateBasedRuleList{ nonTerminatingMatchingRules{ requestHeadersInserted{ \
    responseCodeSent# httpRequest{ [ clientIp country headers{ uri args httpVersion httpMethod \
    requestId fragment scheme host ] labels{ captchaResponse{ challengeResponse{ ja3Fingerprint \
    ja4Fingerprint oversizeFields{ requestBodySize% requestBodySizeInspectedByWAF% clientAsn% \
    cfDistributionTenantId";

pub(super) const RESOLVER: &str = "version account_id region vpc_id query_timestamp@! query_name! \
    query_type query_class rcode answers{ srcaddr srcport# transport srcids{ \
    [ instance=srcids_instance resolver_endpoint=srcids_resolver_endpoint ] \
    firewall_rule_group_id firewall_rule_action firewall_domain_list_id";

pub(super) const NETWORK_FIREWALL: &str = "firewall_name availability_zone event_timestamp@! \
    event{ [ timestamp=event_time@ flow_id=event_flow_id% event_type=event_type \
    src_ip=event_src_ip src_port=event_src_port# dest_ip=event_dest_ip dest_port=event_dest_port# \
    proto=event_proto app_proto=event_app_proto netflow=event_netflow{ \
    [ pkts=event_netflow_pkts% bytes=event_netflow_bytes% start=event_netflow_start@ \
    end=event_netflow_end@ ] alert=event_alert{ [ action=event_alert_action \
    signature_id=event_alert_signature_id% signature=event_alert_signature \
    category=event_alert_category severity=event_alert_severity# ] tls=event_tls{ \
    [ sni=event_tls_sni version=event_tls_version ] http=event_http{ \
    [ hostname=event_http_hostname url=event_http_url http_method=event_http_method \
    status=event_http_status# ] metadata=event_metadata{ ]";

const OTHERS: [(&str, &str); 2] = [
    ("insightDetails", "cloudtrail-insight"),
    ("digestS3Bucket", "cloudtrail-digest"),
];

/// A member with its column, by its path.
#[derive(Debug, Clone)]
struct Member {
    path: Vec<String>,
    column: String,
    is_required: bool,
}

/// Returns the members in the order of the columns: those of an object, then those inside each of them.
fn members(spec: &str) -> Vec<Member> {
    let mut words = spec.split_whitespace().peekable();
    level(&mut words, &[])
}

fn level<'a>(
    words: &mut std::iter::Peekable<impl Iterator<Item = &'a str> + Clone>,
    path: &[String],
) -> Vec<Member> {
    let (mut own, mut inner) = (Vec::new(), Vec::new());
    while let Some(word) = words.next() {
        match word {
            "]" => break,
            "[" => {
                let last: &Member = own.last().unwrap();
                let path = last.path.clone();
                inner.extend(level(words, &path));
            }
            word => {
                let kind = word.trim_end_matches('!');
                let name = kind.trim_end_matches(['#', '%', '@', '{']);
                let (key, column) = name.split_once('=').unwrap_or((name, name));
                own.push(Member {
                    path: [path, &[key.to_owned()]].concat(),
                    column: column.to_lowercase() + &kind[name.len()..],
                    is_required: word.ends_with('!'),
                });
            }
        }
    }
    own.extend(inner);
    own
}

pub(super) fn columns(spec: &str) -> Vec<Column> {
    let members = members(spec);
    let names: Vec<&str> = members
        .iter()
        .map(|member| member.column.as_str())
        .collect();
    columns_of(&names)
}

pub(super) fn find(spec: &str, message: &str) -> Found {
    let mut found = Found {
        is_json: true,
        ..Found::default()
    };
    // Halves of surrogate pairs are JSON, though no text.
    let is_object = serde_json::from_str::<&serde_json::value::RawValue>(message)
        .is_ok_and(|value| value.get().starts_with('{'));
    let documents = tree::documents(message).filter(|_| is_object);
    let [document] = &documents.unwrap_or_default()[..] else {
        return Found::fault("json", "");
    };
    let members = members(spec);
    let mut seen = vec![false; members.len()];
    let mut more = Vec::new();
    found.fault = object(
        spec,
        message,
        document,
        &[],
        &members,
        &mut seen,
        &mut found.values,
        &mut more,
    )
    .err();
    if found.fault.is_some() {
        return found;
    }
    for (place, member) in members.iter().enumerate() {
        let has_value = found.values.iter().any(|(column, _)| *column == place);
        if member.is_required && !has_value {
            let column = columns(spec)[place].name.clone();
            found.fault = Some(("field-missing", column));
            return found;
        }
    }
    if !more.is_empty() {
        let text = format!("{{{}}}", more.join(","));
        found.values.push((members.len(), text));
    }
    found
}

#[allow(clippy::too_many_arguments, reason = "it calls itself")]
fn object(
    spec: &str,
    text: &str,
    node: &Node,
    path: &[String],
    members: &[Member],
    seen: &mut [bool],
    values: &mut Vec<(usize, String)>,
    more: &mut Vec<String>,
) -> Result<(), super::Rejected> {
    let Value::Object(pairs) = &node.value else {
        return Ok(());
    };
    for (key, value) in pairs {
        // Keys are compared as they are written.
        let written = key.written(text);
        let name = written[1..written.len() - 1].to_owned();
        let own = [path, std::slice::from_ref(&name)].concat();
        let Some(place) = members.iter().position(|member| member.path == own) else {
            if path.is_empty() {
                let other = OTHERS
                    .iter()
                    .find(|(key, _)| *key == name && spec == CLOUDTRAIL);
                if let Some((_, kind)) = other {
                    return Err(("other-kind", (*kind).to_owned()));
                }
                more.push(format!("{written}:{}", value.written(text)));
            }
            continue;
        };
        let column = &members[place].column;
        if seen[place] {
            return Err(("field-repeated", columns(spec)[place].name.clone()));
        }
        seen[place] = true;
        let is_json = column.ends_with('{');
        let is_text = !column.ends_with(['#', '%', '@', '{']);
        let written = value.written(text);
        match &value.value {
            _ if written == "null" => {}
            _ if is_json => values.push((place, written.to_owned())),
            Value::Text(content) => {
                let is_absent = written == "\"-\"" && !is_text;
                if !is_absent {
                    values.push((place, content.clone()));
                }
            }
            Value::BadText => return Err(("escape", String::new())),
            _ => values.push((place, written.to_owned())),
        }
        // The type decides before anything inside.
        if let Some((column, value)) = values.last().filter(|(column, _)| *column == place)
            && columns(spec)[*column].value(value, true).is_none()
        {
            return Err(("field-type", columns(spec)[*column].name.clone()));
        }
        object(spec, text, value, &own, members, seen, values, more)?;
    }
    Ok(())
}
