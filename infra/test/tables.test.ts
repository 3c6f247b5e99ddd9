import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigError } from "../lib/context";
import { parseLayout } from "../lib/layout";
import type { Options } from "../lib/options";
import { fill, RECEIPTS, type Table, tablesFor } from "../lib/tables";

// The output of `rehose table --json --message-regex ...`, which a test of the command compares.
const FILE = join(__dirname, "tables.regex.json");
const { options, tables } = JSON.parse(readFileSync(FILE, "utf8")) as { options: Options; tables: Table[] };

const folder = mkdtempSync(join(tmpdir(), "rehose-tables-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
let files = 0;
function file(contents: unknown): string {
  const path = join(folder, `${files++}.json`);
  writeFileSync(path, typeof contents === "string" ? contents : JSON.stringify(contents));
  return path;
}

const inFile = { rows: tables[0], rejected: tables[1] };

/** Tables as a file has them. */
function written(options: Options): Table[] {
  const { rows, rejected } = tablesFor(options);
  return [rows, rejected, RECEIPTS];
}

function columns(table?: Table): string[] {
  return table!.columns.map(({ name, type }) => `${name} ${type}`);
}

test("the columns of flow logs are the fields, with their types", () => {
  const fields = ["end", "srcaddr", "traffic-path", "instance-tag-2"];
  const { rows } = tablesFor({ fields });
  assert.equal(rows.name, "flow_logs");
  assert.deepEqual(columns(rows), [
    "timestamp timestamp",
    "end bigint",
    "srcaddr string",
    "traffic_path int",
    "instance_tag_2 string",
  ]);
});

test("the format message has one column beside the timestamp", () => {
  const { rows } = tablesFor({ format: "message" });
  assert.equal(rows.name, "messages");
  assert.deepEqual(columns(rows), ["timestamp string", "message string"]);
});

test("in Parquet, the timestamp of messages is one", () => {
  const { rows } = tablesFor({ format: "message", to: "parquet" });
  assert.deepEqual(columns(rows), ["timestamp timestamp", "message string"]);
});

test("the tables of any format can come from a file, unchanged", () => {
  assert.deepEqual(tablesFor(options, FILE), inFile);
  assert.deepEqual(tablesFor({ format: "regex", ...options }, FILE), inFile);
  const flowLogs = { options: {}, tables: written({}) };
  assert.deepEqual(tablesFor({ format: "vpc-flow-logs" }, file(flowLogs)), tablesFor({}));
});

test("options that do not affect the columns may differ from those of the file", () => {
  assert.deepEqual(tablesFor({ ...options, dialect: "cloudwatch" }, FILE), inFile);
  assert.deepEqual(
    tablesFor({ format: "message" }, file({ options: { format: "message", dialect: "regex" }, tables })),
    inFile,
  );
});

const [rows, ...others] = tables as [Table, Table, Table];
const refused: [string, Options, string | undefined, RegExp][] = [
  [
    "an unknown field",
    { fields: ["srcaddr", "nope"] },
    undefined,
    /^options has the field "nope", which is not one of account-id, .*; for example -c options=/,
  ],
  ["a repeated field", { fields: ["end", "end"] }, undefined, /^options has the field "end" twice; for example/],
  [
    "a regex without a file",
    { message_regex: "^(?P<who>it's)$" },
    undefined,
    /^options has the format regex, so .*: rehose table --json --message-regex '\^\(\?P<who>it'\\''s\)\$' > tables.json; for example -c tables=tables.json$/,
  ],
  [
    "a missing file",
    options,
    join(folder, "none"),
    /^tables is ".*none", which cannot be read \(ENOENT.*\): write it with/,
  ],
  [
    "a file that is not JSON",
    options,
    file("CREATE TABLE"),
    /^tables is ".*", which cannot be read \(.*JSON.*\): write/,
  ],
  [
    "a file of other JSON",
    options,
    file(tables),
    /which is not the output of rehose table --json; for example -c tables=/,
  ],
  ["a file without options", options, file({ tables }), /not the output of rehose table --json/],
  ["a file with one table", options, file({ options, tables: [rows] }), /not the output of rehose table --json/],
  ...Object.keys(rows).map((key): [string, Options, string, RegExp] => [
    `a table without ${key}`,
    options,
    file({ options, tables: [{ ...rows, [key]: undefined }, ...others] }),
    /not the output of rehose table --json/,
  ]),
  [
    "a table with a column without a type",
    options,
    file({ options, tables: [{ ...rows, columns: [{ name: "timestamp" }] }, ...others] }),
    /not the output of rehose table --json/,
  ],
  [
    "a file for another regex",
    { message_regex: "(?P<text>.*)" },
    FILE,
    /which was written for other options: {"format":"regex","message_regex":"\^.*"}, not {"format":"regex","message_regex":"\(\?P<text>\.\*\)"};/,
  ],
  [
    "a file for another format",
    {},
    FILE,
    /written for other options: .*, not {"format":"vpc-flow-logs","fields":\["version",/,
  ],
  [
    "a file for other fields",
    { fields: ["end"] },
    file({ options: { fields: ["start"] }, tables: written({ fields: ["start"] }) }),
    /written for other options: .*"start".*, not .*"end"/,
  ],
  [
    "a file for another kind of files",
    { ...options, to: "parquet" },
    FILE,
    /written for other options: {"format":"regex","message_regex":".*"}, not {.*,"to":"parquet"};/,
  ],
  [
    "a file for other columns of the origin",
    { with: ["owner"] },
    file({ options: { with: ["id"] }, tables: written({}) }),
    /written for other options: {.*,"with":\["id"\]}, not {.*,"with":\["owner"\]};/,
  ],
  [
    "a file that names a location",
    options,
    file({ options, tables: [{ ...rows, location: "s3://tables/csv/" }, ...others] }),
    /whose tables name a location: write it with rehose table --json and without --location; for example/,
  ],
];
for (const [name, given, path, message] of refused) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => tablesFor(given, path),
      (error) => error instanceof ConfigError && message.test(error.message),
    );
  });
}

test("placeholders are filled in everywhere, whatever characters the values have", () => {
  const layout = parseLayout("{yyyy}/{MM}/{dd}/{HH}", {}, "UTC");
  const values = { output: 's3://a/"quoted"/', prefix: "back\\slash/", layout, since: "2020/01/01/00" };
  const filled = fill(tablesFor({}).rows, values);
  assert.equal(filled.location, 's3://a/"quoted"/csv/');
  assert.equal(filled.parameters["storage.location.template"], 's3://a/"quoted"/csv/back\\slash/${datehour}/');
  assert.equal(filled.parameters["projection.datehour.range"], "2020/01/01/00,NOW");
  for (const table of written({}))
    assert.doesNotMatch(JSON.stringify(fill(table, values)), /\{(output|prefix|since)\}/);
});

test("a column may have the name of a placeholder", () => {
  const layout = parseLayout("{output}/{since}/{yyyy}", {}, "UTC");
  const filled = fill(tablesFor({}).rows, { output: "s3://a/", prefix: "b/", layout, since: "2020/01/01/00" });
  assert.equal(filled.parameters["storage.location.template"], "s3://a/csv/b/${output}/${since}/${datehour}/");
  assert.equal(filled.parameters["projection.datehour.range"], "2020,NOW");
});
