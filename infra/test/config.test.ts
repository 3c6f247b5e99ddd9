import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readConfig } from "../lib/config";
import { ConfigError } from "../lib/context";
import { parseLayout } from "../lib/layout";
import { tablesFor } from "../lib/tables";
import { binaries, context } from "./synth";

test("only sourceBucket is required; every other value has a default", () => {
  assert.deepEqual(readConfig({ sourceBucket: "stash", binaries }), {
    stackName: "rehose",
    sourceBucket: "stash",
    sourceKey: undefined,
    outputBucket: undefined,
    outputPrefix: "",
    outputKey: undefined,
    logs: [
      {
        sourcePrefixes: [""],
        outputPrefix: "",
        options: {},
        exclude: [],
        errors: "skip",
        maxRejected: 10,
        realtime: false,
        reconcile: undefined,
        merge: undefined,
        merged: undefined,
        tables: tablesFor({}),
        tablePrefix: "",
        layout: parseLayout("{yyyy}/{MM}/{dd}/{HH}", {}, "UTC"),
        tablesSince: "2015/06/01/00",
      },
    ],
    isList: false,
    level: undefined,
    memory: 1769,
    concurrency: 100,
    realtimeConcurrency: 10,
    realtimeBatch: 10,
    realtimeWindow: 5,
    timeout: 900,
    pace: {
      page: undefined,
      pages: undefined,
      quietSeconds: undefined,
      stalledSeconds: undefined,
      rounds: undefined,
      waitSeconds: undefined,
    },
    retention: 30,
    restartAfter: 500,
    jobTimeoutHours: 336,
    realtime: undefined,
    merge: undefined,
    api: undefined,
    alarmAddress: undefined,
    rejectedRatio: 1,
    metricMath: true,
    scanLimitGB: 100,
    namedQueries: true,
    binaries,
    architecture: "arm64",
  });
});

test("docs/DEPLOY.md lists every value", () => {
  const known = /the known values are ([A-Za-z, ]+)/;
  let names: readonly string[] = [];
  assert.throws(
    () => readConfig(context({ nonsense: 1, tables: "" })),
    ({ message }: Error) => (names = known.exec(message)?.[1]?.split(", ") ?? []).length > 50,
  );
  const text = readFileSync(join(__dirname, "../../docs/DEPLOY.md"), "utf8");
  const [section = ""] = text.slice(text.indexOf("## Every value")).split("\n## IAM");
  const listed = [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name!);
  assert.deepEqual([...listed].sort(), [...names].sort());
});

/** The only log. */
function log(more: Record<string, unknown>) {
  return readConfig(context(more)).logs[0]!;
}

test("values may be strings, as from the command line, or JSON, as from cdk.json", () => {
  const text = {
    memory: "512",
    retention: "7",
    options: '{"format":"message"}',
    exclude: '["tmp/*"]',
    rejectedRatio: "0.5",
    realtime: "true",
    reconcile: "false",
    layout: "{account}/{yyyy}",
    partitions: '{"account":["1"]}',
  };
  const json = {
    memory: 512,
    retention: 7,
    options: { format: "message" },
    exclude: ["tmp/*"],
    rejectedRatio: 0.5,
    realtime: true,
    reconcile: false,
    layout: "{account}/{yyyy}",
    partitions: { account: ["1"] },
  };
  assert.deepEqual(readConfig(context(text)), readConfig(context(json)));
});

test("a source may have several prefixes", () => {
  for (const sourcePrefix of ["a/,b/", '["a/","b/"]', ["a/", "b/"]])
    assert.deepEqual(log({ sourcePrefix }).sourcePrefixes, ["a/", "b/"]);
});

test("realtime alone means notifications of the bucket and a nightly search", () => {
  const read = (more: Record<string, unknown>) => {
    const { realtime, logs } = readConfig(context(more));
    return [realtime, logs[0]!.reconcile];
  };
  assert.deepEqual(read({ realtimeEvents: "eventbridge" }), [undefined, undefined]);
  assert.deepEqual(read({ realtime: "true" }), ["s3", "{yyyy}/{MM}/{dd}/"]);
  assert.deepEqual(read({ realtime: "true", realtimeEvents: "eventbridge", reconcile: "false" }), [
    "eventbridge",
    undefined,
  ]);
  assert.deepEqual(read({ realtime: "true", reconcile: "year={yyyy}/{MM}-{dd}/" }), ["s3", "year={yyyy}/{MM}-{dd}/"]);
});

