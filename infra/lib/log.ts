import { BOOLEAN, ConfigError, type ContextReader, quote } from "./context";
import { columnsOf, dayOf, expressionIn, FIREHOSE, type Layout, layoutAfter, parseLayout, taken } from "./layout";
import { type Merge, readMerge } from "./merge";
import { type MergedTables, mergedTables } from "./mergedTables";
import { FILE_KINDS, fileKindOf, formatOf, type Options, parseExclude, parseOptions } from "./options";
import { ANY, DAY, HOUR, OUTPUT_PREFIX, PREFIX, TABLE } from "./rules";
import { isByTime, type LogTables, tablesFor, usualLayout } from "./tables";
import known from "./tables.json";

/** A log: objects under some prefixes, whose rows have one shape, one place and one table. */
export interface Log {
  /**
   * The prefixes of its keys. No prefix begins with another one. The context value is `sourcePrefix`. Default: every key.
   */
  readonly sourcePrefixes: readonly string[];
  /** The prefix of its rows: empty, or with a trailing slash. Default: empty. */
  readonly outputPrefix: string;
  /** The shape of input and output, with the context value `to`. Default: VPC flow logs, as CSV. */
  readonly options: Options;
  /** Patterns of keys to leave out. Default: none. */
  readonly exclude: readonly string[];
  /** Records that Firehose could not deliver: left out, read too, or read alone. Default: skip. */
  readonly errors: string;
  /** The percentage of events that may fit no row, 0 to 100. With more, a job ends as rejected. Default: 10. */
  readonly maxRejected: number;
  /** Whether new objects are converted as they land. Default: `false`. */
  readonly realtime: boolean;
  /**
   * The path of a day's objects under a source prefix, with `{yyyy}`, `{MM}` and `{dd}` for the date in UTC. Each night, a
   * job looks there for objects without an output. Undefined if `reconcile` or `realtime` is `false`.
   * Default: the beginning of `layout`, which is `{yyyy}/{MM}/{dd}/` for the default.
   */
  readonly reconcile?: string;
  /** How objects are merged. Undefined if the context value `merge` is `false`, the default. */
  readonly merge?: Merge;
  /**
   * The tables over the output. From a file that the context value `tables` names, or built in. The context value
   * `tableName` is the name of that of the rows.
   */
  readonly tables: LogTables;
  /** The tables of merged rows. Undefined if nothing is merged. */
  readonly merged?: MergedTables;
  /** The part of the source's keys before the layout. Default: the first `sourcePrefix`. */
  readonly tablePrefix: string;
  /**
   * The part of the source's keys between `tablePrefix` and an object's name, with the values of its columns and its time
   * zone. The context values are `layout`, `partitions` and `timeZone`. Default: `{yyyy}/{MM}/{dd}/{HH}` in UTC.
   */
  readonly layout: Layout;
  /** The first hour that a query may find, as `yyyy/MM/dd/HH`. Default: `2015/06/01/00`, when AWS introduced flow logs. */
  readonly tablesSince: string;
}

/**
 * Reads the context values of a log.
 *
 * @throws ConfigError with the name, the value and an example.
 */
export function readLog(read: ContextReader): Log {
  const sourcePrefixes = read.texts("sourcePrefix", PREFIX, "AWSLogs/", "");
  const to = read.choice("to", FILE_KINDS, "csv");
  const options: Options = {
    ...parseOptions(read.json("options", '\'{"format":"message"}\'', {})),
    ...(to === "csv" ? {} : { to }),
  };
  const prefix = read.text("tablePrefix", PREFIX, "AWSLogs/", "");
  const tablePrefix = prefix || sourcePrefixes[0]!;
  const { layout, day } = readLayout(read, options, tablePrefix);
  const reconcile = read.text("reconcile", DAY, "{yyyy}/{MM}/{dd}/", day ?? "");
  const timeZone = read.text("timeZone", ANY, "Asia/Tokyo", "UTC");
  const parsed = parseLayout(layout, read.json("partitions", '\'{"account":["111122223333"]}\'', {}), timeZone);
  const realtime = read.choice("realtime", BOOLEAN, "false");
  const tablesFile = read.text("tables", ANY, "tables.json", "") || undefined;
  const found = tablesFor(options, tablesFile);
  const tableName = read.text("tableName", TABLE, "alb_logs", found.rows.name);
  const tables = { ...found, rows: { ...found.rows, name: tableName } };
  const merge = readMerge(read, layout, parsed, timeZone);
  const log: Log = {
    sourcePrefixes,
    outputPrefix: withSlash(read.text("outputPrefix", OUTPUT_PREFIX, "rehose/", "")),
    options,
    exclude: parseExclude(read.json("exclude", "'[\"tmp/*\"]'", [])),
    errors: read.choice("errors", { skip: "skip", too: "too", only: "only" }, "skip"),
    maxRejected: read.number("maxRejected", 0, 100, 10),
    realtime,
    reconcile: realtime && reconcile !== "false" ? reconcile : undefined,
    merge,
    tables,
    merged: merge && mergedTables(options, merge, parsed, tables.rows, tablesFile),
    tablePrefix,
    layout: parsed,
    tablesSince: read.text("tablesSince", HOUR, "2020/01/01/00", known.since),
  };
  refuseColumns(log, layout);
  if (prefix === "") refuseRepeatedPrefix(log, layout);
  refuseUnknownDay(log, layout);
  refuseNested(sourcePrefixes);
  refuseLineBreaks(log);
  return log;
}

