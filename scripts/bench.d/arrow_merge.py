"""Python's way to merge an hour: gzipped documents in, one Parquet file of flows out.

    arrow_merge.py FOLDER OUT

It groups by everything but the measures, whatever the time between two records.
"""
import gzip
import json
import pathlib
import re
import sys

import pyarrow
import pyarrow.parquet

FOLDER, OUTPUT = sys.argv[1:]
TEXT, INT, BIGINT = pyarrow.string(), pyarrow.int32(), pyarrow.int64()
FIELDS = {"version": INT, "account_id": TEXT, "interface_id": TEXT, "srcaddr": TEXT, "dstaddr": TEXT, "srcport": INT,
          "dstport": INT, "protocol": BIGINT, "packets": BIGINT, "bytes": BIGINT, "start": BIGINT, "end": BIGINT,
          "action": TEXT, "log_status": TEXT}
MEASURES = {"timestamp": "min", "packets": "sum", "bytes": "sum", "start": "min", "end": "max"}
SPACE = re.compile(r"\s*")


def documents(text):
    """The documents one after another."""
    decoder, place = json.JSONDecoder(), 0
    while (place := SPACE.match(text, place).end()) < len(text):
        document, place = decoder.raw_decode(text, place)
        yield document


pyarrow.set_cpu_count(1)
times, columns = [], [[] for _ in FIELDS]
for path in sorted(path for path in pathlib.Path(FOLDER).rglob("*") if path.is_file()):
    with gzip.open(path, "rt", encoding="utf-8") as stash:
        for document in documents(stash.read()):
            if document["messageType"] != "DATA_MESSAGE":
                continue
            for event in document["logEvents"]:
                times.append(event["timestamp"] * 1000)
                for column, field in zip(columns, event["message"].split(" ")):
                    column.append(field)
arrays = [pyarrow.array(times, pyarrow.timestamp("us", "UTC"))]
for column, kind in zip(columns, FIELDS.values()):
    values = column if kind == TEXT else [None if field == "-" else int(field) for field in column]
    arrays.append(pyarrow.array(values, kind))
table = pyarrow.table(arrays, ["timestamp", *FIELDS])
keys = [name for name in table.column_names if name not in MEASURES]
merged = table.group_by(keys, use_threads=False).aggregate([*MEASURES.items(), ([], "count_all")])
order = [(name, "ascending") for name in ("interface_id", "srcaddr", "dstaddr", "start_min")]
pyarrow.parquet.write_table(merged.sort_by(order), OUTPUT, compression="zstd")
