import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigError, readConfig } from "../lib/config";
import { binaries, context } from "./synth";

test("a bucket is enough: everything else has its default", () => {
  assert.deepEqual(readConfig({ sourceBucket: "stash", binaries }), {
    stackName: "rehose",
    sourceBucket: "stash",
    sourcePrefix: "",
    outputBucket: undefined,
    outputPrefix: "",
    options: {},
    exclude: [],
    level: 5,
    memory: 1769,
    concurrency: 100,
    realtimeConcurrency: 10,
    timeout: 900,
    pace: { page: undefined, pages: undefined, quietSeconds: undefined, stalledSeconds: undefined, rounds: undefined, waitSeconds: undefined },
    retention: 30,
    restartAfter: 500,
    binaries,
    architecture: "arm64",
  });
});

test("values come as text from the command line and as JSON from cdk.json", () => {
  const text = { memory: "512", retention: "7", options: '{"format":"message"}', exclude: '["tmp/*"]' };
  const json = { memory: 512, retention: 7, options: { format: "message" }, exclude: ["tmp/*"] };
  assert.deepEqual(readConfig(context(text)), readConfig(context(json)));
});

test("an output's prefix gets its slash", () => {
  for (const outputPrefix of ["out", "out/"]) assert.equal(readConfig(context({ outputPrefix })).outputPrefix, "out/");
});

test("CDK's own context is none of ours", () => {
  readConfig(context({ "aws:cdk:enable-path-metadata": true, "@aws-cdk/core:flag": true, "cli-telemetry": false }));
});

/** What each wrong value is told: the name, the value, what is right, an example. */
const wrong: [Record<string, unknown>, RegExp][] = [
  [{ sourceBucket: undefined }, /^sourceBucket is missing; for example -c sourceBucket=my-flow-logs$/],
  [{ sourceBucket: "" }, /^sourceBucket is missing/],
  [{ sourceBucket: "s3://stash" }, /^sourceBucket is "s3:\/\/stash" and must be the name of a bucket, without s3:\/\/; for example/],
  [{ sourcePrefix: "/AWSLogs" }, /^sourcePrefix is "\/AWSLogs" .*no slash first.*-c sourcePrefix=AWSLogs\/$/],
  [{ sourcePrefix: "a*" }, /^sourcePrefix is "a\*"/],
  [{ sourcePrefix: "a,s3://b" }, /^sourcePrefix is "a,s3:\/\/b"/],
  [{ sourcePrefix: "${aws:username}" }, /^sourcePrefix is /],
  [{ outputBucket: "Tables" }, /^outputBucket is "Tables"/],
  [{ outputPrefix: "/" }, /^outputPrefix is "\/"/],
  [{ stackName: "9" }, /^stackName is "9"/],
  [{ stackName: "a".repeat(81) }, /^stackName is "a+" .*at most 80/],
  [{ level: 0 }, /^level is 0 and must be a whole number from 1 to 12; for example -c level=5$/],
  [{ level: "13" }, /^level is "13"/],
  [{ level: "five" }, /^level is "five"/],
  [{ memory: "1769.5" }, /^memory is "1769.5" .* from 128 to 10240/],
  [{ concurrency: 1 }, /^concurrency is 1 .* from 2 to 1000/],
  [{ realtimeConcurrency: 1001 }, /^realtimeConcurrency is 1001/],
  [{ timeout: 29 }, /^timeout is 29 and must be a whole number from 30 to 900; for example -c timeout=900$/],
  [{ timeout: "901" }, /^timeout is "901"/],
  [{ page: 0 }, /^page is 0 and must be a whole number from 1 to 1000; for example -c page=1000$/],
  [{ page: 1001 }, /^page is 1001/],
  [{ pages: "all" }, /^pages is "all"/],
  [{ quietSeconds: -1 }, /^quietSeconds is -1/],
  [{ stalledSeconds: "2h" }, /^stalledSeconds is "2h"/],
  [{ rounds: 101 }, /^rounds is 101 .* from 0 to 100/],
  [{ waitSeconds: 0.5 }, /^waitSeconds is 0.5/],
  [{ retention: "31" }, /^retention is "31" and must be one of 1, 3, 5, 7, .*; for example -c retention=30$/],
  [{ restartAfter: "501" }, /^restartAfter is "501" .* from 1 to 500/],
  [{ architecture: "arm" }, /^architecture is "arm" and must be one of arm64, x86_64/],
  [{ options: "format=message" }, /^options is "format=message" and must be JSON \(.*\); for example -c options='{"format":"message"}'$/],
  [{ options: "[]" }, /^options is \[\] and must be an object/],
  [{ options: { formt: "message" } }, /^options has "formt", which is none of dialect, /],
  [{ options: { format: "csv" } }, /^options has "csv" as format, which must be vpc-flow-logs, regex or message/],
  [{ options: { fields: "version" } }, /^options has "version" as fields, which must be a list/],
  [{ exclude: "tmp/*" }, /^exclude is "tmp\/\*" and must be JSON/],
  [{ exclude: [1] }, /^exclude is \[1\] and must be a list of patterns/],
  [{ outptBucket: "tables" }, /^outptBucket is not known; .*outputBucket.* are; for example/],
];
for (const [more, message] of wrong) {
  test(`refused: ${JSON.stringify(more)}`, () => {
    assert.throws(() => readConfig(context(more)), (error) => error instanceof ConfigError && message.test(error.message));
  });
}

const overlaps: [string, string, RegExp | undefined][] = [
  ["", "", /^outputBucket makes the output s3:\/\/stash\/, which is under the source s3:\/\/stash\/; for example -c outputBucket=/],
  ["", "out", /^outputBucket makes/],
  ["logs/", "logs/out", /^outputPrefix makes the output s3:\/\/stash\/logs\/out\/, which is under the source s3:\/\/stash\/logs\//],
  ["logs", "logs-out", /^outputPrefix makes/],
  ["csv/2020/", "", /^sourcePrefix makes the source s3:\/\/stash\/csv\/2020\/, where s3:\/\/stash\/csv\/ is written/],
  ["job", "", /^sourcePrefix makes the source s3:\/\/stash\/job, where s3:\/\/stash\/jobs\/ is written/],
  ["logs/", "out", undefined],
  ["logs/", "", undefined],
  ["logs/", "log", undefined],
];
for (const [sourcePrefix, outputPrefix, message] of overlaps) {
  test(`in one bucket, ${message ? "refused" : "allowed"}: from ${JSON.stringify(sourcePrefix)} to ${JSON.stringify(outputPrefix)}`, () => {
    const read = () => readConfig(context({ sourcePrefix, outputPrefix, outputBucket: "stash" }));
    if (message) assert.throws(read, { name: "ConfigError", message });
    else read();
  });
}

test("the same prefixes in two buckets do not overlap", () => {
  readConfig(context({ sourcePrefix: "", outputPrefix: "", outputBucket: "tables" }));
});

test("binaries that are not there are missed before anything is synthesised", (t) => {
  const empty = mkdtempSync(join(tmpdir(), "rehose-empty-"));
  t.after(() => rmSync(empty, { recursive: true }));
  assert.throws(() => readConfig(context({ binaries: empty })), /^ConfigError: binaries is ".*", where rehose-start\/bootstrap.zip is missing: run scripts\/build/);
});
