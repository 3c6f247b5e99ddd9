"""What rehose has to make of AWS's own logs, worked out a second time, and compared.

    logs.py FORMAT SOURCE OUTPUT

Takes every file below the folder SOURCE apart with Python's own re and json, and compares the rows with
the files of CSV in the folder OUTPUT, each of which has line breaks and backslashes as two characters. It
shares no code and no method with rehose. Prints the number of rows, and how many files are other logs.
"""

import csv
import datetime
import gzip
import json
import os
import re
import sys

csv.field_size_limit(1 << 30)


class Other(Exception):
    """The file is another log."""


# Names of columns: # whole numbers, ~ decimal ones, @ times, { JSON.
ALB = """type time@ elb client_ip client_port# target_ip target_port# request_processing_time~
    target_processing_time~ response_processing_time~ elb_status_code# target_status_code# received_bytes#
    sent_bytes# request_verb request_url request_proto user_agent ssl_cipher ssl_protocol target_group_arn
    trace_id domain_name chosen_cert_arn matched_rule_priority request_creation_time@ actions_executed
    redirect_url lambda_error_reason target_port_list target_status_code_list classification
    classification_reason conn_trace_id transformed_host transformed_uri request_transform_status ip_address"""
CONNECTION = """time@ client_ip client_port# listener_port# tls_protocol tls_cipher tls_handshake_latency~
    leaf_client_cert_subject leaf_client_cert_validity leaf_client_cert_serial_number tls_verify_status
    conn_trace_id"""
NLB = """type version time@ elb listener_id client_ip client_port# target_ip target_port#
    tcp_connection_time_ms~ tls_handshake_time_ms~ received_bytes# sent_bytes# incoming_tls_alert# cert_arn
    certificate_serial tls_cipher_suite tls_protocol_version tls_named_group domain_name alpn_fe_protocol
    alpn_be_protocol alpn_client_preference_list tls_connection_creation_time@"""
ELB = """time@ elb_name request_ip request_port# backend_ip backend_port# request_processing_time~
    backend_processing_time~ client_response_time~ elb_response_code# backend_response_code# received_bytes#
    sent_bytes# request_verb url protocol user_agent ssl_cipher ssl_protocol"""
S3 = """bucketowner bucket_name requestdatetime@ remoteip requester requestid operation key request_uri
    httpstatus# errorcode bytessent# objectsize# totaltime# turnaroundtime# referrer useragent versionid hostid
    sigv ciphersuite authtype endpoint tlsversion accesspointarn aclrequired sourceregion"""
CLOUDFRONT = """time@ x_edge_location sc_bytes# c_ip cs_method cs_host cs_uri_stem sc_status# cs_referer
    cs_user_agent cs_uri_query cs_cookie x_edge_result_type x_edge_request_id x_host_header cs_protocol cs_bytes#
    time_taken~ x_forwarded_for ssl_protocol ssl_cipher x_edge_response_result_type cs_protocol_version
    fle_status fle_encrypted_fields# c_port# time_to_first_byte~ x_edge_detailed_result_type sc_content_type
    sc_content_len# sc_range_start# sc_range_end# origin_fbl~ origin_lbl~ asn# c_country
    cache_behavior_path_pattern distributionid distribution_tenant_id connection_id"""
# Paths of members, and where the column has another name, that name.
CLOUDTRAIL = """eventVersion userIdentity{ eventTime@ eventSource eventName awsRegion sourceIPAddress userAgent
    errorCode errorMessage requestParameters{ responseElements{ additionalEventData{ requestID eventID readOnly
    resources{ eventType apiVersion managementEvent recipientAccountId sharedEventID vpcEndpointId
    vpcEndpointAccountId serviceEventDetails{ eventCategory addendum{ tlsDetails{ edgeDeviceDetails{
    eventContext{ sessionCredentialFromConsole"""
