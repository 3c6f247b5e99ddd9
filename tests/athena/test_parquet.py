"""What readers make of Parquet: Spark, DuckDB, pyarrow and polars. The same job written as CSV says what should be there.

Spark reads the tables with its own reader of Parquet, as Athena's engine does. Both find a column by its name."""

import datetime
import unittest
from collections import Counter

import pyarrow.parquet

import outputs
import readers
import stash
from outputs import files, folder, lines, microseconds, rows, run, table, typed
from questions import Questions


def written(output):
    """The only file of an output."""
    [file] = (output / "parquet").rglob("*.parquet")
    return str(file)


def in_database(name):
    """A session of Spark with a database of its own."""
    session = outputs.session().newSession()
    session.sql(f"CREATE DATABASE {name}")
    session.sql(f"USE {name}")
    return session


class FlowLogs(Questions, unittest.TestCase):
    to = "parquet"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        as_csv, prefix = outputs.flows(), ["--prefix", "AWSLogs/"]
        found = list(files(table(*prefix), as_csv))
        cls.header = lines(found[0][1])[0]
        cls.written = [(hour, row) for hour, file in found for row in rows(file)]
        cls.output = run("flows", 3, "--to", "parquet", output="flows-parquet")
        cls.table = table("--to", "parquet", *prefix)
        cls.session = in_database("flows")
        cls.table.create(cls.session, cls.output)
        # Python's own conversion fails in the year 1, so the timestamp is in microseconds.
        read = "SELECT unix_micros(`timestamp`) AS `timestamp`, * EXCEPT (`timestamp`) FROM flow_logs"
        cls.read = cls.session.sql(read).collect()

    def test_the_template_finds_every_file_that_was_written(self):
        found = {file for _, file in files(self.table, self.output)}
        self.assertEqual(found, {file for file in (self.output / "parquet").rglob("*") if file.is_file()})
        self.assertEqual(len(found), sum(1 for file in (outputs.flows() / "csv").rglob("*") if file.is_file()))

    def test_every_row_is_read_with_its_types_and_no_header(self):
        expected = Counter((*typed(self.header, row, microseconds), hour) for hour, row in self.written)
        self.assertEqual(Counter(map(tuple, self.read)), expected)
        self.assertGreater(len(self.read), stash.ROWS)

    def test_the_columns_have_the_types_that_the_statement_gives(self):
        self.assertEqual(self.session.table("flow_logs").dtypes, [*self.table.columns, self.table.partition])

    def test_where_there_is_no_flow_numbers_are_null_and_text_keeps_its_hyphen(self):
        empty = [row for row in self.read if row["log_status"] in ("NODATA", "SKIPDATA") and row["interface_id"] == "eni-0"]
        self.assertEqual({row["log_status"] for row in empty}, {"NODATA", "SKIPDATA"})
        for row in empty:
            self.assertEqual([row[name] for name in ("srcport", "dstport", "protocol", "packets", "bytes")], [None] * 5)
            self.assertEqual([row[name] for name in ("srcaddr", "dstaddr", "action")], ["-"] * 3)
            self.assertIsInstance(row["start"], int)

    def test_a_table_of_sparks_own_is_the_same(self):
        place = self.table.folders(self.output)["2020/02/01/23"]
        self.session.sql(f"CREATE TABLE own USING parquet LOCATION 'file://{place}'")
        self.assertEqual(self.session.table("own").dtypes, self.table.columns)
        read = Counter(tuple(row)[1:] for row in self.session.table("own").collect())
        self.assertEqual(read, Counter(tuple(row)[1:-1] for row in self.read if row["datehour"] == "2020/02/01/23"))


