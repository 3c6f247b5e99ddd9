// The saved queries of each format. tests/athena runs them, and works out their answers.
import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../lib/config";
import { OF_JOBS, QUERIES, queriesOf } from "../lib/savedQueries";
import known from "../lib/tables.json";
import { context, template } from "./synth";

const FORMATS = Object.keys(known.formats);

function queries(format: string, more: Record<string, unknown> = {}) {
  const [log] = readConfig(context({ sourcePrefix: "", options: { format }, ...more })).logs;
  return queriesOf(log!);
}

test("every one of AWS's own logs has a saved query, and only those of its format", () => {
  for (const format of FORMATS) {
    const names = queries(format).map(({ name }) => name);
    const expected = Object.entries(QUERIES).filter(([, { of }]) => (of as readonly string[]).includes(format));
    assert.deepEqual(
      names,
      expected.map(([name]) => name),
    );
    assert.notEqual(names.length, 0, format);
  }
  assert.deepEqual(queries("message"), []);
});

test("a query needs exactly the columns that it names", () => {
  for (const format of FORMATS) {
    const columns = known.formats[format as "alb"].columns.map((column) => column.split(" ")[0]!);
    for (const { name, text } of queries(format, { to: "parquet" })) {
      const query = text
        .replace(/^--.*$/gm, "")
        .replace(/'[^']*'/g, "")
        .replace(/ AS \w+/g, "");
      const named = columns.filter((column) => new RegExp(`\\b${column}\\b`).test(query));
      assert.deepEqual([...QUERIES[name]!.needs].sort(), named.sort(), name);
    }
  }
});

test("over CSV, a query gives its columns their types, and over Parquet it reads the table as it is", () => {
  const [csv] = queries("alb");
  assert.match(csv!.text, /^-- Answers .*\n-- Parameters: .*\nWITH typed AS \(\n/);
  for (const line of [
    '  SELECT CAST(from_iso8601_timestamp(NULLIF("time", \'\')) AS timestamp) AS "time",',
    '    NULLIF("elb", \'\') AS "elb",',
    '    TRY_CAST("elb_status_code" AS integer) AS "elb_status_code",',
    '    "account",\n    "region",\n    "datehour"\n  FROM alb_logs\n)\nSELECT elb, ',
    "\nFROM typed\n",
  ])
    assert.ok(csv!.text.includes(line), line);
  const [parquet] = queries("alb", { to: "parquet" });
  assert.doesNotMatch(parquet!.text, /typed|NULLIF/);
  assert.match(parquet!.text, /\nFROM alb_logs\nWHERE datehour BETWEEN \? AND \?\n  AND "account" = \?\n/);
  const [, trail] = queries("cloudtrail");
  assert.ok(trail!.text.includes("replace(\"useridentity\", '\\\\', chr(57344))"), trail!.text);
});

test("parameters are those of the layout: hours, days, other columns, or the day of the output", () => {
  const parameters = (format: string, more = {}) => /Parameters: (.*)\./.exec(queries(format, more)[0]!.text)![1];
  assert.equal(parameters("waf"), "the first and the last hour, as in '2020/02/01/00'; account; region; webacl");
  assert.equal(
    parameters("cloudtrail", { sourcePrefix: "AWSLogs/1/CloudTrail/eu-central-1/" }),
    "the first and the last day, as in '2020/02/01'; the bucket; the key",
  );
  assert.equal(parameters("cloudfront"), "the first and the last day, as in '2020-02-01'");
});

test("a table with another name has queries of its own", () => {
  const logs = [
    { prefix: "a/", format: "waf", outputPrefix: "a/" },
    { prefix: "b/", format: "waf", outputPrefix: "b/", tableName: "shop_waf_logs", to: "parquet" },
  ];
  const saved = Object.values(template({ logs }).findResources("AWS::Athena::NamedQuery"));
  const texts = new Map(saved.map(({ Properties }) => [Properties.Name, Properties.QueryString]));
  const names = ["waf-top-blocked-rules", "waf-top-blocked-rules (shop_waf_logs)", OF_JOBS];
  assert.deepEqual([...texts.keys()], names);
  assert.match(texts.get(names[1]), /\nFROM shop_waf_logs\n/);
});

test("flow logs with columns of the origin are text too, and their queries convert it", () => {
  // The table comes from a file, which `rehose table --json --with owner` would write.
  const [log] = readConfig(context()).logs;
  const { rows, rejected } = log!.tables;
  const columns = rows.columns.map(({ name }) => ({ name, type: "string" }));
  const [talkers] = queriesOf({ ...log!, tables: { rows: { ...rows, columns }, rejected } });
  assert.ok(talkers!.text.includes('TRY_CAST("bytes" AS bigint) AS "bytes"'), talkers!.text);
});
