"""Prints the schedules of a stack as JSON: the input that each sends, by its description."""

import json
import sys

import boto3

scheduler = boto3.client("scheduler")
found = {}
for page in scheduler.get_paginator("list_schedules").paginate():
    for schedule in page["Schedules"]:
        if schedule["Target"]["Arn"].endswith(f":stateMachine:{sys.argv[1]}"):
            whole = scheduler.get_schedule(Name=schedule["Name"], GroupName=schedule["GroupName"])
            found[whole["Description"]] = whole["Target"]["Input"]
json.dump(found, sys.stdout)
