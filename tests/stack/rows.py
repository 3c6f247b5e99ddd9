"""Prints the rows of all Parquet files in a folder, as DuckDB reads them and as CSV has them: JSON, by the key of the object."""

import datetime
import json
import pathlib
import sys
import tempfile

import duckdb

EPOCH = datetime.datetime(1970, 1, 1)

root = pathlib.Path(sys.argv[1])
found = {}
with tempfile.TemporaryDirectory() as folder:
    for number, file in enumerate(root.rglob("*.parquet")):
        # A key can have characters that are a pattern for DuckDB.
        link = pathlib.Path(folder) / f"{number}.parquet"
        link.symlink_to(file)
        query = f"SELECT epoch_us(timestamp), * EXCLUDE timestamp FROM read_parquet('{link}')"
        lines = []
        for time, *fields in duckdb.sql(query).fetchall():
            moment = EPOCH + datetime.timedelta(microseconds=time)
            texts = ["-" if field is None else str(field) for field in fields]
            lines.append(",".join([moment.isoformat(timespec="milliseconds") + "Z", *texts]))
        found[str(file.relative_to(root)).removesuffix(".parquet")] = lines
json.dump(found, sys.stdout)
