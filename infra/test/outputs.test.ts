import assert from "node:assert/strict";
import { test } from "node:test";
import { Match } from "aws-cdk-lib/assertions";
import { template } from "./synth";

test("the outputs name the resources that users need", () => {
  const made = template({ outputBucket: "tables", outputPrefix: "out" });
  const ref = (id: string) => ({ Value: { Ref: Match.stringLikeRegexp(`^${id}[0-9A-F]{8}$`) } });
  made.hasOutput("StateMachineArn", ref("OrchestrationMachine"));
  made.hasOutput("SourceLocations", { Value: "s3://stash/AWSLogs/" });
  made.hasOutput("OutputLocation", { Value: "s3://tables/out/" });
  made.hasOutput("HistoricQueueUrl", ref("QueuesHistoric"));
  made.hasOutput("HistoricDeadLetterQueueUrl", ref("QueuesHistoricDead"));
  made.hasOutput("RealtimeQueueUrl", ref("QueuesRealtime"));
  made.hasOutput("RealtimeDeadLetterQueueUrl", ref("QueuesRealtimeDead"));
  made.hasOutput("DashboardName", ref("ObservabilityDashboard"));
  // The command reads it.
  const tag = { Key: "rehose:output", Value: "s3://tables/out/" };
  made.hasResourceProperties("AWS::StepFunctions::StateMachine", { Tags: Match.arrayWith([tag]) });
  assert.deepEqual(made.findOutputs("AlarmTopicArn"), {});
  template({ alarmAddress: "team@example.com" }).hasOutput("AlarmTopicArn", ref("ObservabilityTopic"));
});

test("the location of a created output has the name of its bucket", () => {
  template().hasOutput("OutputLocation", { Value: { "Fn::Join": ["", ["s3://", { Ref: Match.anyValue() }, "/"]] } });
});
