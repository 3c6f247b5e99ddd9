"""Outputs of `rehose run` and the statements of `rehose table`, for all tests of this folder."""

import atexit
import csv
import datetime
import functools
import gzip
import subprocess
import tempfile
from pathlib import Path

import spark
import stash
from stack import REHOSE

JOB = "reading"

TEXT = {"account-id", "interface-id", "srcaddr", "dstaddr", "action", "log-status"}


@functools.cache
def folder():
    """The folder of all stashes and outputs."""
    temporary = tempfile.TemporaryDirectory(prefix="rehose-athena-")
    atexit.register(temporary.cleanup)
    return Path(temporary.name).resolve()


@functools.cache
def session():
    """Spark, which all tests share, because it takes seconds to start."""
    started = spark.start(folder())
    atexit.register(started.stop)
    return started


def run(name, status, *options, output=None):
    """Runs a job over a stash and returns its output."""
    output = folder() / f"{output or name}-out"
    command = [REHOSE, "run", folder() / name, output, "--job", JOB, *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == status, done
    return output


@functools.cache
def flows():
    """The output of a stash of flow logs, as CSV. One object is corrupt."""
    stash.flows(folder() / "flows")
    return run("flows", 3)


def table(*arguments):
    """What `rehose table` says of an output in a bucket."""
    command = [REHOSE, "table", *arguments, "--location", "s3://tables/out"]
    return spark.Table(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def files(made, output):
    """The files of a table, with the value of their partition."""
    for value, place in made.folders(output).items():
        for file in place.iterdir():
            yield value, file


def lines(file):
    """The lines of a CSV file, each a list of its fields. The first is the header."""
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        return list(csv.reader(text))


def rows(file):
    """The rows of a CSV file, each a list of its fields."""
    return lines(file)[1:]


def moment(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ")


def microseconds(text):
    """A time of CSV as Parquet has it. There is none in an empty field."""
    return (moment(text) - datetime.datetime(1970, 1, 1)) // datetime.timedelta(microseconds=1) if text else None


def number(text):
    """A number of CSV, if it is one."""
    return None if text == "-" else int(text)


def typed(header, row, time=moment):
    """A row of flow logs as its table has it: numbers as such, and NULL where there is none."""
    first, *fields = row
    return (time(first), *[text if name in TEXT else number(text) for name, text in zip(header[1:], fields)])
