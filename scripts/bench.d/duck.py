"""DuckDB's way: gzipped documents in, CSV.gz or Parquet out.

    duck.py IN OUT
"""
import sys
import duckdb

SOURCE, OUTPUT = sys.argv[1:]
FIELDS = ["version","account-id","interface-id","srcaddr","dstaddr","srcport","dstport","protocol","packets","bytes","start","end","action","log-status"]
database = duckdb.connect(config={"threads": 1})
columns = ", ".join(f'fields[{n}] AS "{name}"' for n, name in enumerate(FIELDS, 1))
how = "FORMAT parquet" if OUTPUT.endswith(".parquet") else "FORMAT csv, HEADER, COMPRESSION gzip"
database.execute(f"""
COPY (
  SELECT strftime(epoch_ms("timestamp"), '%Y-%m-%dT%H:%M:%S.%gZ') AS timestamp, {columns}
  FROM (SELECT event."timestamp" AS "timestamp", string_split(event.message, ' ') AS fields
        FROM (SELECT unnest(logEvents) AS event
              FROM read_json('{SOURCE}', format='unstructured', compression='gzip', maximum_object_size=16777216,
                             columns={{messageType: 'VARCHAR', logEvents: 'STRUCT("timestamp" BIGINT, message VARCHAR)[]'}})
              WHERE messageType = 'DATA_MESSAGE')))
TO '{OUTPUT}' ({how})""")
