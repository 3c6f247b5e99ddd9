import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Match } from "aws-cdk-lib/assertions";
import { ConfigError } from "../lib/config";
import { QUERIES } from "../lib/query";
import { stack, template } from "./synth";

const place = { sourcePrefix: "AWSLogs/", outputBucket: "tables", outputPrefix: "out" };
const made = template(place);

/** What Glue knows of a table. */
function table(name: string, more: Record<string, unknown> = {}): any {
  const found = template({ ...place, ...more }).findResources("AWS::Glue::Table", {
    Properties: { TableInput: { Name: name } },
  });
  assert.equal(Object.keys(found).length, 1, name);
  return Object.values(found)[0]!.Properties.TableInput;
}

function columns(name: string, more: Record<string, unknown> = {}): [string, string][] {
  return table(name, more).StorageDescriptor.Columns.map(({ Name, Type }: any) => [Name, Type]);
}

test("the rows' table has typed columns, and reads the timestamp as one", () => {
  assert.deepEqual(columns("flow_logs").slice(0, 7), [
    ["timestamp", "timestamp"],
    ["version", "int"],
    ["account_id", "string"],
    ["interface_id", "string"],
    ["srcaddr", "string"],
    ["dstaddr", "string"],
    ["srcport", "int"],
  ]);
  assert.deepEqual(table("flow_logs").StorageDescriptor.SerdeInfo, {
    SerializationLibrary: "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
    Parameters: { "field.delim": ",", "timestamp.formats": "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'" },
  });
});

test("its partitions are projected on Firehose's hour, under the source's prefix", () => {
  const { Parameters, PartitionKeys, StorageDescriptor, TableType } = table("flow_logs");
  assert.equal(TableType, "EXTERNAL_TABLE");
  assert.deepEqual(PartitionKeys, [{ Name: "datehour", Type: "string" }]);
  assert.equal(StorageDescriptor.Location, "s3://tables/out/csv/");
  assert.deepEqual(Parameters, {
    "projection.enabled": "true",
    "projection.datehour.type": "date",
    "projection.datehour.format": "yyyy/MM/dd/HH",
    "projection.datehour.range": "2015/06/01/00,NOW",
    "projection.datehour.interval": "1",
    "projection.datehour.interval.unit": "HOURS",
    "skip.header.line.count": "1",
    "storage.location.template": "s3://tables/out/csv/AWSLogs/${datehour}/",
  });
});

test("where Firehose's prefix is not the source's, the table follows Firehose's", () => {
  const { Parameters } = table("flow_logs", {
    sourcePrefix: "AWSLogs/2020/",
    tablePrefix: "AWSLogs/",
    tablesSince: "2020/01/01/00",
  });
  assert.equal(Parameters["storage.location.template"], "s3://tables/out/csv/AWSLogs/${datehour}/");
  assert.equal(Parameters["projection.datehour.range"], "2020/01/01/00,NOW");
});

test("there is a table over the rejected events and one over a job's receipts", () => {
  assert.equal(
    table("rejected").Parameters["storage.location.template"],
    "s3://tables/out/rejected/AWSLogs/${datehour}/",
  );
  assert.deepEqual(table("receipts").Parameters, {
    "projection.enabled": "true",
    "projection.job.type": "injected",
    "storage.location.template": "s3://tables/out/jobs/${job}/receipts/",
  });
  for (const name of ["rejected", "receipts"]) {
    assert.equal(table(name).StorageDescriptor.SerdeInfo.SerializationLibrary, "org.openx.data.jsonserde.JsonSerDe");
  }
});

test("a created bucket's name is in the tables", () => {
  const created = template().findResources("AWS::Glue::Table");
  for (const { Properties } of Object.values(created)) {
    const [, [scheme, bucket]] = Properties.TableInput.StorageDescriptor.Location["Fn::Join"];
    assert.equal(scheme, "s3://");
    assert.match(bucket.Ref, /^StorageOutput/);
  }
});

test("the columns follow the options", () => {
  const fields = ["end", "srcaddr", "traffic-path", "instance-tag-2"];
  assert.deepEqual(columns("flow_logs", { options: { fields } }), [
    ["timestamp", "timestamp"],
    ["end", "bigint"],
    ["srcaddr", "string"],
    ["traffic_path", "int"],
    ["instance_tag_2", "string"],
  ]);
  assert.deepEqual(columns("messages", { options: { format: "message" } }), [
    ["timestamp", "string"],
    ["message", "string"],
  ]);
});

test("quoted formats are read by the SerDe that knows quotes, without an escape character in the way", () => {
  assert.deepEqual(table("messages", { options: { format: "message" } }).StorageDescriptor.SerdeInfo, {
    SerializationLibrary: "org.apache.hadoop.hive.serde2.OpenCSVSerde",
    Parameters: { separatorChar: ",", quoteChar: '"', escapeChar: "\u0001" },
  });
});

