"""The stack's saved queries, each asked and answered twice: by Spark, and by Python over the same rows."""

from collections import defaultdict

import sqlglot
from sqlglot import exp

import spark
import stack
from outputs import JOB, TEXT, moment, table

ALL_DAY = ["2020/02/01/00", "2020/02/01/23"]


class Questions:
    """A test of flow logs in a `session`. `header` and `written`, the rows with their hours, are as CSV has them;
    `output` has the receipts."""

    @classmethod
    def setUpClass(cls):
        cls.queries = stack.synthesised({}, cls.to)["AWS::Athena::NamedQuery"]

    def ask(self, query, *parameters):
        """The rows that a query of the stack gives."""
        [text] = [named["QueryString"] for named in self.queries if named["Name"] == query]
        self.assertIsInstance(sqlglot.parse_one(text, read="athena"), exp.Select)
        return [tuple(row) for row in self.session.sql(spark.translated(text), args=list(parameters)).collect()]

    def flows(self):
        """What the queries may count: every row as a dictionary, its numbers as such."""
        for _, row in self.written:
            fields = dict(zip(self.header, row))
            for name in self.header[1:]:
                if name not in TEXT and fields[name] != "-":
                    fields[name] = int(fields[name])
            yield fields

    def test_all_queries_are_asked_here(self):
        asked = {
            "top-talkers",
            "rejected-traffic-by-port",
            "who-spoke-to-this-address",
            "bytes-by-account-and-hour",
            "what-failed-in-job",
        }
        self.assertEqual({named["Name"] for named in self.queries}, asked)

    def test_top_talkers(self):
        talk = defaultdict(lambda: [0, 0, 0])
        for flow in self.flows():
            if flow["srcaddr"] != "-":
                sums = talk[flow["srcaddr"], flow["dstaddr"]]
                for i, amount in enumerate((flow["bytes"], flow["packets"], 1)):
                    sums[i] += amount
        expected = sorted(((*pair, *sums) for pair, sums in talk.items()), key=lambda row: (-row[2], *row[:2]))
        self.assertGreater(len(expected), 100)
        self.assertEqual(self.ask("top-talkers", *ALL_DAY), expected[:100])

    def test_rejected_traffic_by_port(self):
        refused = defaultdict(list)
        for flow in self.flows():
            if flow["action"] == "REJECT":
                refused[flow["dstport"], flow["protocol"]].append(flow)
        expected = [
            (*port, len(flows), len({flow["srcaddr"] for flow in flows}), sum(flow["packets"] for flow in flows))
            for port, flows in refused.items()
        ]
        expected.sort(key=lambda row: (-row[2], *row[:2]))
        self.assertGreater(len(expected), 5)
        self.assertEqual(self.ask("rejected-traffic-by-port", *ALL_DAY), expected[:100])

    def test_who_spoke_to_this_address(self):
        heard = defaultdict(list)
        for flow in self.flows():
            if flow["dstaddr"] == "10.1.0.7":
                heard[flow["srcaddr"], flow["dstport"], flow["protocol"], flow["action"]].append(flow)
        expected = [
            (
                *who,
                min(moment(flow["timestamp"]) for flow in flows),
                max(moment(flow["timestamp"]) for flow in flows),
                sum(flow["bytes"] for flow in flows),
            )
            for who, flows in heard.items()
        ]
        expected.sort(key=lambda row: (row[4], *row[:4]))
        self.assertGreater(len(expected), 5)
        self.assertEqual(self.ask("who-spoke-to-this-address", *ALL_DAY, "10.1.0.7"), expected)

    def test_bytes_by_account_and_hour(self):
        for first, last in [("2020/02/01/00", "2020/02/01/01"), ("2020/02/01/23", "2020/02/01/23")]:
            moved = defaultdict(list)
            for hour, row in self.written:
                if first <= hour <= last:
                    flow = dict(zip(self.header, row))
                    event_hour = moment(flow["timestamp"]).replace(minute=0, second=0, microsecond=0)
                    moved[event_hour, flow["account-id"]].append(flow["bytes"])
            # Where there is nothing to add up, SQL says NULL.
            total = lambda counts: sum(int(count) for count in counts if count != "-") if set(counts) != {"-"} else None
            expected = [(account, hour, total(counts)) for (hour, account), counts in sorted(moved.items())]
            self.assertGreater(len(expected), 1)
            self.assertEqual(self.ask("bytes-by-account-and-hour", first, last), expected)

    def test_what_failed_in_job(self):
        table("receipts").create_from_json(self.session, self.output)
        [(key, reason, detail)] = self.ask("what-failed-in-job", JOB)
        self.assertEqual((key, reason), ("AWSLogs/2020/02/01/23/corrupt", "truncated-gzip"))
        self.assertNotEqual(detail, "")
        self.assertEqual(self.ask("what-failed-in-job", "another"), [])
