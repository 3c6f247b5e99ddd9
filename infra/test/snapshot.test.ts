// The whole template, so that a change to it is seen in review: UPDATE_SNAPSHOT=1 npm test
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { configurations } from "./configurations";
import { template } from "./synth";

const SNAPSHOTS = { default: "snapshot.json", everything: "snapshot.everything.json" };
for (const [name, file] of Object.entries(SNAPSHOTS)) {
  test(`the template is the one that was reviewed: ${name}`, () =>
    reviewed(configurations[name]!, join(__dirname, file)));
}

function reviewed(context: Record<string, unknown>, snapshot: string): void {
  const { Resources, ...rest } = structuredClone(template(context).toJSON());
  // What changes without a change to the stack: hashes of binaries, and the definition, which stands in its own file.
  for (const { Properties } of Object.values<any>(Resources)) {
    if (Properties.Code?.S3Key) Properties.Code.S3Key = "hash.zip";
    // Of CDK's own function, which changes with CDK.
    if (Properties.Code?.ZipFile) Properties.Code.ZipFile = "index.py";
    if (Properties.DefinitionString) Properties.DefinitionString = "statemachine.asl.json";
  }
  const now = `${JSON.stringify({ ...rest, Resources }, null, 2)}\n`;
  if (process.env.UPDATE_SNAPSHOT) writeFileSync(snapshot, now);
  assert.deepEqual(
    JSON.parse(now),
    JSON.parse(readFileSync(snapshot, "utf8")),
    "changed on purpose? then UPDATE_SNAPSHOT=1 npm test",
  );
}
