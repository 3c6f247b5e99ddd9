"""What Athena makes of an output: `rehose run` writes it, the statements of `rehose table` create the
tables, the SerDes that Athena names read them, and Python's own gzip and csv say what should be there.

Athena has no local twin. Spark has Hive's LazySimpleSerDe and OpenCSVSerde, with which Athena's are
compatible. It departs from Athena in three points: it projects no partitions, so the tests add those
that the template gives; it does not skip the header, which is a row of each file then; it has no
OpenX SerDe, so its own reader of JSON takes that place.
"""

import csv
import datetime
import gzip
import json
import os
import shutil
import subprocess
import tempfile
import unittest
import zlib
from collections import Counter, defaultdict
from pathlib import Path

import sqlglot
from sqlglot import exp

import spark
import stack
import stash

REHOSE = Path(os.environ.get("REHOSE", stack.ROOT / "target" / "debug" / "rehose"))
JOB = "reading"

TEXT = {"account-id", "interface-id", "srcaddr", "dstaddr", "action", "log-status"}

REGEX = r"^(?P<Level>[(?P<no>\]]?)(?<level>\S*) ?\(?(?P<rest>.*)$"
FIELDS = list(json.loads((stack.ROOT / "infra" / "lib" / "tables.json").read_text())["fields"])

ALL_DAY = ["2020/02/01/00", "2020/02/01/23"]


def setUpModule():
    global folder, session
    temporary = tempfile.TemporaryDirectory(prefix="rehose-athena-")
    unittest.addModuleCleanup(temporary.cleanup)
    folder = Path(temporary.name).resolve()
    session = spark.start(folder)
    unittest.addModuleCleanup(session.stop)