test("the groups of a message regex are its columns, wherever brackets are none of theirs", () => {
  const message_regex = String.raw`^(?P<Level>[(?P<no>\]]+) \(?P<no2>(?<level>.)[](?<no3>x)](?:a(?P<path.x>\\))[^](?<no4>x)](?<größe>b)[a[b](?<no5>x)]$`;
  assert.deepEqual(
    columns("messages", { options: { message_regex } }).map(([name]) => name),
    ["timestamp", "level", "level_2", "path_x", "gr__e"],
  );
});

for (const [options, message] of [
  [
    { fields: ["srcaddr", "nope"] },
    /^options has the field "nope", which is none of account-id, .*; for example -c options=/,
  ],
  [{ format: "regex" }, /^options has no message_regex with a named group/],
  [{ message_regex: "(.*)" }, /^options has no message_regex with a named group/],
] as const) {
  test(`options that give no columns are refused: ${JSON.stringify(options)}`, () => {
    assert.throws(
      () => stack({ options }),
      (error) => error instanceof ConfigError && message.test(error.message),
    );
  });
}

test("the database is named after the stack, as Athena takes names", () => {
  const named = template({ stackName: "Flow-logs" });
  named.hasResourceProperties("AWS::Glue::Database", { DatabaseInput: { Name: "flow_logs" } });
  named.hasOutput("Database", { Value: { Ref: Match.stringLikeRegexp("^QueryDatabase") } });
  named.hasOutput("WorkGroup", { Value: { Ref: Match.stringLikeRegexp("^QueryWorkGroup") } });
});

test("the workgroup limits what a query scans, and keeps its results encrypted in the output", () => {
  template({ ...place, scanLimitGB: 7 }).hasResourceProperties("AWS::Athena::WorkGroup", {
    Name: "rehose",
    RecursiveDeleteOption: true,
    WorkGroupConfiguration: {
      BytesScannedCutoffPerQuery: 7_000_000_000,
      EnforceWorkGroupConfiguration: true,
      ResultConfiguration: {
        OutputLocation: "s3://tables/out/athena/",
        EncryptionConfiguration: { EncryptionOption: "SSE_S3" },
      },
    },
  });
});

test("results of queries have the key that the rows have", () => {
  const outputKey = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
  template({ ...place, outputKey }).hasResourceProperties("AWS::Athena::WorkGroup", {
    WorkGroupConfiguration: {
      ResultConfiguration: { EncryptionConfiguration: { EncryptionOption: "SSE_KMS", KmsKey: outputKey } },
    },
  });
});

test("results of queries are no source, and expire", () => {
  assert.throws(
    () => stack({ sourceBucket: "tables", outputBucket: "tables", sourcePrefix: "athena/" }),
    /where s3:\/\/tables\/athena\/ is written/,
  );
  template().hasResourceProperties("AWS::S3::Bucket", {
    LifecycleConfiguration: {
      Rules: Match.arrayWith([
        { Id: "ExpireQueryResults", Prefix: "athena/", Status: "Enabled", ExpirationInDays: 30 },
      ]),
    },
  });
});

test("every query that people ask first is saved in the workgroup, with what it is for", () => {
  const saved = Object.values(made.findResources("AWS::Athena::NamedQuery"));
  assert.deepEqual(saved.map(({ Properties }) => Properties.Name).sort(), Object.keys(QUERIES).sort());
  assert.deepEqual(
    readdirSync(join(__dirname, "..", "lib", "queries")).sort(),
    Object.keys(QUERIES)
      .map((name) => `${name}.sql`)
      .sort(),
  );
  for (const { Properties, DependsOn } of saved) {
    assert.ok(Properties.Description.length > 20, Properties.Name);
    assert.equal(Properties.WorkGroup, "rehose");
    assert.match(DependsOn[0], /^QueryWorkGroup/);
  }
});

test("a query whose columns are not there is left out", () => {
  const names = (options: unknown) =>
    Object.values(template({ ...place, options }).findResources("AWS::Athena::NamedQuery"))
      .map(({ Properties }) => Properties.Name)
      .sort();
  assert.deepEqual(names({ format: "message" }), ["what-failed-in-job"]);
  assert.deepEqual(names({ fields: ["account-id", "bytes"] }), ["bytes-by-account-and-hour", "what-failed-in-job"]);
});

test("no query is saved where none is wanted", () => {
  template({ namedQueries: "false" }).resourceCountIs("AWS::Athena::NamedQuery", 0);
  template({ namedQueries: false }).resourceCountIs("AWS::Glue::Table", 3);
});