class Reading(unittest.TestCase):
    """Each reader over the same files, without a table."""

    @classmethod
    def setUpClass(cls):
        cls.readers = readers.all_readers()

    def each(self):
        for reader in self.readers:
            with self.subTest(reader=reader.name):
                yield reader

    def test_the_types_of_columns(self):
        stash.messages(folder() / "types", stash.MESSAGES)
        flows = run("types", 0, "--to", "parquet", "--fields", "srcport,end,srcaddr", "--max-rejected", "100", output="no-rows")
        # All of its events are rejected.
        empty = written(flows)
        self.assertEqual(pyarrow.parquet.read_metadata(empty).num_rows, 0)
        types = {
            "Spark": ["timestamp", "int", "bigint", "string"],
            "Spark, row by row": ["timestamp", "int", "bigint", "string"],
            "DuckDB": ["TIMESTAMP WITH TIME ZONE", "INTEGER", "BIGINT", "VARCHAR"],
            "pyarrow": ["timestamp[us, tz=UTC]", "int32", "int64", "string"],
            "polars": ["Datetime(time_unit='us', time_zone='UTC')", "Int32", "Int64", "String"],
        }
        for reader in self.each():
            self.assertEqual(reader.types([empty]), types[reader.name])
            self.assertEqual(reader.counts([empty], [("end", "IS NULL", None)]), [0])

    def test_files_with_a_column_more_than_older_ones_are_one_table(self):
        stash.older_and_newer(folder() / "evolved")
        found = []
        for name, fields in [("older", "srcaddr,bytes,end"), ("newer", "srcaddr,tcp-flags,bytes,end")]:
            output = run(f"evolved/{name}", 0, "--to", "parquet", "--fields", fields)
            found.append(written(output))
        second = stash.NOON // 1000
        older = [(f"10.0.0.{i}", None, i * 1000, second + i) for i in range(3)]
        newer = [(f"10.0.0.{i}", None if i == 1 else i, i * 1000, second + i) for i in range(3)]
        for reader in self.each():
            self.assertEqual(Counter(reader.evolved(found)), Counter(older + newer))

    def check(self, file, filters):
        """Asserts that every reader finds as many rows by each filter as there are."""
        table = pyarrow.parquet.read_table(file, columns=sorted({column for column, *_ in filters}))
        values = {name: table.column(name).to_pylist() for name in table.column_names}
        matching = [sum(map(readers.python(*how), values[column])) for column, *how in filters]
        self.assertTrue({0, table.num_rows} < set(matching), "none, some and all")
        for reader in self.each():
            self.assertEqual(reader.counts([file], filters), matching)

    def test_filters_over_pages(self):
        stash.pages(folder() / "pages")
        file = written(run("pages", 0, "--to", "parquet"))
        self.assertEqual(pyarrow.parquet.read_metadata(file).num_row_groups, 1)
        first = datetime.datetime.fromtimestamp(stash.NOON / 1000, readers.UTC)
        at = lambda i: first + datetime.timedelta(milliseconds=i)
        last = 2 * stash.PAGE + stash.PAGE // 2 - 1
        self.check(
            file,
            [
                ("srcport", "=", 1024),
                ("srcport", "=", 1),
                ("srcport", "BETWEEN", (21_000, 21_050)),
                ("srcport", "IN", [1025, 30_000, 70_000]),
                ("srcport", "IS NULL", None),
                ("srcport", "IS NOT NULL", None),
                ("bytes", "=", 2 * (2**53 + 1)),
                ("bytes", ">", 2**53),
                ("bytes", "<=", 100),
                ("bytes", "<>", 100),
                ("end", ">=", stash.NOON // 1000),
                ("end", "<", stash.NOON // 1000 + 100),
                ("dstaddr", "=", "10.1.0.7"),
                ("dstaddr", "=", "-"),
                ("dstaddr", "=", "10.1.0"),
                ("dstaddr", ">", "10.1.0.8"),
                ("dstaddr", "IN", ["-", "10.1.0.12", "x"]),
                ("dstaddr", "IS NULL", None),
                ("action", "<>", "ACCEPT"),
                ("timestamp", "=", at(0)),
                ("timestamp", "=", at(last)),
                ("timestamp", "=", at(last + 1)),
                ("timestamp", "BETWEEN", (at(stash.PAGE - 5), at(stash.PAGE + 5))),
                ("timestamp", "IN", [at(5), at(stash.PAGE), at(-1)]),
                ("timestamp", "IS NOT NULL", None),
            ],
        )

    def test_filters_over_row_groups(self):
        stash.groups(folder() / "row-groups")
        file = written(run("row-groups", 0, "--to", "parquet", "--fields", "start,end,bytes,resource-id"))
        self.assertGreater(pyarrow.parquet.read_metadata(file).num_row_groups, 1)
        [*_, longest] = pyarrow.parquet.read_table(file, columns=["resource_id"]).column(0).to_pylist()
        first = datetime.datetime.fromtimestamp(stash.NOON / 1000, readers.UTC)
        at = lambda i: first + datetime.timedelta(milliseconds=i)
        self.check(
            file,
            [
                ("start", "=", stash.NOON // 1000 + 12),
                ("end", ">", stash.NOON // 1000 + 70),
                ("end", ">", 0),
                ("bytes", "IN", [0, 144, 145]),
                ("bytes", "IS NULL", None),
                ("bytes", "BETWEEN", (50, 150)),
                ("resource_id", "<", "05"),
                ("resource_id", ">=", "14"),
                ("resource_id", "=", "-"),
                # Statistics have only the beginning of a long text.
                ("resource_id", "=", longest),
                ("timestamp", "=", at(14)),
                ("timestamp", "<", at(11)),
            ],
        )
