// The complete permissions of each role, so that a review shows every change.
import assert from "node:assert/strict";
import { test } from "node:test";
import { configurations } from "./configurations";
import { template } from "./synth";

const made = template({ sourcePrefix: "AWSLogs/", outputBucket: "tables", outputPrefix: "out/" });

/** A readable form of an ARN: `arn:aws:s3:::tables/out/csv/*`, or `QueuesHistoric` for a resource of the stack. */
function readable(arn: any): string {
  if (typeof arn === "string") return arn;
  if (arn.Ref)
    return (
      {
        "AWS::Partition": "aws",
        "AWS::Region": "region",
        "AWS::AccountId": "account",
        "AWS::URLSuffix": "amazonaws.com",
      }[arn.Ref as string] ?? arn.Ref.replace(/[0-9A-F]{8}$/, "")
    );
  if (arn["Fn::GetAtt"]) return arn["Fn::GetAtt"][0].replace(/[0-9A-F]{8}$/, "");
  return arn["Fn::Join"][1].map(readable).join("");
}

function may(role: string, stack = made): string[] {
  const statements = Object.values(stack.findResources("AWS::IAM::Policy"))
    .filter(({ Properties }) => Properties.Roles.some((one: any) => one.Ref.startsWith(role)))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement);
  return statements
    .flatMap(({ Effect, Action, Resource, Condition }) => {
      assert.equal(Effect, "Allow");
      const condition = Condition
        ? ` if ${JSON.stringify(Condition, (_, value) => (value["Fn::Join"] ? readable(value) : value))}`
        : "";
      return [Action]
        .flat()
        .flatMap((action: string) => [Resource].flat().map((arn) => `${action} ${readable(arn)}${condition}`));
    })
    .sort();
}

const roles: Record<string, string[]> = {
  FunctionsStartRole: [
    "logs:CreateLogStream FunctionsStartLogs",
    "logs:PutLogEvents FunctionsStartLogs",
    "s3:GetObject arn:aws:s3:::tables/out/csv/*",
    "s3:GetObject arn:aws:s3:::tables/out/jobs/*",
    "s3:GetObject arn:aws:s3:::tables/out/rehose.json",
    's3:ListBucket arn:aws:s3:::stash if {"StringLike":{"s3:prefix":["AWSLogs/*"]}}',
    's3:ListBucket arn:aws:s3:::tables if {"StringLikeIfExists":{"s3:prefix":["out/jobs/*","out/csv/*","out/rehose.json"]}}',
    "s3:PutObject arn:aws:s3:::tables/out/jobs/*",
    "s3:PutObject arn:aws:s3:::tables/out/rehose.json",
    "sqs:SendMessage QueuesHistoric",
  ],
  FunctionsProcessRole: [
    "logs:CreateLogStream FunctionsProcessLogs",
    "logs:PutLogEvents FunctionsProcessLogs",
    "s3:AbortMultipartUpload arn:aws:s3:::tables/out/csv/*",
    "s3:AbortMultipartUpload arn:aws:s3:::tables/out/rejected/*",
    "s3:GetObject arn:aws:s3:::stash/AWSLogs/*",
    "s3:GetObject arn:aws:s3:::tables/out/jobs/*/job.json",
    "s3:GetObject arn:aws:s3:::tables/out/jobs/*/manifest/*",
    "s3:GetObject arn:aws:s3:::tables/out/jobs/*/receipts/*",
    "s3:GetObject arn:aws:s3:::tables/out/jobs/*/report.json",
    "s3:GetObject arn:aws:s3:::tables/out/rehose.json",
    's3:ListBucket arn:aws:s3:::tables if {"StringLikeIfExists":{"s3:prefix":["out/jobs/*","out/rehose.json"]}}',
    "s3:PutObject arn:aws:s3:::tables/out/csv/*",
    "s3:PutObject arn:aws:s3:::tables/out/jobs/*/receipts/*",
    "s3:PutObject arn:aws:s3:::tables/out/rejected/*",
    "s3:PutObject arn:aws:s3:::tables/out/rehose.json",
    ...["Historic", "Realtime"].flatMap((queue) =>
      ["ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ReceiveMessage"].map(
        (action) => `sqs:${action} Queues${queue}`,
      ),
    ),
  ].sort(),
  FunctionsCheckRole: [
    "logs:CreateLogStream FunctionsCheckLogs",
    "logs:PutLogEvents FunctionsCheckLogs",
    "s3:GetObject arn:aws:s3:::tables/out/jobs/*",
    's3:ListBucket arn:aws:s3:::tables if {"StringLikeIfExists":{"s3:prefix":"out/jobs/*"}}',
    "s3:PutObject arn:aws:s3:::tables/out/jobs/*",
    "sqs:GetQueueAttributes QueuesHistoric",
    "sqs:SendMessage QueuesHistoric",
  ],
  OrchestrationRole: [
    "events:DescribeRule arn:aws:events:region:account:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule",
    "events:PutRule arn:aws:events:region:account:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule",
    "events:PutTargets arn:aws:events:region:account:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule",
    "lambda:InvokeFunction FunctionsCheck",
    "lambda:InvokeFunction FunctionsStart",
    // Neither log delivery nor X-Ray supports resources.
    ..."CreateLogDelivery DeleteLogDelivery DescribeLogGroups DescribeResourcePolicies GetLogDelivery ListLogDeliveries PutResourcePolicy UpdateLogDelivery"
      .split(" ")
      .map((action) => `logs:${action} *`),
    "states:DescribeExecution arn:aws:states:region:account:execution:rehose:*",
    "states:StartExecution arn:aws:states:region:account:stateMachine:rehose",
    "states:StopExecution arn:aws:states:region:account:execution:rehose:*",
    ..."GetSamplingRules GetSamplingTargets PutTelemetryRecords PutTraceSegments"
      .split(" ")
      .map((action) => `xray:${action} *`),
  ],
};
for (const [role, permissions] of Object.entries(roles)) {
  test(`${role} has exactly these permissions`, () => {
    assert.deepEqual(may(role), permissions);
  });
}

