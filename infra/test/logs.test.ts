// Several logs in one stack.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../lib/config";
import { ConfigError } from "../lib/context";
import { configurations } from "./configurations";
import { context, stack, template } from "./synth";

const several = configurations["several logs"]!;
const place = { outputBucket: "tables", outputPrefix: "out/" };

function read(logs: unknown, more: Record<string, unknown> = {}) {
  return readConfig(context({ logs, ...more })).logs;
}

test("what a log does not say is as the stack's own value says", () => {
  const stackWide = { realtime: true, layout: "{yyyy}/{MM}/{dd}", exclude: ["tmp/*"], maxRejected: 5, to: "parquet" };
  const [only] = readConfig(context(stackWide)).logs;
  assert.deepEqual(read([{}], stackWide), [only]);
  const own = { maxRejected: 7, exclude: [], realtime: false, to: "csv" };
  const [log] = read([own], stackWide);
  assert.deepEqual(log, readConfig(context({ ...stackWide, ...own })).logs[0]);
});

test("a prefix and a format come without the stack's values for other ones", () => {
  const file = "none.json";
  const [, alb] = read([{}, { prefix: "elb/", format: "alb", outputPrefix: "alb" }], {
    tablePrefix: "AWSLogs/x/",
    options: { fields: ["srcaddr"] },
  }) as any;
  assert.deepEqual([alb.sourcePrefixes, alb.tablePrefix, alb.outputPrefix], [["elb/"], "elb/", "alb/"]);
  assert.deepEqual(alb.options, { format: "alb" });
  assert.equal(alb.tables.rows.name, "alb_logs");
  assert.throws(
    () => read([{}], { tables: file }),
    /^ConfigError: logs\[0\]: tables is "none.json", which cannot be read/,
  );
  assert.equal(read([{ options: {} }], { tables: file })[0]!.tables.rows.name, "flow_logs");
  assert.deepEqual(read([{ format: "alb", options: { dialect: "cloudwatch" } }])[0]!.options, {
    dialect: "cloudwatch",
    format: "alb",
  });
});

test("the list may be JSON text, as from the command line", () => {
  const logs = [{}, { prefix: ["elb/", "more/"], format: "alb", outputPrefix: "alb/" }];
  assert.deepEqual(read(JSON.stringify(logs)), read(logs));
});

