// What the tests synthesise: the whole stack, over stand-ins for the binaries, so that no Rust is needed.
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

/** The least context there is, with the given on top. */
export function context(more: Record<string, unknown> = {}): Record<string, unknown> {
  return { sourceBucket: "stash", sourcePrefix: "AWSLogs/", binaries, ...more };
}

export function stack(more: Record<string, unknown> = {}): RehoseStack {
  return new RehoseStack(new App(), readConfig(context(more)));
}

export function template(more: Record<string, unknown> = {}): Template {
  return Template.fromStack(stack(more));
}
