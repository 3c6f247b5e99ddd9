// The saved queries: for each log those that its format has, and one of the jobs of all logs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { columnsOf, type Layout, names, TIME, valueOf } from "./layout";
import type { Log } from "./log";
import { type Format, formatOf } from "./options";
import { type Column, isByTime, type Table, valueType } from "./tables";

/** A query in a file of `queries/`. */
interface QueryFile {
  /** The formats whose rows it reads. */
  readonly of: readonly Format[];
  /** The columns that it reads, in their order. */
  readonly needs: readonly string[];
}

const FLOW_LOGS: readonly Format[] = ["vpc-flow-logs", "tgw-flow-logs"];

/** The queries of rows, by the names of their files. */
export const QUERIES: Readonly<Record<string, QueryFile>> = {
  "top-talkers": { of: FLOW_LOGS, needs: ["srcaddr", "dstaddr", "packets", "bytes"] },
  "rejected-traffic-by-port": {
    of: FLOW_LOGS,
    needs: ["srcaddr", "dstport", "protocol", "packets", "action"],
  },
  "who-spoke-to-this-address": {
    of: FLOW_LOGS,
    needs: ["timestamp", "srcaddr", "dstaddr", "dstport", "protocol", "bytes", "action"],
  },
  "bytes-by-account-and-hour": { of: FLOW_LOGS, needs: ["timestamp", "account_id", "bytes"] },
};

/** The query of the receipts, which the logs share. */
export const OF_JOBS = "what-failed-in-job";

export interface SavedQuery {
  readonly name: string;
  readonly description?: string;
  readonly text: string;
}

/** The saved query of jobs. */
export function queryOfJobs(): SavedQuery {
  const text = read(OF_JOBS);
  return { name: OF_JOBS, description: description(text), text };
}

/** The saved queries of a log whose columns its table has. */
export function queriesOf({ options, tables: { rows }, layout }: Log): SavedQuery[] {
  const format = formatOf(options);
  const columns = new Map(rows.columns.map((column) => [column.name, column]));
  return Object.entries(QUERIES).flatMap(([file, { of, needs }]) => {
    const needed = needs.flatMap((name) => columns.get(name) ?? []);
    if (!of.includes(format) || needed.length < needs.length) return [];
    const text = read(file);
    const [table] = /(?<=FROM )\w+/.exec(text)!;
    const casts = needed.map((column) => cast(column, valueType(options, column.name)));
    const from = casts.every(isPlain) ? rows.name : "typed";
    const typed = from === "typed" ? withTypes(rows, casts, layout) : "";
    const body = text.replace(/^(?=SELECT)/m, () => typed).replaceAll(`FROM ${table}`, () => `FROM ${from}`);
    // A log whose table has a name of its own may be the second one of its format.
    const name = rows.name === table ? file : `${file} (${rows.name})`;
    return [{ name, description: description(text), text: withLayout(body, layout) }];
  });
}

/** The beginning of a query over a table whose columns are text: their values, and the partitions. */
function withTypes(rows: Table, casts: readonly Cast[], layout: Layout): string {
  const places = isByTime(rows) ? columnsOf(layout) : rows.partitions.map(({ name }) => name);
  const partitions = places.map((name) => `"${name}"`);
  const columns = [...casts.map(({ name, as }) => (as === `"${name}"` ? as : `${as} AS "${name}"`)), ...partitions];
  return `WITH typed AS (\n  SELECT ${columns.join(",\n    ")}\n  FROM ${rows.name}\n)\n`;
}

/** A column, and the expression for its values. */
interface Cast {
  readonly name: string;
  readonly as: string;
}

function isPlain({ name, as }: Cast): boolean {
  return as === `"${name}"`;
}

/** The values of a column of text in CSV, which has nothing for no value, and each backslash twice. */
function cast({ name, type }: Column, wanted = type): Cast {
  const column = `"${name}"`;
  if (type !== "string" || wanted === type) return { name, as: column };
  switch (wanted) {
    case "json":
      return { name, as: `NULLIF(replace(${column}, '\\\\', '\\'), '')` };
    case "timestamp":
      return { name, as: `CAST(from_iso8601_timestamp(NULLIF(${column}, '')) AS timestamp)` };
    default:
      return { name, as: `TRY_CAST(${column} AS ${wanted === "int" ? "integer" : wanted})` };
  }
}

/** The example of an hour in the files. */
const EXAMPLE = "2020/02/01/00";

/** A query for keys of this layout: it asks for the columns without which Athena refuses a query. */
function withLayout(query: string, layout: Layout): string {
  const needed = names(layout).flatMap(({ name, values }) => (values.length === 0 ? [name] : []));
  const hours = `${TIME} BETWEEN ? AND ?`;
  return query
    .replaceAll(`'${EXAMPLE}'`, `'${valueOf(layout, EXAMPLE)}'${needed.map((name) => `; ${name}`).join("")}`)
    .replaceAll(hours, [hours, ...needed.map((name) => `"${name}" = ?`)].join("\n  AND "));
}

function read(name: string): string {
  return readFileSync(join(__dirname, "queries", `${name}.sql`), "utf8");
}

/** The first line of a query. */
function description(text: string): string | undefined {
  return /^-- (.*)/.exec(text)?.[1];
}
