"""From a sample stash to a report and a query's rows, on the local AWS, with the commands of a user.

    demo.py REHOSE

where REHOSE is the command.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3

BUCKET = "my-flow-logs"
PREFIX = "firehose/"
QUERY = """\
SELECT srcaddr, dstaddr, count(*) AS flows, sum(bytes) AS bytes
FROM rows
WHERE hour BETWEEN '2020/02/01/00' AND '2020/02/01/05' AND action = 'ACCEPT'
GROUP BY srcaddr, dstaddr
ORDER BY bytes DESC
LIMIT 5"""


def say(text):
    print(f"\n# {text}", flush=True)


def run(*command):
    print("$", *(os.path.basename(command[0]), *command[1:]), flush=True)
    subprocess.run(command, check=True)


def upload(folder):
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    for path in files:
        s3.upload_file(str(path), BUCKET, PREFIX + str(path.relative_to(folder)))
    print(f"{len(files)} objects in s3://{BUCKET}/{PREFIX}")


def outputs(stack):
    described = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in described["Outputs"]}


def query(stack, sql):
    """The rows of an answer of Athena, the header first."""
    athena = boto3.client("athena")
    query = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": stack["Database"]},
        WorkGroup=stack["WorkGroup"],
    )["QueryExecutionId"]
    while True:
        status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        if status["State"] in ("FAILED", "CANCELLED"):
            sys.exit(f"the query failed: {status.get('StateChangeReason')}")
        if status["State"] == "SUCCEEDED":
            break
        time.sleep(0.2)
    rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"]
    return [[cell.get("VarCharValue", "") for cell in row["Data"]] for row in rows]


def show(table):
    widths = [max(map(len, column)) for column in zip(*table)]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


rehose = sys.argv[1]
say("A stash, as Firehose leaves it: gzip over JSON over text, and one of every form it may have.")
with tempfile.TemporaryDirectory() as folder:
    run(rehose, "sample", folder, "--objects", "24", "--events", "5000", "--dialects")
    upload(Path(folder))

say("The stack: the template that goes to AWS.")
run("scripts/local", "deploy", "--progress", "events", "--quiet", "-c", f"sourceBucket={BUCKET}", "-c", f"sourcePrefix={PREFIX}")

say("All of it, as rows.")
run(rehose, "start", PREFIX, "--job", "demo", "--follow")
run(rehose, "jobs")

stack = outputs("rehose")
if "Database" in stack:
    say("Who sent most, asked in Athena.")
    print(QUERY, "\n")
    show(query(stack, QUERY))
