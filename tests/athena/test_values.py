"""Every value of every row of Parquet is that of CSV, as DuckDB and pyarrow read it."""

import json
import shutil
import subprocess
import unittest

import readers
import stack
import stash
from outputs import REHOSE, folder, lines, microseconds, number, run, table

FLOW_FIELDS = json.loads((stack.ROOT / "infra" / "lib" / "tables.json").read_text())["fields"]

ORIGIN = ["--with", "owner,log-group,log-stream,id,extracted-fields,source"]


# What a field of CSV is in Parquet, by the type of its column. CSV has no NULL for text, but an empty one.
VALUE = {
    "timestamp": microseconds,
    "int": number,
    "bigint": number,
    "string": lambda text: text,
}


class Values(unittest.TestCase):
    def check(self, name, options=(), status=0):
        """Asserts that both outputs of a stash have the same rows. Returns how many."""
        # Parquet has line breaks as they are, too.
        only_csv = ["--line-breaks", "keep"]
        as_csv = run(name, status, *options, *only_csv, "--max-rejected", "100", output=f"{name}-as-csv")
        as_parquet = run(name, status, *options, "--to", "parquet", "--max-rejected", "100", output=f"{name}-as-parquet")
        kinds = [VALUE[kind] for _, kind in table(*options, "--to", "parquet").columns]
        files = lambda output, ending: {
            str(file.relative_to(output)).removesuffix(ending): file for file in output.rglob("*") if file.is_file()
        }
        csv, parquet = files(as_csv / "csv", ".csv.gz"), files(as_parquet / "parquet", ".parquet")
        self.assertEqual(csv.keys(), parquet.keys())
        count = 0
        for key, file in csv.items():
            expected = [tuple(value(text) for value, text in zip(kinds, row, strict=True)) for row in lines(file)[1:]]
            for reader in (readers.DuckDb(), readers.PyArrow()):
                read = reader.rows(str(parquet[key]))
                for row, right in zip(read, expected, strict=True):
                    texts = [("" if one is None else one) if kind is VALUE["string"] else one for kind, one in zip(kinds, row)]
                    self.assertEqual(tuple(texts), right, (reader.name, key))
            count += len(expected)
        rejected = lambda output: {str(file.relative_to(output)): file.read_bytes() for file in output.rglob("rejected/**/*.gz")}
        self.assertEqual(rejected(as_csv), rejected(as_parquet))
        return count

    def test_the_sample_in_the_repository(self):
        shutil.copytree(stash.DATA, folder() / "data")
        self.assertGreater(self.check("data"), 3_000)

    def test_a_sample_of_every_dialect(self):
        subprocess.run([REHOSE, "sample", folder() / "sample", "--dialects", "--objects", "4"], check=True)
        self.assertGreater(self.check("sample"), 8_000)
        shutil.copytree(folder() / "sample", folder() / "sample-as-messages")
        messages = ["--format", "message", *ORIGIN]
        self.assertGreater(self.check("sample-as-messages", messages), 8_000)

    def test_every_pitfall_of_the_other_tests(self):
        subprocess.run([REHOSE.parent / "examples" / "stash", folder() / "pitfalls"], check=True)
        self.assertGreater(self.check("pitfalls", status=3), 50)
        shutil.copytree(folder() / "pitfalls", folder() / "pitfalls-with-origin")
        self.assertGreater(self.check("pitfalls-with-origin", ORIGIN, status=3), 50)

    def test_every_field_and_the_largest_numbers(self):
        stash.wide(folder() / "wide", FLOW_FIELDS)
        self.assertEqual(self.check("wide", ["--fields", ",".join(FLOW_FIELDS)]), len(FLOW_FIELDS))

    def test_messages_with_quotes_and_line_breaks(self):
        texts = [*stash.MESSAGES, "first\nsecond", "a\r\n", "a \\n b", "-"]
        regex = r"^(?P<end>(?s:.)?)(?P<rest>(?s:.*))$"
        for name, options in [("texts", ["--format", "message"]), ("split-texts", ["--message-regex", regex])]:
            stash.messages(folder() / name, texts)
            self.assertEqual(self.check(name, options), len(texts))
