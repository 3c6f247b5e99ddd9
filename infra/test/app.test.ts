// Runs the app as the cdk command does.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { configurations } from "./configurations";
import { context } from "./synth";

const flags = JSON.parse(readFileSync(join(__dirname, "..", "cdk.json"), "utf8")).context;

function run(t: TestContext, given: Record<string, unknown>) {
  const folder = mkdtempSync(join(tmpdir(), "rehose-app-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", join("bin", "rehose.ts")], {
    cwd: join(__dirname, ".."),
    encoding: "utf8",
    env: { ...process.env, CDK_OUTDIR: folder, CDK_CONTEXT_JSON: JSON.stringify({ ...flags, ...given }) },
  });
  return { status, stderr, template: existsSync(join(folder, "rehose.template.json")) };
}

for (const name of ["default", "everything"]) {
  test(`the app synthesises with cdk-nag and CDK's own validation: ${name}`, (t) => {
    const { status, template, stderr } = run(t, context(configurations[name]));
    assert.equal(status, 0, stderr);
    assert.ok(template);
  });
}

test("a wrong value stops the app with one line and no template", (t) => {
  const { status, stderr, template } = run(t, context({ memory: "lots" }));
  assert.equal(status, 1);
  assert.equal(
    stderr.trim(),
    'memory is "lots" and must be a whole number from 128 to 10240; for example -c memory=1769',
  );
  assert.ok(!template);
});