test("with Parquet, each role has the same permissions on the other folder, and none on that of CSV", () => {
  const parquet = template({ sourcePrefix: "AWSLogs/", outputBucket: "tables", outputPrefix: "out/", to: "parquet" });
  for (const [role, permissions] of Object.entries(roles)) {
    const expected = permissions.map((permission) => permission.replace("out/csv/", "out/parquet/"));
    assert.deepEqual(may(role, parquet), expected.sort(), role);
  }
});

test("merging adds a role, and to those of start and check what generations and their files need", () => {
  const place = { sourcePrefix: "AWSLogs/", outputBucket: "tables", outputPrefix: "out/" };
  const merging = template({ ...place, merge: true });
  const output = (action: string, key: string) => `s3:${action} arn:aws:s3:::tables/out/${key}`;
  const list = (...keys: string[]) =>
    `s3:ListBucket arn:aws:s3:::tables if {"StringLikeIfExists":{"s3:prefix":${JSON.stringify(keys.map((key) => `out/${key}`))}}}`;
  const more = (role: string) => may(role, merging).filter((permission) => !roles[role]?.includes(permission));
  assert.deepEqual(more("FunctionsStartRole"), [
    output("GetObject", "digests/*"),
    output("GetObject", "generations/*"),
    output("GetObject", "merge.json"),
    list("jobs/*", "digests/*", "csv/*", "rehose.json", "generations/*", "merge.json"),
    output("PutObject", "digests/*"),
    output("PutObject", "generations/*"),
    output("PutObject", "merge.json"),
    "sqs:SendMessage QueuesMerge",
  ]);
  assert.deepEqual(more("FunctionsCheckRole"), [
    output("GetObject", "digests/*"),
    output("GetObject", "generations/*"),
    output("GetObject", "merged/*"),
    output("GetObject", "unpublished/*"),
    list("jobs/*", "digests/*", "unpublished/*"),
    output("PutObject", "digests/*"),
    output("PutObject", "generations/*"),
    output("PutObject", "merged/*"),
    "sqs:GetQueueAttributes QueuesMerge",
    "sqs:SendMessage QueuesMerge",
  ]);
  assert.deepEqual(more("FunctionsProcessRole"), []);
  assert.deepEqual(may("FunctionsMergeRole", merging), [
    "logs:CreateLogStream FunctionsMergeLogs",
    "logs:PutLogEvents FunctionsMergeLogs",
    output("AbortMultipartUpload", "rejected/*"),
    output("AbortMultipartUpload", "unpublished/*"),
    "s3:GetObject arn:aws:s3:::stash/AWSLogs/*",
    output("GetObject", "generations/*"),
    output("GetObject", "jobs/*/decided/*"),
    output("GetObject", "jobs/*/job.json"),
    output("GetObject", "jobs/*/manifest/*"),
    output("GetObject", "jobs/*/receipts/*"),
    output("GetObject", "jobs/*/report.json"),
    output("GetObject", "unpublished/*"),
    list("jobs/*", "digests/*", "unpublished/*", "generations/*"),
    output("PutObject", "jobs/*/receipts/*"),
    output("PutObject", "rejected/*"),
    output("PutObject", "unpublished/*"),
    ...["ChangeMessageVisibility", "DeleteMessage", "GetQueueAttributes", "GetQueueUrl", "ReceiveMessage"].map(
      (action) => `sqs:${action} QueuesMerge`,
    ),
  ]);
});

