"""The digest of a stash of flow logs, worked out a second time.

    digest.py SOURCE REQUEST OUTPUT

Reads every file below the folder SOURCE whole, and writes to the file OUTPUT, as JSON, the lines of the digest in
their order, and what became of the objects and records. REQUEST is JSON: `from` and `to` in seconds, `lateness` in
seconds, and optionally `accounts`, `regions`, `fold` and `by`. Keys are those that AWS writes. It shares no code and
no method with rehose.
"""

import datetime
import gzip
import json
import os
import re
import sys
import zlib

FIELDS = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
    "start end action log-status"
).split()
NUMBERS = {"version": 32, "srcport": 32, "dstport": 32}
NUMBERS |= dict.fromkeys("protocol packets bytes start end".split(), 64)
MEASURES = "packets bytes start end".split()
FIRST = "interface-id srcaddr dstaddr".split()
NAME = re.compile(r"(\d{12})_[a-z]+_([a-z0-9-]+)_fl-[0-9a-f]+_(\d{8}T\d{4})Z_[0-9a-f]+\.log\.gz")
HOUR = 3600


def hour_of(key):
    """The hour in a key's name, and its account and region."""
    name = NAME.fullmatch(key.rsplit("/", 1)[-1])
    if name is None:
        return None
    time = datetime.datetime.strptime(name[3], "%Y%m%dT%H%M").replace(tzinfo=datetime.timezone.utc)
    return int(time.timestamp()) // HOUR * HOUR, name[1], name[2]


def is_record(values):
    if len(values) != len(FIELDS):
        return False
    for name, value in zip(FIELDS, values):
        if name in NUMBERS and value != "-":
            if not re.fullmatch("[0-9]+", value, re.ASCII) or int(value) >= 2 ** (NUMBERS[name] - 1):
                return False
    return True


def order(row):
    """Compares texts by their bytes and ports by their numbers, a missing one first."""
    columns = [name for name in FIRST if name in row]
    columns += [name for name in FIELDS if name in row and name not in FIRST + MEASURES]
    values = []
    for name in columns:
        is_number = name in ("version", "srcport", "dstport")
        values.append((-1 if row[name] == "-" else int(row[name])) if is_number else row[name].encode())
    return values, ["-", "srcport", "dstport"].index(row.get("folded", "-"))


def main(source, request, output):
    request = json.loads(request)
    begin, end = request["from"], request["to"]
    first = (begin - 900) // HOUR * HOUR
    digest, failed = {}, []
    counts = dict.fromkeys("objects unplaced inside outside rejected".split(), 0)
    by = request.get("by") or [name for name in FIELDS if name not in MEASURES]
    folds = request.get("fold", True) and ("srcport" in by or "dstport" in by)
    for folder, _, names in os.walk(source):
        for name in names:
            path = os.path.join(folder, name)
            found = hour_of(os.path.relpath(path, source))
            if found is None:
                counts["unplaced"] += 1
                continue
            hour, account, region = found
            if not first <= hour < end + request["lateness"]:
                continue
            if account not in request.get("accounts", [account]):
                continue
            if region not in request.get("regions", [region]):
                continue
            counts["objects"] += 1
            with open(path, "rb") as file:
                data = file.read()
            try:
                text = gzip.decompress(data).decode()
            except (EOFError, OSError, zlib.error):
                failed.append(os.path.relpath(path, source))
                continue
            for line in text.splitlines()[1:]:
                values = line.split()
                if not is_record(values):
                    counts["rejected"] += 1
                    continue
                row = dict(zip(FIELDS, values))
                if row["start"] == "-" or not begin <= int(row["start"]) < end:
                    counts["outside"] += 1
                    continue
                counts["inside"] += 1
                if folds:
                    row["folded"] = "-"
                    if row["srcport"] != "-" and row["dstport"] != "-":
                        larger = "srcport" if int(row["srcport"]) >= int(row["dstport"]) else "dstport"
                        row[larger], row["folded"] = "0", larger
                key = tuple(row[name] for name in by) + (row.get("folded"),)
                key += tuple(row[name] == "-" for name in MEASURES)
                kept = digest.setdefault(key, {**row, "records": 0})
                kept["records"] += 1
                if kept["records"] == 1:
                    continue
                for name, add in zip(MEASURES, (sum, sum, min, max)):
                    if row[name] != "-":
                        kept[name] = str(add((int(kept[name]), int(row[name]))))
    columns = [name for name in FIELDS if name in by or name in MEASURES]
    columns += (["folded"] if folds else []) + ["records"]
    rows = [{name: row[name] for name in columns} for row in digest.values()]
    # Rows of a key that lack other measures are in the order of the measures that they have.
    rows.sort(key=lambda row: (order(row), [row[name] != "-" for name in MEASURES]))
    lines = [",".join(columns)] + [",".join(str(row[name]) for name in columns) for row in rows]
    with open(output, "w", encoding="utf-8") as file:
        json.dump({"lines": lines, "failed": sorted(failed), "counts": counts}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
