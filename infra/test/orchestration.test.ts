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

/** The definition after the substitutions of CloudFormation. */
const filled: string = DefinitionString.replace(/\$\{(\w+)\}/g, (all: string, name: string) => {
  const value = DefinitionSubstitutions[name];
  return value?.["Fn::GetAtt"]?.[0] ?? value?.Ref ?? value ?? all;
});

test("after substitution, the definition is JSON without placeholders", () => {
  JSON.parse(filled);
  assert.doesNotMatch(filled, /\$\{/);
});

test("every substitution has a placeholder", () => {
  for (const name of Object.keys(DefinitionSubstitutions)) assert.ok(DefinitionString.includes(`\${${name}}`), name);
});

test("the machine calls the functions and restarts after the configured number of calls", () => {
  const { Plan, Check, Restart, ...states } = JSON.parse(filled).States;
  assert.match(Plan.Arguments.FunctionName, /^FunctionsStart[0-9A-F]{8}$/);
  assert.match(Check.Arguments.FunctionName, /^FunctionsCheck[0-9A-F]{8}$/);
  assert.equal(Restart.Resource, "arn:AWS::Partition:states:::states:startExecution.sync:2");
  assert.match(JSON.stringify(states["Over?"]), /\$calls >= \$number\('12'\)/);
});

test("the definition is the file unchanged, with the configured timeout in seconds", () => {
  const { TimeoutSeconds, ...rest } = JSON.parse(DefinitionString);
  assert.equal(TimeoutSeconds, 5 * 60 * 60);
  assert.deepEqual(rest, JSON.parse(readFileSync(join(__dirname, "..", "..", "statemachine.asl.json"), "utf8")));
});

test("the machine has the stack's name, and its role permits that name", () => {
  assert.equal(properties.StateMachineName, "night");
  const policies = JSON.stringify(made.findResources("AWS::IAM::Policy"));
  assert.match(policies, /:stateMachine:night"/);
  assert.match(policies, /:execution:night:\*"/);
});

test("the machine depends on its role's policies, and they do not depend on the machine", () => {
  const policies = Object.keys(
    made.findResources("AWS::IAM::Policy", { Properties: { Roles: [{ Ref: properties.RoleArn["Fn::GetAtt"][0] }] } }),
  );
  assert.equal(policies.length, 2);
  for (const policy of policies) {
    assert.ok(machine.DependsOn.includes(policy), policy);
    assert.ok(!JSON.stringify(made.findResources("AWS::IAM::Policy")[policy]).includes(id), policy);
  }
});

test("the machine is traced and logs everything", () => {
  assert.deepEqual(properties.TracingConfiguration, { Enabled: true });
  assert.equal(properties.LoggingConfiguration.Level, "ALL");
  assert.equal(properties.LoggingConfiguration.IncludeExecutionData, true);
  made.hasResourceProperties("AWS::Logs::LogGroup", {
    LogGroupName: "/aws/vendedlogs/states/night",
    RetentionInDays: 30,
  });
});