WAF = """timestamp=time@ formatVersion# webaclId terminatingRuleId terminatingRuleType action
    terminatingRuleMatchDetails{ httpSourceName httpSourceId ruleGroupList{ rateBasedRuleList{
    nonTerminatingMatchingRules{ requestHeadersInserted{ responseCodeSent# httpRequest{ labels{ captchaResponse{
    challengeResponse{ ja3Fingerprint ja4Fingerprint oversizeFields{ requestBodySize#
    requestBodySizeInspectedByWAF# clientAsn# cfDistributionTenantId httpRequest.clientIp httpRequest.country
    httpRequest.headers{ httpRequest.uri httpRequest.args httpRequest.httpVersion httpRequest.httpMethod
    httpRequest.requestId httpRequest.fragment httpRequest.scheme httpRequest.host"""
RESOLVER = """version account_id region vpc_id query_timestamp@ query_name query_type query_class rcode answers{
    srcaddr srcport# transport srcids{ firewall_rule_group_id firewall_rule_action firewall_domain_list_id
    srcids.instance=srcids_instance srcids.resolver_endpoint=srcids_resolver_endpoint"""
FIREWALL = """firewall_name availability_zone event_timestamp@ event{ event.timestamp=event_time@
    event.flow_id=event_flow_id# event.event_type=event_event_type event.src_ip=event_src_ip
    event.src_port=event_src_port# event.dest_ip=event_dest_ip event.dest_port=event_dest_port#
    event.proto=event_proto event.app_proto=event_app_proto event.netflow=event_netflow{ event.alert=event_alert{
    event.tls=event_tls{ event.http=event_http{ event.metadata=event_metadata{
    event.netflow.pkts=event_netflow_pkts# event.netflow.bytes=event_netflow_bytes#
    event.netflow.start=event_netflow_start@ event.netflow.end=event_netflow_end@
    event.alert.action=event_alert_action event.alert.signature_id=event_alert_signature_id#
    event.alert.signature=event_alert_signature event.alert.category=event_alert_category
    event.alert.severity=event_alert_severity# event.tls.sni=event_tls_sni event.tls.version=event_tls_version
    event.http.hostname=event_http_hostname event.http.url=event_http_url
    event.http.http_method=event_http_method event.http.status=event_http_status#"""
FIREWALL = FIREWALL.replace("event_event_type", "event_type")


def name_of(column):
    return column.rstrip("#~@{").split("=")[-1].split(".")[-1].lower()


TIMES = [
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), lambda text: text),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?"), lambda text: text + "Z"),
    (re.compile(r"\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d \+0000"),
     lambda text: datetime.datetime.strptime(text[:20], "%d/%b/%Y:%H:%M:%S").isoformat() + "Z"),
    (re.compile(r"\d{13}"), lambda text: instant(int(text))),
    (re.compile(r"\d{1,11}"), lambda text: instant(int(text) * 1000)),
    (re.compile(r".*[+]0000"), lambda text: text[:-5] + "Z"),
]


def instant(milliseconds):
    time = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=milliseconds)
    return time.isoformat(timespec="milliseconds") + "Z"


def value(column, text):
    """A value as CSV has it."""
    if text is None:
        return ""
    if column.endswith("#"):
        assert re.fullmatch(r"\d+|-1", text), (column, text)
    if column.endswith("~"):
        assert re.fullmatch(r"-?\d+(\.\d+)?", text), (column, text)
    if column.endswith("@"):
        return next(make(text) for pattern, make in TIMES if pattern.fullmatch(text))
    return text


def row(columns, fields, more):
    fields = fields + [None] * (len(columns) - len(fields))
    values = [value(column, text) for column, text in zip(columns, fields)]
    time = next(v for c, v in zip(columns, values) if c.endswith("@"))
    seconds, fraction = re.fullmatch(r"(.{19})\.?(\d*)Z", time).groups()
    return [f"{seconds}.{(fraction + '000')[:3]}Z", *values, more]


# A field in quotes ends with a quote that a space or the end follows.
FIELD = re.compile(r'"((?:[^"\\]|\\.)*)"(?=\ |$)|([^ ]+)')
PLAIN = re.compile(r'"([^"]*)"(?=\ |$)|([^ ]+)')


