// The whole template, so that a change to it is seen in review: UPDATE_SNAPSHOT=1 npm test
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { template } from "./synth";

const SNAPSHOT = join(__dirname, "snapshot.json");

test("the template is the one that was reviewed", () => {
  const { Resources, ...rest } = template().toJSON();
  // What changes without a change to the stack: hashes of binaries, and the definition, which stands in its own file.
  for (const { Properties } of Object.values<any>(Resources)) {
    if (Properties.Code) Properties.Code.S3Key = "hash.zip";
    if (Properties.DefinitionString) Properties.DefinitionString = "statemachine.asl.json";
  }
  const now = `${JSON.stringify({ ...rest, Resources }, null, 2)}\n`;
  if (process.env.UPDATE_SNAPSHOT) writeFileSync(SNAPSHOT, now);
  assert.deepEqual(JSON.parse(now), JSON.parse(readFileSync(SNAPSHOT, "utf8")), "changed on purpose? then UPDATE_SNAPSHOT=1 npm test");
});
