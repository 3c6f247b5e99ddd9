// Synthesises the whole stack for the tests, with placeholder archives, so that no Rust build is needed.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { BINARY, readConfig } from "../lib/config";
import { RehoseStack } from "../lib/stack";

export const binaries = mkdtempSync(join(tmpdir(), "rehose-binaries-"));
process.on("exit", () => rmSync(binaries, { recursive: true }));
for (const binary of Object.values(BINARY)) {
  mkdirSync(join(binaries, binary));
  writeFileSync(join(binaries, binary, "bootstrap.zip"), binary);
}

/** A minimal context with further values. */
export function context(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { sourceBucket: "stash", sourcePrefix: "AWSLogs/", binaries, ...more };
}

/** The stack without validation: app.test.ts and nag.test.ts run CDK's checks and cdk-nag. */
export function stack(more: Record<string, unknown> = {}): RehoseStack {
  return new RehoseStack(new App({ builtinCloudFormationValidation: false }), readConfig(context(more)));
}

const templates = new Map<string, Template>();

/** The template of that stack. Each template is synthesised once. */
export function template(more: Record<string, unknown> = {}): Template {
  const key = JSON.stringify(more);
  const made = templates.get(key) ?? Template.fromStack(stack(more));
  templates.set(key, made);
  return made;
}
