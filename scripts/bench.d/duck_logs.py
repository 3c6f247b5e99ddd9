"""DuckDB's way to read one of AWS's own logs: objects in, one Parquet file of text columns out.

    duck_logs.py LOG FOLDER OUT

Its readers of CSV and JSON are told what the log is. They skip lines that they cannot read.
"""
import sys

import duckdb

LOG, FOLDER, OUTPUT = sys.argv[1:]
LINES = {"alb": " ", "alb-connection": " ", "nlb": " ", "elb": " ", "s3-access": " ", "cloudfront": "\\t"}
# As many as the longest line has, or more.
COLUMNS = {f"field_{n}": "VARCHAR" for n in range(45)}
database = duckdb.connect(config={"threads": 1})

if LOG == "cloudtrail":
    source = f"""(SELECT unnest(event) FROM (SELECT unnest("Records") AS event
                  FROM read_json('{FOLDER}/**', maximum_object_size=1073741824)))"""
elif LOG in LINES:
    source = f"""read_csv('{FOLDER}/**', delim=E'{LINES[LOG]}', quote='"', escape='\\', header=false, comment='#', columns={COLUMNS},
                          auto_detect=false, null_padding=true, strict_mode=false, ignore_errors=true, parallel=false)"""
else:
    source = f"read_json('{FOLDER}/**', format='newline_delimited')"
database.execute(f"COPY (SELECT * FROM {source}) TO '{OUTPUT}' (FORMAT parquet, COMPRESSION zstd)")
