// The whole template, so that a review shows every change. UPDATE_SNAPSHOT=1 npm test writes the snapshots.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { configurations } from "./configurations";
import { template } from "./synth";

const SNAPSHOTS = {
  default: "snapshot.json",
  everything: "snapshot.everything.json",
  Parquet: "snapshot.parquet.json",
};
for (const [name, file] of Object.entries(SNAPSHOTS)) {
  test(`the template equals its snapshot: ${name}`, () => reviewed(configurations[name]!, join(__dirname, file)));
}

function reviewed(context: Record<string, unknown>, snapshot: string): void {
  const { Resources, ...rest } = structuredClone(template(context).toJSON());
  // Parts that change independently of the stack: hashes of binaries, and the definition, which has its own file.
  for (const { Properties } of Object.values<any>(Resources)) {
    if (Properties.Code?.S3Key) Properties.Code.S3Key = "hash.zip";
    // The code of CDK's own function.
    if (Properties.Code?.ZipFile) Properties.Code.ZipFile = "index.py";
    if (Properties.DefinitionString) Properties.DefinitionString = "statemachine.asl.json";
  }
  const now = `${JSON.stringify({ ...rest, Resources }, null, 2)}\n`;
  if (process.env.UPDATE_SNAPSHOT) writeFileSync(snapshot, now);
  assert.deepEqual(
    JSON.parse(now),
    JSON.parse(readFileSync(snapshot, "utf8")),
    "if the change is intended, run UPDATE_SNAPSHOT=1 npm test",
  );
}
