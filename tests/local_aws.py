"""Calls of the local AWS for tests in Rust, by the client for Python that it is installed with: a crate for a few calls
takes a minute to compile.

    local_aws.py call SERVICE OPERATION <ARGUMENTS.json     prints the answer as JSON, of all pages
    local_aws.py deploy NAME <TEMPLATE.json                 creates a stack, waits for it, and prints its outputs
"""

import json
import sys

import boto3


def call(service, operation):
    client = boto3.client(service)
    arguments = json.load(sys.stdin)
    if client.can_paginate(operation):
        return client.get_paginator(operation).paginate(**arguments).build_full_result()
    return getattr(client, operation)(**arguments)


def deploy(name):
    client = boto3.client("cloudformation")
    client.create_stack(StackName=name, TemplateBody=sys.stdin.read())
    client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 240})
    (stack,) = client.describe_stacks(StackName=name)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


command, *arguments = sys.argv[1:]
print(json.dumps({"call": call, "deploy": deploy}[command](*arguments), default=str))
