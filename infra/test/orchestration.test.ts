import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { template } from "./synth";

const made = template({ stackName: "night", restartAfter: 12, jobTimeoutHours: 5 });
const [[id, machine] = ["", {}]] = Object.entries(made.findResources("AWS::StepFunctions::StateMachine")) as [
  string,
  any,
][];
const { DefinitionString, DefinitionSubstitutions, ...properties } = machine.Properties;

/** The definition as CloudFormation fills it in. */
const filled: string = DefinitionString.replace(/\$\{(\w+)\}/g, (all: string, name: string) => {
  const value = DefinitionSubstitutions[name];
  return value?.["Fn::GetAtt"]?.[0] ?? value?.Ref ?? value ?? all;
});

test("the definition, filled in, is JSON with no placeholder left", () => {
  JSON.parse(filled);
  assert.doesNotMatch(filled, /\$\{/);
});

test("every substitution is for a placeholder", () => {
  for (const name of Object.keys(DefinitionSubstitutions)) assert.ok(DefinitionString.includes(`\${${name}}`), name);
});

test("it calls the functions and restarts after as many calls as was asked for", () => {
  const { Plan, Check, Restart, ...states } = JSON.parse(filled).States;
  assert.match(Plan.Arguments.FunctionName, /^FunctionsStart[0-9A-F]{8}$/);
  assert.match(Check.Arguments.FunctionName, /^FunctionsCheck[0-9A-F]{8}$/);
  assert.equal(Restart.Resource, "arn:AWS::Partition:states:::states:startExecution.sync:2");
  assert.match(JSON.stringify(states["Over?"]), /\$calls >= \$number\('12'\)/);
});

test("it is the definition as it stands, with the timeout that was asked for, in seconds", () => {
  const { TimeoutSeconds, ...rest } = JSON.parse(DefinitionString);
  assert.equal(TimeoutSeconds, 5 * 60 * 60);
  assert.deepEqual(rest, JSON.parse(readFileSync(join(__dirname, "..", "..", "statemachine.asl.json"), "utf8")));
});

test("it has the stack's name, by which its role knows it", () => {
  assert.equal(properties.StateMachineName, "night");
  const policies = JSON.stringify(made.findResources("AWS::IAM::Policy"));
  assert.match(policies, /:stateMachine:night"/);
  assert.match(policies, /:execution:night:\*"/);
});

test("its role may do everything before it is made, and does not wait for it", () => {
  const policies = Object.keys(
    made.findResources("AWS::IAM::Policy", { Properties: { Roles: [{ Ref: properties.RoleArn["Fn::GetAtt"][0] }] } }),
  );
  assert.equal(policies.length, 2);
  for (const policy of policies) {
    assert.ok(machine.DependsOn.includes(policy), policy);
    assert.ok(!JSON.stringify(made.findResources("AWS::IAM::Policy")[policy]).includes(id), policy);
  }
});

test("it is traced and logs everything", () => {
  assert.deepEqual(properties.TracingConfiguration, { Enabled: true });
  assert.equal(properties.LoggingConfiguration.Level, "ALL");
  assert.equal(properties.LoggingConfiguration.IncludeExecutionData, true);
  made.hasResourceProperties("AWS::Logs::LogGroup", {
    LogGroupName: "/aws/vendedlogs/states/night",
    RetentionInDays: 30,
  });
});