test("the nightly search follows the layout, or is told the path", () => {
  const reconcile = (more: Record<string, unknown>) => log({ realtime: true, ...more }).reconcile;
  const layout = "year={yyyy}/month={MM}/day={dd}/hour={HH}";
  assert.equal(reconcile({ layout }), "year={yyyy}/month={MM}/day={dd}/");
  assert.equal(reconcile({ layout, reconcile: "{yyyy}/{MM}/{dd}/" }), "{yyyy}/{MM}/{dd}/");
  const scattered = { layout: "{account}/{yyyy}/{MM}/{dd}" };
  assert.throws(
    () => reconcile(scattered),
    /^ConfigError: reconcile is missing: by the layout "{account}.*", the objects of a day have no path in common; for example -c reconcile=false$/,
  );
  assert.equal(reconcile({ ...scattered, reconcile: false }), undefined);
  assert.equal(reconcile({ ...scattered, realtime: false }), undefined);
});

test("a layout may begin as the prefix does, if tablePrefix says so", () => {
  const { tablePrefix } = log({ layout: "AWSLogs/{yyyy}", tablePrefix: "AWSLogs/" });
  assert.equal(tablePrefix, "AWSLogs/");
});

test("an output prefix gets a trailing slash", () => {
  for (const outputPrefix of ["out", "out/"]) assert.equal(readConfig(context({ outputPrefix })).outputPrefix, "out/");
});

test("values of CDK's own context are ignored", () => {
  readConfig(context({ "aws:cdk:enable-path-metadata": true, "@aws-cdk/core:flag": true, "cli-telemetry": false }));
});