/**
 * Reads the layout. Its default is AWS's own for AWS's own logs, as far as the prefix leaves it, and Firehose's for
 * others. `day` is the path of a day's objects, or undefined if they have none in common.
 */
function readLayout(read: ContextReader, options: Options, prefix: string): { layout: string; day?: string } {
  const usual = usualLayout(formatOf(options));
  // Keys without a day are placed by their names, whatever the layout is.
  if (usual === undefined) return { layout: read.text("layout", ANY, FIREHOSE, FIREHOSE) };
  const rest = usual === FIREHOSE ? usual : layoutAfter(prefix, usual);
  const layout = read.text("layout", ANY, FIREHOSE, rest ?? "");
  if (layout === "") {
    const problem = `is missing: keys that begin with ${quote(prefix)} do not have AWS's own layout, ${quote(usual)}`;
    throw new ConfigError("layout", problem, "'{region}/{yyyy}/{MM}/{dd}'");
  }
  return { layout, day: dayOf(layout) };
}

export function withSlash(prefix: string): string {
  return prefix === "" ? "" : `${prefix.replace(/\/+$/, "")}/`;
}

/**
 * A prefix that was copied from a delivery stream can have expressions, which Firehose fills in: no key has them.
 *
 * @throws ConfigError if a value of this reader has one.
 */
export function refuseExpressions(read: ContextReader): void {
  const examples = {
    sourcePrefix: "AWSLogs/",
    outputPrefix: "rehose/",
    tablePrefix: "AWSLogs/",
    reconcile: "{yyyy}/{MM}/{dd}/",
  };
  for (const [name, example] of Object.entries(examples)) {
    const expression = [read.given(name)]
      .flat()
      .map((value) => expressionIn(String(value)))
      .find((found) => found !== undefined);
    if (expression === undefined) continue;
    const give = "give what is before it, and the rest as layout with {yyyy}, {MM}, {dd} and {HH}";
    throw new ConfigError(
      name,
      `has ${quote(expression)}, an expression that Firehose fills in, so no key has it: ${give}`,
      example,
    );
  }
}

/** A table cannot have two columns of a name. */
function refuseColumns({ layout, tables }: Log, text: string): void {
  const byTime = [tables.rows, tables.rejected].filter(isByTime);
  const columns = new Set(byTime.flatMap((table) => table.columns.map(({ name }) => name)));
  const name = columnsOf(layout).find((name) => columns.has(name));
  if (name !== undefined)
    throw new ConfigError("layout", `is ${quote(text)} and ${taken(name)}`, "'{yyyy}/{MM}/{dd}/{HH}'");
}

/** The layout begins after the prefix: with both, the tables would look under the prefix twice. */
function refuseRepeatedPrefix({ tablePrefix }: Log, layout: string): void {
  if (tablePrefix === "" || !layout.startsWith(tablePrefix)) return;
  const problem = `is ${quote(layout)} and follows the prefix ${quote(tablePrefix)}: leave that out, or set tablePrefix`;
  throw new ConfigError("layout", problem, `'${layout.slice(tablePrefix.length)}'`);
}

/** The nightly job lists one path. */
function refuseUnknownDay({ reconcile }: Log, layout: string): void {
  if (reconcile !== "") return;
  const problem = `is missing: by the layout ${quote(layout)}, the objects of a day have no path in common`;
  throw new ConfigError("reconcile", problem, "false");
}

/** S3 refuses two notifications for the same object, and jobs over both prefixes would read it twice. */
function refuseNested(prefixes: readonly string[]): void {
  for (const [at, prefix] of prefixes.entries()) {
    const outer = prefixes.find((other, index) => index !== at && prefix.startsWith(other));
    if (outer === undefined) continue;
    const problem = `has ${quote(prefix)}, which ${quote(outer)} already covers`;
    throw new ConfigError("sourcePrefix", problem, "AWSLogs/,stash/");
  }
}

/** They have no effect on Parquet, and the functions refuse them. */
function refuseLineBreaks({ options }: Log): void {
  if (fileKindOf(options) === "csv" || options.line_breaks === undefined) return;
  const problem = "has line_breaks, but Parquet has line breaks as they are: leave it out, or write CSV";
  throw new ConfigError("options", problem, "csv", "to");
}
