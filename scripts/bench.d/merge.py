#!/usr/bin/env python3
"""Measures `rehose merge` and `rehose digest` on an hour of many accounts, beside what else makes one file of it.

Each is run on one core, in turns. The results go to target/bench/ as Markdown and as JSON.
"""

import argparse
import json
import pathlib
import shutil
import statistics
import sys
import tempfile

from corpora import SEED
from measure import call, cores, measure, run_script

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCRIPTS = pathlib.Path(__file__).resolve().parent

# The folders of an output with files of rows.
ROWS = ("csv", "parquet", "merged", "digests")

# The hour of the records.
WINDOW = ["--from", "2020-02-01T00:00:00Z", "--to", "2020-02-01T01:00:00Z"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--objects", type=int, default=2_000)
    parser.add_argument("--events", type=int, default=500, help="events of each object (500)")
    parser.add_argument("--continuing", type=int, default=30,
                        help="percentage of flows that go on after a minute (30)")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--python", default=sys.executable, help="a Python that has duckdb and pyarrow")
    parser.add_argument("--rehose", type=pathlib.Path, default=ROOT / "target/release/rehose")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "target/bench")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rehose-bench-") as folder:
        write(Bench(options, pathlib.Path(folder)).results(), options)


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.hour = folder / "hour"
        call([str(options.rehose), "sample", str(self.hour), "--merge", "--objects", str(options.objects),
              "--events", str(options.events), "--continuing", str(options.continuing), "--seed", str(SEED)])
        self.core = cores()[:1]

    def results(self):
        rehose = str(self.options.rehose)
        one = ["--concurrency", "1"]
        ways = {
            "rewritten to CSV.gz": lambda out: [rehose, "run", str(self.hour), out, *one],
            "rewritten to Parquet": lambda out: [rehose, "run", str(self.hour), out, "--to", "parquet", *one],
            "merged": lambda out: [rehose, "merge", str(self.hour), out, *one],
            "digested": lambda out: [rehose, "digest", str(self.hour), out, *WINDOW, *one],
            "DuckDB": lambda out: [self.options.python, str(SCRIPTS / "duck_merge.py"), str(self.hour), out],
            "pyarrow": lambda out: [self.options.python, str(SCRIPTS / "arrow_merge.py"), str(self.hour), out],
        }
        taken = {name: [] for name in ways}
        for run in range(self.options.runs):
            for name, command in ways.items():
                # The others take so much longer that one run says enough.
                if run == 0 or command("").count(rehose):
                    taken[name].append(self.measure(command))
        results = {}
        for name, runs in taken.items():
            ratios = [run["cpu_seconds"] / base["cpu_seconds"]
                      for run, base in zip(runs, taken["rewritten to CSV.gz"])]
            results[name] = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
            results[name]["cpu_ratio"] = statistics.median(ratios)
        return results

    def measure(self, command):
        out = self.folder / "out"
        taken = measure(command(str(out)), self.core)
        files = [out] if out.is_file() else [path for rows in ROWS for path in (out / rows).rglob("*")
                                             if path.is_file() and path.suffix != ".json"]
        taken |= {"files": len(files), "bytes": sum(path.stat().st_size for path in files)}
        out.unlink() if out.is_file() else shutil.rmtree(out)
        return taken


def write(results, options):
    events, objects = options.objects * options.events, options.objects
    lines = [f"{objects:,} objects with {events:,} records, of whose flows {options.continuing} % go on. One core.", "",
             "| | CPU (s) | of rewriting | wall (s) | memory (MB) | files | bytes |",
             "|---|---:|---:|---:|---:|---:|---:|"]
    for name, taken in results.items():
        lines.append(f"| {name} | {taken['cpu_seconds']:.2f} | {taken['cpu_ratio']:.2f} | {taken['wall_seconds']:.2f} | "
                     f"{taken['peak_bytes'] / 1e6:.0f} | {taken['files']:,} | {taken['bytes']:,} |")
    options.results.mkdir(parents=True, exist_ok=True)
    (options.results / "merge.md").write_text("\n".join(lines) + "\n")
    (options.results / "merge.json").write_text(json.dumps(results, indent=2) + "\n")
    print("\n".join(lines))


run_script(main)
