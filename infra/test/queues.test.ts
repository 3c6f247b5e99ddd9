import assert from "node:assert/strict";
import { test } from "node:test";
import { Match } from "aws-cdk-lib/assertions";
import { template } from "./synth";

const queues = template().findResources("AWS::SQS::Queue");
const fed = Object.entries(queues).filter(([, { Properties }]) => Properties.RedrivePolicy);

test("there is a historic and a realtime queue, each with its own dead-letter queue", () => {
  assert.equal(Object.keys(queues).length, 4);
  const dead = fed.map(([, { Properties }]) => Properties.RedrivePolicy.deadLetterTargetArn["Fn::GetAtt"][0]);
  assert.equal(new Set([...dead, ...fed.map(([id]) => id)]).size, 4);
  for (const [, { Properties }] of fed) assert.equal(Properties.RedrivePolicy.maxReceiveCount, 5);
});

test("the visibility timeout is six times the function's timeout, and for jobs below the default of stalledSeconds", () => {
  const [{ Properties: f }] = Object.values(
    template().findResources("AWS::Lambda::Function", { Properties: { Description: "rehose: process" } }),
  ) as any;
  assert.deepEqual(visibility({}), { Historic: 6 * f.Timeout, Realtime: 6 * f.Timeout + 5 });
  assert.ok(6 * f.Timeout < 7200, "the default of REHOSE_STALLED_SECONDS");
});

test("a shorter function timeout shortens the visibility timeout", () => {
  template({ timeout: 30 }).resourcePropertiesCountIs("AWS::Lambda::Function", { Timeout: 30 }, 3);
  assert.deepEqual(visibility({ timeout: 30 }), { Historic: 180, Realtime: 185 });
});

test("a message stays hidden while its batch is gathered", () => {
  assert.deepEqual(visibility({ timeout: 30, realtimeWindow: 300 }), { Historic: 180, Realtime: 480 });
});

/** The visibility timeouts of the queues that feed `process`. */
function visibility(more: Record<string, unknown>): Record<string, number> {
  const sources = Object.entries(template(more).findResources("AWS::SQS::Queue")).filter(
    ([, { Properties }]) => Properties.RedrivePolicy,
  );
  return Object.fromEntries(
    sources.map(([id, { Properties }]) => [/Historic|Realtime/.exec(id)![0], Properties.VisibilityTimeout]),
  );
}

test("every queue is encrypted, keeps messages for 14 days and requires TLS", () => {
  for (const [id, { Properties }] of Object.entries(queues)) {
    assert.equal(Properties.SqsManagedSseEnabled, true);
    assert.equal(Properties.MessageRetentionPeriod, 14 * 24 * 60 * 60);
    assert.equal(Properties.FifoQueue, undefined);
    template().hasResourceProperties("AWS::SQS::QueuePolicy", {
      Queues: [{ Ref: id }],
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: "Deny",
            Action: "sqs:*",
            Condition: { Bool: { "aws:SecureTransport": "false" } },
          }),
        ]),
      },
    });
  }
});
