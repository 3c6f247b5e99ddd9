#!/usr/bin/env python3
"""Measures `rehose run` beside the straightforward Node pipeline.

Both turn the same object of VPC flow logs, gzip members as Firehose leaves them,
into CSV.gz: on one core, in turns, each in a process of its own. What both wrote
must be the same rows. The medians go to target/bench/ as Markdown and as JSON.
"""

import argparse
import datetime
import gzip
import itertools
import json
import os
import pathlib
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SEED = 2020

# The pipeline takes a control document's message for an event; rehose does not.
CONTROL = b",CWL,CONTROL,MESSAGE:"

MEASURES = {
    "cpu_seconds": "CPU, user and system (s)",
    "wall_seconds": "wall time (s)",
    "peak_bytes": "peak memory (MB)",
    "output_bytes": "output (MB)",
}


class BenchError(Exception):
    """Why there is no result."""


class Rehose:
    """The command that is measured."""

    def __init__(self, binary):
        self.binary = str(binary)

    def sample(self, folder, events):
        return [self.binary, "sample", str(folder), "--objects", "1",
                "--events", str(events), "--seed", str(SEED)]

    def run(self, stash, output):
        return [self.binary, "run", str(stash), str(output), "--concurrency", "1"]


def main():
    options = parse_options()
    rehose = Rehose(options.rehose)
    with tempfile.TemporaryDirectory(prefix="rehose-bench-") as folder:
        folder = pathlib.Path(folder)
        source, events, decoded = make_corpus(rehose, folder, options.megabytes * 1_000_000)
        contenders = {
            "rehose": (lambda out: rehose.run(folder / "stash", out), csv_of_rehose),
            "node": (lambda out: ["node", str(HERE / "pipeline.js"), str(source), str(out)],
                     lambda out: out),
        }
        rounds = {name: [] for name in contenders}
        for number in range(options.rounds):
            written = {}
            for name, (command, csv) in contenders.items():
                output = folder / f"{name}-{number}"
                measured = measure(command(output), options.core)
                written[name] = csv(output)
                measured["output_bytes"] = written[name].stat().st_size
                rounds[name].append(measured)
                print(f"round {number + 1}, {name}: {measured['cpu_seconds']:.2f} s CPU",
                      file=sys.stderr)
            rows, control = compare(written["rehose"], written["node"])
            for name in contenders:
                remove(folder / f"{name}-{number}")
        corpus = {"events": events, "decoded_bytes": decoded,
                  "stashed_bytes": source.stat().st_size, "seed": SEED,
                  "rows": rows, "control_rows_of_node": control}
    report(summary(rounds, corpus), options.results)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=positive, default=5, help="how often each runs (5)")
    parser.add_argument("--megabytes", type=positive, default=64,
                        help="decoded size of the object (64)")
    parser.add_argument("--rehose", type=pathlib.Path, default=ROOT / "target/release/rehose",
                        help="the binary to measure (target/release/rehose)")
    parser.add_argument("--results", type=pathlib.Path, default=ROOT / "target/bench",
                        help="where the results go (target/bench)")
    options = parser.parse_args()
    if not hasattr(os, "sched_setaffinity"):
        raise BenchError("only Linux can keep a process on one core; run this there")
    if shutil.which("node") is None:
        raise BenchError("there is no `node` to measure against; install Node 20 or later")
    if not options.rehose.is_file():
        raise BenchError(f"{options.rehose} is not there; build it: cargo build --release")
    options.core = max(os.sched_getaffinity(0))
    return options


def positive(text):
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def make_corpus(rehose, folder, size):
    """One object whose documents are `size` bytes long, to one percent."""
    stash = folder / "stash"
    events = 10_000
    while True:
        remove(stash)
        call(rehose.sample(stash, events))
        source = only_file(stash)
        decoded = decoded_size(source)
        if abs(decoded - size) <= size // 100 or events == 1:
            return source, events, decoded
        events = max(1, events * size // decoded)


def decoded_size(path):
    with gzip.open(path) as documents:
        return sum(len(chunk) for chunk in iter(lambda: documents.read(1 << 20), b""))


def call(command):
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(command)} exited with {done.returncode}:\n{done.stderr}")


