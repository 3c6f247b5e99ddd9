// The stack deploys the definition unchanged except for its placeholders, so these tests fill them in first.
// tests/stack runs the definition; these tests validate it and evaluate its expressions.
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
  // The default and the maximum of restartAfter in infra/lib/config.ts.
  RestartAfter: "500",
};
const filled = JSON.parse(text.replace(/\$\{(\w+)\}/g, (all, name) => placeholders[name] ?? all));
const machine = () => structuredClone(filled);

function errors(definition) {
  const { errorsText } = validate(structuredClone(definition)); // validate() modifies its argument
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

test("the definition is JSON before substitution and has exactly the placeholders that the stack fills in", () => {
  JSON.parse(text);
  const found = new Set([...text.matchAll(/\$\{([^}]*)\}/g)].map(([, name]) => name));
  assert.deepEqual([...found].sort(), Object.keys(placeholders).sort());
});

const mistakes = {
  "a transition to an unknown state": (m) => (m.States.Plan.Next = "Nowhere"),
  "a catcher that leads to an unknown state": (m) => (m.States.Check.Catch[0].Next = "Nowhere"),
  "a start at an unknown state": (m) => (m.StartAt = "Nowhere"),
  "an unreachable state": (m) => m.States["Over?"].Choices.splice(1, 1),
  "a task without a resource": (m) => delete m.States.Check.Resource,
  "a state without Next or End": (m) => delete m.States.Plan.Next,
  "an expression with a syntax error": (m) => (m.States["Planned?"].Choices[0].Condition = "{% $planned and %}"),
  "a condition that is not an expression": (m) => (m.States["Over?"].Choices[0].Condition = "$states.input.state = 'succeeded'"),
  "JSONPath in a JSONata machine": (m) => (m.States.Plan.ResultPath = "$.plan"),
  "a wait without a duration": (m) => delete m.States.Wait.Seconds,
  "an unknown state type": (m) => (m.States.Incomplete.Type = "Failure"),
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
  const restartAfter = Number(placeholders.RestartAfter);
  const attempts = Math.max(
    ...["Plan", "Check"].map((name) => machine().States[name].Retry.reduce((n, { MaxAttempts }) => n + MaxAttempts, 1)),
  );
  const perCall = 2 + 3 * attempts + 2 + 2; // task entered and exited; each attempt scheduled, started, ended; choice; wait
  assert.ok(restartAfter * perCall <= 0.9 * 25_000, `${restartAfter} calls of at most ${perCall} events`);
});

// A stack that is updated has functions of two versions for a moment.
test("transient errors are retried by their current and their former name", () => {
  for (const name of ["Plan", "Check"]) {
    const [transient] = machine().States[name].Retry;
    assert.deepEqual(transient.ErrorEquals.slice(0, 2), ["Transient", "Passing"]);
    assert.equal(transient.MaxAttempts, 8);
  }
});

async function evaluate(template, { states, ...variables }) {
  if (typeof template !== "string" || !template.startsWith("{%")) return template;
  const expression = jsonata(template.slice(2, -2));
  expression.registerFunction("parse", (json) => JSON.parse(json)); // Step Functions adds $parse to JSONata
  return expression.evaluate(undefined, { states, ...variables });
}

/** The state after Begin, its assignments and its output: those of the first choice whose condition holds, or the defaults. */
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

test("the input of a schedule becomes a job in the mode missing over the day before", async () => {
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

const merges = { scheduled: "2026-03-01T00:20:00Z", prefix: "s3://stash/AWSLogs/", hours: 8 };

test("the input of a schedule of merges becomes a merge from a whole hour on, whenever it is run", async () => {
  const { next, given, job, cursor } = await begin(merges);
  const from = "2026-02-28T16:00:00";
  assert.deepEqual({ next, given, job, cursor }, { next: "Plan", given: { prefix: "s3://stash/AWSLogs/", merge: { from } }, job: "e1", cursor: null });
  const begins = [
    [{ scheduled: "2024-03-01T04:05:00Z", hours: 28 }, "2024-02-29T00:00:00"],
    [{ scheduled: "2027-01-01T03:59:59Z", hours: 4 }, "2026-12-31T23:00:00"],
  ];
  for (const [other, from] of begins) assert.equal((await begin({ ...merges, ...other })).given.merge.from, from);
});

test("an input of a schedule with missing, extra or invalid keys is refused, and the cause quotes it", async () => {
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
    { hours: 8 },
    { ...merges, hours: "8" },
    { ...merges, day: schedule.day },
    { ...merges, merge: {} },
    { ...merges, scheduled: "<aws.scheduler.scheduled-time>" },
  ];
  for (const input of wrong) {
    const { next, output, doing } = await begin(input);
    assert.equal(next, "Failed", JSON.stringify(input));
    const { error, cause } = await failure("Failed", output, doing);
    assert.equal(error, "Rehose.InvalidInput");
    assert.match(cause, /^could not start the job: InvalidInput: the input of a schedule must be {"scheduled": .*}, or for a merge "hours": 8 .* and nothing else, not /);
    assert.ok(cause.endsWith(JSON.stringify(input)), cause);
  }
});

test("every other object goes to start unchanged, and a restart continues the job", async () => {
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

test("a failure names the failed step and quotes the function's message", async () => {
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
    cause: 'job j1 is over, but some objects failed or were lost: {"objects":{"failed":2}}. The report lists them: s3://out/jobs/j1/report.json',
  });
  assert.deepEqual(await failure("Rejected", { state: "rejected", totals: { rows: { rejected: 2 } }, report: "s3://out/jobs/j1/report.json" }), {
    error: "Rehose.Rejected",
    cause: 'job j1 is over, but more events than it accepts fit no row: {"rows":{"rejected":2}}. The report counts them by reason: s3://out/jobs/j1/report.json',
  });
});

// AWS wraps the error of a nested execution in JSON like this; the local AWS passes it on unchanged.
test("a failure of a restarted execution is reported as if there had been no restart", async () => {
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
    assert.deepEqual(await after(error), { error: "Rehose.Failed", cause: `could not continue in a new execution: ${cause}` });
  }
});
