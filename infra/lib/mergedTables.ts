// The tables of merged rows, and the view of all rows, as `crates/catalog` defines them.
import { ConfigError } from "./context";
import { type Layout, names, TIME, UNIT_LENGTHS, type Unit } from "./layout";
import type { Merge } from "./merge";
import type { Options } from "./options";
import { type Column, isByTime, type Merging, readTables, type Table, tablesFor } from "./tables";
import known from "./tables.json";

/** What a stack that merges has beside the tables of every stack. */
export interface MergedTables {
  readonly tables: readonly Table[];
  /** Undefined if the keys of rows do not have the time of merged rows, or have names beside it. */
  readonly view?: View;
}

/** A view for Athena. */
export interface View {
  readonly name: string;
  readonly query: string;
  /** In Hive's spelling. */
  readonly columns: readonly Column[];
}

/**
 * The tables of merged rows for these options.
 *
 * @param rows the table of the rewritten rows
 * @param file the path of a file that `rehose table --json` has written. Required for the format `regex`.
 * @throws ConfigError if the file does not have them.
 */
export function mergedTables(
  options: Options,
  { settings: { per } }: Merge,
  layout: Layout,
  rows: Table,
  file?: string,
): MergedTables {
  const tables = file === undefined ? builtIn(options, per) : inFile(options, per, file);
  return { tables, view: viewOf(rows, tables[0], layout, per) };
}

/** All columns of merged rows have the types of Parquet. */
function builtIn(options: Options, per: Per): Merging {
  const parquet = tablesFor({ ...options, to: "parquet" }).rows;
  const [merged, generations] = known.merging[per] as unknown as Merging;
  return [{ ...merged, columns: [...parquet.columns, { name: "records", type: "bigint" }] }, generations];
}

function inFile(options: Options, per: Per, file: string): Merging {
  const found = readTables(options, file).merging?.[per];
  if (found) return found;
  const problem = "has no tables of merged rows: write it with this version of rehose table --json";
  throw new ConfigError("tables", `is ${JSON.stringify(file)} and ${problem}`, "tables.json");
}

type Per = Merge["settings"]["per"];

/** The view of all rows, as `View::new` in the crate makes it. */
function viewOf(rows: Table, merged: Table, layout: Layout, per: Per): View | undefined {
  const day = place(layout, "yyyy", "MM", "dd");
  const hour = per === "day" ? "" : place(layout, "HH");
  if (!isByTime(rows) || names(layout).length > 0 || day === undefined || hour === undefined) return undefined;
  const values: Record<string, string> = {
    merged_columns: merged.columns.map(({ name }) => `merged."${name}"`).join(", "),
    rows_columns: [...rows.columns.map((column, at) => cast(column, merged.columns[at]!)), "1"].join(", "),
    rows: `"${rows.name}"`,
    datehour: valueOfMerged(layout, per),
    day,
    hour,
  };
  const time = per === "day" ? ["day", TIME] : ["day", "hour", TIME];
  return {
    name: `all_${rows.name}`,
    query: known.views[per].replace(/\{(\w+)\}/g, (_, name) => values[name]!),
    columns: [...merged.columns, ...time.map((name) => ({ name, type: "string" }))],
  };
}

/** A column of rows in the type of merged rows. In CSV, some tables have only text. */
function cast({ name, type }: Column, { type: wanted }: Column): string {
  if (type === wanted) return `"${name}"`;
  if (wanted === "timestamp") return `CAST(from_iso8601_timestamp("${name}") AS timestamp)`;
  return `TRY_CAST("${name}" AS ${wanted === "int" ? "integer" : wanted})`;
}

/** An expression for parts of the time of a row. Undefined if its key does not have them. */
function place({ time }: Layout, ...units: Unit[]): string | undefined {
  let begin = 1;
  const found: string[] = [];
  for (const part of time) {
    const length = "unit" in part ? UNIT_LENGTHS[part.unit] : "text" in part ? [...part.text].length : 0;
    if ("unit" in part && units.includes(part.unit)) found.push(`substr(${TIME}, ${begin}, ${length})`);
    begin += length;
  }
  return found.length === units.length ? found.join(" || '-' || ") : undefined;
}

/** An expression for the value of the time that a merged row would have; of a day, the first. */
function valueOfMerged({ time }: Layout, per: Per): string {
  const units: Record<Unit, string> = {
    yyyy: "substr(merged.day, 1, 4)",
    MM: "substr(merged.day, 6, 2)",
    dd: "substr(merged.day, 9, 2)",
    HH: per === "day" ? "'00'" : "merged.hour",
  };
  return time.map((part) => ("unit" in part ? units[part.unit] : `'${"text" in part ? part.text : ""}'`)).join(" || ");
}
