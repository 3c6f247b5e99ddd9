// The definition is deployed as it stands but for its placeholders, so it is checked with these filled in.
// How it runs is tested where there is a Step Functions to run it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import validate from "asl-validator";
import jsonata from "jsonata";

const text = readFileSync(new URL("../../statemachine.asl.json", import.meta.url), "utf8");
const placeholders = {
  Partition: "aws",
  StartFunctionArn: "arn:aws:lambda:eu-central-1:123456789012:function:start",
  CheckFunctionArn: "arn:aws:lambda:eu-central-1:123456789012:function:check",
  RestartAfter: "500",
};
const filled = JSON.parse(text.replace(/\$\{(\w+)\}/g, (all, name) => placeholders[name] ?? all));
const machine = () => structuredClone(filled);

function errors(definition) {
  const { errorsText } = validate(structuredClone(definition)); // it writes into what it validates
  return [errorsText(), ...unreachable(definition).map((name) => `${name} is not reachable`)].filter(Boolean).join("\n");
}

function unreachable({ StartAt, States }) {
  const reached = new Set();
  const visit = (name) => {
    if (reached.has(name) || !(name in States)) return;
    reached.add(name);
    const { Next, Default, Choices = [], Catch = [] } = States[name];
    [Next, Default, ...Choices.map((c) => c.Next), ...Catch.map((c) => c.Next)].forEach(visit);
  };
  visit(StartAt);
  return Object.keys(States).filter((name) => !reached.has(name));
}

test("the definition is valid and every state is reachable", () => {
  assert.equal(errors(machine()), "");
});

test("the definition is JSON as it stands, with exactly the placeholders that the stack fills in", () => {
  JSON.parse(text);
  const found = new Set([...text.matchAll(/\$\{([^}]*)\}/g)].map(([, name]) => name));
  assert.deepEqual([...found].sort(), Object.keys(placeholders).sort());
});

const mistakes = {
  "a transition to nowhere": (m) => (m.States.Plan.Next = "Nowhere"),
  "a catcher to nowhere": (m) => (m.States.Check.Catch[0].Next = "Nowhere"),
  "a start at nowhere": (m) => (m.StartAt = "Nowhere"),
  "a state that nothing leads to": (m) => m.States["Over?"].Choices.splice(1, 1),
  "a task without a resource": (m) => delete m.States.Check.Resource,
  "a state that neither ends nor goes on": (m) => delete m.States.Plan.Next,
  "an expression that does not parse": (m) => (m.States["Planned?"].Choices[0].Condition = "{% $planned and %}"),
  "a condition that is no expression": (m) => (m.States["Over?"].Choices[0].Condition = "$states.input.state = 'succeeded'"),
  "JSONPath in a JSONata machine": (m) => (m.States.Plan.ResultPath = "$.plan"),
  "a wait without a duration": (m) => delete m.States.Wait.Seconds,
  "an unknown type of state": (m) => (m.States.Incomplete.Type = "Failure"),
};
for (const [mistake, make] of Object.entries(mistakes)) {
  test(`the check finds ${mistake}`, () => {
    const m = machine();
    make(m);
    assert.notEqual(errors(m), "");
  });
}

// https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: 25,000 events, then the execution fails.
test("the default of RestartAfter keeps the worst execution well within the event limit", () => {
  const restartAfter = Number(machine().Comment.match(/RestartAfter,.* (\d+) by default/)[1]);
  const attempts = Math.max(
    ...["Plan", "Check"].map((name) => machine().States[name].Retry.reduce((n, { MaxAttempts }) => n + MaxAttempts, 1)),
  );
  const perCall = 2 + 3 * attempts + 2 + 2; // entered and exited; scheduled, started and ended; the choice; the wait
  assert.ok(restartAfter * perCall <= 0.9 * 25_000, `${restartAfter} calls of at most ${perCall} events`);
});

