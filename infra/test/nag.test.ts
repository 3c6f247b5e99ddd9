import assert from "node:assert/strict";
import { test } from "node:test";
import { AwsSolutionsChecks } from "cdk-nag";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { stack } from "./synth";

function findings(scope: ReturnType<typeof stack>): string[] {
  const { violations } = new AwsSolutionsChecks().validateScope(scope);
  return violations.flatMap(({ ruleName, violatingResources }) => violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`));
}

for (const [what, more] of Object.entries({
  "a created output": {},
  "an existing output": { outputBucket: "tables", outputPrefix: "rehose" },
  "all of a bucket": { sourcePrefix: "" },
})) {
  test(`no finding is unexplained: ${what}`, () => {
    assert.deepEqual(findings(stack(more)), []);
  });
}

test("an unexplained finding is found", () => {
  const scope = stack();
  new Queue(scope, "Careless");
  assert.notDeepEqual(findings(scope), []);
});
