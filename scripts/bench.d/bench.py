#!/usr/bin/env python3
"""Measures `rehose run` beside what else turns a stash into rows.

Everybody gets the same bytes, in turns, each in a process of its own, and what they
wrote must be the same rows. The medians go to target/bench/ as Markdown and as JSON,
ratios first.
"""

import argparse
import gzip
import itertools
import json
import os
import pathlib
import statistics
import subprocess
import tempfile

import contenders
import tables
from corpora import SEED, Corpora
from measure import BenchError, cores, measure, run_script, say

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

MEGABYTE = 1_000_000

# Others take a control document's message for an event; rehose does not.
CONTROL = b",CWL,CONTROL,MESSAGE:"


def main():
    options = parse_options()
    with tempfile.TemporaryDirectory(prefix="rehose-bench-") as folder:
        bench = Bench(options, pathlib.Path(folder))
        results = {
            "one_core": bench.one_core(),
            "parquet": bench.parquet(),
            "two_cores": bench.two_cores(),
            "sizes": bench.sizes(),
            "small_objects": bench.small_objects(),
            "sync": bench.sync(),
        }
        if options.stages:
            results["stages"] = bench.stages()
    tables.write(results | {"seed": SEED, "rounds": options.rounds}, options.results)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=positive, default=5, help="how often each runs (5)")
    parser.add_argument("--megabytes", type=positive, default=64,
                        help="decoded size of the corpus (64)")
    parser.add_argument("--large", action="store_true", help="measure an object of 1 GB too")
    parser.add_argument("--rehose", type=pathlib.Path, default=ROOT / "target/release/rehose",
                        help="the binary to measure (target/release/rehose)")
    parser.add_argument("--duckdb", type=pathlib.Path,
                        help="a Python that has DuckDB; without it, DuckDB is left out")
    parser.add_argument("--stages", action="store_true", help="measure each stage for itself too")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "target/bench",
                        help="where the results go (target/bench)")
    options = parser.parse_args()
    if not hasattr(os, "sched_setaffinity"):
        raise BenchError("only Linux can keep a process on one core; run this there")
    if not options.rehose.is_file():
        raise BenchError(f"{options.rehose} is not there; build it: cargo build --release")
    return options


def positive(text):
    number = int(text)
    if number < 1:
        raise ValueError
    return number


