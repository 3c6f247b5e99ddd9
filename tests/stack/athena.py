"""Prints the rows of an answer of the local Athena as JSON, the header first. It projects no partitions, and reads every
file below the location of a table."""

import json
import sys
import time

import boto3

stack, query = sys.argv[1:]
athena = boto3.client("athena")
started = athena.start_query_execution(
    QueryString=query,
    QueryExecutionContext={"Database": stack.replace("-", "_")},
    WorkGroup=stack,
)["QueryExecutionId"]
while True:
    status = athena.get_query_execution(QueryExecutionId=started)["QueryExecution"]["Status"]
    if status["State"] in ("FAILED", "CANCELLED"):
        sys.exit(f"the query failed: {status.get('StateChangeReason')}")
    if status["State"] == "SUCCEEDED":
        break
    time.sleep(0.2)
rows = athena.get_query_results(QueryExecutionId=started)["ResultSet"]["Rows"]
json.dump([[cell.get("VarCharValue", "") for cell in row["Data"]] for row in rows], sys.stdout)
