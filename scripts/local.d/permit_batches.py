"""Lets who may send a message also send a batch of them.

On AWS the permission sqs:SendMessage covers SendMessageBatch; MiniStack asks for an action of that
name, which AWS does not know, so the stack cannot have it.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html
"""

import json

import boto3

iam = boto3.client("iam")
for page in iam.get_paginator("list_roles").paginate():
    for role in page["Roles"]:
        of = {"RoleName": role["RoleName"]}
        for name in iam.list_role_policies(**of)["PolicyNames"]:
            document = iam.get_role_policy(**of, PolicyName=name)["PolicyDocument"]
            for statement in document["Statement"]:
                actions = statement["Action"]
                actions = [actions] if isinstance(actions, str) else actions
                if "sqs:SendMessage" in actions:
                    statement["Action"] = sorted({*actions, "sqs:SendMessageBatch"})
            iam.put_role_policy(**of, PolicyName=name, PolicyDocument=json.dumps(document))
