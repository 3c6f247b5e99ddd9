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
  test(`the template equals its snapshot: ${name}`, () =>
    reviewed(template(configurations[name]!).toJSON(), join(__dirname, file)));
}

test("what the HTTP API adds equals its snapshots", () => {
  for (const [name, file] of Object.entries({
    "the HTTP API by its own URL": "snapshot.api-url.json",
    "the HTTP API through API Gateway": "snapshot.api-http.json",
  })) {
    const { Resources, Outputs } = template(configurations[name]!).toJSON();
    const added = Object.fromEntries(Object.entries<any>(Resources).filter(([id]) => /^Http|ApiErrors/.test(id)));
    reviewed({ Outputs: { ApiUrl: Outputs.ApiUrl }, Resources: added }, join(__dirname, file));
  }
});

function reviewed(made: Record<string, unknown>, snapshot: string): void {
  const { Resources, ...rest } = structuredClone(made);
  // Parts that change independently of the stack: hashes of binaries, and the definition, which has its own file.
  for (const { Properties } of Object.values<any>(Resources as object)) {
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