async function evaluate(template, { states, ...variables }) {
  if (typeof template !== "string" || !template.startsWith("{%")) return template;
  const expression = jsonata(template.slice(2, -2));
  expression.registerFunction("parse", (json) => JSON.parse(json)); // Step Functions adds it to JSONata
  return expression.evaluate(undefined, { states, ...variables });
}
/** Where Begin goes on, with what it assigns and puts out, as Step Functions chooses: the first choice that holds, or the default. */
async function begin(input) {
  const { Choices, Default, Assign } = machine().States.Begin;
  const scope = { states: { input, context: { Execution: { Name: "e1" } } } };
  let taken = { Next: Default, Assign };
  for (const choice of Choices.toReversed()) if (await evaluate(choice.Condition, scope)) taken = choice;
  return { next: taken.Next, ...(await evaluateAll(taken.Assign, scope)), output: await evaluateAll(taken.Output, scope) };
}
async function evaluateAll(template, scope) {
  if (typeof template !== "object" || template === null) return evaluate(template, scope);
  return Object.fromEntries(await Promise.all(Object.entries(template).map(async ([key, one]) => [key, await evaluateAll(one, scope)])));
}
const schedule = { scheduled: "2026-03-01T03:00:00Z", prefix: "s3://stash/AWSLogs/", day: "[Y0001]/[M01]/[D01]/" };

test("what a schedule sends becomes a job over what is missing of the day before", async () => {
  const { next, given, job, calls } = await begin(schedule);
  assert.deepEqual({ next, given, job, calls }, { next: "Plan", given: { prefix: "s3://stash/AWSLogs/2026/02/28/", mode: "missing" }, job: "e1", calls: 0 });
  const days = [
    [{ scheduled: "2024-03-01T00:00:00Z" }, "2024/02/29/"],
    [{ scheduled: "2027-01-01T03:00:00Z" }, "2026/12/31/"],
    [{ scheduled: "2026-11-21T23:59:59Z" }, "2026/11/20/"],
    [{ day: "year=[Y0001]/month=[M01]/day=[D01]/" }, "year=2026/month=02/day=28/"],
  ];
  for (const [other, day] of days) assert.equal((await begin({ ...schedule, ...other })).given.prefix, `s3://stash/AWSLogs/${day}`);
  assert.equal((await begin({ ...schedule, prefix: "s3://stash/" })).given.prefix, "s3://stash/2026/02/28/");
});

test("a schedule that says less, more or something else is refused, with what it said", async () => {
  const { scheduled, prefix, day } = schedule;
  const wrong = [
    { scheduled },
    { day },
    { scheduled, prefix },
    { prefix, day },
    { ...schedule, mode: "all" },
    { ...schedule, job: "j1" },
    { ...schedule, scheduled: "<aws.scheduler.scheduled-time>" },
    { ...schedule, scheduled: "2026-13-01T03:00:00Z" },
    { ...schedule, scheduled: "2026-03-01" },
    { ...schedule, scheduled: 1772334000 },
    { ...schedule, scheduled: null },
    { ...schedule, day: 1 },
    { ...schedule, prefix: ["s3://stash/"] },
  ];
  for (const input of wrong) {
    const { next, output, doing } = await begin(input);
    assert.equal(next, "Failed", JSON.stringify(input));
    const { error, cause } = await failure("Failed", output, doing);
    assert.equal(error, "Rehose.InvalidInput");
    assert.match(cause, /^could not start the job: InvalidInput: the input of a schedule must be {"scheduled": .*} and nothing else, not /);
    assert.ok(cause.endsWith(JSON.stringify(input)), cause);
  }
});

