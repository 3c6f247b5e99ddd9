"""Stashes for `rehose run`, with what Athena could stumble over."""

import base64
import gzip
import json
import os
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


# Rows of a page of a Parquet file that rehose writes.
PAGE = 20_000

# Bytes of a field that no codec makes much smaller: a dozen of them end a row group.
LONG = 1_900_000


def pages(folder):
    """Flow logs of several pages in one row group. In the second, every number from the ports on is absent."""
    hour = folder / "2020" / "02" / "01" / "00"
    hour.mkdir(parents=True)
    between = [NO_FLOWS[i % 2] for i in range(PAGE)]
    (hour / "pages").write_bytes(envelope([flow(i) for i in range(PAGE)] + between + [flow(PAGE + i) for i in range(PAGE // 2)]))


def groups(folder):
    """Records `start end bytes resource-id` of several row groups, of which each has later times than the one before."""
    hour = folder / "2020" / "02" / "01" / "00"
    hour.mkdir(parents=True)
    noise = lambda: base64.b64encode(os.urandom(LONG * 3 // 4)).decode()
    records = [f"{NOON // 1000 + i} {NOON // 1000 + i + 59} {'-' if i == 7 else i * i} {i:02}{noise()}" for i in range(15)]
    (hour / "groups").write_bytes(envelope(records))


def older_and_newer(folder):
    """Two hours of flow logs: of the second, each has one more field, between the others."""
    for name, more in [("older", ""), ("newer", " {0}")]:
        hour = folder / name / "2020" / "02" / "01" / "00"
        hour.mkdir(parents=True)
        records = [f"10.0.0.{i}{more.format(i) if i != 1 else more.format('-')} {i * 1000} {NOON // 1000 + i}" for i in range(3)]
        (hour / name).write_bytes(envelope(records))


def wide(folder, fields):
    """Flow logs with these fields: numbers at the limits of their types, and `-` in one after the other."""
    hour = folder / "2020" / "02" / "01" / "00"
    hour.mkdir(parents=True)
    most = {"string": "text-{}", "int": str(2**31 - 1), "bigint": str(2**63 - 1)}
    values = lambda i: [most[kind].format(i) for kind in fields.values()]
    records = [[*values(i)[:i], "-", *values(i)[i + 1 :]] for i in range(len(fields))]
    (hour / "wide").write_bytes(envelope([" ".join(record) for record in records]))
