"""What Athena makes of merged rows: the statements of `rehose table` create `merged` and `generations`, and the view of
all rows, in Spark. `rehose run` and `rehose merge` write an output of three hours, of which the last is not merged.

Spark has no "$path", so the table has a column of that name here."""

import base64
import datetime
import json
import shutil
import subprocess
import unittest
from collections import Counter

import spark
import stack
import stash
from outputs import REHOSE, folder, run, session, table

DAY = "2020-02-01"
PARTITION = "PARTITION (day='2020-02-01', hour='{hour}')"

# Seconds since 1970 of the first hour.
MIDNIGHT = 1_580_515_200


def record(hour, minute):
    start = MIDNIGHT + 3600 * hour + 60 * minute
    return f"2 1 eni-1 10.0.0.{hour} 10.0.0.9 443 5000 6 1 40 {start} {start + 59} ACCEPT OK"


def put(hour, minute):
    place = folder() / "merging" / "AWSLogs" / "2020" / "02" / "01" / f"{hour:02}"
    place.mkdir(parents=True, exist_ok=True)
    start = 1000 * (MIDNIGHT + 3600 * hour + 60 * minute)
    (place / f"{minute:02}").write_bytes(stash.envelope([record(hour, minute)], start))


def rehose(*arguments):
    return subprocess.run([REHOSE, *arguments], capture_output=True, text=True, check=True).stdout


def merge(output):
    rehose("merge", folder() / "merging", output, "--to", "2020/02/01/02")


def rewrite(output):
    shutil.rmtree(output / "jobs", ignore_errors=True)
    run("merging", 0)


