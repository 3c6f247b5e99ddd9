//! The fields of load balancers.

use super::values::Column;
use super::{Found, Rejected, columns_of, take};

/// `a:b` are an address and its port, `a/b/c` a request, `a+` a list of targets and `a*` that of their
/// statuses. A field with a quote after its name keeps its own.
pub(super) const ALB: &str = "type time@ elb client_ip:client_port# target_ip:target_port# \
    request_processing_time~ target_processing_time~ response_processing_time~ elb_status_code# \
    target_status_code# received_bytes% sent_bytes% request_verb/request_url/request_proto \
    user_agent ssl_cipher ssl_protocol target_group_arn trace_id domain_name chosen_cert_arn \
    matched_rule_priority request_creation_time@ actions_executed redirect_url \
    lambda_error_reason target_port_list+ target_status_code_list* classification \
    classification_reason conn_trace_id transformed_host transformed_uri \
    request_transform_status ip_address";

pub(super) const ALB_CONNECTION: &str = "time@ client_ip client_port# listener_port# tls_protocol \
    tls_cipher tls_handshake_latency~ leaf_client_cert_subject leaf_client_cert_validity \
    leaf_client_cert_serial_number tls_verify_status conn_trace_id";

pub(super) const NLB: &str = "type version time@ elb listener_id client_ip:client_port# \
    target_ip:target_port# tcp_connection_time_ms~ tls_handshake_time_ms~ received_bytes% \
    sent_bytes% incoming_tls_alert# cert_arn certificate_serial tls_cipher_suite \
    tls_protocol_version tls_named_group domain_name alpn_fe_protocol alpn_be_protocol \
    alpn_client_preference_list\" tls_connection_creation_time@";

pub(super) const ELB: &str = "time@ elb_name request_ip:request_port# backend_ip:backend_port# \
    request_processing_time~ backend_processing_time~ client_response_time~ elb_response_code# \
    backend_response_code# received_bytes% sent_bytes% request_verb/url/protocol user_agent \
    ssl_cipher ssl_protocol";

pub(super) const HEALTH_CHECK: &str = "type time@ latency~ target_addr target_group_id status \
    status_code# reason_code elb ip_address";

/// Returns the columns of a log.
pub(super) fn columns(spec: &str) -> Vec<Column> {
    let plain = spec.replace([':', '/', '+', '*', '"'], " ");
    columns_of(&plain.split_whitespace().collect::<Vec<_>>())
}

/// Returns the fields of a line, whose last ones may be missing if the number of the others is one of these.
pub(super) fn find(spec: &str, earlier: &[usize], message: &str) -> Found {
    let found = fields(spec, earlier, message, true);
    // A backslash is before a quote that ends a field, if the line makes no sense otherwise.
    if message.contains("\\\"")
        && take(&columns(spec), fields(spec, earlier, message, true)).is_err()
    {
        let other = fields(spec, earlier, message, false);
        if take(&columns(spec), fields(spec, earlier, message, false)).is_ok() {
            return other;
        }
    }
    found
}

fn fields(spec: &str, earlier: &[usize], message: &str, has_escapes: bool) -> Found {
    let mut fields = Vec::new();
    let fault = cut(spec, earlier, message, has_escapes, &mut fields).err();
    let more = columns(spec).len() - 1;
    let fields = fields.into_iter().enumerate();
    let is_value = |(place, field): (usize, Option<String>)| {
        let field = field.filter(|field| field != "-" || place == more);
        Some((place, field?))
    };
    Found {
        values: fields.filter_map(is_value).collect(),
        fault,
        is_json: false,
    }
}

