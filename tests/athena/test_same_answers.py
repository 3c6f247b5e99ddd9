"""The questions of docs/QUERY.md have the same answers over merged rows as over the rows of every record, if records
are counted by their column."""

import re
import subprocess
import unittest

import duckdb

import stack
from outputs import REHOSE, folder

# What the page asks, and what else sums, bounds and distinct values can tell.
MORE = [
    "SELECT account_id, date_trunc('hour', \"timestamp\")::VARCHAR, sum(bytes), sum(packets) FROM flow_logs GROUP BY ALL",
    "SELECT interface_id, min(start), max(\"end\"), min(\"timestamp\")::VARCHAR FROM flow_logs GROUP BY ALL",
    "SELECT count(DISTINCT srcaddr), count(DISTINCT dstaddr), count(DISTINCT interface_id) FROM flow_logs",
    "SELECT action, log_status, count(*) FROM flow_logs GROUP BY ALL",
]


def asked():
    """The queries of the page, without the one that shows single rows, and without limits. The stash has no rejected
    connections, so accepted ones take their place."""
    page = (stack.ROOT / "docs" / "QUERY.md").read_text()
    [block] = re.findall(r"SET TimeZone = 'UTC';\n(.*?)```", page, re.S)
    queries = [query.strip() for query in re.sub(r"--.*", "", block).split(";") if query.strip()]
    queries = [query.replace("'REJECT'", "'ACCEPT'") for query in queries if 'SELECT "timestamp"' not in query]
    return [re.sub(r" LIMIT \d+", "", query) for query in queries]


class SameAnswers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        stash, output = folder() / "hour", folder() / "hour-out"
        for command in (
            ["sample", stash, "--merge", "--objects", "60", "--events", "300"],
            ["run", stash, output, "--to", "parquet"],
            ["merge", stash, output],
        ):
            subprocess.run([REHOSE, *command], capture_output=True, check=True)
        cls.connection = duckdb.connect()
        cls.connection.execute("SET TimeZone = 'UTC'")
        for view, files in {"rows": "parquet/**/*.parquet", "merged": "merged/*/*/*.parquet"}.items():
            cls.connection.execute(
                f"CREATE VIEW {view} AS FROM read_parquet('{output / files}', hive_partitioning = false)"
            )

    def answer(self, query, view, count):
        query = query.replace("count(*)", count).replace("flow_logs", view)
        return sorted(self.connection.execute(query).fetchall(), key=repr)

    def test_rows_are_merged(self):
        [[rows]], [[merged]] = (self.answer("SELECT count(*) FROM flow_logs", view, "count(*)") for view in ("rows", "merged"))
        self.assertLess(merged, 0.9 * rows)

    def test_each_question_has_the_same_answer(self):
        queries = asked() + MORE
        self.assertGreaterEqual(len(queries), 8)
        for query in queries:
            expected = self.answer(query, "rows", "count(*)")
            self.assertGreater(len(expected), 0, query)
            self.assertEqual(self.answer(query, "merged", "sum(records)"), expected, query)


if __name__ == "__main__":
    unittest.main(verbosity=2)
