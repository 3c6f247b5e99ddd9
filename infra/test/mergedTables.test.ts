import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { readConfig } from "../lib/config";
import type { Log } from "../lib/log";
import { context, template } from "./synth";
import views from "./views.json";

const place = { outputBucket: "tables", outputPrefix: "out", merge: true };

/** The tables and the view in the catalog, by name. */
function catalog(more: Record<string, unknown> = {}): Record<string, any> {
  const found = Object.values(template({ ...place, ...more }).findResources("AWS::Glue::Table"));
  return Object.fromEntries(found.map(({ Properties: { TableInput } }) => [TableInput.Name, TableInput]));
}

test("without merge, there are no tables of merged rows and no view", () => {
  assert.deepEqual(Object.keys(catalog({ merge: false })), ["flow_logs", "rejected", "receipts"]);
  assert.deepEqual(Object.keys(catalog()), [
    "flow_logs",
    "rejected",
    "merged",
    "generations",
    "all_flow_logs",
    "receipts",
  ]);
});

test("merged rows have the types of Parquet and a count of records, by day and hour", () => {
  const { merged } = catalog({ options: { format: "message" }, tablesSince: "2020/01/31/07" });
  assert.deepEqual(merged.StorageDescriptor.Columns, [
    { Name: "timestamp", Type: "timestamp" },
    { Name: "message", Type: "string" },
    { Name: "records", Type: "bigint" },
  ]);
  assert.deepEqual(merged.PartitionKeys, [
    { Name: "day", Type: "string" },
    { Name: "hour", Type: "string" },
  ]);
  assert.equal(merged.Parameters["projection.day.range"], "2020-01-31,NOW");
  assert.equal(merged.Parameters["storage.location.template"], "s3://tables/out/merged/day=${day}/hour=${hour}/");
});

test("generations are JSON, by day alone if days are merged", () => {
  const { generations } = catalog({ mergePer: "day" });
  assert.equal(generations.StorageDescriptor.SerdeInfo.SerializationLibrary, "org.openx.data.jsonserde.JsonSerDe");
  assert.equal(generations.Parameters["storage.location.template"], "s3://tables/out/generations/${day}/");
  assert.deepEqual(generations.PartitionKeys, [{ Name: "day", Type: "string" }]);
});

test("views are those of the crate", () => {
  for (const { options, layout, per, query } of views) {
    const { to, ...rest } = options as Record<string, unknown>;
    const more = { merge: true, options: rest, layout, mergePer: per, ...(to ? { to } : {}) };
    const [{ merged }] = readConfig(context(more)).logs as [Log];
    assert.equal(merged!.view?.query ?? null, query, JSON.stringify(more));
  }
});

test("the view is kept as Athena keeps one, with every column of the query and Trino's types", () => {
  const { all_flow_logs: view } = catalog({ stackName: "Flow-logs", options: { fields: ["srcport", "bytes"] } });
  assert.equal(view.TableType, "VIRTUAL_VIEW");
  assert.equal(view.Parameters.presto_view, "true");
  const [, base64] = /^\/\* Presto View: (.*) \*\/$/.exec(view.ViewOriginalText)!;
  const { originalSql, ...rest } = JSON.parse(Buffer.from(base64!, "base64").toString());
  assert.match(originalSql, /^WITH generation AS \(/);
  const columns = [
    { name: "timestamp", type: "timestamp" },
    { name: "srcport", type: "integer" },
    { name: "bytes", type: "bigint" },
    { name: "records", type: "bigint" },
    { name: "day", type: "varchar" },
    { name: "hour", type: "varchar" },
    { name: "datehour", type: "varchar" },
  ];
  assert.deepEqual(rest, { catalog: "awsdatacatalog", schema: "flow_logs", columns });
  assert.deepEqual(
    view.StorageDescriptor.Columns.map(({ Name }: any) => Name),
    columns.map(({ name }) => name),
  );
});

test("the tables of a regex come from the file, which must have them", () => {
  const folder = mkdtempSync(join(tmpdir(), "rehose-merged-"));
  process.on("exit", () => rmSync(folder, { recursive: true }));
  const written = JSON.parse(readFileSync(join(__dirname, "tables.regex.json"), "utf8"));
  const file = (name: string, contents: unknown) => {
    writeFileSync(join(folder, name), JSON.stringify(contents));
    return { options: written.options, tables: join(folder, name) };
  };
  const names = catalog(file("whole", written)).merged.StorageDescriptor.Columns.map(({ Name }: any) => Name);
  assert.deepEqual(names, ["timestamp", "level", "request_id", "text", "records"]);
  const { merging, ...older } = written;
  const without = /^ConfigError: tables is ".*" and has no tables of merged rows: write it with this version/;
  assert.throws(() => catalog(file("older", older)), without);
  assert.throws(() => catalog(file("taken", { ...older, merging: { ...merging, hour: null } })), without);
  assert.throws(
    () => catalog(file("wrong", { ...older, merging: { hour: [] } })),
    /not the output of rehose table --json/,
  );
  assert.ok(readConfig(context({ ...file("unused", older) })));
});
