import assert from "node:assert/strict";
import { test } from "node:test";
import { Match } from "aws-cdk-lib/assertions";
import metrics from "../../functions/metrics.json";
import { template } from "./synth";

const made = template();
const alarmed = template({ alarmAddress: "team@example.com", realtime: true, rejectedRatio: 0.5 });

/** The alarms by their ids in the stack. */
function alarms(stack = made): Record<string, any> {
  const found = Object.entries(stack.findResources("AWS::CloudWatch::Alarm"));
  return Object.fromEntries(
    found.map(([id, { Properties }]) => [id.replace(/^Observability|[0-9A-F]{8}$/g, ""), Properties]),
  );
}

test("there is an alarm for every problem that an operator must handle", () => {
  const always = [
    "HistoricDead",
    "HistoricStalled",
    "JobFailed",
    "JobTimedOut",
    "RealtimeDead",
    "RealtimeStalled",
    "Rejected",
  ];
  assert.deepEqual(Object.keys(alarms()).sort(), always);
  assert.deepEqual(Object.keys(alarms(alarmed)).sort(), [...always, "NotReconciled"].sort());
  assert.deepEqual(Object.keys(alarms(template({ metricMath: false }))).sort(), [
    "HistoricDead",
    "JobFailed",
    "JobTimedOut",
    "RealtimeDead",
  ]);
  for (const alarm of Object.values(alarms(alarmed))) {
    assert.equal(alarm.ComparisonOperator, "GreaterThanThreshold");
    assert.equal(alarm.TreatMissingData, "notBreaching", "missing data means that nothing ran");
  }
});

test("one dead letter, failed job, timed-out job or failed nightly start raises an alarm", () => {
  const { HistoricDead, RealtimeDead, JobFailed, JobTimedOut, NotReconciled } = alarms(alarmed);
  for (const [alarm, metric] of [
    [HistoricDead, "ApproximateNumberOfMessagesVisible"],
    [RealtimeDead, "ApproximateNumberOfMessagesVisible"],
    [JobFailed, "ExecutionsFailed"],
    [JobTimedOut, "ExecutionsTimedOut"],
    [NotReconciled, "InvocationDroppedCount"],
  ]) {
    assert.deepEqual([alarm.MetricName, alarm.Threshold, alarm.EvaluationPeriods], [metric, 0, 1]);
  }
  for (const [alarm, queue] of [
    [HistoricDead, /^QueuesHistoricDead/],
    [RealtimeDead, /^QueuesRealtimeDead/],
  ] as const) {
    assert.match(alarm.Dimensions[0].Value["Fn::GetAtt"][0], queue);
  }
});

test("a queue has stalled if it has messages and none is deleted for twice the timeout of process", () => {
  const [{ Properties: process }] = Object.values(
    made.findResources("AWS::Lambda::Function", { Properties: { Description: "rehose: process" } }),
  ) as any;
  for (const name of ["Historic", "Realtime"]) {
    const { Metrics, EvaluationPeriods, Threshold } = alarms()[`${name}Stalled`];
    const [expression, ...metrics] = Metrics;
    assert.equal(expression.Expression, "IF(FILL(visible, 0) + FILL(inFlight, 0) > 0 AND FILL(done, 0) == 0, 1, 0)");
    assert.equal(Threshold, 0);
    assert.equal(EvaluationPeriods * metrics[0].MetricStat.Period, 2 * process.Timeout);
    const queues = metrics.map(({ MetricStat }: any) =>
      MetricStat.Metric.Dimensions[0].Value["Fn::GetAtt"][0].replace(/[0-9A-F]{8}$/, ""),
    );
    assert.deepEqual(queues, Array(3).fill(`Queues${name}`));
    const named = metrics.map(({ Id, MetricStat }: any) => [Id, MetricStat.Metric.MetricName, MetricStat.Stat]);
    assert.deepEqual(named, [
      ["visible", "ApproximateNumberOfMessagesVisible", "Maximum"],
      ["inFlight", "ApproximateNumberOfMessagesNotVisible", "Maximum"],
      ["done", "NumberOfMessagesDeleted", "Sum"],
    ]);
  }
});

