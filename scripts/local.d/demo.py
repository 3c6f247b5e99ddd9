"""From a sample stash to a report and a query's rows, on the local AWS, with the commands of a user.

    demo.py REHOSE

where REHOSE is the command. The table's partitions are asked for by nobody: the local Athena does not
project them.
"""

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
FROM flow_logs
WHERE action = 'ACCEPT'
GROUP BY srcaddr, dstaddr
ORDER BY bytes DESC
LIMIT 5"""
LOG = Path(".tools/local/deploy.log")


def say(text):
    print(f"\n# {text}", flush=True)


def run(*command, log=None):
    print("$", *(command[0].removeprefix("target/debug/"), *command[1:]), flush=True)
    if subprocess.run(command, stdout=log, stderr=log and subprocess.STDOUT).returncode != 0:
        sys.exit(f"that failed{log and f'; see {log.name}' or ''}")


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
with tempfile.TemporaryDirectory(prefix="stash-") as folder:
    run(rehose, "sample", folder, "--objects", "24", "--events", "5000", "--dialects")
    upload(Path(folder))

say("The stack: the template that goes to AWS.")
with LOG.open("w") as log:
    context = ("-c", f"sourceBucket={BUCKET}", "-c", f"sourcePrefix={PREFIX}")
    run("scripts/local", "deploy", *context, log=log)
stack = outputs("rehose")
for name in ("StateMachineArn", "OutputLocation"):
    print(f"{name}: {stack[name]}")

say("All of it, as rows.")
run(rehose, "start", PREFIX, "--job", "demo", "--follow")
run(rehose, "jobs")

if "Database" in stack:
    say("Who sent most, asked in Athena.")
    print(QUERY, "\n")
    show(query(stack, QUERY))
