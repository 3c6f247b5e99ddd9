"""What Athena makes of an output: `rehose run` writes it, the statements of `rehose table` create the
tables, the SerDes that Athena names read them, and Python's own gzip and csv say what should be there.

Athena has no local twin. Spark has Hive's LazySimpleSerDe and OpenCSVSerde, with which Athena's are
compatible. It departs from Athena in three points: it projects no partitions, so the tests add those
that the template gives; it does not skip the header, which is a row of each file then; it has no
OpenX SerDe, so its own reader of JSON takes that place.
"""

import datetime
import gzip
import json
import shutil
import unittest
import zlib
from collections import Counter

import stack
import stash
from outputs import JOB, files, flows, folder, lines, rows, run, session, table, typed
from questions import Questions

REGEX = r"^(?P<Level>[(?P<no>\]]?)(?<level>\S*) ?\(?(?P<rest>.*)$"
FIELDS = list(json.loads((stack.ROOT / "infra" / "lib" / "tables.json").read_text())["fields"])


def members(file):
    """How many gzip members a file has."""
    data, count = file.read_bytes(), 0
    while data:
        member = zlib.decompressobj(wbits=31)
        member.decompress(data)
        data, count = member.unused_data, count + 1
    return count


class FlowLogs(Questions, unittest.TestCase):
    to = "csv"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.session = session()
        cls.output = flows()
        several = run("flows", 3, "--level", "5", output="flows-of-members")
        cls.table = table("--prefix", "AWSLogs/")
        # A file of a level has several gzip members, any other one.
        large = next(file for _, file in files(cls.table, cls.output) if file.name == "large.csv.gz")
        shutil.copy(several / large.relative_to(cls.output), large)
        cls.table.create(cls.session, cls.output)
        cls.header = lines(next(files(cls.table, cls.output))[1])[0]
        cls.written = [(hour, row) for hour, file in files(cls.table, cls.output) for row in rows(file)]
        cls.read = cls.session.table("flow_logs").collect()
        # Athena skips the header, and a temporary view goes before a table of the same name.
        cls.session.sql("CREATE TEMPORARY VIEW flow_logs AS SELECT * FROM default.flow_logs WHERE `timestamp` IS NOT NULL")

    def test_the_template_finds_every_file_that_was_written(self):
        found = {file for _, file in files(self.table, self.output)}
        self.assertEqual(found, {file for file in (self.output / "csv").rglob("*") if file.is_file()})
        self.assertEqual(sorted(self.table.folders(self.output)), [f"2020/02/01/{hour}" for hour in ("00", "01", "02", "23")])
        # The form and the range in which Athena makes up the hours.
        self.assertEqual(self.table.parameters["projection.datehour.format"], "yyyy/MM/dd/HH")
        self.assertLess(self.table.parameters["projection.datehour.range"].partition(",")[0], "2020/02/01/00")

    def test_every_row_is_read_with_its_types_and_every_header_once(self):
        # Spark counts the days before 1583 by another calendar than Hive and Trino.
        modern = lambda row: row[0].year >= 1583
        expected = Counter(filter(modern, ((*typed(self.header, row), hour) for hour, row in self.written)))
        data = [tuple(row) for row in self.read if row["timestamp"] is not None]
        self.assertEqual(Counter(filter(modern, data)), expected)
        self.assertEqual(len(data), len(self.written))
        self.assertGreater(sum(expected.values()), stash.ROWS)
        headers = [row for row in self.read if row["timestamp"] is None]
        self.assertEqual(len(headers), len(list(files(self.table, self.output))))
        self.assertEqual({row["srcaddr"] for row in headers}, {"srcaddr"})

    def test_the_columns_have_the_types_that_the_statement_gives(self):
        self.assertEqual(session().table("default.flow_logs").dtypes, [*self.table.columns, self.table.partition])

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
        one = session().sql("SELECT count(*) FROM flow_logs WHERE datehour = '2020/02/01/23'").collect()[0][0]
        self.assertEqual(one, stash.ROWS + len(stash.NO_FLOWS))

    def test_rejected_events_are_a_table(self):
        made = table("rejected", "--prefix", "AWSLogs/")
        made.create_from_json(session(), self.output)
        expected = Counter()
        for hour, file in files(made, self.output):
            for line in gzip.open(file, "rt", encoding="utf-8"):
                event = json.loads(line)
                texts = [event.get(name) for name in ("source", "reason", "detail", "log_group", "log_stream")]
                expected[(*texts, str(event["timestamp"]), event["message"], hour)] += 1
        self.assertGreater(len(expected), 5)
        self.assertEqual(Counter(map(tuple, session().table("rejected").collect())), expected)

    def test_receipts_are_a_table(self):
        made = table("receipts")
        made.create_from_json(session(), self.output)
        self.assertEqual(list(made.folders(self.output)), [JOB])
        read = session().sql("SELECT inline(objects) FROM receipts").collect()
        report = json.loads((self.output / "jobs" / JOB / "report.json").read_text())
        self.assertEqual(Counter(row["outcome"] for row in read), {"done": report["objects"]["done"], "failed": 1})
        for count in ("events", "written", "rejected", "control"):
            self.assertEqual(sum(row[count] or 0 for row in read), report["rows"][count])


def unescaped(text):
    """A column as it was before line breaks were escaped, as docs/QUERY.md undoes it."""
    marked = text.replace("\\\\", "\ue000")
    return marked.replace("\\n", "\n").replace("\\r", "\r").replace("\ue000", "\\")


class Messages(unittest.TestCase):
    """The formats whose fields are quoted."""

    def written_and_read(self, name, texts, *options):
        stash.messages(folder() / name, texts)
        output = run(name, 0, *options)
        made = table("--name", name, *options)
        made.create(session(), output)
        [(hour, file)] = files(made, output)
        # The header is the first line of the only file.
        read = [tuple(row) for row in session().table(name).collect()][1:]
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
        for options, to, arguments in [
            ({}, "csv", []),
            ({"fields": FIELDS}, "csv", ["--fields", ",".join(FIELDS)]),
            ({"message_regex": REGEX}, "csv", ["--message-regex", REGEX]),
            ({}, "parquet", []),
        ]:
            with self.subTest(options=options, to=to):
                deployed = stack.tables(options, to)
                arguments += ["--prefix", "AWSLogs/", "--to", to]
                printed = [table(name, *arguments) for name in ("rows", "rejected", "receipts", "merged", "generations")]
                self.assertEqual(len(deployed), len(printed))
                printed = {ddl.name: ddl for ddl in printed}
                for glue in map(stack.said, deployed):
                    ddl = printed[glue["name"]]
                    self.assertEqual(glue, {name: getattr(ddl, name) for name in glue})


if __name__ == "__main__":
    unittest.main(verbosity=2)
