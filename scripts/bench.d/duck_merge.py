"""DuckDB's way to merge an hour: gzipped documents in, one Parquet file of flows out.

    duck_merge.py FOLDER OUT

It groups by everything but the measures, whatever the time between two records.
"""
import sys

import duckdb

FOLDER, OUTPUT = sys.argv[1:]
FIELDS = ["version", "account_id", "interface_id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets",
          "bytes", "start", "end", "action", "log_status"]
INTS, BIGINTS = {"version", "srcport", "dstport"}, {"protocol", "packets", "bytes", "start", "end"}
MEASURES = {"packets": "sum", "bytes": "sum", "start": "min", "end": "max"}
database = duckdb.connect(config={"threads": 1})


def column(n, name):
    kind = "INTEGER" if name in INTS else "BIGINT" if name in BIGINTS else None
    value = f"TRY_CAST(fields[{n}] AS {kind})" if kind else f"fields[{n}]"
    return f'{value} AS "{name}"'


columns = ", ".join(column(n, name) for n, name in enumerate(FIELDS, 1))
merged = ", ".join(f'{MEASURES[name]}("{name}") AS "{name}"' if name in MEASURES else f'"{name}"' for name in FIELDS)
keys = ", ".join(f'"{name}"' for name in FIELDS if name not in MEASURES)
database.execute(f"""
COPY (
  SELECT min("timestamp") AS "timestamp", {merged}, count(*) AS records
  FROM (SELECT epoch_ms("timestamp") AS "timestamp", {columns}
        FROM (SELECT event."timestamp" AS "timestamp", string_split(event.message, ' ') AS fields
              FROM (SELECT unnest(logEvents) AS event
                    FROM read_json('{FOLDER}/**', format='unstructured', compression='gzip',
                                   maximum_object_size=16777216,
                                   columns={{messageType: 'VARCHAR',
                                             logEvents: 'STRUCT("timestamp" BIGINT, message VARCHAR)[]'}})
                    WHERE messageType = 'DATA_MESSAGE')))
  GROUP BY {keys}
  ORDER BY interface_id, srcaddr, dstaddr, "start")
TO '{OUTPUT}' (FORMAT parquet, COMPRESSION zstd)""")
