"""The stack's saved queries of AWS's own logs, each asked in Spark and answered by Python over the rows of another parser.
The same answers come of CSV and of Parquet."""

import datetime
import json
import math
import operator
import re
import unittest
from collections import defaultdict

import sqlglot

import spark
import stack
from aws_logs import FORMATS, KINDS, database, output, table, typed, written


def records(log):
    """What the queries may count: every row as a dictionary of values."""
    columns = table(log, "parquet").columns
    names = [name for name, _ in columns]
    return [dict(zip(names, typed(columns, row))) for row in written(log)]


def json_text(column, key):
    """The text that a member of a JSON object has, if it is one and has it."""

    def get(record):
        value = json.loads(record[column] or "null")
        return value.get(key) if isinstance(value, dict) else None

    return get


def distinct(column):
    return lambda group: len({record[column] for record in group} - {None})


def mean(column):
    return lambda group: math.fsum(record[column] for record in group) / len(group)


def most(column):
    return lambda group: max(record[column] for record in group)


def grouped(log, where, by, *measures):
    """Records of a log by the values of columns, and what is measured of each group. The first measure is the rank."""
    groups = defaultdict(list)
    get = [name if callable(name) else operator.itemgetter(name) for name in by]
    for record in filter(where, records(log)):
        groups[tuple(value(record) for value in get)].append(record)
    rows = [(*key, *[measure(group) for measure in measures]) for key, group in groups.items()]
    rank = lambda row: (-row[len(by)], *[(value is None, value) for value in row[: len(by)]])
    return sorted(rows, key=rank)[:100]


def listed(log, where, by, order):
    """Records of a log in an order, as tuples of these columns."""
    get = [name if callable(name) else operator.itemgetter(name) for name in by]
    rows = sorted(filter(where, records(log)), key=operator.itemgetter(*order))
    return [tuple(value(record) for value in get) for record in rows]


PRINCIPAL = json_text("useridentity", "arn")
RESULT = json_text("responseelements", "ConsoleLogin")
DELETED = ("photos", "2019/old.jpg")

