import assert from "node:assert/strict";
import { test } from "node:test";
import { Validations } from "aws-cdk-lib";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { AwsSolutionsChecks } from "cdk-nag";
import { configurations } from "./configurations";
import { stack } from "./synth";

function findings(scope: ReturnType<typeof stack>, pack = new AwsSolutionsChecks()): string[] {
  const { violations } = pack.validateScope(scope);
  return violations.flatMap(({ ruleName, violatingResources }) =>
    violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
  );
}

for (const [name, more] of Object.entries(configurations)) {
  test(`no finding is unexplained: ${name}`, () => {
    assert.deepEqual(findings(stack(more)), []);
  });
}

test("an unexplained finding is reported", () => {
  const scope = stack();
  new Queue(scope, "Careless");
  assert.notDeepEqual(findings(scope), []);
});

for (const [name, more] of Object.entries(configurations)) {
  test(`every acknowledgement matches a finding and has a reason: ${name}`, () => checkAcknowledgements(stack(more)));
}

function checkAcknowledgements(scope: ReturnType<typeof stack>) {
  const ignoring = Object.assign(new AwsSolutionsChecks(), { isAcknowledged: () => false });
  const found = findings(scope, ignoring);
  const acknowledged = scope.node.findAll().flatMap(({ node }) =>
    node.metadata
      .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
      .flatMap(({ data }) =>
        Object.entries<string>(data).map(([id, reason]) => ({
          id: id.replace(/^annotation::/i, ""),
          path: node.path,
          reason,
        })),
      ),
  );
  assert.ok(acknowledged.length > 0);
  for (const { id, path, reason } of acknowledged) {
    assert.ok(
      found.some((finding) => finding.startsWith(`${id} at ${path}/`)),
      `${id} at ${path} matches no finding`,
    );
    assert.ok(reason.length > 20, `${id} at ${path} has no reason`);
  }
}
