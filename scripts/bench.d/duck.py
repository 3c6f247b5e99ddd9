"""DuckDB's way: gzipped documents in, CSV.gz or Parquet out.

    duck.py IN OUT
"""
import sys
import duckdb

SOURCE, OUTPUT = sys.argv[1:]
FIELDS = ["version","account-id","interface-id","srcaddr","dstaddr","srcport","dstport","protocol","packets","bytes","start","end","action","log-status"]
database = duckdb.connect(config={"threads": 1})
INTS, BIGINTS = {"version", "srcport", "dstport"}, {"protocol", "packets", "bytes", "start", "end"}
to_parquet = OUTPUT.endswith(".parquet")


def column(n, name):
    kind = "INTEGER" if name in INTS else "BIGINT" if name in BIGINTS else None
    if not to_parquet:
        return f'fields[{n}] AS "{name}"'
    value = f"TRY_CAST(fields[{n}] AS {kind})" if kind else f"fields[{n}]"
    return f'{value} AS "{name.replace("-", "_")}"'


columns = ", ".join(column(n, name) for n, name in enumerate(FIELDS, 1))
time = 'epoch_ms("timestamp")' if to_parquet else """strftime(epoch_ms("timestamp"), '%Y-%m-%dT%H:%M:%S.%gZ')"""
how = "FORMAT parquet, COMPRESSION zstd" if to_parquet else "FORMAT csv, HEADER, COMPRESSION gzip"
database.execute(f"""
COPY (
  SELECT {time} AS timestamp, {columns}
  FROM (SELECT event."timestamp" AS "timestamp", string_split(event.message, ' ') AS fields
        FROM (SELECT unnest(logEvents) AS event
              FROM read_json('{SOURCE}', format='unstructured', compression='gzip', maximum_object_size=16777216,
                             columns={{messageType: 'VARCHAR', logEvents: 'STRUCT("timestamp" BIGINT, message VARCHAR)[]'}})
              WHERE messageType = 'DATA_MESSAGE')))
TO '{OUTPUT}' ({how})""")
