"""The report: Markdown for people, JSON for programs."""

import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess

NAMES = {"node": "Node", "python": "Python", "duckdb": "DuckDB to CSV.gz",
         "duckdb parquet": "DuckDB to Parquet", "pyarrow": "Python, pyarrow to Parquet",
         "rehose parquet": "rehose to Parquet", "jq": "zcat, jq, gzip", "rehose": "rehose"}

CORPORA = {"members": "gzip members", "stream": "one gzip stream", "tenth": "a tenth of it, as members"}

STAGES = {"decode": "gunzip", "extract": "JSON to CSV", "split": "messages to fields", "encode": "gzip",
          "columns": "messages to Parquet"}


def write(results, folder):
    save("bench", results, as_markdown, folder)


def save(name, results, as_markdown, folder):
    """Leaves results in a folder, with the day and the machine, and prints them."""
    results = {**results, "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
               "machine": machine()}
    markdown = as_markdown(results)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(results, indent=2) + "\n")
    (folder / f"{name}.md").write_text(markdown)
    print(markdown, end="")


def as_markdown(results):
    parts = [one_core(results["one_core"])]
    parts.append(parquet(results["parquet"]))
    if results["two_cores"]:
        parts.append(two_cores(results["two_cores"]))
    parts.append(sizes(results["sizes"], results["small_objects"]))
    parts.append(sync(results["sync"]))
    parts += [stage(name, results["stages"][name]) for name in STAGES if name in results.get("stages", {})]
    host = results["machine"]
    parts.append(
        f"Medians of {results['rounds']} rounds in turns, {results['date']}. {host['cpu']}, "
        f"{host['cores']} cores, {host['system']}; Node {host['node']}, {host['python']}, "
        f"rustc {host['rustc']}.\n")
    return "\n".join(parts)


def one_core(comparisons):
    size = megabytes(comparisons["members"]["corpus"]["decoded_bytes"], 0)
    lines = [f"| {size} MB of flow logs, one core | CPU ÷ Node's | output ÷ Node's | CPU (s) | wall (s) "
             "| peak memory (MB) | output (MB) |",
             "|---|---:|---:|---:|---:|---:|---:|"]
    for corpus, comparison in comparisons.items():
        everybody = comparison["medians"]
        for name, taken in everybody.items():
            lines.append(
                f"| {NAMES[name]}, {CORPORA[corpus]} "
                f"| {taken['cpu_seconds'] / everybody['node']['cpu_seconds']:.2f} "
                f"| {taken['output_bytes'] / everybody['node']['output_bytes']:.2f} "
                f"| {taken['cpu_seconds']:.2f} | {taken['wall_seconds']:.2f} "
                f"| {megabytes(taken['peak_bytes'])} | {megabytes(taken['output_bytes'])} |")
    return "\n".join(lines) + "\n"


def parquet(comparisons):
    titles = {"small": "a small VPC", "large": "a large VPC", "others": "a small VPC",
              "gigabyte": "1 GB of it"}
    lines = ["| to Parquet, one core | CPU ÷ rehose's to CSV.gz | output ÷ CSV.gz | peak memory (MB) |",
             "|---|---:|---:|---:|"]
    for name, comparison in comparisons.items():
        for who in comparison["rounds"]:
            if who == "rehose" or (name, who) == ("others", "rehose parquet"):
                continue
            lines.append(f"| {NAMES[who]}, {titles[name]} | {paired(comparison, who, 'cpu_seconds', 'rehose'):.2f} "
                         f"| {paired(comparison, who, 'output_bytes', 'rehose'):.2f} "
                         f"| {megabytes(comparison['medians'][who]['peak_bytes'])} |")
    return "\n".join(lines) + "\n"


def two_cores(comparisons):
    titles = {"objects": "sixteen objects", "object": "one object"}
    lines = ["| two cores | wall ÷ one worker's | CPU ÷ one worker's |", "|---|---:|---:|"]
    for name, comparison in comparisons.items():
        for who in comparison["rounds"]:
            if who != "one worker":
                lines.append(f"| {who}, {titles[name]} | {paired(comparison, who, 'wall_seconds'):.2f} "
                             f"| {paired(comparison, who, 'cpu_seconds'):.2f} |")
    return "\n".join(lines) + "\n"


def sync(comparison):
    who = "rehose --sync"
    return (f"| {comparison['corpus']['objects']:,} objects of 10 KB, on a disk | wall ÷ rehose's | CPU ÷ rehose's |\n"
            f"|---|---:|---:|\n"
            f"| {who} | {paired(comparison, who, 'wall_seconds', 'rehose'):.2f} "
            f"| {paired(comparison, who, 'cpu_seconds', 'rehose'):.2f} |\n")


def paired(comparison, who, figure, one="one worker"):
    """The median of the rounds' ratios: what slows the machine down for a while slows both."""
    ones, others = comparison["rounds"][one], comparison["rounds"][who]
    return statistics.median(other[figure] / one[figure] for one, other in zip(ones, others))


def sizes(comparisons, small):
    lines = ["| one worker | CPU | peak memory (MB) |", "|---|---:|---:|"]
    start = comparisons["one event"]["medians"]["rehose"]["cpu_seconds"]
    for name, comparison in comparisons.items():
        taken = comparison["medians"]["rehose"]
        above = (taken["cpu_seconds"] - start) / comparison["corpus"]["decoded_bytes"] * 1e9
        if above:
            cpu, peak = f"{above:.2f} ms a decoded MB, above that", megabytes(taken["peak_bytes"])
        else:
            # It is over before its memory was looked at.
            cpu, peak = f"{start * 1e3:.1f} ms: the start", ""
        lines.append(f"| {name} | {cpu} | {peak} |")
    lines.append(f"| {small['corpus']['objects']:,} objects of 10 KB "
                 f"| {small['cpu_per_object_above_bytes'] * 1e6:.0f} µs an object above its bytes "
                 f"| {megabytes(small['medians']['rehose']['peak_bytes'])} |")
    return "\n".join(lines) + "\n"


def stage(name, taken):
    lines = [f"| {STAGES[name]} | ÷ rehose | ms |", "|---|---:|---:|"]
    for who, seconds in sorted(taken.items(), key=lambda one: one[1]):
        lines.append(f"| {who} | {seconds / taken['rehose']:.2f} | {seconds * 1000:.1f} |")
    return "\n".join(lines) + "\n"


def megabytes(size, digits=1):
    return f"{size / 1_000_000:.{digits}f}"


def machine():
    return {"cpu": cpu_model(), "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "node": version("node"), "python": f"Python {platform.python_version()}",
            "rustc": version("rustc")}


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
