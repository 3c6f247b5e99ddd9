import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Match } from "aws-cdk-lib/assertions";
import { OF_JOBS, QUERIES } from "../lib/savedQueries";
import { stack, template } from "./synth";

const place = { sourcePrefix: "AWSLogs/", outputBucket: "tables", outputPrefix: "out" };
const made = template(place);

/** The Glue table of that name. */
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

test("the table of rows has typed columns, a timestamp among them", () => {
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

test("partitions are projected by Firehose's hour, under the source prefix", () => {
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

test("a table of Parquet has the classes of Hive for it, no header and another folder", () => {
  const { Parameters, StorageDescriptor } = table("flow_logs", { to: "parquet" });
  assert.deepEqual(columns("flow_logs", { to: "parquet" }), columns("flow_logs"));
  const { Columns, ...rest } = StorageDescriptor;
  assert.deepEqual(rest, {
    Location: "s3://tables/out/parquet/",
    InputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
    OutputFormat: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
    SerdeInfo: {
      SerializationLibrary: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
      Parameters: {},
    },
  });
  assert.equal(Parameters["skip.header.line.count"], undefined);
  assert.equal(Parameters["storage.location.template"], "s3://tables/out/parquet/AWSLogs/${datehour}/");
});

test("the other tables and the saved queries are the same with Parquet", () => {
  const parquet = template({ ...place, to: "parquet" });
  const queries = (of: typeof made) => of.findResources("AWS::Athena::NamedQuery");
  assert.deepEqual(queries(parquet), queries(made));
  for (const name of ["rejected", "receipts"]) assert.deepEqual(table(name, { to: "parquet" }), table(name));
});

test("tablePrefix replaces the source prefix in the partitions' path", () => {
  const { Parameters } = table("flow_logs", {
    sourcePrefix: "AWSLogs/2020/",
    tablePrefix: "AWSLogs/",
    tablesSince: "2020/01/01/00",
  });
  assert.equal(Parameters["storage.location.template"], "s3://tables/out/csv/AWSLogs/${datehour}/");
  assert.equal(Parameters["projection.datehour.range"], "2020/01/01/00,NOW");
});

test("partitions follow the layout and the time zone", () => {
  const more = {
    layout: "{account}/{region}/day={yyyy}-{MM}-{dd}",
    partitions: { region: ["eu-central-1", "us-east-1"] },
    timeZone: "Asia/Tokyo",
    tablesSince: "2020/01/31/07",
  };
  for (const [name, folder] of [
    ["flow_logs", "csv"],
    ["rejected", "rejected"],
  ] as const) {
    const { Parameters, PartitionKeys } = table(name, more);
    assert.deepEqual(
      PartitionKeys.map(({ Name }: any) => Name),
      ["account", "region", "datehour"],
    );
    assert.equal(Parameters["projection.account.type"], "injected");
    assert.equal(Parameters["projection.region.values"], "eu-central-1,us-east-1");
    assert.equal(Parameters["projection.datehour.format"], "'day='yyyy-MM-dd");
    assert.equal(Parameters["projection.datehour.range"], "day=2020-01-31,NOW+9HOURS");
    assert.equal(
      Parameters["storage.location.template"],
      `s3://tables/out/${folder}/AWSLogs/\${account}/\${region}/\${datehour}/`,
    );
  }
  const saved = Object.values(template({ ...place, ...more }).findResources("AWS::Athena::NamedQuery"));
  const query = saved.find(({ Properties }) => Properties.Name === "who-spoke-to-this-address")!.Properties.QueryString;
  assert.match(query, /as in 'day=2020-02-01'; account; the address/);
  assert.match(query, /WHERE datehour BETWEEN \? AND \?\n  AND "account" = \?\n  AND dstaddr = \?/);
});

test("there are tables of rejected events and of receipts", () => {
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

test("the tables are over the created bucket", () => {
  const created = template().findResources("AWS::Glue::Table");
  for (const { Properties } of Object.values(created)) {
    const [, [scheme, bucket]] = Properties.TableInput.StorageDescriptor.Location["Fn::Join"];
    assert.equal(scheme, "s3://");
    assert.match(bucket.Ref, /^StorageOutput/);
  }
});

test("formats with quotes use OpenCSVSerde, with an escape character that does not occur in logs", () => {
  assert.deepEqual(table("messages", { options: { format: "message" } }).StorageDescriptor.SerdeInfo, {
    SerializationLibrary: "org.apache.hadoop.hive.serde2.OpenCSVSerde",
    Parameters: { separatorChar: ",", quoteChar: '"', escapeChar: "\u0001" },
  });
});

test("one of AWS's own logs has its columns, as text in CSV, and AWS's own layout after the prefix", () => {
  const options = { format: "cloudtrail" };
  const sourcePrefix = "AWSLogs/111122223333/CloudTrail/";
  const csv = table("cloudtrail_logs", { options, sourcePrefix });
  assert.ok(csv.StorageDescriptor.Columns.every(({ Type }: any) => Type === "string"));
  assert.match(csv.StorageDescriptor.SerdeInfo.SerializationLibrary, /OpenCSVSerde$/);
  const parquet = new Map(columns("cloudtrail_logs", { options, sourcePrefix, to: "parquet" }));
  assert.equal(parquet.get("eventtime"), "timestamp");
  // JSON is text.
  assert.equal(parquet.get("useridentity"), "string");
  assert.deepEqual(
    [...parquet.keys()],
    columns("cloudtrail_logs", { options, sourcePrefix }).map(([name]) => name),
  );
  const path = "csv/AWSLogs/111122223333/CloudTrail/${region}/${datehour}/";
  assert.equal(csv.Parameters["storage.location.template"], `s3://tables/out/${path}`);
  assert.equal(csv.Parameters["projection.datehour.format"], "yyyy/MM/dd");
});

test("a log whose keys have no day is partitioned by the day in the output", () => {
  for (const [to, skipped] of [
    ["csv", "1"],
    ["parquet", undefined],
  ] as const) {
    const more = { options: { format: "cloudfront" }, sourcePrefix: "cdn/", to, tablesSince: "2020/01/31/07" };
    for (const [name, folder] of [
      ["cloudfront_logs", to],
      ["rejected", "rejected"],
    ] as const) {
      const { Parameters, PartitionKeys } = table(name, more);
      assert.deepEqual(PartitionKeys, [{ Name: "day", Type: "string" }]);
      assert.equal(Parameters["projection.day.range"], "2020-01-31,NOW");
      assert.equal(Parameters["storage.location.template"], `s3://tables/out/${folder}/day=\${day}/cdn/`);
      assert.equal(Parameters["projection.datehour.type"], undefined);
    }
    assert.equal(table("cloudfront_logs", more).Parameters["skip.header.line.count"], skipped);
  }
});

test("the tables of a regex come whole from the file that the deployment names", () => {
  const file = join(__dirname, "tables.regex.json");
  const { options } = JSON.parse(readFileSync(file, "utf8"));
  assert.deepEqual(columns("messages", { options, tables: file }), [
    ["timestamp", "string"],
    ["level", "string"],
    ["request_id", "string"],
    ["text", "string"],
  ]);
  const { Parameters } = table("messages", { options, tables: file });
  assert.equal(Parameters["storage.location.template"], "s3://tables/out/csv/AWSLogs/${datehour}/");
});

test("a regex without such a file is refused", () => {
  assert.throws(
    () => stack({ options: { message_regex: "(?P<text>.*)" } }),
    /^ConfigError: options has the format regex/,
  );
});

test("the database has the stack's name, in the characters that Athena allows", () => {
  const named = template({ stackName: "Flow-logs" });
  named.hasResourceProperties("AWS::Glue::Database", { DatabaseInput: { Name: "flow_logs" } });
  named.hasOutput("Database", { Value: { Ref: Match.stringLikeRegexp("^QueryDatabase") } });
  named.hasOutput("WorkGroup", { Value: { Ref: Match.stringLikeRegexp("^QueryWorkGroup") } });
});

test("the workgroup limits the bytes that a query scans, and encrypts results", () => {
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

test("query results are encrypted with the key of the rows", () => {
  const outputKey = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
  template({ ...place, outputKey }).hasResourceProperties("AWS::Athena::WorkGroup", {
    WorkGroupConfiguration: {
      ResultConfiguration: { EncryptionConfiguration: { EncryptionOption: "SSE_KMS", KmsKey: outputKey } },
    },
  });
});

test("query results expire, and cannot be a source", () => {
  assert.throws(
    () => stack({ sourceBucket: "tables", outputBucket: "tables", sourcePrefix: "athena/" }),
    /rehose writes to s3:\/\/tables\/athena\//,
  );
  template().hasResourceProperties("AWS::S3::Bucket", {
    LifecycleConfiguration: {
      Rules: Match.arrayWith([
        { Id: "ExpireQueryResults", Prefix: "athena/", Status: "Enabled", ExpirationInDays: 30 },
      ]),
    },
  });
});

test("every query of the format is saved in the workgroup, with a description, and every file is a query", () => {
  const saved = Object.values(made.findResources("AWS::Athena::NamedQuery"));
  const flowLogs = Object.entries(QUERIES).filter(([, { of }]) => of.includes("vpc-flow-logs"));
  const expected = [...flowLogs.map(([name]) => name), OF_JOBS].sort();
  assert.deepEqual(saved.map(({ Properties }) => Properties.Name).sort(), expected);
  assert.deepEqual(
    readdirSync(join(__dirname, "..", "lib", "queries")).sort(),
    [...Object.keys(QUERIES), OF_JOBS].map((name) => `${name}.sql`).sort(),
  );
  for (const { Properties, DependsOn } of saved) {
    assert.ok(Properties.Description.length > 20, Properties.Name);
    assert.equal(Properties.WorkGroup, "rehose");
    assert.match(DependsOn[0], /^QueryWorkGroup/);
  }
});

test("a query is left out if the tables lack its columns", () => {
  const names = (options: unknown) =>
    Object.values(template({ ...place, options }).findResources("AWS::Athena::NamedQuery"))
      .map(({ Properties }) => Properties.Name)
      .sort();
  assert.deepEqual(names({ format: "message" }), ["what-failed-in-job"]);
  assert.deepEqual(names({ fields: ["account-id", "bytes"] }), ["bytes-by-account-and-hour", "what-failed-in-job"]);
});

test("namedQueries=false saves no queries", () => {
  template({ namedQueries: "false" }).resourceCountIs("AWS::Athena::NamedQuery", 0);
  template({ namedQueries: false }).resourceCountIs("AWS::Glue::Table", 3);
});
