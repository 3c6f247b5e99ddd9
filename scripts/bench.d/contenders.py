"""Who is measured: `rehose run`, and what else turns such an object into rows."""

import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent


class Rehose:
    """The command that is measured, with so many workers."""

    def __init__(self, binary, workers=1):
        self.binary = str(binary)
        self.workers = workers

    def command(self, corpus, output):
        return [self.binary, "run", str(corpus.folder), str(output),
                "--concurrency", str(self.workers)]

    def written(self, output):
        return sorted(path for path in (output / "csv").rglob("*") if path.is_file())


class Script:
    """A program that reads one object and writes one file."""

    def __init__(self, *program, suffix=""):
        self.program = [str(part) for part in program]
        self.suffix = suffix

    def command(self, corpus, output):
        return [*self.program, str(corpus.only), str(output) + self.suffix]

    def written(self, output):
        return [output.with_name(output.name + self.suffix)]


def node():
    return Script("node", HERE / "pipeline.js")


def python():
    return Script(sys.executable, HERE / "pipeline.py")


def duckdb(interpreter, suffix):
    return Script(interpreter, HERE / "duck.py", suffix=suffix)


def jq():
    return Script(HERE / "pipeline.sh")


def missing():
    """The programs that cannot be measured here."""
    return [program for program in ("node", "jq", "zcat") if shutil.which(program) is None]
