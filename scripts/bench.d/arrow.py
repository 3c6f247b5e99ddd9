"""Python's way to Parquet: gzipped documents in, columns of pyarrow out.

    arrow.py IN OUT.parquet
"""
import gzip
import json
import re
import sys

import pyarrow
import pyarrow.parquet

SOURCE, OUTPUT = sys.argv[1:]
TEXT, INT, BIGINT = pyarrow.string(), pyarrow.int32(), pyarrow.int64()
FIELDS = {"version": INT, "account_id": TEXT, "interface_id": TEXT, "srcaddr": TEXT, "dstaddr": TEXT, "srcport": INT,
          "dstport": INT, "protocol": BIGINT, "packets": BIGINT, "bytes": BIGINT, "start": BIGINT, "end": BIGINT,
          "action": TEXT, "log_status": TEXT}
TIME = pyarrow.timestamp("us", "UTC")
SPACE = re.compile(r"\s*")


def documents(text):
    """The documents one after another."""
    decoder, place = json.JSONDecoder(), 0
    while (place := SPACE.match(text, place).end()) < len(text):
        document, place = decoder.raw_decode(text, place)
        yield document


pyarrow.set_cpu_count(1)
times, columns = [], [[] for _ in FIELDS]
with gzip.open(SOURCE, "rt", encoding="utf-8") as stash:
    for document in documents(stash.read()):
        if document["messageType"] != "DATA_MESSAGE":
            continue
        for event in document["logEvents"]:
            times.append(event["timestamp"] * 1000)
            for column, field in zip(columns, event["message"].split(" ")):
                column.append(field)
arrays = [pyarrow.array(times, TIME)]
for column, kind in zip(columns, FIELDS.values()):
    values = column if kind == TEXT else [None if field == "-" else int(field) for field in column]
    arrays.append(pyarrow.array(values, kind))
table = pyarrow.table(arrays, ["timestamp", *FIELDS])
pyarrow.parquet.write_table(table, OUTPUT, compression="zstd")
