"""Reads gzipped documents into a table of pyarrow, as Python does it."""
import gzip
import json
import re

import pyarrow

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


def table_of(paths):
    """The records of these objects, with typed columns."""
    pyarrow.set_cpu_count(1)
    times, columns = [], [[] for _ in FIELDS]
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8") as stash:
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
    return pyarrow.table(arrays, ["timestamp", *FIELDS])
