"""The tables of AWS's own logs, in CSV and in Parquet: what Spark's SerDes and DuckDB read is what another parser says."""

import unittest
from collections import Counter

import duckdb

import spark
import stack
from aws_logs import FORMATS, KINDS, database, logs, output, table, texts, times, typed, written
from outputs import folder
from readers import LINKS


class Tables(unittest.TestCase):
    def each(self, kinds=KINDS):
        for log in FORMATS:
            for to in kinds:
                with self.subTest(log=log, to=to):
                    yield log, to, table(log, to).columns

    def expected(self, log, to, columns):
        if to == "parquet":
            return Counter(typed(columns, row) for row in written(log))
        return Counter(texts(map(logs.written, row)) for row in written(log))

    def test_spark_reads_every_value_through_the_statement(self):
        for log, to, columns in self.each():
            query = f"SELECT {times(columns, 'unix_micros')} FROM {table(log, to).name}".replace('"', "`")
            read = Counter(texts(row) for row in database(to).sql(query).collect())
            self.assertEqual(read, self.expected(log, to, columns))

    def test_duckdb_reads_every_value(self):
        for log, to, columns in self.each():
            # A key can have characters that are a pattern here.
            links = []
            for file in (output(log, to) / to).rglob("*"):
                if file.is_file():
                    links.append(folder() / f"{next(LINKS)}.{to}")
                    links[-1].symlink_to(file)
            files = [str(link) for link in links]
            if to == "parquet":
                source = f"read_parquet({files})"
            else:
                kinds = {name: "VARCHAR" for name, _ in columns}
                form = "header = true, delim = ',', quote = '\"', escape = '\"', compression = 'gzip', auto_detect = false"
                source = f"read_csv({files}, {form}, columns = {kinds})"
            rows = duckdb.sql(f"SELECT {times(columns, 'epoch_us')} FROM {source}").fetchall()
            self.assertEqual(Counter(map(texts, rows)), self.expected(log, to, columns))

    def test_the_template_finds_every_file(self):
        for log, to, _ in self.each():
            found = {file for place in table(log, to).places(output(log, to)).values() for file in place.rglob("*")}
            files = {file for file in (output(log, to) / to).rglob("*") if file.is_file()}
            self.assertEqual({file for file in found if file.is_file()}, files)
            self.assertEqual(len(files), 2)

    def test_the_deployed_tables_say_what_the_statements_say(self):
        for to in KINDS:
            deployed = {said["name"]: said for said in map(stack.said, stack.of_logs(FORMATS, to)["AWS::Glue::Table"])}
            for log in FORMATS:
                rows = table(log, to)
                for which, name in (("rows", rows.name), ("rejected", f"{rows.name}_rejected")):
                    with self.subTest(log=log, to=to, which=which):
                        printed = table(log, to, which)
                        glue = self.in_its_output(deployed[name], log)
                        self.assertEqual({**glue, "name": printed.name}, {key: getattr(printed, key) for key in glue})

    def in_its_output(self, said, log):
        place = f"{spark.OUTPUT}{log}/"
        template = "storage.location.template"
        parameters = {**said["parameters"], template: said["parameters"][template].replace(place, spark.OUTPUT)}
        return {**said, "location": said["location"].replace(place, spark.OUTPUT), "parameters": parameters}


if __name__ == "__main__":
    unittest.main(verbosity=2)