test("every other input is as it was: a caller's, for start to judge, or a restart's", async () => {
  for (const input of [{ prefix: "2020/02/" }, { prefix: "2020/02/", mode: "missing", job: "j1" }, { perfix: "x" }, {}]) {
    const { next, given, job, planned } = await begin(input);
    assert.deepEqual({ next, given, job, planned }, { next: "Plan", given: input, job: input.job ?? "e1", planned: false });
  }
  for (const input of ["text", 1, null, [schedule], { prefix: "2020/02/", cursor: {} }, { ...schedule, cursor: {} }]) {
    const { next, output } = await begin(input);
    assert.deepEqual([next, output.Error], ["Failed", "InvalidInput"], JSON.stringify(input));
    assert.match(output.Cause, /^the input must be an object such as/);
  }
  const restart = { given: { prefix: "p", mode: "missing" }, job: "j1", cursor: { slice: 2 }, planned: false };
  const { next, given, job, cursor } = await begin({ restart });
  assert.deepEqual({ next, given, job, cursor }, { next: "Planned?", given: restart.given, job: "j1", cursor: restart.cursor });
});

async function failure(name, input, doing = "plan the job") {
  const { Error, Cause } = machine().States[name];
  const scope = { states: { input }, job: "j1", doing };
  return { error: await evaluate(Error, scope), cause: await evaluate(Cause, scope) };
}

test("a failure says what failed and why, in the function's own words", async () => {
  const because = (Error, errorMessage) => ({ Error, Cause: JSON.stringify({ errorType: Error, errorMessage, stackTrace: [] }) });
  assert.deepEqual(await failure("Failed", because("InvalidInput", "unknown key `perfix`, did you mean `prefix`?")), {
    error: "Rehose.InvalidInput",
    cause: "could not plan the job: InvalidInput: unknown key `perfix`, did you mean `prefix`?",
  });
  assert.deepEqual(await failure("Failed", because("Failed", "access denied to {bucket}")), {
    error: "Rehose.Failed",
    cause: "could not plan the job: Failed: access denied to {bucket}",
  });
  for (const cause of ["Rate exceeded", "{ not JSON", '{"no message": 1}', '{"errorMessage": "cut of', "two\nlines", ""]) {
    assert.equal((await failure("Failed", { Error: "States.Timeout", Cause: cause })).cause, `could not plan the job: States.Timeout: ${cause}`);
  }
  assert.equal((await failure("Failed", { Error: "States.Timeout" })).cause, "could not plan the job: States.Timeout: ");
  assert.deepEqual(await failure("Incomplete", { state: "incomplete", totals: { objects: { failed: 2 } }, report: "s3://out/jobs/j1/report.json" }), {
    error: "Rehose.Incomplete",
    cause: 'job j1 is over, but not all of it was done: {"objects":{"failed":2}}. The report lists what was not: s3://out/jobs/j1/report.json',
  });
});

// AWS wraps the error of a nested execution like this; the local stand-in for it hands it on as it is.
test("a restarted execution's failure comes out as if there had been no restart", async () => {
  const after = async (errorOutput) =>
    failure("Failed after restart", await evaluate(machine().States.Restart.Catch[0].Output, { states: { errorOutput } }));
  const ended = (Status, more) => ({
    Error: "States.TaskFailed",
    Cause: JSON.stringify({ ExecutionArn: "arn:x", Input: { restart: { job: "j1" } }, Name: "n", Status, ...more }),
  });
  const incomplete = { Error: "Rehose.Incomplete", Cause: "job j1 is over, …" };
  for (const error of [ended("FAILED", incomplete), incomplete]) {
    assert.deepEqual(await after(error), { error: "Rehose.Incomplete", cause: "job j1 is over, …" });
  }
  const others = [
    [ended("ABORTED"), "arn:x, ABORTED"],
    [ended("FAILED", { Error: "States.Runtime", Cause: "no such field" }), "arn:x, FAILED, States.Runtime, no such field"],
    [{ Error: "StepFunctions.AccessDeniedException", Cause: "not authorized" }, "StepFunctions.AccessDeniedException, not authorized"],
  ];
  for (const [error, cause] of others) {
    assert.deepEqual(await after(error), { error: "Rehose.Failed", cause: `could not go on in a new execution: ${cause}` });
  }
});
