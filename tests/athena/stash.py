"""Stashes for `rehose run`, with what Athena could stumble over."""

import gzip
import json
import shutil
from pathlib import Path

DATA = Path(__file__).parent.parent / "data" / "stash"

# 2020-02-01T02:00:00.123Z
NOON = 1_580_522_400_123

# The end of `int`, the first after it, and the first integer that a double cannot hold.
COUNTERS = [2**31 - 1, 2**31, 2**53 + 1]

# Enough rows for several gzip members, each of which holds half a megabyte of them.
ROWS = 12_000

MESSAGES = [
    "plain",
    "",
    "a comma, a \"quote\" and a back\\slash",
    '"quoted"',
    'C:\\temp\\"x", y',
    'ends with a quote"',
    "zürich 東京",
    "  spaces  ",
]


def envelope(messages, start=NOON):
    events = [
        {"id": str(i), "timestamp": start + i, "message": message}
        for i, message in enumerate(messages)
    ]
    document = {"messageType": "DATA_MESSAGE", "logEvents": events}
    return gzip.compress(json.dumps(document).encode())


def flow(i):
    counter = COUNTERS[i] if i < len(COUNTERS) else i
    action = "REJECT" if i % 5 == 0 else "ACCEPT"
    return (
        f"2 {100000000000 + i % 3} eni-{i % 9} 10.0.{i % 4}.{i % 11} 10.1.0.{i % 13} "
        f"{1024 + i % 60000} {[22, 443, 65535][i % 3]} {[6, 17][i % 2]} {counter} {counter * 2} "
        f"{NOON // 1000 + i} {NOON // 1000 + i + 59} {action} OK"
    )


NO_FLOWS = [
    f"2 123456789012 eni-0 - - - - - - - {NOON // 1000} {NOON // 1000 + 59} - {status}"
    for status in ("NODATA", "SKIPDATA")
]


def flows(folder):
    """A stash of flow logs as Firehose writes it under the prefix `AWSLogs/`."""
    logs = folder / "AWSLogs"
    shutil.copytree(DATA / "2020", logs / "2020")
    hours = logs / "2020" / "02" / "01"
    for form in ("encoding", "spelling"):
        for file in (DATA / "dialects" / form).iterdir():
            (hours / "02").mkdir(exist_ok=True)
            shutil.copy(file, hours / "02" / f"{form}-{file.name}")
    (hours / "23").mkdir()
    (hours / "23" / "large").write_bytes(envelope([flow(i) for i in range(ROWS)] + NO_FLOWS))
    (hours / "23" / "corrupt").write_bytes(envelope([flow(0)])[:-4])


def messages(folder, texts):
    """A stash of other messages."""
    hour = folder / "2020" / "02" / "01" / "02"
    hour.mkdir(parents=True)
    (hour / "messages").write_bytes(envelope(texts))
