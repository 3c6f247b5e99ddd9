"""Python's way to merge an hour: gzipped documents in, one Parquet file of flows out.

    arrow_merge.py FOLDER OUT

It groups by everything but the measures, whatever the time between two records.
"""
import pathlib
import sys

import pyarrow.parquet

from stash_table import table_of

FOLDER, OUTPUT = sys.argv[1:]
MEASURES = {"timestamp": "min", "packets": "sum", "bytes": "sum", "start": "min", "end": "max"}

table = table_of(sorted(path for path in pathlib.Path(FOLDER).rglob("*") if path.is_file()))
keys = [name for name in table.column_names if name not in MEASURES]
merged = table.group_by(keys, use_threads=False).aggregate([*MEASURES.items(), ([], "count_all")])
order = [(name, "ascending") for name in ("interface_id", "srcaddr", "dstaddr", "start_min")]
pyarrow.parquet.write_table(merged.sort_by(order), OUTPUT, compression="zstd")