fn cut(
    spec: &str,
    earlier: &[usize],
    message: &str,
    has_escapes: bool,
    fields: &mut Vec<Option<String>>,
) -> Result<(), Rejected> {
    let mut line = Line {
        words: message.split(' ').collect(),
        has_escapes,
    };
    line.words.reverse();
    let specs: Vec<&str> = spec.split_whitespace().collect();
    let mut targets = 1;
    for (count, field) in specs.iter().enumerate() {
        let next = match field.ends_with('"') {
            true => line.word().map(|word| (word.to_owned(), false)),
            false => line.next()?,
        };
        let Some((mut text, is_quoted)) = next else {
            if !earlier.contains(&count) {
                return Err(("field-count", count.to_string()));
            }
            break;
        };
        if field.contains(':') {
            let (address, port) = match text.rsplit_once(':') {
                Some((address, port)) => (address.to_owned(), Some(port.to_owned())),
                None => (text, None),
            };
            let inner = address
                .strip_prefix('[')
                .and_then(|inner| inner.strip_suffix(']'));
            let inner = inner.filter(|_| port.is_some()).map(str::to_owned);
            fields.extend([Some(inner.unwrap_or(address)), port]);
        } else if field.contains('/') {
            fields.extend(request(&text));
        } else {
            if field.ends_with('+') && is_quoted {
                targets = text.split(' ').count();
            }
            if field.ends_with('+') && !is_quoted {
                while line.unquoted().is_some_and(|word| word.contains(':')) {
                    line.append_word(&mut text);
                    targets += 1;
                }
            }
            if field.ends_with('*') && !is_quoted {
                for _ in 1..targets {
                    line.unquoted().ok_or(("quotes", String::new()))?;
                    line.append_word(&mut text);
                }
            }
            let is_nothing = field.ends_with('"') && text == "\"-\"";
            fields.push((!is_nothing).then_some(text));
        }
    }
    fields.resize(columns(spec).len() - 1, None);
    line.words.reverse();
    let rest = line.words.join(" ");
    let rest = rest.trim_start_matches(' ');
    fields.push((!rest.is_empty()).then(|| rest.to_owned()));
    Ok(())
}

/// The words that are left of a line. The last one comes next.
struct Line<'a> {
    words: Vec<&'a str>,
    has_escapes: bool,
}

impl<'a> Line<'a> {
    fn word(&mut self) -> Option<&'a str> {
        loop {
            let word = self.words.pop()?;
            if !word.is_empty() {
                return Some(word);
            }
        }
    }

    /// Appends the next word and the spaces before it.
    fn append_word(&mut self, text: &mut String) {
        while let Some(word) = self.words.pop() {
            text.push(' ');
            text.push_str(word);
            if !word.is_empty() {
                break;
            }
        }
    }

    /// The next word, if no quote begins it. It is not taken.
    fn unquoted(&self) -> Option<&'a str> {
        let next = self.words.iter().rev().find(|word| !word.is_empty())?;
        (!next.starts_with('"')).then_some(*next)
    }

    /// The next field, and whether it was in quotes.
    fn next(&mut self) -> Result<Option<(String, bool)>, Rejected> {
        let Some(first) = self.word() else {
            return Ok(None);
        };
        let Some(content) = first.strip_prefix('"') else {
            return Ok(Some((first.to_owned(), false)));
        };
        let mut content = content.to_owned();
        loop {
            match self.quote(&content) {
                Some(place) if place + 1 == content.len() => {
                    content.pop();
                    return Ok(Some((content, true)));
                }
                Some(_) => return Err(("quotes", String::new())),
                None => {
                    let word = self.words.pop().ok_or(("quotes", String::new()))?;
                    content += &format!(" {word}");
                }
            }
        }
    }

    /// The place of the first quote that is not escaped.
    fn quote(&self, content: &str) -> Option<usize> {
        let mut backslashes = 0;
        for (place, byte) in content.bytes().enumerate() {
            match byte {
                b'"' if !self.has_escapes || backslashes % 2 == 0 => return Some(place),
                b'\\' => backslashes += 1,
                _ => {}
            }
            if byte != b'\\' {
                backslashes = 0;
            }
        }
        None
    }
}

/// The method, the URL and the protocol.
fn request(text: &str) -> [Option<String>; 3] {
    let some = |part: &str| (!part.is_empty()).then(|| part.to_owned());
    if text == "-" {
        return [None, None, None];
    }
    let Some((method, rest)) = text.split_once(' ') else {
        return [None, Some(text.to_owned()), None];
    };
    let method = Some(method.to_owned());
    if let Some(url) = rest.strip_suffix(" - ") {
        return [method, some(url), None];
    }
    match rest.rsplit_once(' ') {
        Some((url, protocol)) => [method, some(url), some(protocol)],
        None => [method, some(rest), None],
    }
}
