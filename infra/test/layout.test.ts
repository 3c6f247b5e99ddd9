import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ConfigError } from "../lib/context";
import { dayOf, layoutAfter, parseLayout, projection } from "../lib/layout";
import { fill, RECEIPTS, type Table, tablesFor } from "../lib/tables";

interface Values {
  layout: string;
  partitions: Record<string, string[]>;
  timeZone: string;
}

// What `rehose table` makes of layouts, which a test of crates/catalog writes and compares.
const known: {
  accepted: (Values & Record<"rows" | "rejected", Pick<Table, "partitions" | "parameters">>)[];
  refused: (Values & { reason: string })[];
} = JSON.parse(readFileSync(join(__dirname, "layouts.json"), "utf8"));

for (const { layout, partitions, timeZone, rows, rejected } of known.accepted) {
  test(`as the command has it: ${layout} with ${JSON.stringify(partitions)} in ${timeZone}`, () => {
    const place = { output: "s3://tables/out/", prefix: "stash/", since: "2020/01/31/05" };
    const parsed = parseLayout(layout, partitions, timeZone);
    const made = (table: Table) => {
      const { partitions, parameters } = fill(table, { ...place, layout: parsed });
      return { partitions, parameters };
    };
    const tables = tablesFor({});
    assert.deepEqual([made(tables.rows), made(tables.rejected)], [rows, rejected]);
    assert.deepEqual(made(RECEIPTS).partitions, [{ name: "job", type: "string" }]);
  });
}

for (const { layout, partitions, reason } of known.refused) {
  test(`refused as the command does: ${layout} with ${JSON.stringify(partitions)}`, () => {
    const message = `layout is ${JSON.stringify(layout)} and ${reason}; for example -c layout='{yyyy}/{MM}/{dd}/{HH}'`;
    assert.throws(
      () => parseLayout(layout, partitions, "UTC"),
      (error) => error instanceof ConfigError && error.message === message,
    );
  });
}

test("values of partitions are lists of texts", () => {
  for (const partitions of [{ account: "1" }, { account: [1] }, { account: [] }, ["account"], "account", null]) {
    assert.throws(
      () => parseLayout("{account}/{yyyy}", partitions, "UTC"),
      /^ConfigError: partitions is .* and must have a list of texts for each name; for example -c partitions='{"account":\["111122223333"\]}'$/,
    );
  }
});

test("the range of a zone ends with its latest clock", () => {
  for (const [zone, end] of [
    ["UTC", "NOW"],
    ["Australia/Lord_Howe", "NOW+11HOURS"],
    ["Africa/Casablanca", "NOW+1HOURS"],
    ["Pacific/Pago_Pago", "NOW"],
    ["+00:30", "NOW+1HOURS"],
    ["-12:00", "NOW"],
  ] as const) {
    assert.equal(projection(parseLayout("{yyyy}", {}, zone))["projection.datehour.range"], `{since},${end}`, zone);
  }
  for (const zone of ["Tokyo", "Asia/Edo", "+9", "+15", "+15:00", "+09:60"]) {
    assert.throws(
      () => parseLayout("{yyyy}", {}, zone),
      /^ConfigError: timeZone is ".*" and is no time zone: .*; for example -c timeZone=Asia\/Tokyo$/,
      zone,
    );
  }
});

test("a day has the path of its hours, if it is one", () => {
  assert.equal(dayOf("{yyyy}/{MM}/{dd}/{HH}"), "{yyyy}/{MM}/{dd}/");
  assert.equal(dayOf("year={yyyy}/month={MM}/day={dd}/hour={HH}"), "year={yyyy}/month={MM}/day={dd}/");
  assert.equal(dayOf("{yyyy}-{MM}-{dd}"), "{yyyy}-{MM}-{dd}/");
  assert.equal(dayOf("vpc/{yyyy}-{MM}-{dd}T{HH}"), "vpc/{yyyy}-{MM}-{dd}T");
  assert.equal(dayOf("{yyyy}/{MM}/{dd}/{region}"), "{yyyy}/{MM}/{dd}/");
  assert.equal(dayOf("{account}/{yyyy}/{MM}/{dd}"), undefined);
  assert.equal(dayOf("{yyyy}/{MM}"), undefined);
});

test("a prefix leaves the rest of AWS's own layout, or does not have it", () => {
  const usual = "AWSLogs/{account}/CloudTrail/{region}/{yyyy}/{MM}/{dd}";
  for (const [prefix, rest] of [
    ["", usual],
    ["trails/", usual],
    ["AWSLogs/", "{account}/CloudTrail/{region}/{yyyy}/{MM}/{dd}"],
    ["trails/AWSLogs/111122223333/CloudTrail/", "{region}/{yyyy}/{MM}/{dd}"],
    ["AWSLogs/111122223333/CloudTrail/us-gov-west-1/", "{yyyy}/{MM}/{dd}"],
    ["AWSLogs/111122223333/CloudTrail/us-gov-west-1/2026/", undefined],
    ["AWSLogs/o-1/111122223333/CloudTrail/", undefined],
    ["AWSLogs/1111", undefined],
    ["trails", undefined],
  ] as const)
    assert.equal(layoutAfter(prefix, usual), rest, prefix);
});