const vpc = { prefix: "vpc/" };
const wrong: [unknown, RegExp, Record<string, unknown>?][] = [
  [[], /^logs is \[\] and must be a list with an object for each log; for example -c logs='\[\{"prefix":"vpc\/"\},/],
  ["vpc/", /^logs is "vpc\/" and must be JSON/],
  [[vpc, "elb/"], /^logs is .* and must be a list with an object for each log/],
  [
    [vpc, { prefix: "elb/", fmt: "alb", outputPrefix: "alb/" }],
    /^logs\[1\]: fmt is no value of a log; those are prefix, format, .*; for example "prefix": "AWSLogs\/"$/,
  ],
  [[{ ...vpc, memory: 512 }], /^logs\[0\]: memory is no value of a log/],
  [[{ sourcePrefix: "vpc/" }], /^logs\[0\]: sourcePrefix is no value of a log/],
  [
    [vpc, { prefix: "elb/", format: "albs", outputPrefix: "alb/" }],
    /^logs\[1\]: options has "albs" as format, which must be vpc-flow-logs, .*; for example "options": \{"format":"message"\}$/,
  ],
  [
    [{ ...vpc, format: "alb", options: { format: "nlb" } }],
    /^logs\[0\]: format is "alb", and options are .*: give one/,
  ],
  [[{ prefix: "/vpc" }], /^logs\[0\]: prefix is "\/vpc" and must be the beginning of a key: .* "prefix": "AWSLogs\/"$/],
  [
    [{ ...vpc, layout: "{MM}" }],
    /^logs\[0\]: layout is "\{MM\}" .*; for example "layout": "\{yyyy\}\/\{MM\}\/\{dd\}\/\{HH\}"$/,
  ],
  [[{ ...vpc, outputPrefix: "!{x}" }], /^logs\[0\]: outputPrefix has "!\{x\}", an expression that Firehose fills in/],
  [
    [{ ...vpc, format: "tgw-flow-logs" }],
    /^logs\[0\]: options has the format tgw-flow-logs, so the tables must come from/,
  ],
  [
    [vpc, { prefix: "vpc/1/", format: "alb", outputPrefix: "alb/" }],
    /^logs have the prefix "vpc\/1\/" in one log, which "vpc\/" of another already covers: an object belongs to one log/,
  ],
  [
    [vpc, { prefix: ["x/", "vpc/"], outputPrefix: "x/", tableName: "x" }],
    /^logs have the prefix "vpc\/" in one log, which/,
  ],
  [[vpc, { outputPrefix: "x/", tableName: "x", prefix: "" }], /^logs have the prefix "vpc\/" in one log, which "" of/],
  [[vpc, { prefix: "elb/", format: "alb" }], /^logs have the outputPrefix "" twice: an output has rows of one shape/],
  [
    [vpc, { prefix: "elb/", format: "alb", outputPrefix: "csv/" }],
    /^logs have the outputPrefix "csv\/", but rehose writes other files to "csv\/"/,
  ],
  [
    [
      { ...vpc, outputPrefix: "x" },
      { prefix: "elb/", format: "alb", outputPrefix: "x/rejected/elb" },
    ],
    /^logs have the outputPrefix "x\/rejected\/elb\/", but rehose writes other files to "x\/rejected\/"/,
  ],
  [
    [{ ...vpc, outputPrefix: "elsewhere" }],
    /^logs have the outputPrefix "elsewhere\/", which must begin with the stack's, "out\/"/,
    { outputPrefix: "out" },
  ],
  [
    [vpc, { prefix: "more/", outputPrefix: "more/" }],
    /^logs have the table "flow_logs" twice: give one of the logs another name for its table, as tableName; for example/,
  ],
  [[{ ...vpc, tableName: "receipts" }], /^logs have the table "receipts" twice/],
  [
    [vpc, { prefix: "elb/", outputPrefix: "vpc/x/", format: "alb" }],
    /^outputPrefix sets the output to s3:\/\/stash\/vpc\/x\/, which is under the source s3:\/\/stash\/vpc\//,
    { outputBucket: "stash" },
  ],
  [
    [vpc, { prefix: "alb/csv/", outputPrefix: "alb/", format: "alb" }],
    /^sourcePrefix sets the source to s3:\/\/stash\/alb\/csv\/, but rehose writes to s3:\/\/stash\/alb\/csv\//,
    { outputBucket: "stash" },
  ],
  [[{ ...vpc, to: "parquet" }], /^level is 9, but Parquet has no level/, { level: 9 }],
  [
    [{ ...vpc, merge: true, mergeTargetMB: 2000 }],
    /^mergeStorage is 4096, less than four times mergeTargetMB: .*=8000$/,
  ],
];
for (const [logs, message, more] of wrong) {
  test(`refused: ${JSON.stringify(logs)}`, () => {
    assert.throws(
      () => read(logs, more),
      (error) => error instanceof ConfigError && message.test(error.message),
    );
  });
}

test("a level is for those logs that write CSV", () => {
  const logs = [
    { prefix: "a/", to: "parquet" },
    { prefix: "b/", outputPrefix: "b/", tableName: "b" },
  ];
  assert.equal(readConfig(context({ logs, level: 9 })).level, 9);
});

/** The environment of the functions by their names. */
function variables(more: Record<string, unknown>): Record<string, any> {
  const found = Object.values(template(more).findResources("AWS::Lambda::Function"));
  return Object.fromEntries(
    found
      .filter(({ Properties }) => Properties.Environment)
      .map(({ Properties }) => [Properties.Description.replace("rehose: ", ""), Properties.Environment.Variables]),
  );
}

test("the functions get the logs in one variable, without what is the default, and the bucket of their objects", () => {
  const { start, process, merge, check } = variables({ ...several, ...place, logs: inOut(several.logs) });
  assert.deepEqual(JSON.parse(process.REHOSE_LOGS), [
    { prefixes: ["AWSLogs/"], merge: {} },
    {
      prefixes: ["elb/1/", "elb/2/"],
      folder: "alb/",
      options: { format: "alb", to: "parquet" },
      merge: { layout: "{region}/{yyyy}/{MM}/{dd}", per: "day" },
    },
    { prefixes: ["trail/"], folder: "trail/", options: { format: "cloudtrail" } },
  ]);
  for (const one of [start, process, merge]) {
    assert.equal(one.REHOSE_LOGS, process.REHOSE_LOGS);
    assert.equal(one.REHOSE_SOURCES, "s3://stash/");
    assert.equal(one.REHOSE_OUTPUT, "s3://tables/out/");
    const only = ["REHOSE_OPTIONS", "REHOSE_EXCLUDE", "REHOSE_ERRORS", "REHOSE_MAX_REJECTED", "REHOSE_MERGE"];
    for (const name of only) assert.equal(one[name], undefined, name);
  }
  assert.equal(check.REHOSE_LOGS, undefined);
  const [own] = JSON.parse(variables({ logs: [{ exclude: ["x"], errors: "too", maxRejected: 3 }] }).start.REHOSE_LOGS);
  assert.deepEqual(own, { prefixes: ["AWSLogs/"], exclude: ["x"], errors: "too", max_rejected: 3 });
});

/** The logs with outputs below `out/`. */
function inOut(logs: unknown): unknown {
  return (logs as { outputPrefix?: string }[]).map((log) =>
    log.outputPrefix ? { ...log, outputPrefix: `out/${log.outputPrefix}` } : log,
  );
}

test("a list that is too long for a function's environment is refused with its length", () => {
  const logs = Array.from({ length: 60 }, (_, at) => ({
    prefix: `AWSLogs/1111222233${at}/elasticloadbalancing/`,
    format: "alb",
    outputPrefix: `alb-${at}/`,
    tableName: `alb_${at}`,
  }));
  assert.ok(stack({ logs: logs.slice(0, 25) }));
  const message =
    /^ConfigError: logs takes \d{4} bytes for 60 logs, and a function's environment has room for 3072: .* another stack/;
  assert.throws(() => stack({ logs }), message);
});

test("only logs with realtime send events, and each has its own nightly search and merges", () => {
  const made = template(several);
  const [notifications] = Object.values(made.findResources("Custom::S3BucketNotifications"));
  const { QueueConfigurations } = notifications!.Properties.NotificationConfiguration;
  const prefixes = QueueConfigurations.map(({ Filter }: any) => Filter.Key.FilterRules[0].Value);
  assert.deepEqual(prefixes, ["AWSLogs/", "elb/1/", "elb/2/"]);
  const inputs = Object.values(made.findResources("AWS::Scheduler::Schedule")).map(({ Properties }) => {
    const { prefix, day, hours } = JSON.parse(Properties.Target.Input);
    return [prefix.slice("s3://stash/".length), day ?? hours];
  });
  assert.deepEqual(inputs, [
    ["AWSLogs/", "[Y0001]/[M01]/[D01]/"],
    ["AWSLogs/", 8],
    ["AWSLogs/", 76],
    ["elb/1/", 31],
    ["elb/1/", 76],
    ["elb/2/", 31],
    ["elb/2/", 76],
  ]);
});

test("each log has tables over its own rows, and all have the receipts of one ledger", () => {
  const made = template({ ...several, ...place, logs: inOut(several.logs) });
  const tables = Object.values(made.findResources("AWS::Glue::Table")).map(({ Properties }) => Properties.TableInput);
  const found = tables.map(({ Name, StorageDescriptor }) => [Name, StorageDescriptor.Location]);
  assert.deepEqual(found, [
    ["flow_logs", "s3://tables/out/csv/"],
    ["rejected", "s3://tables/out/rejected/"],
    ["merged", "s3://tables/out/merged/"],
    ["generations", "s3://tables/out/generations/"],
    ["all_flow_logs", ""],
    ["alb_logs", "s3://tables/out/alb/parquet/"],
    ["alb_logs_rejected", "s3://tables/out/alb/rejected/"],
    ["alb_logs_merged", "s3://tables/out/alb/merged/"],
    ["alb_logs_generations", "s3://tables/out/alb/generations/"],
    ["cloudtrail_logs", "s3://tables/out/trail/csv/"],
    ["cloudtrail_logs_rejected", "s3://tables/out/trail/rejected/"],
    ["receipts", "s3://tables/out/jobs/"],
  ]);
  const [, , alb] = tables.filter(({ Name }) => ["flow_logs", "merged", "alb_logs"].includes(Name));
  assert.equal(alb.Parameters["storage.location.template"], "s3://tables/out/alb/parquet/elb/1/${region}/${datehour}/");
  const types = new Map(alb.StorageDescriptor.Columns.map(({ Name, Type }: any) => [Name, Type]));
  assert.deepEqual([types.get("time"), types.get("elb_status_code"), types.size], ["timestamp", "int", 40]);
  const trail = tables.find(({ Name }) => Name === "cloudtrail_logs")!;
  assert.ok(trail.StorageDescriptor.Columns.every(({ Type }: any) => Type === "string"));
});

test("the view of a log beside another reads the tables of its own log", () => {
  const logs = [{}, { prefix: "more/", outputPrefix: "more/", tableName: "more" }];
  const [, { merged }] = readConfig(context({ merge: true, logs })).logs as any;
  const { name, query } = merged.view;
  assert.equal(name, "all_more");
  const tables = [...query.matchAll(/FROM ("?\w+"?(?: AS \w+)?)/g)].map(([, table]: any) => table);
  assert.deepEqual(tables, ["more_generations", "more_merged AS merged", '"more"', "generation"]);
});

test("unpublished files of each log expire", () => {
  const [bucket] = Object.values(template({ ...several, merge: true }).findResources("AWS::S3::Bucket"));
  const rules = bucket!.Properties.LifecycleConfiguration.Rules;
  const expiring = rules.filter(({ Id }: any) => Id.startsWith("ExpireUnpublished"));
  assert.deepEqual(
    expiring.map(({ Prefix }: any) => Prefix),
    ["unpublished/", "alb/unpublished/", "trail/unpublished/"],
  );
});