test("with several logs, each role has what it needs of each, and a log that is not merged gives the merging one nothing", () => {
  const logs = [
    {},
    { prefix: "elb/", format: "alb", outputPrefix: "out/alb/", to: "parquet", merge: true },
    { prefix: "trail/", format: "cloudtrail", outputPrefix: "out/trail/" },
  ];
  const several = template({ sourcePrefix: "AWSLogs/", outputBucket: "tables", outputPrefix: "out/", logs });
  const output = (action: string, key: string) => `s3:${action} arn:aws:s3:::tables/out/${key}`;
  const source = (key: string) => `s3:GetObject arn:aws:s3:::stash/${key}`;
  const list = (...keys: string[]) =>
    `s3:ListBucket arn:aws:s3:::tables if {"StringLikeIfExists":{"s3:prefix":${JSON.stringify(keys.map((key) => `out/${key}`))}}}`;
  const more = (role: string) => may(role, several).filter((permission) => !roles[role]?.includes(permission));
  assert.deepEqual(more("FunctionsStartRole"), [
    output("GetObject", "alb/generations/*"),
    output("GetObject", "alb/merge.json"),
    output("GetObject", "alb/parquet/*"),
    output("GetObject", "alb/rehose.json"),
    output("GetObject", "digests/*"),
    output("GetObject", "trail/csv/*"),
    output("GetObject", "trail/rehose.json"),
    's3:ListBucket arn:aws:s3:::stash if {"StringLike":{"s3:prefix":["AWSLogs/*","elb/*","trail/*"]}}',
    list(
      ...["jobs/*", "digests/*"],
      ...["csv/*", "rehose.json"],
      ...["alb/parquet/*", "alb/rehose.json", "alb/generations/*", "alb/merge.json"],
      ...["trail/csv/*", "trail/rehose.json"],
    ),
    output("PutObject", "alb/generations/*"),
    output("PutObject", "alb/merge.json"),
    output("PutObject", "alb/rehose.json"),
    output("PutObject", "digests/*"),
    output("PutObject", "trail/rehose.json"),
    "sqs:SendMessage QueuesMerge",
  ]);
  assert.deepEqual(more("FunctionsProcessRole"), [
    ...["alb/parquet/*", "alb/rejected/*", "trail/csv/*", "trail/rejected/*"].map((key) =>
      output("AbortMultipartUpload", key),
    ),
    source("elb/*"),
    source("trail/*"),
    output("GetObject", "alb/rehose.json"),
    output("GetObject", "trail/rehose.json"),
    list("jobs/*", "rehose.json", "alb/rehose.json", "trail/rehose.json"),
    ...[
      "alb/parquet/*",
      "alb/rehose.json",
      "alb/rejected/*",
      "trail/csv/*",
      "trail/rehose.json",
      "trail/rejected/*",
    ].map((key) => output("PutObject", key)),
  ]);
  assert.deepEqual(more("FunctionsCheckRole"), [
    output("GetObject", "alb/generations/*"),
    output("GetObject", "alb/merged/*"),
    output("GetObject", "alb/unpublished/*"),
    output("GetObject", "digests/*"),
    output("GetObject", "unpublished/*"),
    list("jobs/*", "digests/*", "unpublished/*"),
    output("PutObject", "alb/generations/*"),
    output("PutObject", "alb/merged/*"),
    output("PutObject", "digests/*"),
    "sqs:GetQueueAttributes QueuesMerge",
    "sqs:SendMessage QueuesMerge",
  ]);
  const merges = may("FunctionsMergeRole", several).filter((permission) => permission.startsWith("s3:"));
  assert.deepEqual(merges, [
    output("AbortMultipartUpload", "alb/rejected/*"),
    output("AbortMultipartUpload", "alb/unpublished/*"),
    output("AbortMultipartUpload", "rejected/*"),
    output("AbortMultipartUpload", "unpublished/*"),
    source("elb/*"),
    output("GetObject", "alb/generations/*"),
    output("GetObject", "jobs/*/decided/*"),
    output("GetObject", "jobs/*/job.json"),
    output("GetObject", "jobs/*/manifest/*"),
    output("GetObject", "jobs/*/receipts/*"),
    output("GetObject", "jobs/*/report.json"),
    output("GetObject", "unpublished/*"),
    list("jobs/*", "digests/*", "unpublished/*", "alb/generations/*"),
    output("PutObject", "alb/rejected/*"),
    output("PutObject", "alb/unpublished/*"),
    output("PutObject", "jobs/*/receipts/*"),
    output("PutObject", "rejected/*"),
    output("PutObject", "unpublished/*"),
  ]);
});