class Merged(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.session = session().newSession()
        for hour in range(3):
            for minute in range(3):
                put(hour, minute)
        cls.output = run("merging", 0)
        merge(cls.output)

    def setUp(self):
        # Under names that no other test has. The view finds them under its own.
        for name in ("files_of_rows", "merged_files"):
            self.session.sql(f"DROP TABLE IF EXISTS {name}")
        table("--prefix", "AWSLogs/", "--name", "files_of_rows").create(self.session, self.output)
        merged = table("merged", "--name", "merged_files")
        self.session.sql(merged.ddl.replace(spark.OUTPUT, f"file://{self.output}/"))
        template = merged.parameters["storage.location.template"].removeprefix(spark.OUTPUT)
        for hour in ("00", "01"):
            place = self.output / template.replace("${day}", DAY).replace("${hour}", hour)
            self.assertTrue(place.is_dir(), place)
            self.session.sql(f"ALTER TABLE merged_files ADD {PARTITION.format(hour=hour)} LOCATION 'file://{place}'")
        # Athena skips the header.
        rows = "SELECT * FROM files_of_rows WHERE `timestamp` IS NOT NULL"
        self.session.sql(f"CREATE OR REPLACE TEMPORARY VIEW flow_logs AS {rows}")
        merged = "SELECT *, input_file_name() AS `$path` FROM merged_files"
        self.session.sql(f"CREATE OR REPLACE TEMPORARY VIEW merged AS {merged}")
        self.generations()

    def generations(self):
        """Reads with Spark's own JSON reader, for it has no OpenX SerDe: the columns are the statement's."""
        made = table("generations")
        schema = ", ".join(f"`{name}` {kind}" for name, kind in made.columns)
        template = made.parameters["storage.location.template"].removeprefix(spark.OUTPUT)
        frames = []
        for hour in ("00", "01"):
            place = self.output / template.replace("${day}", DAY).replace("${hour}", hour)
            frame = self.session.read.schema(schema).json(f"file://{place}")
            frames.append(frame.selectExpr("*", f"'{DAY}' AS day", f"'{hour}' AS hour"))
        frames[0].union(frames[1]).createOrReplaceTempView("generations")

    def publish(self, seconds):
        """Has all markers written so long ago."""
        time = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=seconds)
        for marker in (self.output / "generations").rglob("*.published.json"):
            document = json.loads(marker.read_text())
            marker.write_text(json.dumps({**document, "published": f"{time:%Y-%m-%dT%H:%M:%S.%f}123Z"}) + "\n")
        self.setUp()

    def view(self):
        """The rows of the view: source, records, packets, start and hour."""
        statement = rehose("table", "all", "--location", "s3://tables/out", "--prefix", "AWSLogs/")
        created, _, query = statement.strip().removesuffix(";").partition(" AS\n")
        self.assertEqual(created, 'CREATE OR REPLACE VIEW "all_flow_logs"')
        query = spark.translated(query)
        rows = self.session.sql(f"SELECT srcaddr, records, packets, start, hour, datehour FROM ({query})").collect()
        return Counter(tuple(row) for row in rows)

    def rows(self, hour, minute, minutes=1):
        start = MIDNIGHT + 3600 * hour + 60 * minute
        return (f"10.0.0.{hour}", minutes, minutes, start, f"{hour:02}", f"2020/02/01/{hour:02}")

    def test_merged_rows_are_read_with_their_types_and_partitions(self):
        made = table("merged")
        partitions = [("day", "string"), ("hour", "string")]
        self.assertEqual(self.session.table("merged_files").dtypes, [*made.columns, *partitions])
        sums = self.session.sql("SELECT hour, count(*), sum(records), sum(packets) FROM merged GROUP BY hour ORDER BY hour")
        [(hour, *first), _] = map(tuple, sums.collect())
        self.assertEqual((hour, *first[1:]), ("00", 3, 3))
        self.assertLess(first[0], first[1])

    def test_generations_that_are_published_have_a_time(self):
        published = self.session.sql("SELECT day, hour, generation, objects, sums['records'] FROM generations WHERE published IS NOT NULL")
        found = sorted(map(tuple, published.collect()))
        self.assertEqual(found[0], (DAY, "00", 1, 3, 3))
        self.assertEqual(len(found), len(list((self.output / "generations").rglob("*.published.json"))))

    def test_the_view_has_each_row_once_at_any_moment(self):
        # A query takes no marker that is less than a minute older.
        self.publish(0)
        rewritten = [self.rows(hour, minute) for hour in range(3) for minute in range(3)]
        self.assertEqual(self.view(), Counter(rewritten))
        last = rewritten[6:]
        merged = [self.rows(0, 0, 3), self.rows(1, 0, 3)]
        self.publish(61)
        self.assertEqual(self.view(), Counter(merged + last))

        # A file without a marker is no row.
        files = self.output / "merged" / f"day={DAY}" / "hour=00"
        shutil.copy(files / "0001-0000.parquet", files / "0007-0000.parquet")
        self.setUp()
        self.assertEqual(self.view(), Counter(merged + last))
        (files / "0007-0000.parquet").unlink()

        # Nor is a late object of a published hour, before it is merged.
        put(1, 30)
        rewrite(self.output)
        self.setUp()
        self.assertEqual(self.view(), Counter(merged + last))
        merge(self.output)
        self.publish(61)
        self.assertEqual(self.view(), Counter([*merged, self.rows(1, 30), *last]))


class Stack(unittest.TestCase):
    def test_the_deployed_view_is_that_of_the_statement(self):
        for to in ("csv", "parquet"):
            [view] = [
                resource["TableInput"]
                for resource in stack.synthesised({}, to)["AWS::Glue::Table"]
                if resource["TableInput"]["TableType"] == "VIRTUAL_VIEW"
            ]
            encoded = view["ViewOriginalText"].removeprefix("/* Presto View: ").removesuffix(" */")
            deployed = json.loads(base64.b64decode(encoded))
            statement = rehose("table", "all", "--location", "s3://tables/out", "--prefix", "AWSLogs/", "--to", to)
            self.assertEqual(statement.partition(" AS\n")[2], deployed["originalSql"] + ";\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