# What each saved query should answer, and its parameters after those of the partitions.
ANSWERS = {
    "alb-errors-by-target": lambda: grouped(
        "alb",
        lambda r: r["elb_status_code"] >= 500,
        ("elb", "target_ip", "target_port", "elb_status_code", "target_status_code"),
        *(len, most("time")),
    ),
    "alb-slowest-urls": lambda: [
        (verb, url, requests, average, longest)
        for verb, url, average, requests, longest in grouped(
            "alb",
            lambda r: (r["target_processing_time"] or -1) >= 0,
            ("request_verb", lambda r: r["request_url"].split("?")[0]),
            *(mean("target_processing_time"), len, most("target_processing_time")),
        )
    ],
    "alb-connection-tls-failures": lambda: grouped(
        "alb-connection",
        lambda r: (r["tls_verify_status"] or "").startswith("Failed") or r["tls_protocol"] is None,
        ("client_ip", "listener_port", "tls_verify_status", "leaf_client_cert_subject"),
        *(len, most("time")),
    ),
    "nlb-tls-failures": lambda: grouped(
        "nlb",
        lambda r: r["incoming_tls_alert"] is not None or r["tls_protocol_version"] is None,
        ("elb", "listener_id", "client_ip", "incoming_tls_alert"),
        *(len, most("time")),
    ),
    "elb-latency-by-backend": lambda: [
        (*backend, requests, average, longest)
        for *backend, average, requests, longest in grouped(
            "elb",
            lambda r: (r["backend_processing_time"] or -1) >= 0,
            ("elb_name", "backend_ip", "backend_port"),
            *(mean("backend_processing_time"), len, most("backend_processing_time")),
        )
    ],
    "s3-who-deleted-this-object": lambda: listed(
        "s3-access",
        lambda r: "DELETE" in r["operation"] or r["operation"].startswith("S3.EXPIRE"),
        ("requestdatetime", "requester", "remoteip", "operation", "httpstatus", "versionid", "useragent", "requestid"),
        ("requestdatetime", "requestid"),
    ),
    "s3-access-denied-by-requester": lambda: grouped(
        "s3-access",
        lambda r: r["httpstatus"] == 403,
        ("bucket_name", "requester", "remoteip", "operation", "errorcode"),
        *(len, most("requestdatetime")),
    ),
    "cloudfront-slowest-urls": lambda: [
        (*place, requests, average, longest)
        for *place, average, requests, longest in grouped(
            "cloudfront",
            lambda r: r["time_taken"] is not None,
            ("x_host_header", "cs_uri_stem"),
            *(mean("time_taken"), len, most("time_taken")),
        )
    ],
    "cloudtrail-who-deleted-this-object": lambda: listed(
        "cloudtrail",
        lambda r: r["eventname"] == "DeleteObject" and json_text("requestparameters", "key")(r) == DELETED[1],
        ("eventtime", PRINCIPAL, "sourceipaddress", "useragent", "eventname", "errorcode", "eventid"),
        ("eventtime", "eventid"),
    ),
    "cloudtrail-sign-ins-without-mfa": lambda: grouped(
        "cloudtrail",
        lambda r: r["eventname"] == "ConsoleLogin" and json_text("additionaleventdata", "MFAUsed")(r) == "No",
        (PRINCIPAL, "sourceipaddress", RESULT),
        *(len, most("eventtime")),
    ),
    "cloudtrail-access-denied-by-principal": lambda: grouped(
        "cloudtrail",
        lambda r: "AccessDenied" in (r["errorcode"] or ""),
        (PRINCIPAL, "eventsource", "eventname", "errorcode"),
        *(len, most("eventtime")),
    ),
    "waf-top-blocked-rules": lambda: grouped(
        "waf",
        lambda r: r["action"] == "BLOCK",
        ("webaclid", "terminatingruleid"),
        *(len, distinct("clientip"), most("time")),
    ),
    "resolver-blocked-domains": lambda: grouped(
        "resolver",
        lambda r: r["firewall_rule_action"] == "BLOCK",
        ("query_name", "firewall_domain_list_id"),
        *(len, distinct("srcaddr"), most("query_timestamp")),
    ),
    "network-firewall-top-alerts": lambda: grouped(
        "network-firewall",
        lambda r: r["event_type"] == "alert" and r["event_alert_signature_id"] is not None,
        ("firewall_name", "event_alert_signature_id", "event_alert_signature", "event_alert_action", "event_alert_severity"),
        *(len, distinct("event_src_ip"), most("event_timestamp")),
    ),
}
PARAMETERS = {"s3-who-deleted-this-object": DELETED, "cloudtrail-who-deleted-this-object": DELETED}


class SavedQueries(unittest.TestCase):
    def ask(self, log, to, text, more):
        self.assertIsInstance(sqlglot.parse_one(text, read="athena"), sqlglot.exp.Select)
        made = table(log, to)
        values = dict(zip([name for name, _ in made.partitions], next(iter(made.places(output(log, to))))))
        time = values.pop("datehour", None) or values.pop("day")
        rows = database(to).sql(spark.translated(text), args=[time, time, *values.values(), *more]).collect()
        return [tuple(map(plain, row)) for row in rows]

    def test_every_query_has_the_right_answer(self):
        for to in KINDS:
            queries = {named["Name"]: named["QueryString"] for named in stack.of_logs(FORMATS, to)["AWS::Athena::NamedQuery"]}
            del queries["what-failed-in-job"]
            self.assertEqual(queries.keys(), ANSWERS.keys())
            for name, text in queries.items():
                [log] = [log for log in FORMATS if re.search(rf"FROM {table(log, to).name}\b", text)]
                with self.subTest(query=name, to=to):
                    expected = ANSWERS[name]()
                    self.assertGreater(len(expected), 0)
                    found = self.ask(log, to, text, PARAMETERS.get(name, ()))
                    self.assertEqual(rounded(found), rounded(expected))


def plain(value):
    """A value as the parser has it: times as microseconds."""
    if isinstance(value, datetime.datetime):
        return (value - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1)
    return value


def rounded(rows):
    """Rows whose averages do not depend on the order in which they were added up."""
    return [tuple(round(value, 9) if isinstance(value, float) else value for value in row) for row in rows]


if __name__ == "__main__":
    unittest.main(verbosity=2)
