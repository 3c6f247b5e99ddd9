"""Prints what DuckDB reads of a downloaded output with merged rows, as JSON: the rows of `merged`, and those of the view
of docs/QUERY.md. A view that waits a minute for a marker would make the test wait, so this one does not."""

import json
import pathlib
import re
import sys

import duckdb

root, interface = sys.argv[1:]
page = (pathlib.Path(__file__).parent.parent.parent / "docs" / "QUERY.md").read_text()
[view] = re.findall(r"```sql\n(CREATE VIEW all_flow_logs AS\n.*?)```", page, re.DOTALL)
margin = "- INTERVAL 1 MINUTE"
assert margin in view
duckdb.sql(view.replace("'out/", f"'{root}/").replace(margin, ""))


def rows(of):
    columns = 'srcaddr, packets, bytes, start, "end", records'
    query = f"SELECT {columns} FROM {of} WHERE interface_id = ? ORDER BY srcaddr, start"
    return duckdb.execute(query, [interface]).fetchall()


json.dump({"merged": rows(f"'{root}/merged/*/*/*.parquet'"), "view": rows("all_flow_logs")}, sys.stdout)