def measure(command, core):
    """Runs a command on one core and says what it took."""
    with tempfile.TemporaryFile() as errors:
        begin = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=errors,
                                   preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        peak = Peak(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        peak.stop()
        if process.returncode != 0:
            errors.seek(0)
            raise BenchError(f"{' '.join(command)} exited with {process.returncode}:\n"
                             f"{errors.read().decode(errors='replace')}")
    return {"cpu_seconds": usage.ru_utime + usage.ru_stime, "wall_seconds": wall,
            "peak_bytes": peak.bytes or usage.ru_maxrss * 1024}


class Peak(threading.Thread):
    """The peak memory of a process, as Linux keeps it.

    The `ru_maxrss` of a child counts what its parent had in memory when it was
    started, so that nothing could be seen to take less than this script.
    """

    INTERVAL = 0.005

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.bytes = 0
        self._status = f"/proc/{pid}/status"
        self._stopped = threading.Event()
        self.start()

    def run(self):
        while not self._stopped.wait(self.INTERVAL):
            try:
                with open(self._status) as status:
                    peaks = [line.split()[1] for line in status if line.startswith("VmHWM:")]
            except OSError:
                return
            self.bytes = max([self.bytes, *(int(peak) * 1024 for peak in peaks)])

    def stop(self):
        self._stopped.set()
        self.join()


def csv_of_rehose(output):
    return only_file(output / "csv")


def only_file(folder):
    files = [path for path in folder.rglob("*") if path.is_file()]
    if len(files) != 1:
        raise BenchError(f"{folder} holds {len(files)} files, not 1")
    return files[0]


def compare(ours, theirs):
    """The rows that both wrote, and the control rows that only Node has."""
    rows = control = 0
    with gzip.open(ours) as our_lines, gzip.open(theirs) as their_lines:
        def events():
            nonlocal control
            for line in their_lines:
                if CONTROL in line:
                    control += 1
                else:
                    yield line

        for our, their in itertools.zip_longest(our_lines, events()):
            if our != their:
                raise BenchError(f"line {rows + 1} differs:\nrehose {our}\nnode   {their}")
            rows += 1
    return rows - 1, control


def remove(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def summary(rounds, corpus):
    medians = {
        name: {measure: statistics.median(one[measure] for one in measured)
               for measure in MEASURES}
        for name, measured in rounds.items()
    }
    return {
        "ratios": {measure: medians["rehose"][measure] / medians["node"][measure]
                   for measure in MEASURES},
        "medians": medians,
        "rounds": rounds,
        "corpus": corpus,
        "machine": machine(),
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
    }


def machine():
    return {"cpu": cpu_model(), "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "node": version("node"), "rustc": version("rustc")}


def cpu_model():
    with open("/proc/cpuinfo") as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def version(program):
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip().removeprefix(program).strip()


def report(result, folder):
    markdown = as_markdown(result)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.json").write_text(json.dumps(result, indent=2) + "\n")
    (folder / "bench.md").write_text(markdown)
    print(markdown, end="")


def as_markdown(result):
    corpus, host = result["corpus"], result["machine"]
    lines = [
        f"| {megabytes(corpus['decoded_bytes'], 0)} MB of flow logs, one core "
        "| rehose ÷ Node | rehose | Node |",
        "|---|---:|---:|---:|",
    ]
    for measure, title in MEASURES.items():
        ours, theirs = (result["medians"][name][measure] for name in ("rehose", "node"))
        show = megabytes if measure.endswith("bytes") else lambda seconds: f"{seconds:.2f}"
        lines.append(f"| {title} | {result['ratios'][measure]:.2f} | {show(ours)} "
                     f"| {show(theirs)} |")
    lines += [
        "",
        f"Medians of {len(result['rounds']['node'])} rounds in turns, {result['date']}; the same "
        f"{corpus['rows']:,} rows from both ({corpus['control_rows_of_node']:,} control messages "
        f"that only Node takes for rows set aside). {host['cpu']}, {host['cores']} cores, "
        f"{host['system']}; Node {host['node']}, rustc {host['rustc']}.",
    ]
    return "\n".join(lines) + "\n"


def megabytes(size, digits=1):
    return f"{size / 1_000_000:.{digits}f}"


if __name__ == "__main__":
    try:
        main()
    except BenchError as error:
        sys.exit(f"bench: {error}")
