#!/usr/bin/env python3
"""Measures what the distance to S3 costs: wall time beside CPU, of the command and of the functions.

A server on this machine (crates/distant-aws) answers each request after a set delay. The
results go to target/bench/ as Markdown and as JSON.
"""

import argparse
import json
import os
import pathlib
import tempfile

import distance_tables
from corpora import SEED, Corpora
from distant import Distant
from function import Function
from measure import BenchError, call, cores, measure, run_script, say

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# The number of objects, and of events in each.
STASHES = {"320 objects of 50 KB": (320, 2_000),
           "2,000 objects of 10 KB": (2_000, 360),
           "8 objects of 6 MB": (8, 240_000)}

# One object, as large as they come. One core shows what memory a worker needs.
LARGE = "1 object of 60 MB, one core"
STASHES[LARGE] = (1, 2_400_000)

# What `process` processes.
PROCESSED = "320 objects of 50 KB"

# What `start` plans.
PLANNED = 20_000

# The memory with which a function has the time of one core.
MEGABYTES = 1_769


def main():
    options = parse_options()
    with tempfile.TemporaryDirectory(prefix="rehose-bench-") as folder:
        bench = Bench(options, pathlib.Path(folder))
        results = {"run": bench.run(), "start": bench.start(), "process": bench.process()}
    distance_tables.write(results | {"seed": SEED}, options.results)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--delays", type=delays, default=[0, 20, 40, 80],
                        help="milliseconds until an answer (0,20,40,80)")
    parser.add_argument("--binaries", type=pathlib.Path, default=ROOT / "target/release",
                        help="the folder of what is measured (target/release)")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "target/bench",
                        help="where the results go (target/bench)")
    options = parser.parse_args()
    if not hasattr(os, "sched_setaffinity"):
        raise BenchError("only Linux can keep a process on one core; run this there")
    for name in ("rehose", "rehose-start", "rehose-process", "distant-aws"):
        if not (options.binaries / name).is_file():
            raise BenchError(f"{options.binaries / name} is not there; `scripts/bench --distance` builds it")
    return options


def delays(text):
    return [int(delay) for delay in text.split(",")]


class Bench:
    """The measurements, each at every delay, and each on a server of its own."""

    def __init__(self, options, folder):
        self.delays = options.delays
        self.binaries = options.binaries
        corpora = Corpora(options.binaries / "rehose", folder)
        self.corpora = {name: corpora.sample(name, *size) for name, size in STASHES.items()}
        self.rows = {corpus: self.rows_of(corpus, folder) for corpus in self.corpora.values()}
        self.keys = corpora.sample("keys", PLANNED, 1)
        # A function has a core of its own. What it speaks with has the others.
        self.core, self.others = cores()[:1], cores()[1:] or cores()

    def run(self):
        """`rehose run` with its default options."""
        results = {}
        for name, corpus in self.corpora.items():
            taken = {}
            for delay in self.delays:
                taken[delay] = self.run_at(delay, corpus, *(["--concurrency", "1"] if name == LARGE else []))
                say(f"run, {name}, {delay} ms: {taken[delay]['wall_seconds']:.2f} s")
            results[name] = described(corpus) | {"delays": taken}
        return results

    def run_at(self, delay, corpus, *options):
        with self.distant(corpus, cores()) as distant:
            distant.set_delay(delay)
            command = [str(self.binaries / "rehose"), "run", "s3://stash/", "s3://out/rows", *options]
            taken = measure(command, cores(), distant.environment(), watched=True)
            taken |= distant.statistics()
            self.verify(distant, corpus)
        return taken

    def start(self):
        """A fresh `start`, which plans many objects."""
        taken = {}
        for delay in self.delays:
            with self.distant(self.keys, self.others) as distant:
                distant.set_delay(delay)
                taken[delay] = self.plan(distant, self.keys)
            say(f"start, {delay} ms: {taken[delay]['billed_seconds'][0]:.2f} s")
        return described(self.keys) | {"delays": taken}

    def process(self):
        """A fresh `process`, which gets one task after another, each in an event of its own as deployed."""
        corpus = self.corpora[PROCESSED]
        taken = {}
        for delay in self.delays:
            with self.distant(corpus, self.others) as distant:
                self.plan(distant, corpus)
                events = [batch(message) for message in distant.receive_all()]
                distant.set_delay(delay)
                answers, taken[delay] = self.call("process", distant, events)
                if any(answer["batchItemFailures"] for answer in answers):
                    raise BenchError(f"process gives tasks back: {answers}")
                self.verify(distant, corpus)
            say(f"process, {delay} ms: {sum(taken[delay]['billed_seconds']):.2f} s")
        return described(corpus) | {"megabytes": MEGABYTES, "delays": taken}

    def plan(self, distant, corpus):
        [planned], taken = self.call("start", distant, [{"job": "job", "prefix": "s3://stash/"}])
        if not planned["planned"] or planned["sent"]["objects"] != len(corpus.objects):
            raise BenchError(f"start has not planned all: {planned}")
        return taken

    def call(self, name, distant, events):
        """Calls a fresh function with one event after another, and returns its answers and what it took."""
        environment = distant.environment() | {
            "REHOSE_SOURCES": "s3://stash/", "REHOSE_OUTPUT": "s3://out/rows",
            "REHOSE_QUEUE_URL": distant.queue, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(MEGABYTES)}
        distant.statistics()
        function = Function(self.binaries / f"rehose-{name}", environment, self.core)
        try:
            answers, billed = zip(*map(function.invoke, events))
        finally:
            cpu = function.end()
        return answers, {"billed_seconds": billed, "cpu_seconds": cpu} | distant.statistics()

    def rows_of(self, corpus, folder):
        """The rows of a corpus, without any distance. Control messages have none."""
        command = [str(self.binaries / "rehose"), "run", str(corpus.folder),
                   str(folder / f"rows of {corpus.folder.name}"), "--json"]
        rows = json.loads(call(command))["rows"]
        if rows["events"] != corpus.events or rows["rejected"] != 0:
            raise BenchError(f"{corpus.events} events in {corpus.folder.name} became {rows}")
        return rows["written"]

    def verify(self, distant, corpus):
        """Makes sure that all rows were written."""
        distant.set_delay(0)
        rows = distant.rows("out", "rows/csv/")
        if rows != self.rows[corpus]:
            raise BenchError(f"{rows} rows of {corpus.folder.name} were written, not {self.rows[corpus]}")

    def distant(self, corpus, on):
        return Distant(self.binaries / "distant-aws", corpus.folder, on)


def described(corpus):
    return {"objects": len(corpus.objects), "events": corpus.events,
            "decoded_bytes": corpus.decoded, "stashed_bytes": corpus.stashed}


def batch(message):
    """A batch of one message, as SQS hands it to a function
    (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html)."""
    return {"Records": [{
        "messageId": message["MessageId"], "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"], "attributes": {}, "messageAttributes": {}, "md5OfBody": "",
        "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:queue",
        "awsRegion": "us-east-1"}]}


if __name__ == "__main__":
    run_script(main)