def cut(pattern, line, raw):
    fields, at = [], 0
    while at < len(line):
        if line[at] == " ":
            at += 1
            continue
        match = re.compile("([^ ]+)").match(line, at) if len(fields) in raw else pattern.match(line, at)
        is_quoted = len(fields) not in raw and match.group(1) is not None and match.lastindex == 1
        if not is_quoted and len(fields) not in raw and match.group().startswith('"'):
            return None
        fields.append((match.group(1) if is_quoted else match.group(), is_quoted, at))
        at = match.end()
    return fields


def balancer(columns, lengths, line, addresses, request=None, targets=None, raw=()):
    fields = cut(FIELD, line, raw)
    if fields is None:
        fields = cut(PLAIN, line, raw)
    assert fields is not None, line
    if targets is not None and len(fields) > targets and not fields[targets][1]:
        count = 1
        while ":" in fields[targets + count][0]:
            count += 1
        for at in (targets, targets + 1):
            if count > 1 and not fields[at][1]:
                joined = " ".join(text for text, _, _ in fields[at:at + count])
                fields[at:at + count] = [(joined, False, fields[at][2])]
    more = ""
    if len(fields) > lengths[-1]:
        more = line[fields[lengths[-1]][2]:]
        fields = fields[:lengths[-1]]
    assert len(fields) in lengths, (len(fields), line)
    values = []
    for number, (text, _, _) in enumerate(fields):
        if number in addresses:
            match = re.fullmatch(r"\[?(.*?)\]?:([^:]*)", text)
            values.extend(match.groups() if match else (text, None))
        elif number == request:
            match = re.fullmatch(r"([^ ]*) (.*?)(?: - | ([^ ]*))?", text)
            values.extend(match.groups() if match else (None, text, None))
        else:
            values.append(text)
    values = [None if text == "-" or (number in empties(columns) and not text) else text
              for number, text in enumerate(values)]
    return row(columns, values, more)


def empties(columns):
    """The parts of a request, which may be missing."""
    names = [name_of(column) for column in columns]
    return [names.index(name) for name in names if name in
            ("request_verb", "request_url", "request_proto", "url", "protocol")]


S3_HEAD = re.compile(r'([^ ]+) ([^ ]+) \[([^\]]*)\] ([^ ]+) ([^ ]+) ([^ ]+) ([^ ]+) ([^ ]+) '
                     r'(?:"(.*?)"|-) (\d{3}|-) ([\w.]+|-) (\d+|-) (\d+|-) (\d+|-) (\d+|-) (.*)')
S3_TAIL = re.compile(r'(?:"(.*?)"|-) (?:"(.*)"|-)((?: [^" ]+)*)')


def s3(columns, line):
    head = S3_HEAD.fullmatch(line).groups()
    referrer, agent, tail = S3_TAIL.fullmatch(head[-1]).groups()
    tail = tail.split()
    assert 17 + len(tail) in (18, 24, 25, 26, 27), line
    fields = [*head[:-1], referrer, agent, *tail]
    return row(columns, [None if text == "-" else text for text in fields], "")


def lines_of(text):
    return [line for line in text.split("\n") if line]


def balancers(columns, lengths, **shape):
    columns = columns.split()

    def rows(text):
        lines = lines_of(text)
        try:
            return [balancer(columns, lengths, line, **shape) for line in lines]
        except (AssertionError, StopIteration, IndexError):
            if len(lines) == 1:
                raise Other
            raise
    return rows


def s3_rows(text):
    return [s3(S3.split(), line) for line in lines_of(text)]


def cloudfront_rows(text):
    columns, rows = CLOUDFRONT.split(), []
    for line in lines_of(text):
        if line.startswith("#"):
            if "x-event" in line:
                raise Other
            continue
        fields = [None if text == "-" else text for text in line.split("\t")]
        assert len(fields) in (18, 19, 23, 24, 26, 31, 33)
        rows.append(row(columns, [f"{fields[0]}T{fields[1]}Z", *fields[2:]], ""))
    return rows


