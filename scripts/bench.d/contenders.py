"""Who is measured: `rehose run`, and what else turns such an object into rows."""

import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent


class Rehose:
    """The command that is measured, with so many workers and further options."""

    def __init__(self, binary, workers=1, *options):
        self.binary = str(binary)
        self.workers = workers
        self.options = options

    def command(self, corpus, output):
        return [self.binary, "run", str(corpus.folder), str(output),
                "--concurrency", str(self.workers), *self.options]

    def written(self, output):
        folder = "parquet" if "parquet" in self.options else "csv"
        return sorted(path for path in (output / folder).rglob("*") if path.is_file())


class Halves:
    """Two processes of one worker each, with half of the objects each: what two cores give at best."""

    BOTH = '"$0" run "$1" "$2" --concurrency 1 $3 & "$0" run "$1" "$2-too" --concurrency 1 $4 && wait $!'

    def __init__(self, binary):
        self.each = Rehose(binary)

    def command(self, corpus, output):
        keys = [f"--exclude={path.relative_to(corpus.folder)}" for path in corpus.objects]
        half = len(keys) // 2
        return ["sh", "-c", self.BOTH, self.each.binary, str(corpus.folder), str(output),
                " ".join(keys[:half]), " ".join(keys[half:])]

    def written(self, output):
        return self.each.written(output) + self.each.written(output.with_name(output.name + "-too"))


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


def pyarrow(interpreter):
    return Script(interpreter, HERE / "arrow.py", suffix=".parquet")


def jq():
    return Script(HERE / "pipeline.sh")


def missing():
    """The programs that cannot be measured here."""
    return [program for program in ("node", "jq", "zcat") if shutil.which(program) is None]
