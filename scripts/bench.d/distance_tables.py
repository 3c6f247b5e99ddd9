"""The report about the distance: Markdown for people, JSON for programs."""

from tables import megabytes, save


def write(results, folder):
    save("distance", results, as_markdown, folder)


def as_markdown(results):
    host = results["machine"]
    return "\n".join([
        run(results["run"]), start(results["start"]), process(results["process"]),
        f"{results['date']}. {host['cpu']}, {host['cores']} cores, {host['system']}; rustc {host['rustc']}.\n"])


def run(stashes):
    lines = table("`rehose run`", "delay (ms)", "wall (s)", "CPU (s)", "wall ÷ CPU", *IN_FLIGHT, "peak memory (MB)")
    for name, stash in stashes.items():
        for delay, taken in stash["delays"].items():
            wall, cpu = taken["wall_seconds"], taken["cpu_seconds"]
            lines.append(row(name, delay, f"{wall:.2f}", f"{cpu:.2f}", f"{wall / cpu:.1f}",
                             *in_flight(taken, delay, wall), megabytes(taken["peak_bytes"])))
    return "\n".join(lines) + "\n"


def start(planned):
    lines = table("`start`", "delay (ms)", "billed (ms)", "CPU (ms)", "keys a second", *IN_FLIGHT)
    for delay, taken in planned["delays"].items():
        billed = sum(taken["billed_seconds"])
        lines.append(row(f"{planned['objects']:,} keys", delay, milliseconds(billed),
                         milliseconds(taken["cpu_seconds"]), f"{planned['objects'] / billed:,.0f}",
                         *in_flight(taken, delay, billed)))
    return "\n".join(lines) + "\n"


def process(processed):
    lines = table("`process`", "delay (ms)", "billed (ms)", "of it the first task (ms)", "CPU (ms)", "billed ÷ CPU",
                  *IN_FLIGHT)
    for delay, taken in processed["delays"].items():
        tasks, cpu = taken["billed_seconds"], taken["cpu_seconds"]
        lines.append(row(f"{processed['objects']} objects in {len(tasks)} tasks", delay, milliseconds(sum(tasks)),
                         milliseconds(tasks[0]), milliseconds(cpu), f"{sum(tasks) / cpu:.1f}",
                         *in_flight(taken, delay, sum(tasks))))
    return "\n".join(lines) + "\n"


IN_FLIGHT = ("requests", "in flight (mean)", "(peak)")


def in_flight(taken, delay, seconds):
    """How many requests there were, and how many of them waited at once, on average and at most."""
    requests = sum(taken["requests"].values())
    # Without a delay, an answer takes no time that this could know.
    average = f"{requests * delay / 1000 / seconds:.1f}" if delay else ""
    return f"{requests:,}", average, taken["peak_in_flight"]


def milliseconds(seconds):
    return f"{seconds * 1000:,.0f}"


def table(*titles):
    return [row(*titles), "|---|" + "---:|" * (len(titles) - 1)]


def row(*cells):
    return "| " + " | ".join(map(str, cells)) + " |"