test("the alarm for rejected events uses their percentage of all events", () => {
  assert.equal(alarms().Rejected.Threshold, 1);
  const { Metrics, Threshold } = alarms(alarmed).Rejected;
  assert.equal(Threshold, 0.5);
  assert.equal(Metrics[0].Expression, "100 * rejected / events");
  assert.deepEqual(
    Metrics.slice(1).map(({ Id, MetricStat }: any) => [Id, MetricStat.Metric.MetricName, MetricStat.Stat]),
    [
      ["rejected", "Rejected", "Sum"],
      ["events", "Events", "Sum"],
    ],
  );
});

test("with an address, every alarm publishes to its topic; without one, there is no topic", () => {
  made.resourceCountIs("AWS::SNS::Topic", 0);
  made.resourceCountIs("AWS::KMS::Key", 0);
  for (const alarm of Object.values(alarms())) assert.equal(alarm.AlarmActions, undefined);
  const [topic] = Object.keys(alarmed.findResources("AWS::SNS::Topic"));
  for (const alarm of Object.values(alarms(alarmed))) assert.deepEqual(alarm.AlarmActions, [{ Ref: topic }]);
  alarmed.hasResourceProperties("AWS::SNS::Subscription", {
    Protocol: "email",
    Endpoint: "team@example.com",
    TopicArn: { Ref: topic },
  });
});

test("alarms of this account may publish to the encrypted topic and use its key, over TLS only", () => {
  const allowsAlarms = {
    Effect: "Allow",
    Principal: { Service: "cloudwatch.amazonaws.com" },
    Condition: {
      ArnLike: { "aws:SourceArn": Match.anyValue() },
      StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } },
    },
  };
  const [key] = Object.keys(alarmed.findResources("AWS::KMS::Key"));
  alarmed.hasResourceProperties("AWS::SNS::Topic", { KmsMasterKeyId: { "Fn::GetAtt": [key, "Arn"] } });
  alarmed.hasResourceProperties("AWS::KMS::Key", {
    EnableKeyRotation: true,
    KeyPolicy: {
      Statement: Match.arrayWith([
        Match.objectLike({ ...allowsAlarms, Action: ["kms:Decrypt", "kms:GenerateDataKey*"] }),
      ]),
    },
  });
  alarmed.hasResourceProperties("AWS::SNS::TopicPolicy", {
    PolicyDocument: {
      Statement: [
        Match.objectLike({
          Effect: "Deny",
          Action: "sns:Publish",
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        }),
        Match.objectLike({ ...allowsAlarms, Action: "sns:Publish" }),
      ],
    },
  });
});

/** Every metric of process on the dashboard and in the alarms. */
function shownMetrics(): { namespace: string; name: string; dimension: string }[] {
  const [{ Properties }] = Object.values(made.findResources("AWS::CloudWatch::Dashboard")) as any;
  const text = Properties.DashboardBody["Fn::Join"][1]
    .map((part: any) => (typeof part === "string" ? part : (part.Ref ?? part["Fn::GetAtt"][0])))
    .join("");
  const shown = JSON.parse(text).widgets.flatMap(({ properties }: any) => properties.metrics ?? []);
  const graphs = shown
    .filter(([namespace]: any[]) => typeof namespace === "string" && !namespace.startsWith("AWS/"))
    .map(([namespace, name, , dimension]: string[]) => ({ namespace, name, dimension }));
  const alarm = alarms()
    .Rejected.Metrics.slice(1)
    .map(({ MetricStat: { Metric } }: any) => ({
      namespace: Metric.Namespace,
      name: Metric.MetricName,
      dimension: Metric.Dimensions[0].Value.Ref,
    }));
  return [...graphs, ...alarm];
}

test("the dashboard and the alarms use metrics that this stack's process emits", () => {
  const [process] = Object.keys(
    made.findResources("AWS::Lambda::Function", { Properties: { Description: "rehose: process" } }),
  );
  assert.ok(shownMetrics().length > 8);
  for (const { namespace, name, dimension } of shownMetrics()) {
    assert.equal(namespace, metrics.namespace);
    assert.ok(Object.hasOwn(metrics.metrics.process, name), name);
    assert.equal(dimension, process);
  }
});

test("the dashboard shows every alarm", () => {
  const [{ Properties }] = Object.values(alarmed.findResources("AWS::CloudWatch::Dashboard")) as any;
  const parts: any[] = Properties.DashboardBody["Fn::Join"][1];
  const shown = parts.flatMap((part) => part["Fn::GetAtt"]?.[0] ?? []);
  for (const id of Object.keys(alarmed.findResources("AWS::CloudWatch::Alarm"))) assert.ok(shown.includes(id), id);
});