def members(text):
    """The members of an object: keys, and values as they are written."""
    decoder, at, found = json.JSONDecoder(), 1, {}
    while text[at] != "}":
        if text[at] in ", \n":
            at += 1
            continue
        key, colon = decoder.raw_decode(text, at)
        _, end = decoder.raw_decode(text, colon + 1)
        assert key not in found
        found[key] = (text[at:colon], text[colon + 1:end])
        at = end
    return found


def inside(raw, path):
    for key in path:
        if not raw.startswith("{"):
            return None
        raw = members(raw).get(key, (None, "null"))[1]
    return raw


def record(columns, raw):
    values = []
    for column in columns:
        path = column.rstrip("#~@{").split("=")[0].split(".")
        text = inside(raw, path)
        if text is None or text == "null":
            text = None
        elif text.startswith('"') and not column.endswith("{"):
            text = json.loads(text)
        values.append(text)
    known = {column.rstrip("#~@{").split("=")[0] for column in columns}
    more = [f"{key}:{text}" for name, (key, text) in members(raw).items() if name not in known]
    return row(columns, values, "{" + ",".join(more) + "}" if more else "")


def json_rows(columns):
    columns = columns.split()
    return lambda text: [record(columns, line) for line in lines_of(text)]


def cloudtrail_rows(text):
    if "Records" not in json.loads(text):
        raise Other
    decoder, at, rows = json.JSONDecoder(), text.index("[") + 1, []
    while text[at] != "]":
        _, end = decoder.raw_decode(text, at)
        rows.append(record(CLOUDTRAIL.split(), text[at:end]))
        at = end + (text[end] == ",")
    return rows


FORMATS = {
    "alb": balancers(ALB, (18, 19, 20, 25, 29, 30, 33, 34), addresses=(3, 4), request=12, targets=25),
    "alb-connection": balancers(CONNECTION, (11, 12), addresses=()),
    "nlb": balancers(NLB, (17, 21, 22), addresses=(5, 6), raw=(20,)),
    "elb": balancers(ELB, (12, 15), addresses=(2, 3), request=11),
    "s3-access": s3_rows,
    "cloudfront": cloudfront_rows,
    "cloudtrail": cloudtrail_rows,
    "waf": json_rows(WAF),
    "resolver": json_rows(RESOLVER),
    "network-firewall": json_rows(FIREWALL),
}


def written(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def folder_of_day(log, name):
    """The folder of an object of a log that has none for each day."""
    days = {"s3-access": r"(\d{4}-\d\d-\d\d)(-\d\d){3}-[0-9A-F]{16}$", "cloudfront": r"\.(\d{4}-\d\d-\d\d)-\d\d\.[^.]+\.gz$"}
    return f"day={re.search(days[log], name)[1]}" if log in days else ""


def main(log, source, output):
    count, others = 0, 0
    for folder, _, names in os.walk(source):
        for name in names:
            path = os.path.join(folder, name)
            key = os.path.relpath(path, source)
            with open(path, "rb") as file:
                data = file.read()
            text = (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).decode()
            target = os.path.join(output, "csv", folder_of_day(log, name), key + ".csv.gz")
            try:
                expected = FORMATS[log](text)
            except Other:
                assert not os.path.exists(target), f"{key} is another log"
                others += 1
                continue
            with gzip.open(target, "rt", newline="") as file:
                header, *rows = csv.reader(file)
            assert len(rows) == len(expected), f"{key}: {len(rows)} rows, and not {len(expected)}"
            for number, (found, right) in enumerate(zip(rows, expected)):
                for column, one, two in zip(header, found, right, strict=True):
                    assert one == written(two), f"{key}: row {number}, {column}: {one!r}, and not {two!r}"
            count += len(rows)
    print(count, others)


if __name__ == "__main__":
    main(*sys.argv[1:])