test("there are no other roles, and no role has a managed policy", () => {
  const found = Object.entries(made.findResources("AWS::IAM::Role"));
  assert.deepEqual(found.map(([id]) => id.replace(/[0-9A-F]{8}$/, "")).sort(), Object.keys(roles).sort());
  for (const [, { Properties }] of found) assert.equal(Properties.ManagedPolicyArns, undefined);
});

test("without a source prefix, the whole bucket may be listed and read", () => {
  const all = template({ sourcePrefix: "" });
  assert.ok(may("FunctionsStartRole", all).includes("s3:ListBucket arn:aws:s3:::stash"));
  assert.ok(may("FunctionsProcessRole", all).includes("s3:GetObject arn:aws:s3:::stash/*"));
});

const { sourceKey, outputKey } = configurations.everything as Record<string, string>;
const everything = template(configurations.everything);

test("with several source prefixes, only these may be listed and read", () => {
  assert.ok(
    may("FunctionsStartRole", everything).includes(
      's3:ListBucket arn:aws:s3:::stash if {"StringLike":{"s3:prefix":["AWSLogs/*","stash/year=2020/*"]}}',
    ),
  );
  const read = may("FunctionsProcessRole", everything).filter((permission) => permission.includes(":::stash"));
  assert.deepEqual(read, [
    "s3:GetObject arn:aws:s3:::stash/AWSLogs/*",
    "s3:GetObject arn:aws:s3:::stash/stash/year=2020/*",
  ]);
});

test("KMS keys may be used through S3 only: the source's to read, the output's to read and write", () => {
  const through = (action: string, key: string) =>
    `kms:${action} ${key} if {"StringEquals":{"kms:ViaService":"s3.eu-central-1.amazonaws.com"}}`;
  const keys = (role: string) => may(role, everything).filter((permission) => permission.startsWith("kms:"));
  const output = [through("Decrypt", outputKey!), through("GenerateDataKey", outputKey!)];
  assert.deepEqual(keys("FunctionsStartRole"), output);
  assert.deepEqual(keys("FunctionsCheckRole"), output);
  for (const role of ["FunctionsProcessRole", "FunctionsMergeRole"])
    assert.deepEqual(keys(role), [through("Decrypt", sourceKey!), ...output]);
});

test("realtime and merging add three roles: one merges, one writes the bucket's notifications, one starts the machine", () => {
  assert.deepEqual(may("RealtimeNotifierRole", everything), [
    "s3:GetBucketNotification arn:aws:s3:::stash",
    "s3:PutBucketNotification arn:aws:s3:::stash",
  ]);
  assert.deepEqual(may("SchedulerRole", everything), ["states:StartExecution OrchestrationMachine"]);
  const added = Object.keys(everything.findResources("AWS::IAM::Role"))
    .map((id) => id.replace(/[0-9A-F]{8}$/, ""))
    .filter((id) => !(id in roles));
  assert.deepEqual(added.sort(), ["FunctionsMergeRole", "RealtimeNotifierRole", "SchedulerRoleForTarget9d3246"]);
});

test("the HTTP API reads what it shows, writes claims and proofs, and starts, sees and redrives executions", () => {
  const output = (action: string, key: string) => `s3:${action} arn:aws:s3:::tables/out/${key}`;
  const key = (action: string) =>
    `kms:${action} ${outputKey} if {"StringEquals":{"kms:ViaService":"s3.eu-central-1.amazonaws.com"}}`;
  const executions = "arn:aws:states:region:account:execution:rehose:*";
  assert.deepEqual(may("HttpApiRole", template(configurations["the HTTP API through API Gateway"])), [
    key("Decrypt"),
    key("GenerateDataKey"),
    "logs:CreateLogStream HttpApiLogs",
    "logs:PutLogEvents HttpApiLogs",
    output("GetObject", "digests/*"),
    output("GetObject", "generations/*"),
    output("GetObject", "jobs/*"),
    's3:ListBucket arn:aws:s3:::stash if {"StringLike":{"s3:prefix":["AWSLogs/*"]}}',
    's3:ListBucket arn:aws:s3:::tables if {"StringLikeIfExists":{"s3:prefix":["out/jobs/*","out/digests/*","out/generations/*"]}}',
    output("PutObject", "digests/*.json"),
    `states:DescribeExecution ${executions}`,
    `states:RedriveExecution ${executions}`,
    "states:StartExecution OrchestrationMachine",
  ]);
});
