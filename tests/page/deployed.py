"""Puts a stash into the bucket of a stack on the local AWS, merges it in the job `merge`, and becomes a proxy that signs
requests to the stack's HTTP API.

    deployed.py STACK STASH
"""

import json
import os
import sys
import time
from pathlib import Path

import boto3

name, stash = sys.argv[1], Path(sys.argv[2])
root = Path(__file__).parents[2]
outputs = json.loads((root / ".tools/local/outputs.json").read_text())[name]
s3, machines = boto3.client("s3"), boto3.client("stepfunctions")
for path in filter(Path.is_file, sorted(stash.rglob("*"))):
    s3.upload_file(str(path), f"{name}-stash", f"logs/{path.relative_to(stash)}")
execution = machines.start_execution(
    stateMachineArn=outputs["StateMachineArn"],
    name="merge",
    input=json.dumps({"prefix": "logs/", "merge": {}}),
)["executionArn"]
while (found := machines.describe_execution(executionArn=execution))["status"] == "RUNNING":
    time.sleep(0.5)
assert found["error"] == "Rehose.Incomplete", f"one object is broken, not {found}"
print("output", outputs["OutputLocation"], flush=True)
os.execv(sys.executable, [sys.executable, str(root / "tests/signing_proxy.py"), outputs["ApiUrl"]])
