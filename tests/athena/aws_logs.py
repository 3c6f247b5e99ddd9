"""A stash and the outputs of each of AWS's own logs, and their tables in Spark. The parser of `tests/logs.py`, which
shares no code with rehose, says what every row should be."""

import functools
import gzip
import subprocess
import sys

import outputs
import spark
import stack
from outputs import folder, run
from stack import REHOSE

sys.path.insert(0, str(stack.ROOT / "tests"))
import logs  # noqa: E402

KINDS = ("csv", "parquet")
FORMATS = tuple(logs.FORMATS)


@functools.cache
def written(log):
    """The rows of a log as texts, by the parser. Writes the stash, whose keys begin with the log's name."""
    stash = folder() / log
    arguments = ["--log", log, "--objects", "2", "--events", "240"]
    subprocess.run([REHOSE, "sample", stash / log, *arguments], capture_output=True, check=True)
    rows = []
    for file in filter(lambda path: path.is_file(), stash.rglob("*")):
        data = file.read_bytes()
        text = (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).decode()
        try:
            rows += logs.FORMATS[log](text)
        except logs.Other:
            pass
    assert len(rows) == 480, log
    return rows


@functools.cache
def output(log, to):
    written(log)
    return run(log, 0, "--format", log, "--to", to, output=f"{log}-{to}")


@functools.cache
def table(log, to, which="rows"):
    """What `rehose table` says of the output of a log in a bucket."""
    arguments = [which, "--format", log, "--to", to, "--prefix", f"{log}/", "--location", f"s3://tables/out/{log}"]
    printed = subprocess.run([REHOSE, "table", *arguments], capture_output=True, text=True, check=True).stdout
    # Of an output alone.
    return spark.Table(printed.replace(f"{spark.OUTPUT}{log}/", spark.OUTPUT))


def microseconds(text):
    """A time as microseconds since 1970."""
    if not text:
        return None
    seconds, fraction = text[:19], text[20:-1]
    return outputs.microseconds(f"{seconds}.0Z") + int(fraction.ljust(6, "0")[:6] or 0)


# What a text is by the type of its column.
VALUE = {
    "timestamp": microseconds,
    "int": lambda text: int(text) if text else None,
    "bigint": lambda text: int(text) if text else None,
    "double": lambda text: float(text) if text else None,
    "string": lambda text: text or None,
}


def typed(columns, row):
    return tuple(VALUE[kind](text) for (_, kind), text in zip(columns, row, strict=True))


@functools.cache
def database(to):
    """A session of Spark with the tables of all logs."""
    session = outputs.session().newSession()
    session.sql(f"CREATE DATABASE logs_{to}")
    session.sql(f"USE logs_{to}")
    for log in FORMATS:
        made = table(log, to)
        made.create(session, output(log, to))
        # Athena skips the header, and a temporary view goes before a table of the same name.
        is_row = "`timestamp` IS NOT NULL" if to == "parquet" else "`timestamp` <> 'timestamp'"
        session.sql(f"CREATE TEMPORARY VIEW {made.name} AS SELECT * FROM logs_{to}.{made.name} WHERE {is_row}")
    return session


def times(columns, function):
    """A list of columns, with times as microseconds."""
    return ", ".join(f'{function}("{name}")' if kind == "timestamp" else f'"{name}"' for name, kind in columns)


def texts(row):
    """A row without a difference between no text and an empty one, which CSV has not."""
    return tuple(value if value != "" else None for value in row)
