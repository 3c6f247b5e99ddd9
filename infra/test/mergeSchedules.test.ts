import assert from "node:assert/strict";
import { test } from "node:test";
import { Annotations, Match } from "aws-cdk-lib/assertions";
import { readConfig } from "../lib/config";
import { DEFAULTS } from "../lib/merge";
import { context, stack, template } from "./synth";

const on = template({ merge: true });
const merge = (more: Record<string, unknown> = {}) => readConfig(context({ merge: true, ...more })).logs[0]!.merge!;

test("without merge, there is no queue, function, schedule or permission for it", () => {
  const off = JSON.stringify(template().toJSON());
  for (const word of ["QueuesMerge", "FunctionsMerge", "AWS::Scheduler", "REHOSE_MERGE", "generations/", "merge.json"])
    assert.ok(!off.includes(word), word);
  template().resourceCountIs("AWS::Lambda::Function", 3);
});

test("start gets the settings in the units of a job, and knows the queue as check does", () => {
  const made = template({
    merge: true,
    mergePer: "day",
    mergeLateness: 30,
    mergeGap: "none",
    mergeTargetMB: 64,
    layout: "year={yyyy}/{MM}/{dd}",
  });
  const variables = (name: string) => {
    const found = made.findResources("AWS::Lambda::Function", { Properties: { Description: `rehose: ${name}` } });
    return Object.values(found)[0]!.Properties.Environment.Variables;
  };
  assert.deepEqual(JSON.parse(variables("start").REHOSE_MERGE), {
    layout: "year={yyyy}/{MM}/{dd}",
    per: "day",
    lateness: 1800,
    gap: null,
    target_bytes: 67_108_864,
  });
  for (const name of ["start", "check"])
    assert.match(variables(name).REHOSE_MERGE_QUEUE_URL.Ref, /^QueuesMerge(?!Dead)/, name);
  assert.deepEqual(variables("merge"), variables("process"));
});

test("the defaults are those of the command", () => {
  const { settings } = merge();
  assert.deepEqual(settings, DEFAULTS);
  assert.deepEqual(settings, {
    layout: "{yyyy}/{MM}/{dd}/{HH}",
    per: "hour",
    lateness: 900,
    gap: 60,
    target_bytes: 268_435_456,
  });
});

test("wrong settings are refused, and so are hours of another clock", () => {
  const refused: [Record<string, unknown>, RegExp][] = [
    [{ mergeGap: "-1" }, /^ConfigError: mergeGap is "-1" and must be a number of seconds, or none/],
    [{ mergePer: "week" }, /^ConfigError: mergePer is "week" and must be one of hour, day/],
    [{ mergeStorage: 511 }, /^ConfigError: mergeStorage is 511 and must be a whole number from 512 to 10240/],
    [{ mergeMemory: 511 }, /^ConfigError: mergeMemory is 511 and must be a whole number from 512 to 10240/],
    [
      { mergeStorage: 512 },
      /^ConfigError: mergeStorage is 512, less than four times mergeTargetMB: .*; for example -c mergeStorage=1024$/,
    ],
    [{ timeZone: "America/Denver" }, /^ConfigError: merge needs hours in UTC, and timeZone is "America\/Denver", but/],
    [{ timeZone: "+09:00" }, /^ConfigError: merge needs hours in UTC/],
  ];
  for (const [more, message] of refused) assert.throws(() => merge(more), message);
  assert.equal(readConfig(context({ timeZone: "Asia/Tokyo" })).merge, undefined);
});

test("merging has a function, a queue and a concurrency of its own, with memory and storage", () => {
  const made = template({ merge: true, mergeMemory: 3000, mergeStorage: 8192, mergeConcurrency: 7 });
  made.hasResourceProperties("AWS::Lambda::Function", {
    Description: "rehose: merge",
    MemorySize: 3000,
    EphemeralStorage: { Size: 8192 },
  });
  made.resourceCountIs("AWS::Lambda::EventSourceMapping", 3);
  made.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
    EventSourceArn: { "Fn::GetAtt": [Match.stringLikeRegexp("^QueuesMerge(?!Dead)"), "Arn"] },
    FunctionName: { Ref: Match.stringLikeRegexp("^FunctionsMerge") },
    FunctionResponseTypes: ["ReportBatchItemFailures"],
    BatchSize: 1,
    ScalingConfig: { MaximumConcurrency: 7 },
  });
  made.hasResourceProperties("AWS::SQS::Queue", {
    VisibilityTimeout: 5400,
    RedrivePolicy: {
      deadLetterTargetArn: { "Fn::GetAtt": [Match.stringLikeRegexp("^QueuesMergeDead"), "Arn"] },
      maxReceiveCount: 5,
    },
  });
});

