import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Match } from "aws-cdk-lib/assertions";
import environment from "../../functions/environment.json";
import { configurations } from "./configurations";
import { template } from "./synth";

function functions(more: Record<string, unknown> = {}): Record<string, any> {
  // CDK's own function has no description.
  const all = Object.values(template(more).findResources("AWS::Lambda::Function"));
  const found = all.filter(({ Properties }) => Properties.Description?.startsWith("rehose: "));
  return Object.fromEntries(
    found.map(({ Properties }) => [Properties.Description.replace("rehose: ", ""), Properties]),
  );
}

test("there are three functions, with the configured architecture", () => {
  assert.deepEqual(Object.keys(functions()).sort(), ["check", "process", "start"]);
  for (const [more, architecture] of [
    [{}, "arm64"],
    [{ architecture: "x86_64" }, "x86_64"],
  ] as const) {
    for (const f of Object.values(functions(more))) {
      assert.equal(f.Runtime, "provided.al2023");
      assert.equal(f.Handler, "bootstrap");
      assert.deepEqual(f.Architectures, [architecture]);
    }
  }
});

test("each function has its own binary", () => {
  assert.equal(new Set(Object.values(functions()).map((f) => f.Code.S3Key)).size, 3);
});

test("start and check time out before the state machine does", () => {
  const { States } = JSON.parse(readFileSync(join(__dirname, "..", "..", "statemachine.asl.json"), "utf8"));
  const { start, check } = functions();
  assert.ok(start.Timeout < States.Plan.TimeoutSeconds);
  assert.ok(check.Timeout < States.Check.TimeoutSeconds);
});

test("each function gets its configuration", () => {
  const options = { format: "vpc-flow-logs", fields: ["version", "srcaddr"] };
  const { start, process, check } = functions({ options, exclude: ["tmp/*"], level: 9, memory: 3000 });
  assert.equal(process.MemorySize, 3000);
  assert.equal(process.Environment.Variables.REHOSE_LEVEL, "9");
  for (const f of [start, process]) {
    assert.deepEqual(JSON.parse(f.Environment.Variables.REHOSE_OPTIONS), options);
    assert.deepEqual(JSON.parse(f.Environment.Variables.REHOSE_EXCLUDE), ["tmp/*"]);
  }
  assert.deepEqual(start.Environment.Variables.REHOSE_QUEUE_URL, check.Environment.Variables.REHOSE_QUEUE_URL);
});

test("the functions get the kind of files with the options, if it is not CSV", () => {
  for (const [to, options] of [
    ["csv", {}],
    ["parquet", { to: "parquet" }],
  ] as const) {
    const { start, process } = functions({ to });
    for (const f of [start, process]) assert.deepEqual(JSON.parse(f.Environment.Variables.REHOSE_OPTIONS), options);
  }
});

const pace = { page: 200, pages: 2, quietSeconds: 10, stalledSeconds: 5400, rounds: 0, waitSeconds: 2 };

test("start and check get the configured pace, and nothing for values that are not configured", () => {
  const variables = (more: Record<string, unknown>, name: string) => {
    const of = /^REHOSE_(PAGES?|ROUNDS|[A-Z]+_SECONDS)$/;
    return Object.fromEntries(
      Object.entries(functions(more)[name].Environment.Variables).filter(([variable]) => of.test(variable)),
    );
  };
  assert.deepEqual(variables(pace, "start"), { REHOSE_PAGE: "200", REHOSE_PAGES: "2" });
  assert.deepEqual(variables(pace, "check"), {
    REHOSE_QUIET_SECONDS: "10",
    REHOSE_STALLED_SECONDS: "5400",
    REHOSE_VISIBILITY_SECONDS: "5400",
    REHOSE_ROUNDS: "0",
    REHOSE_WAIT_SECONDS: "2",
  });
  assert.deepEqual(variables({}, "start"), {});
  assert.deepEqual(variables({}, "check"), { REHOSE_VISIBILITY_SECONDS: "5400" });
});

test("each function gets only variables that it reads, and every variable without a default", () => {
  const both = [functions({ ...pace, level: 9, merge: true, api: "url" }), functions(configurations["several logs"])];
  for (const [name, { Environment }] of both.flatMap((one) => Object.entries(one))) {
    // The function that merges is another `process`.
    const binary = name === "merge" ? "process" : name;
    const read = Object.entries(environment).filter(([, variable]) => variable.functions.includes(binary));
    const given = Object.keys(Environment.Variables);
    for (const variable of given)
      assert.ok(
        read.some(([known]) => known === variable),
        `${name}: ${variable}`,
      );
    const required = read.filter(([, variable]) => variable.default === null);
    for (const [variable] of required) assert.ok(given.includes(variable), `${name}: ${variable}`);
  }
});

test("each variable that a deployment can set is set from the configuration", () => {
  const both = [functions({ ...pace, level: 9, merge: true, api: "url" }), functions(configurations["several logs"])];
  const given = both.flatMap((one) => Object.values(one)).flatMap((f) => Object.keys(f.Environment.Variables));
  const unset = Object.keys(environment).filter((variable) => !given.includes(variable));
  assert.deepEqual(unset, ["REHOSE_CONCURRENCY", "REHOSE_TRANSFERS", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]);
});

test("process receives single tasks and batches of events, with the configured concurrency", () => {
  const made = template({ concurrency: 7, realtimeConcurrency: 3, realtimeBatch: 100, realtimeWindow: 20 });
  made.resourceCountIs("AWS::Lambda::EventSourceMapping", 2);
  const events = { BatchSize: 100, MaximumBatchingWindowInSeconds: 20 };
  for (const [queue, MaximumConcurrency, batches] of [
    ["Historic", 7, { BatchSize: 1 }],
    ["Realtime", 3, events],
  ] as const) {
    made.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      EventSourceArn: { "Fn::GetAtt": [Match.stringLikeRegexp(`^Queues${queue}(?!Dead)`), "Arn"] },
      FunctionName: { Ref: Match.stringLikeRegexp("^FunctionsProcess") },
      FunctionResponseTypes: ["ReportBatchItemFailures"],
      ...batches,
      ScalingConfig: { MaximumConcurrency },
    });
  }
});

test("no function with a queue has reserved concurrency, which would move throttled messages to the dead-letter queue", () => {
  const { api, ...others } = functions({ merge: true, api: "url", apiConcurrency: 7 });
  assert.equal(api.ReservedConcurrentExecutions, 7);
  assert.equal(Object.keys(others).length, 4);
  for (const one of Object.values(others)) assert.equal(one.ReservedConcurrentExecutions, undefined);
});

test("each function has its own log group with the configured retention", () => {
  const made = template({ retention: 7 });
  const groups = Object.values(made.findResources("AWS::Lambda::Function")).map(
    ({ Properties }) => Properties.LoggingConfig.LogGroup.Ref,
  );
  assert.equal(new Set(groups).size, 3);
  made.resourcePropertiesCountIs("AWS::Logs::LogGroup", { RetentionInDays: 7 }, 4);
});
