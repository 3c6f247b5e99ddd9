#!/usr/bin/env python3
"""Measures `rehose run` on AWS's own logs, beside what else makes a table of them.

Each is run on one core, in turns. The results go to target/bench/ as Markdown and as JSON.
"""

import argparse
import json
import pathlib
import shutil
import statistics
import sys
import tempfile

from corpora import SEED, decoded_size
from measure import BenchError, call, cores, measure, run_script, say

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCRIPTS = pathlib.Path(__file__).resolve().parent

# The names of a log's own objects: the samples have other logs beside them, which the others cannot tell.
OBJECTS = {
    "alb": "[0-9]*_app.*", "alb-connection": "conn_log_*", "nlb": "[0-9]*_net.*", "elb": "[0-9]*_till_*",
    "s3-access": "20*", "cloudfront": "E*.gz", "cloudtrail": "*_CloudTrail_*", "waf": "*_waflogs_*",
    "resolver": "*_vpcdnsquerylogs_*", "network-firewall": "*_network-firewall_*",
}


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=int, default=64, help="decoded text of each log (64)")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--python", default=sys.executable, help="a Python that has duckdb")
    parser.add_argument("--rehose", type=pathlib.Path, default=ROOT / "target/release/rehose")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "target/bench")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rehose-bench-") as folder:
        bench = Bench(options, pathlib.Path(folder))
        write({name: bench.of(name) for name in OBJECTS}, options)


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.core = cores()[:1]

    def of(self, name):
        """The megabytes of text in a second of CPU, by who reads them."""
        stash = self.stash(name)
        size = decoded(stash)
        rehose = [str(self.options.rehose), "run", str(stash), "OUT", "--format", name, "--concurrency", "1"]
        others = {who: [self.options.python, str(SCRIPTS / script), name, str(stash), "OUT"]
                  for who, script in {"DuckDB": "duck_logs.py", "Python": "python_logs.py"}.items()}
        ways = {"rehose to Parquet": [*rehose, "--to", "parquet"], "rehose to CSV.gz": rehose, **others}
        taken = {who: [] for who in ways}
        for run in range(self.options.runs):
            for who, command in ways.items():
                # The others take so much longer that one run says enough.
                if run == 0 or who not in others:
                    taken[who].append(self.measure(command))
        shutil.rmtree(stash)
        medians = {who: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
                   for who, runs in taken.items()}
        for of in medians.values():
            of["megabytes_per_second"] = size / of["cpu_seconds"] / 1e6
        say(f"{name}: {medians['rehose to Parquet']['megabytes_per_second']:.0f} MB/s to Parquet")
        return {"bytes": size} | medians

    def stash(self, name):
        """A stash with as much text as wanted, in 16 objects."""
        little = self.sample(name, 1_000)
        size = decoded(little)
        if size == 0:
            raise BenchError(f"the sample of {name} has no object of the name {OBJECTS[name]}")
        shutil.rmtree(little)
        return self.sample(name, 1_000_000_000 * self.options.megabytes // size)

    def sample(self, name, events):
        stash = self.folder / name
        call([str(self.options.rehose), "sample", str(stash), "--log", name, "--objects", "16",
              "--events", str(events), "--seed", str(SEED)])
        for path in files(stash):
            if not path.match(OBJECTS[name]):
                path.unlink()
        return stash

    def measure(self, command):
        out = self.folder / "out"
        taken = measure([str(out) if part == "OUT" else part for part in command], self.core)
        out.unlink() if out.is_file() else shutil.rmtree(out)
        return taken


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def decoded(folder):
    """The bytes of text in a stash."""
    return sum(decoded_size(path) if path.suffix == ".gz" else path.stat().st_size for path in files(folder))


def write(results, options):
    people = list(next(iter(results.values())))[1:]
    lines = ["MB of decoded text in a second of CPU, one core.", "", f"| log | {' | '.join(people)} | memory (MB) |",
             "|---|" + "---:|" * (len(people) + 1)]
    for name, taken in results.items():
        speeds = " | ".join(f"{taken[who]['megabytes_per_second']:.0f}" for who in people)
        lines.append(f"| `{name}` | {speeds} | {taken[people[0]]['peak_bytes'] / 1e6:.0f} |")
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "logs.md").write_text("\n".join(lines) + "\n")
    (options.results / "logs.json").write_text(json.dumps(results, indent=2) + "\n")
    print("\n".join(lines))


run_script(main)
