import assert from "node:assert/strict";
import { test } from "node:test";
import { Match } from "aws-cdk-lib/assertions";
import { template } from "./synth";

const s3 = template({ realtime: true, sourcePrefix: ["AWSLogs/", "stash/year=2020/"] });
const eventbridge = template({ realtime: true, realtimeEvents: "eventbridge", sourcePrefix: ["AWSLogs/", "stash/"] });
const queue = { "Fn::GetAtt": [Match.stringLikeRegexp("^QueuesRealtime(?!Dead)"), "Arn"] };

/** The statements that allow sending to the realtime queue. */
function senders(made: typeof s3): { Principal: any; Condition: any }[] {
  const [policy] = Object.values(
    made.findResources("AWS::SQS::QueuePolicy", { Properties: { Queues: [{ Ref: queueId(made) }] } }),
  );
  return policy!.Properties.PolicyDocument.Statement.filter(({ Effect }: any) => Effect === "Allow");
}

function queueId(made: typeof s3): string {
  return Object.keys(made.findResources("AWS::SQS::Queue")).find((id) => /^QueuesRealtime(?!Dead)/.test(id))!;
}

test("without realtime, the queue exists and nothing may send to it", () => {
  const off = template({ realtime: false });
  for (const type of ["Custom::S3BucketNotifications", "AWS::Events::Rule", "AWS::Scheduler::Schedule"])
    off.resourceCountIs(type, 0);
  assert.deepEqual(senders(off), []);
  off.hasResourceProperties("AWS::Lambda::EventSourceMapping", { EventSourceArn: queue });
});

test("the bucket notifies the queue of new objects under each percent-encoded prefix, and keeps other notifications", () => {
  const configuration = (Value: string) => ({
    Events: ["s3:ObjectCreated:*"],
    Filter: { Key: { FilterRules: [{ Name: "prefix", Value }] } },
    QueueArn: queue,
  });
  s3.resourceCountIs("Custom::S3BucketNotifications", 1);
  s3.hasResourceProperties("Custom::S3BucketNotifications", {
    BucketName: "stash",
    Managed: false,
    SkipDestinationValidation: false,
    NotificationConfiguration: {
      QueueConfigurations: [configuration("AWSLogs/"), configuration("stash/year%3D2020/")],
    },
  });
});

test("a whole bucket needs no filter", () => {
  const all = { realtime: true, sourcePrefix: "" };
  template(all).hasResourceProperties("Custom::S3BucketNotifications", {
    NotificationConfiguration: { QueueConfigurations: [{ Filter: Match.absent(), QueueArn: queue }] },
  });
  template({ ...all, realtimeEvents: "eventbridge" }).hasResourceProperties("AWS::Events::Rule", {
    EventPattern: Match.objectLike({ detail: { bucket: { name: ["stash"] } } }),
  });
});

test("only this bucket of this account may send, and the permission precedes the notification", () => {
  const [sender, ...others] = senders(s3);
  assert.deepEqual(others, []);
  assert.deepEqual(sender!.Principal, { Service: "s3.amazonaws.com" });
  assert.deepEqual(sender!.Condition, {
    ArnEquals: { "aws:SourceArn": { "Fn::Join": ["", ["arn:", { Ref: "AWS::Partition" }, ":s3:::stash"]] } },
    StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } },
  });
  s3.hasResource("Custom::S3BucketNotifications", {
    DependsOn: Match.arrayWith([Match.stringLikeRegexp("^QueuesRealtimePolicy")]),
  });
});

test("with EventBridge, a rule sends events of new objects under the prefixes, and the bucket is not changed", () => {
  eventbridge.resourceCountIs("Custom::S3BucketNotifications", 0);
  eventbridge.resourceCountIs("AWS::Events::Rule", 1);
  eventbridge.hasResourceProperties("AWS::Events::Rule", {
    State: "ENABLED",
    EventPattern: {
      account: [{ Ref: "AWS::AccountId" }],
      source: ["aws.s3"],
      "detail-type": ["Object Created"],
      detail: { bucket: { name: ["stash"] }, object: { key: [{ prefix: "AWSLogs/" }, { prefix: "stash/" }] } },
    },
    // No transformation: `process` parses the original event.
    Targets: [{ Arn: queue, Id: Match.anyValue(), Input: Match.absent(), InputTransformer: Match.absent() }],
  });
  const [sender, ...others] = senders(eventbridge);
  assert.deepEqual(others, []);
  assert.deepEqual(sender!.Principal, { Service: "events.amazonaws.com" });
  const [rule] = Object.keys(eventbridge.findResources("AWS::Events::Rule"));
  assert.deepEqual(sender!.Condition, { ArnEquals: { "aws:SourceArn": { "Fn::GetAtt": [rule, "Arn"] } } });
});

/** The inputs that the schedules send to the machine. tests/statemachine evaluates such inputs. */
function sent(more: Record<string, unknown>): unknown[] {
  const schedules = template({ realtime: true, ...more }).findResources("AWS::Scheduler::Schedule");
  return Object.values(schedules).map(({ Properties }) => JSON.parse(Properties.Target.Input));
}

test("each night at 03:00 UTC, one job for each prefix is started over the day before", () => {
  for (const realtimeEvents of ["s3", "eventbridge"]) {
    const scheduled = "<aws.scheduler.scheduled-time>";
    const day = "[Y0001]/[M01]/[D01]/";
    assert.deepEqual(sent({ realtimeEvents, sourcePrefix: "AWSLogs/,stash/" }), [
      { scheduled, prefix: "s3://stash/AWSLogs/", day },
      { scheduled, prefix: "s3://stash/stash/", day },
    ]);
  }
  s3.allResourcesProperties("AWS::Scheduler::Schedule", {
    ScheduleExpression: "cron(0 3 * * ? *)",
    ScheduleExpressionTimezone: "Etc/UTC",
    State: "ENABLED",
    Target: { Arn: { Ref: Match.stringLikeRegexp("^OrchestrationMachine") } },
  });
});

test("reconcile sets the path of a day, or turns the nightly job off", () => {
  const [{ day }] = sent({ reconcile: "year={yyyy}/month={MM}/day={dd}/" }) as [{ day: string }];
  assert.equal(day, "year=[Y0001]/month=[M01]/day=[D01]/");
  assert.deepEqual(sent({ reconcile: "false" }), []);
});

test("only this stack's schedules may use their role, and the group is deleted with the stack", () => {
  const [group] = Object.keys(s3.findResources("AWS::Scheduler::ScheduleGroup"));
  s3.hasResourceProperties("AWS::IAM::Role", {
    AssumeRolePolicyDocument: {
      Statement: [
        {
          Principal: { Service: "scheduler.amazonaws.com" },
          Condition: {
            StringEquals: {
              "aws:SourceAccount": { Ref: "AWS::AccountId" },
              "aws:SourceArn": { "Fn::GetAtt": [group, "Arn"] },
            },
          },
        },
      ],
    },
  });
  s3.hasResource("AWS::Scheduler::ScheduleGroup", { DeletionPolicy: "Delete" });
});