def run(name, status, *options):
    """Runs a job over a stash and returns its output."""
    output = folder / f"{name}-out"
    command = [REHOSE, "run", folder / name, output, "--job", JOB, *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == status, done
    return output


def table(*arguments):
    """What `rehose table` says of an output in a bucket."""
    command = [REHOSE, "table", *arguments, "--location", "s3://tables/out"]
    return spark.Table(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def files(made, output):
    """The CSV files of a table, with the value of their partition."""
    for value, place in made.folders(output).items():
        for file in place.iterdir():
            yield value, file


def rows(file):
    """The rows of a file, each a list of its fields, without the header."""
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        return list(csv.reader(text))[1:]


def members(file):
    """How many gzip members a file has."""
    data, count = file.read_bytes(), 0
    while data:
        member = zlib.decompressobj(wbits=31)
        member.decompress(data)
        data, count = member.unused_data, count + 1
    return count


def moment(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")


class FlowLogs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stash.flows(folder / "flows")
        # One object is corrupt.
        several = run("flows", 3, "--level", "5").rename(folder / "flows-of-members")
        cls.output = run("flows", 3)
        cls.table = table("--prefix", "AWSLogs/")
        # A file of a level has several gzip members, any other one.
        large = next(file for _, file in files(cls.table, cls.output) if file.name == "large.csv.gz")
        shutil.copy(several / large.relative_to(cls.output), large)
        cls.table.create(session, cls.output)
        cls.header = ["timestamp", *next(csv.reader(gzip.open(next(files(cls.table, cls.output))[1], "rt")))[1:]]
        cls.written = [(hour, row) for hour, file in files(cls.table, cls.output) for row in rows(file)]
        cls.read = session.table("flow_logs").collect()
        # Athena skips the header, and a temporary view goes before a table of the same name.
        session.sql("CREATE TEMPORARY VIEW flow_logs AS SELECT * FROM default.flow_logs WHERE `timestamp` IS NOT NULL")
        cls.queries = stack.synthesised({})["AWS::Athena::NamedQuery"]

    def test_the_template_finds_every_file_that_was_written(self):
        found = {file for _, file in files(self.table, self.output)}
        self.assertEqual(found, {file for file in (self.output / "csv").rglob("*") if file.is_file()})
        self.assertEqual(sorted(self.table.folders(self.output)), [f"2020/02/01/{hour}" for hour in ("00", "01", "02", "23")])
        # The form and the range in which Athena makes up the hours.
        self.assertEqual(self.table.parameters["projection.datehour.format"], "yyyy/MM/dd/HH")
        self.assertLess(self.table.parameters["projection.datehour.range"].partition(",")[0], "2020/02/01/00")

    def test_every_row_is_read_with_its_types_and_every_header_once(self):
        def typed(hour, row):
            fields = dict(zip(self.header, row))
            number = lambda text: None if text == "-" else int(text)
            return (
                moment(fields.pop("timestamp")),
                *[text if name in TEXT else number(text) for name, text in fields.items()],
                hour,
            )

        # Spark counts the days before 1583 by another calendar than Hive and Trino.
        modern = lambda row: row[0].year >= 1583
        expected = Counter(filter(modern, (typed(hour, row) for hour, row in self.written)))
        data = [tuple(row) for row in self.read if row["timestamp"] is not None]
        self.assertEqual(Counter(filter(modern, data)), expected)
        self.assertEqual(len(data), len(self.written))
        self.assertGreater(sum(expected.values()), stash.ROWS)
        headers = [row for row in self.read if row["timestamp"] is None]
        self.assertEqual(len(headers), len(list(files(self.table, self.output))))
        self.assertEqual({row["srcaddr"] for row in headers}, {"srcaddr"})

    def test_the_columns_have_the_types_that_the_statement_gives(self):
        self.assertEqual(session.table("default.flow_logs").dtypes, [*self.table.columns, self.table.partition])

    def test_timestamps_have_their_milliseconds(self):
        first = datetime.datetime(2020, 2, 1, 2, 0, 0, 123_000)
        self.assertIn(first, {row["timestamp"] for row in self.read})

    def test_counters_go_beyond_32_bits_and_beyond_what_a_double_holds(self):
        packets = {row["packets"] for row in self.read}
        self.assertLessEqual(set(stash.COUNTERS), packets)
        self.assertIn(2 * (2**53 + 1), {row["bytes"] for row in self.read})

    def test_where_there_is_no_flow_numbers_are_null_and_text_keeps_its_hyphen(self):
        empty = [row for row in self.read if row["log_status"] in ("NODATA", "SKIPDATA") and row["interface_id"] == "eni-0"]
        self.assertEqual({row["log_status"] for row in empty}, {"NODATA", "SKIPDATA"})
        for row in empty:
            self.assertEqual([row[name] for name in ("srcport", "dstport", "protocol", "packets", "bytes")], [None] * 5)
            self.assertEqual([row[name] for name in ("srcaddr", "dstaddr", "action")], ["-"] * 3)
            self.assertIsInstance(row["start"], int)

    def test_files_of_several_gzip_members_are_read_whole(self):
        large = next(file for _, file in files(self.table, self.output) if file.name == "large.csv.gz")
        self.assertGreater(members(large), 1)
        count = sum(row["datehour"] == "2020/02/01/23" for row in self.read)
        self.assertEqual(count, stash.ROWS + len(stash.NO_FLOWS) + 1)

    def test_an_hour_alone_is_read_where_a_query_names_it(self):
        one = session.sql("SELECT count(*) FROM flow_logs WHERE datehour = '2020/02/01/23'").collect()[0][0]
        self.assertEqual(one, stash.ROWS + len(stash.NO_FLOWS))

    def test_rejected_events_are_a_table(self):
        made = table("rejected", "--prefix", "AWSLogs/")
        made.create_from_json(session, self.output)
        expected = Counter()
        for hour, file in files(made, self.output):
            for line in gzip.open(file, "rt", encoding="utf-8"):
                event = json.loads(line)
                texts = [event.get(name) for name in ("source", "reason", "detail", "log_group", "log_stream")]
                expected[(*texts, str(event["timestamp"]), event["message"], hour)] += 1
        self.assertGreater(len(expected), 5)
        self.assertEqual(Counter(map(tuple, session.table("rejected").collect())), expected)

    def test_receipts_are_a_table(self):
        made = table("receipts")
        made.create_from_json(session, self.output)
        self.assertEqual(list(made.folders(self.output)), [JOB])
        read = session.sql("SELECT inline(objects) FROM receipts").collect()
        report = json.loads((self.output / "jobs" / JOB / "report.json").read_text())
        self.assertEqual(Counter(row["outcome"] for row in read), {"done": report["objects"]["done"], "failed": 1})
        for count in ("events", "written", "rejected", "control"):
            self.assertEqual(sum(row[count] or 0 for row in read), report["rows"][count])

    def ask(self, query, *parameters):
        """The rows that a query of the stack gives."""
        [text] = [named["QueryString"] for named in self.queries if named["Name"] == query]
        self.assertIsInstance(sqlglot.parse_one(text, read="athena"), exp.Select)
        return [tuple(row) for row in session.sql(spark.translated(text), args=list(parameters)).collect()]

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
        table("receipts").create_from_json(session, self.output)
        [(key, reason, detail)] = self.ask("what-failed-in-job", JOB)
        self.assertEqual((key, reason), ("AWSLogs/2020/02/01/23/corrupt", "truncated-gzip"))
        self.assertNotEqual(detail, "")
        self.assertEqual(self.ask("what-failed-in-job", "another"), [])


def unescaped(text):
    """A column as it was before line breaks were escaped, as docs/QUERY.md undoes it."""
    marked = text.replace("\\\\", "\ue000")
    return marked.replace("\\n", "\n").replace("\\r", "\r").replace("\ue000", "\\")


class Messages(unittest.TestCase):
    """The formats whose fields are quoted."""

    def written_and_read(self, name, texts, *options):
        stash.messages(folder / name, texts)
        output = run(name, 0, *options)
        made = table("--name", name, *options)
        made.create(session, output)
        [(hour, file)] = files(made, output)
        # The header is the first line of the only file.
        read = [tuple(row) for row in session.table(name).collect()][1:]
        return [(*row, hour) for row in rows(file)], read

    def test_quotes_commas_and_backslashes_are_read_as_they_were_written(self):
        written, read = self.written_and_read("whole", stash.MESSAGES, "--format", "message")
        self.assertEqual([unescaped(row[1]) for row in written], stash.MESSAGES)
        self.assertEqual(read, written)

    def test_a_line_break_is_two_characters_in_one_row(self):
        texts = ["first\nsecond", "a\r\n", "a \\n b", "next"]
        written, read = self.written_and_read("escaped", texts, "--format", "message")
        self.assertEqual(read, written)
        self.assertEqual([unescaped(row[1]) for row in read], texts)

    def test_groups_of_a_regex_are_columns(self):
        written, read = self.written_and_read("groups", stash.MESSAGES, "--message-regex", REGEX)
        self.assertEqual(len(written), len(stash.MESSAGES))
        self.assertEqual(read, written)

    def test_a_line_break_in_a_field_ends_the_row_as_the_readme_says(self):
        texts = ["first\nsecond", "next"]
        written, read = self.written_and_read("broken", texts, "--format", "message", "--line-breaks", "keep")
        self.assertEqual(written[0][1], "first\nsecond")
        self.assertEqual([row[1] for row in read], [None, None, "next"])
        self.assertIsNone(read[1][0])


class Stack(unittest.TestCase):
    """The deployed tables and queries."""

    def test_the_tables_say_what_the_statements_say(self):
        for options, arguments in [
            ({}, []),
            ({"fields": FIELDS}, ["--fields", ",".join(FIELDS)]),
            ({"message_regex": REGEX}, ["--message-regex", REGEX]),
        ]:
            with self.subTest(options=options):
                deployed = stack.synthesised(options)["AWS::Glue::Table"]
                printed = [table(name, "--prefix", "AWSLogs/", *arguments) for name in ("rows", "rejected", "receipts")]
                self.assertEqual(len(deployed), len(printed))
                for glue, ddl in zip(map(stack.said, deployed), printed):
                    self.assertEqual(glue, {name: getattr(ddl, name) for name in glue})


if __name__ == "__main__":
    unittest.main(verbosity=2)