/** Each wrong value with its error: name, value, requirement, example. */
const wrong: [Record<string, unknown>, RegExp][] = [
  [{ sourceBucket: undefined }, /^sourceBucket is missing; for example -c sourceBucket=my-flow-logs$/],
  [{ sourceBucket: "" }, /^sourceBucket is missing/],
  [
    { sourceBucket: "s3://stash" },
    /^sourceBucket is "s3:\/\/stash" and must be the name of one bucket, without s3:\/\/: .*; for example/,
  ],
  [{ sourcePrefix: "/AWSLogs" }, /^sourcePrefix is "\/AWSLogs" .*no leading slash.*-c sourcePrefix=AWSLogs\/$/],
  [{ sourcePrefix: "a*" }, /^sourcePrefix is "a\*"/],
  [
    { sourceBucket: "stash,more" },
    /^sourceBucket is "stash,more" .* one bucket, .*: for another bucket, deploy another stack with its own stackName; for example/,
  ],
  [{ sourceBucket: ["stash", "more"] }, /^sourceBucket is \["stash","more"\] .* one bucket/],
  [{ sourcePrefix: "a/, b/" }, /^sourcePrefix is " b\/" and must be the beginning of a key/],
  [
    { sourcePrefix: [] },
    /^sourcePrefix is \[\] and must be a string or a list of strings; for example -c sourcePrefix=AWSLogs\/$/,
  ],
  [{ sourcePrefix: ["a/", 1] }, /^sourcePrefix is 1 and must be the beginning of a key/],
  [{ sourcePrefix: '["a/"' }, /^sourcePrefix is "\[\\"a\/\\"" and must be JSON .*-c sourcePrefix='\["AWSLogs\/"\]'$/],
  [
    { sourcePrefix: "a/b/,a/" },
    /^sourcePrefix has "a\/b\/", which "a\/" already covers; for example -c sourcePrefix=AWSLogs\/,stash\/$/,
  ],
  [{ sourcePrefix: "a/,a/" }, /^sourcePrefix has "a\/", which "a\/" already covers/],
  [{ sourcePrefix: ["a/", ""] }, /^sourcePrefix has "a\/", which "" already covers/],
  [
    { sourceKey: "alias/stash" },
    /^sourceKey is "alias\/stash" and must be the ARN of a KMS key, not of an alias: in a policy, .*; for example -c sourceKey=arn:aws:kms:/,
  ],
  [
    { outputKey: "arn:aws:kms:eu-central-1:123456789012:alias/tables" },
    /^outputKey is .*alias.* must be the ARN of a KMS key/,
  ],
  [{ realtime: "on" }, /^realtime is "on" and must be one of true, false; for example -c realtime=/],
  [
    { realtimeEvents: "sns" },
    /^realtimeEvents is "sns" and must be one of s3, eventbridge; for example -c realtimeEvents=s3$/,
  ],
  [
    { reconcile: "{yyyy}/{MM}/" },
    /^reconcile is "{yyyy}\/{MM}\/" and must be false, or the path of a day's objects .* with {yyyy}, {MM} and {dd}; for example -c reconcile={yyyy}\/{MM}\/{dd}\/$/,
  ],
  [{ reconcile: "/{yyyy}/{MM}/{dd}/" }, /^reconcile is /],
  [{ reconcile: "{yyyy}/{MM}/{dd}/{HH}/" }, /^reconcile is /],
  [{ reconcile: "[Y]{yyyy}/{MM}/{dd}/" }, /^reconcile is /],
  [{ reconcile: true }, /^reconcile is "true"/],
  [{ jobTimeoutHours: 0 }, /^jobTimeoutHours is 0 .* from 1 to 8760; for example -c jobTimeoutHours=336$/],
  [
    { alarmAddress: "team" },
    /^alarmAddress is "team" and must be an e-mail address; for example -c alarmAddress=team@example.com$/,
  ],
  [
    { rejectedRatio: "101" },
    /^rejectedRatio is "101" and must be a number from 0 to 100; for example -c rejectedRatio=1$/,
  ],
  [{ sourcePrefix: "${aws:username}" }, /^sourcePrefix is /],
  [{ outputBucket: "Tables" }, /^outputBucket is "Tables"/],
  [{ outputPrefix: "/" }, /^outputPrefix is "\/"/],
  [{ outputPrefix: "tables!" }, /^outputPrefix is "tables!" .* only letters, digits and/],
  [{ stackName: "9" }, /^stackName is "9"/],
  [{ stackName: "a".repeat(81) }, /^stackName is "a+" .*at most 80/],
  [{ level: 0 }, /^level is 0 and must be a whole number from 1 to 12; for example -c level=9$/],
  [{ level: "13" }, /^level is "13"/],
  [{ level: "five" }, /^level is "five"/],
  [{ memory: "1769.5" }, /^memory is "1769.5" .* from 128 to 10240/],
  [{ concurrency: 1 }, /^concurrency is 1 .* from 2 to 1000/],
  [{ realtimeConcurrency: 1001 }, /^realtimeConcurrency is 1001/],
  [{ timeout: 9 }, /^timeout is 9 and must be a whole number from 10 to 900; for example -c timeout=900$/],
  [{ timeout: "901" }, /^timeout is "901"/],
  [{ page: 0 }, /^page is 0 and must be a whole number from 1 to 1000; for example -c page=1000$/],
  [{ page: 1001 }, /^page is 1001/],
  [{ pages: "all" }, /^pages is "all"/],
  [{ quietSeconds: -1 }, /^quietSeconds is -1/],
  [{ stalledSeconds: "2h" }, /^stalledSeconds is "2h"/],
  [{ stalledSeconds: 5399 }, /^stalledSeconds is 5399, less than .* visibility timeout of 5400: six times timeout/],
  [{ timeout: 100, stalledSeconds: 599 }, /^stalledSeconds is 599, less than .* of 600/],
  [{ realtimeBatch: 11, realtimeWindow: 0 }, /^realtimeWindow is 0, and Lambda waits at least a second/],
  [{ realtimeBatch: 0 }, /^realtimeBatch is 0 .* from 1 to 10000/],
  [{ rounds: 101 }, /^rounds is 101 .* from 0 to 100/],
  [{ waitSeconds: 0.5 }, /^waitSeconds is 0.5/],
  [{ retention: "31" }, /^retention is "31" and must be one of 1, 3, 5, 7, .*; for example -c retention=30$/],
  [{ restartAfter: "501" }, /^restartAfter is "501" .* from 1 to 500/],
  [{ tablePrefix: "/" }, /^tablePrefix is "\/"/],
  [
    { tablesSince: "2020/1/1/0" },
    /^tablesSince is "2020\/1\/1\/0" and must be an hour as yyyy\/MM\/dd\/HH; for example -c tablesSince=2020\/01\/01\/00$/,
  ],
  [{ layout: "{MM}" }, /^layout is "{MM}" and has {MM} without {yyyy} before it: .*; for example -c layout='{yyyy}\//],
  [
    { layout: "{region}/{yyyy}", options: { fields: ["region"] } },
    /^layout is "{region}\/{yyyy}" and has {region}, but the tables have a column of that name/,
  ],
  [
    { layout: "AWSLogs/{account}/{yyyy}" },
    /^layout is .* and follows the prefix "AWSLogs\/": leave that out, .*; for example -c layout='{account}\/{yyyy}'$/,
  ],
  [
    { sourcePrefix: "AWSLogs/o-1/111122223333/", options: { format: "cloudtrail" } },
    /^layout is missing: keys that begin with "AWSLogs\/o-1\/111122223333\/" do not have AWS's own layout, "AWSLogs\/.*"; for example -c layout='{region}/,
  ],
  [
    { realtime: true, options: { format: "s3-access" } },
    /^reconcile is missing: by the layout .*, the objects of a day have no path in common; for example -c reconcile=false$/,
  ],
  [{ partitions: "account" }, /^partitions is "account" and must be JSON/],
  [{ partitions: { account: ["1"] } }, /^layout is "{yyyy}.*" and has no {account} whose values/],
  [{ timeZone: "Asia/Edo" }, /^timeZone is "Asia\/Edo" and is no time zone/],
  [
    { sourcePrefix: "vpc/!{timestamp:yyyy}/" },
    /^sourcePrefix has "!{timestamp:yyyy}", an expression that Firehose fills in, so no key has it: give what is before it, .*; for example -c sourcePrefix=AWSLogs\/$/,
  ],
  [{ sourcePrefix: ["a/", "b/!{firehose:random-string}/"] }, /^sourcePrefix has "!{firehose:random-string}"/],
  [{ outputPrefix: "!{timestamp:yyyy}" }, /^outputPrefix has "!{timestamp:yyyy}"/],
  [{ tablePrefix: "vpc/!{timestamp:yyyy}" }, /^tablePrefix has "!{timestamp:yyyy}"/],
  [{ reconcile: "!{timestamp:yyyy/MM/dd}/" }, /^reconcile has "!{timestamp:yyyy\/MM\/dd}"/],
  [{ scanLimitGB: 0 }, /^scanLimitGB is 0 .* from 1 to 1000000/],
  [{ namedQueries: "no" }, /^namedQueries is "no" and must be one of true, false/],
  [{ architecture: "arm" }, /^architecture is "arm" and must be one of arm64, x86_64/],
  [
    { options: "format=message" },
    /^options is "format=message" and must be JSON \(.*\); for example -c options='{"format":"message"}'$/,
  ],
  [{ to: "orc" }, /^to is "orc" and must be one of csv, parquet; for example -c to=csv$/],
  [{ options: { to: "parquet" } }, /^options has "to", which is a value of its own; for example -c to=parquet$/],
  [{ to: "parquet", level: 9 }, /^level is 9, but Parquet has no level: leave it out, or write CSV; .* -c to=csv$/],
  [
    { to: "parquet", options: { format: "message", line_breaks: "keep" } },
    /^options has line_breaks, but Parquet has line breaks as they are: leave it out, or write CSV; .* -c to=csv$/,
  ],
  [
    { to: "parquet", options: { message_regex: "(?<a>.)" } },
    /: rehose table --json --to parquet --message-regex '\(\?<a>\.\)' > tables.json;/,
  ],
  [{ options: "[]" }, /^options is \[\] and must be an object/],
  [{ options: { formt: "message" } }, /^options has "formt", which is not one of dialect, /],
  [
    { options: { format: "csv" } },
    /^options has "csv" as format, which must be vpc-flow-logs, tgw-flow-logs, alb, .*, regex or message/,
  ],
  [{ options: { fields: [] } }, /^options has \[\] as fields, which must be a list of fields/],
  [{ options: { fields: "version" } }, /^options has fields in another form than one list of names/],
  [{ options: { format: "tgw-flow-logs" } }, /^options has the format tgw-flow-logs, so the tables must come from/],
  [
    { options: { format: "cloudtrail", with: ["id"] } },
    /^options has columns of the origin, .* --format cloudtrail --with id > tables.json/,
  ],
  [{ tableName: "ALB" }, /^tableName is "ALB" and must have at most 100 lower-case letters, .*tableName=alb_logs$/],
  [{ options: { with: ["owner"] } }, /^options has columns of the origin, so the tables .* --with owner > tables.json/],
  [{ options: { with: ["bucket"] } }, /^options has \["bucket"\] as with, which must be a list of owner, log-group/],
  [{ options: { dialect: "yaml" } }, /^options has "yaml" as dialect, which must be cloudwatch, lines, /],
  [{ errors: "all" }, /^errors is "all"/],
  [{ maxRejected: "101" }, /^maxRejected is "?101/],
  [{ exclude: "tmp/*" }, /^exclude is "tmp\/\*" and must be JSON/],
  [{ exclude: [1] }, /^exclude is \[1\] and must be a list of patterns/],
  [{ outptBucket: "tables" }, /^outptBucket is unknown; the known values are .*outputBucket.*; for example/],
];
for (const [more, message] of wrong) {
  test(`refused: ${JSON.stringify(more)}`, () => {
    assert.throws(
      () => readConfig(context(more)),
      (error) => error instanceof ConfigError && message.test(error.message),
    );
  });
}

test("to is part of the options, and CSV is as without it", () => {
  assert.deepEqual(readConfig(context({ to: "csv" })), readConfig(context()));
  const options = { fields: ["end"] };
  const { options: read, tables } = log({ to: "parquet", options });
  assert.deepEqual(read, { ...options, to: "parquet" });
  assert.deepEqual(tables, tablesFor({ ...options, to: "parquet" }));
});

const overlaps: [string, string, RegExp | undefined][] = [
  [
    "",
    "",
    /^outputBucket sets the output to s3:\/\/stash\/, which is under the source s3:\/\/stash\/; for example -c outputBucket=/,
  ],
  ["", "out", /^outputBucket sets/],
  [
    "logs/",
    "logs/out",
    /^outputPrefix sets the output to s3:\/\/stash\/logs\/out\/, which is under the source s3:\/\/stash\/logs\//,
  ],
  ["logs", "logs-out", /^outputPrefix sets/],
  [
    "csv/2020/",
    "",
    /^sourcePrefix sets the source to s3:\/\/stash\/csv\/2020\/, but rehose writes to s3:\/\/stash\/csv\//,
  ],
  ["parquet/", "", /^sourcePrefix sets .* but rehose writes to s3:\/\/stash\/parquet\//],
  ["merged/day=2020-02-01/", "", /^sourcePrefix sets .* but rehose writes to s3:\/\/stash\/merged\//],
  [
    "athena/",
    "",
    /^sourcePrefix sets the source to s3:\/\/stash\/athena\/, but rehose writes to s3:\/\/stash\/athena\//,
  ],
  ["job", "", /^sourcePrefix sets the source to s3:\/\/stash\/job, but rehose writes to s3:\/\/stash\/jobs\//],
  ["logs/", "out", undefined],
  ["logs/", "", undefined],
  ["logs/", "log", undefined],
  ["logs/,csv/", "", /^sourcePrefix sets the source to s3:\/\/stash\/csv\/, but/],
  ["logs/,more/", "out", undefined],
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

test("missing binaries are refused before anything is synthesised", (t) => {
  const empty = mkdtempSync(join(tmpdir(), "rehose-empty-"));
  t.after(() => rmSync(empty, { recursive: true }));
  assert.throws(
    () => readConfig(context({ binaries: empty })),
    /^ConfigError: binaries is ".*", but rehose-start\/bootstrap.zip is missing there: run scripts\/build/,
  );
});