class Bench:
    """The comparisons, each a list of contenders on one corpus."""

    def __init__(self, options, folder):
        self.options = options
        self.folder = folder
        self.rehose = contenders.Rehose(options.rehose)
        self.to_parquet = contenders.Rehose(options.rehose, 1, "--to", "parquet")
        self.corpora = Corpora(options.rehose, folder)
        self.size = options.megabytes * MEGABYTE
        self.outputs = itertools.count()
        missing = contenders.missing()
        if "node" in missing:
            raise BenchError("there is no `node` to measure against; install Node 20 or later")
        self.has_jq = not {"jq", "zcat"} & set(missing)

    def one_core(self):
        """Everybody, on an object as members and as one stream; jq on a tenth."""
        members = self.members = self.corpora.members("members", self.size)
        stream = self.corpora.stream(members, "stream")
        everybody = {"rehose": self.rehose, "rehose parquet": self.to_parquet,
                     "node": contenders.node(), "python": contenders.python()}
        if self.options.duckdb:
            everybody["duckdb"] = contenders.duckdb(self.options.duckdb, ".csv.gz")
        results = {
            "members": self.compare(members, everybody),
            "stream": self.compare(stream, {"rehose": self.rehose, "node": contenders.node()}),
        }
        if self.has_jq:
            tenth = self.corpora.members("tenth", self.size // 10)
            results["tenth"] = self.compare(
                tenth, {"rehose": self.rehose, "node": contenders.node(), "jq": contenders.jq()})
        else:
            say("jq is not there, and left out")
        return results

    def parquet(self):
        """Who else writes Parquet, on the same object; and rehose on the flow logs of a large VPC."""
        both = {"rehose": self.rehose, "rehose parquet": self.to_parquet}
        others = {}
        if self.options.duckdb:
            others = {"duckdb parquet": contenders.duckdb(self.options.duckdb, ".parquet"),
                      "pyarrow": contenders.pyarrow(self.options.duckdb)}
        large = self.corpora.members("large-vpc", self.size, profile="large")
        rounds = max(15, self.options.rounds)
        results = {"small": self.compare(self.members, both, rounds=rounds),
                   "large": self.compare(large, both, rounds=rounds),
                   "others": self.compare(self.members, both | others)}
        if self.options.large:
            self.gigabyte = self.corpora.members("gigabyte", 1_000 * MEGABYTE)
            results["gigabyte"] = self.compare(self.gigabyte, both, rounds=1)
        return results

    def two_cores(self):
        """The same bytes in sixteen objects and in one, with one worker and with two."""
        if len(cores()) < 2:
            say("there is one core only: two workers are left out")
            return {}
        objects = self.corpora.members("objects", self.size, objects=16)
        workers = {"one worker": self.rehose, "two workers": contenders.Rehose(self.options.rehose, 2)}
        rounds = max(21, self.options.rounds)
        halves = {"two processes": contenders.Halves(self.options.rehose)}
        return {"objects": self.compare(objects, workers | halves, on=2, rounds=rounds),
                "object": self.compare(self.members, workers, on=2, rounds=rounds)}

    def sizes(self):
        """What a byte costs above the start of the process, and the peak memory, from 1 MB up."""
        size = self.options.megabytes
        corpora = {"one event": self.corpora.members("event", 1),
                   "1 MB": self.corpora.members("one", MEGABYTE),
                   f"{size} objects of 1 MB": self.corpora.members("ones", self.size, objects=size),
                   f"{size} MB": self.members}
        if self.options.large:
            corpora["1 GB"] = self.gigabyte
        return self.in_turns(corpora, self.options.rounds, {"one event": 4, "1 MB": 4})

    def small_objects(self):
        """What an object costs above its bytes."""
        small = self.corpora.members("small", 100 * MEGABYTE, objects=10_000)
        both = self.in_turns({"small": small, "whole": self.members}, 3)
        cpu = {name: one["medians"]["rehose"]["cpu_seconds"] for name, one in both.items()}
        above = cpu["small"] - cpu["whole"] * small.decoded / self.members.decoded
        return both["small"] | {"cpu_per_object_above_bytes": above / len(small.objects)}

    def sync(self):
        """What `--sync` takes for small objects, on the disk of the results: memory has nothing to sync."""
        corpus = self.corpora.members("thousand", 10 * MEGABYTE, objects=1_000)
        synced = contenders.Rehose(self.options.rehose, 1, "--sync")
        self.options.results.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="sync-", dir=self.options.results) as disk:
            return self.compare(corpus, {"rehose": self.rehose, "rehose --sync": synced},
                                folder=pathlib.Path(disk))

    def stages(self):
        """The medians of each stage, in seconds, by who does it."""
        command = ["cargo", "run", "--release", "--quiet", "--target-dir", "target/stages",
                   "--manifest-path", "scripts/bench.d/stages/Cargo.toml", "--", str(self.members.only)]
        done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise BenchError(f"{' '.join(command)} exited with {done.returncode}")
        return json.loads(done.stdout)

    def in_turns(self, corpora, turns, often={}):
        """Measures rehose on one corpus after another, and then again: the machine's speed drifts."""
        measured = [{name: self.compare(corpus, {"rehose": self.rehose}, rounds=often.get(name, 1))
                     for name, corpus in corpora.items()} for _ in range(turns)]
        for name in corpora:
            if len({turn[name]["corpus"]["rows"] for turn in measured}) > 1:
                raise BenchError(f"not every round wrote as many rows of {name}")
        rounds = {name: sum((turn[name]["rounds"]["rehose"] for turn in measured), start=[])
                  for name in corpora}
        return {name: one | {"medians": {"rehose": medians(rounds[name])},
                             "rounds": {"rehose": rounds[name]}}
                for name, one in measured[0].items()}

    def compare(self, corpus, people, on=1, rounds=None, folder=None):
        """Runs everybody in turns and returns the medians, and each round."""
        taken = {name: [] for name in people}
        rows = None
        for number in range(rounds or self.options.rounds):
            written = {}
            for name, contender in people.items():
                # They stay until the end: ext4 takes long to create files where many were deleted.
                output = (folder or self.folder) / f"output-{next(self.outputs)}"
                result = measure(contender.command(corpus, output), cores()[:on])
                written[name] = contender.written(output)
                result["output_bytes"] = sum(path.stat().st_size for path in written[name])
                taken[name].append(result)
                say(f"{corpus.folder.name}, round {number + 1}, {name}: {result['cpu_seconds']:.2f} s CPU")
            rows = same_rows(written, rows, self.options.duckdb)
        return {
            "medians": {name: medians(all_of_it) for name, all_of_it in taken.items()},
            "rounds": taken,
            "corpus": {"objects": len(corpus.objects), "events": corpus.events, "rows": rows,
                       "decoded_bytes": corpus.decoded, "stashed_bytes": corpus.stashed},
        }


def medians(rounds):
    return {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}


def same_rows(written, known, duckdb):
    """Makes sure that everybody wrote the same rows, control messages aside, and counts them.

    Rows of CSV are compared as a set of hashes, because nobody but rehose keeps the order of objects.
    Those of Parquet are counted.
    """
    counts, parquet = {}, {}
    for name, files in written.items():
        if any(path.suffix == ".parquet" for path in files):
            parquet[name] = count_parquet(files, duckdb)
            continue
        rows = total = 0
        for path in files:
            with gzip.open(path) as lines:
                next(lines)
                for line in lines:
                    if CONTROL not in line:
                        rows += 1
                        total = (total + hash(line)) % (1 << 64)
        counts[name] = (rows, total)
    if len(set(counts.values())) != 1:
        raise BenchError(f"they wrote different rows: {counts}")
    rows = next(iter(counts.values()))[0]
    if any(count not in (None, rows) for count in parquet.values()):
        raise BenchError(f"{rows} rows of CSV, and of Parquet: {parquet}")
    if known not in (None, rows):
        raise BenchError(f"{known} rows in one round, and {rows} in another")
    return rows


def count_parquet(files, duckdb):
    """The number of rows, or None if nobody can count them."""
    if duckdb is None:
        return None
    program = "import duckdb, sys; print(duckdb.read_parquet(sys.argv[1:]).count('*').fetchall()[0][0])"
    command = [str(duckdb), "-c", program, *map(str, files)]
    return int(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


if __name__ == "__main__":
    run_script(main)