/** The schedules' times and inputs. tests/statemachine evaluates such inputs. */
function sent(more: Record<string, unknown> = {}): [string, { prefix: string; hours: number }][] {
  const schedules = template({ merge: true, ...more }).findResources("AWS::Scheduler::Schedule");
  return Object.values(schedules).map(({ Properties }) => {
    assert.equal(Properties.ScheduleExpressionTimezone, "Etc/UTC");
    const { scheduled, ...rest } = JSON.parse(Properties.Target.Input);
    assert.equal(scheduled, "<aws.scheduler.scheduled-time>");
    return [Properties.ScheduleExpression, rest];
  });
}

test("every 10 minutes the last hours of each prefix are merged, and each night whole days", () => {
  const [often, nightly] = ["cron(0/10 * * * ? *)", "cron(5 4 * * ? *)"];
  assert.deepEqual(sent({ sourcePrefix: "AWSLogs/,stash/", mergeDays: 2 }), [
    [often, { prefix: "s3://stash/AWSLogs/", hours: 8 }],
    [nightly, { prefix: "s3://stash/AWSLogs/", hours: 52 }],
    [often, { prefix: "s3://stash/stash/", hours: 8 }],
    [nightly, { prefix: "s3://stash/stash/", hours: 52 }],
  ]);
});

test("the hours that are looked at have room for those that close late, and for days", () => {
  const hours = (more: Record<string, unknown>) => sent(more)[0]![1].hours;
  assert.equal(hours({ mergeLateness: 0 }), 7);
  assert.equal(hours({ mergeLateness: 150 }), 10);
  assert.equal(hours({ mergePer: "day" }), 31);
});

test("realtime and merging have a group of schedules each", () => {
  template({ merge: true, realtime: true }).resourceCountIs("AWS::Scheduler::ScheduleGroup", 2);
  on.resourceCountIs("AWS::Scheduler::ScheduleGroup", 1);
  on.hasResource("AWS::Scheduler::ScheduleGroup", { DeletionPolicy: "Delete" });
});

test("unpublished files expire when no job can need them, or an existing bucket is warned about", () => {
  for (const [more, days] of [
    [{}, 28],
    [{ jobTimeoutHours: 25 }, 16],
  ] as const) {
    template({ merge: true, outputPrefix: "out", ...more }).hasResourceProperties("AWS::S3::Bucket", {
      LifecycleConfiguration: {
        Rules: Match.arrayWith([
          { Id: "ExpireUnpublished", Prefix: "out/unpublished/", Status: "Enabled", ExpirationInDays: days },
        ]),
      },
    });
  }
  const warnings = (more: Record<string, unknown>) =>
    Annotations.fromStack(stack(more)).findWarning(
      "*",
      Match.stringLikeRegexp("expires out/unpublished/ after 28 days"),
    );
  assert.equal(warnings({ merge: true, outputBucket: "tables", outputPrefix: "out" }).length, 1);
  assert.equal(warnings({ outputBucket: "tables", outputPrefix: "out" }).length, 0);
});

test("the queues of merges are outputs", () => {
  const ref = (id: string) => ({ Value: { Ref: Match.stringLikeRegexp(`^${id}[0-9A-F]{8}$`) } });
  on.hasOutput("MergeQueueUrl", ref("QueuesMerge"));
  on.hasOutput("MergeDeadLetterQueueUrl", ref("QueuesMergeDead"));
});

test("there is an alarm for hours that are not merged, sums that differ, failures, dead letters and stopped schedules", () => {
  const found = Object.entries(on.findResources("AWS::CloudWatch::Alarm")).map(([id, { Properties }]) => [
    id.replace(/^Observability|[0-9A-F]{8}$/g, ""),
    Properties,
  ]);
  const alarms = Object.fromEntries(found);
  const [start, check] = ["start", "check"].map(
    (name) =>
      Object.keys(on.findResources("AWS::Lambda::Function", { Properties: { Description: `rehose: ${name}` } }))[0],
  );
  for (const [id, metric, of, periods, statistic] of [
    ["MergeOverdue", "Overdue", start, 3, "Maximum"],
    ["SumsDiffer", "SumsDiffer", check, 1, "Sum"],
    ["MergeIncomplete", "Incomplete", check, 1, "Sum"],
  ]) {
    const { MetricName, Namespace, Dimensions, Threshold, EvaluationPeriods, Statistic } = alarms[id!];
    assert.deepEqual([MetricName, Namespace, Dimensions[0].Value.Ref], [metric, "rehose", of]);
    assert.deepEqual([Threshold, EvaluationPeriods, Statistic], [0, periods, statistic]);
  }
  // Once for each of the schedules that are 10 minutes apart.
  assert.equal(alarms.MergeOverdue.Period, 600);
  assert.match(alarms.MergeDead.Dimensions[0].Value["Fn::GetAtt"][0], /^QueuesMergeDead/);
  assert.equal(alarms.MergeNotStarted.MetricName, "InvocationDroppedCount");
  assert.equal(alarms.MergeStalled.EvaluationPeriods * 300, 1800);
  const [, rejected] = alarms.MergeRejected.Metrics;
  assert.match(rejected.MetricStat.Metric.Dimensions[0].Value.Ref, /^FunctionsMerge/);
});
