// The tables over an output. They come from `rehose table`: lib/tables.json, which a test of the Rust crates writes and
// compares, has the tables of the built-in formats; for any other table, the deployment names a file that
// `rehose table --json` has written.
import { readFileSync } from "node:fs";
import { ConfigError, quote } from "./context";
import { columnsOf, FIREHOSE, type Layout, projection, templateOf, TIME, valueOf } from "./layout";
import { type FileKind, fileKindOf, type Format, formatOf, type Options } from "./options";
import known from "./tables.json";

/**
 * A table that Athena can read. Its strings may contain the placeholders `{output}`, `{prefix}`, `{since}` and `{since_day}`, and it has
 * the default layout.
 */
export interface Table {
  readonly name: string;
  readonly comment: string;
  /** In the order of the columns in the files. */
  readonly columns: readonly Column[];
  /** The columns whose values select a folder of files. */
  readonly partitions: readonly Column[];
  /** The class that reads the files. */
  readonly serde: string;
  readonly serde_parameters: Readonly<Record<string, string>>;
  /** The class that divides the files into rows, and the one that would write them. */
  readonly input_format: string;
  readonly output_format: string;
  readonly location: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface Column {
  readonly name: string;
  /** The type in Hive's spelling. */
  readonly type: string;
}

/** The parameter with the folder of a partition. */
const TEMPLATE = "storage.location.template";

/** The values of the placeholders. */
export interface Placeholders {
  /** The output, as `s3://bucket/` and its prefix. */
  readonly output: string;
  /** The part of the source's keys before the layout. */
  readonly prefix: string;
  /** The part of the source's keys between the prefix and an object's name. */
  readonly layout: Layout;
  /** The first hour that a query may find, as `yyyy/MM/dd/HH`. */
  readonly since: string;
}

/** The tables of a log. */
export interface LogTables {
  readonly rows: Table;
  readonly rejected: Table;
}

/** What became of each object of a job. The jobs of all logs have one ledger. */
export const RECEIPTS: Table = known.receipts;

/** The tables of merged rows, and of generations. */
export type Merging = readonly [Table, Table];

/** The output of `rehose table --json`. */
interface TablesFile {
  /** The options that the tables were made for. */
  readonly options: Options;
  /** Rows, rejected events and receipts. */
  readonly tables: readonly Table[];
  /** By what is merged together. Null if a column of the rows has the name of a partition. */
  readonly merging?: Readonly<Record<"hour" | "day", Merging | null>>;
}

/**
 * The tables of rows and rejected events for these options.
 *
 * @param file the path of a file that `rehose table --json` has written. Required for the format `regex`.
 * @throws ConfigError if the tables cannot be known, or the file does not have them.
 */
export function tablesFor(options: Options, file?: string): LogTables {
  if (file === undefined) {
    const rejected = isByDay(formatOf(options)) ? known.rejected_by_day : known.rejected;
    return { rows: rows(options), rejected };
  }
  const [first, rejected] = readTables(options, file).tables;
  return { rows: first!, rejected: rejected! };
}

/** The table with its placeholders filled in, and with another layout in place of the default. */
export function fill(table: Table, { output, prefix, layout, since }: Placeholders): Table {
  const since_day = since.slice(0, 10).replaceAll("/", "-");
  const values: Record<string, string> = { output, prefix, since: valueOf(layout, since), since_day };
  // Only the contents of JSON strings are replaced, so a value is inserted as JSON escapes it. ${output} is a column.
  const value = (name: string) => quote(values[name]).slice(1, -1);
  const filled = quote(withLayout(table, layout)).replace(/(?<!\$)\{(output|prefix|since|since_day)\}/g, (_, name) =>
    value(name),
  );
  return JSON.parse(filled);
}

/** Whether the files of a table are in the source's layout. Those of the receipts are not. */
export function isByTime({ partitions }: Table): boolean {
  return partitions.some(({ name }) => name === TIME);
}

function withLayout(table: Table, layout: Layout): Table {
  if (!isByTime(table)) return table;
  const template = table.parameters[TEMPLATE]?.replace(`\${${TIME}}`, () => templateOf(layout));
  return {
    ...table,
    partitions: columnsOf(layout).map((name) => ({ name, type: "string" })),
    parameters: { ...table.parameters, ...projection(layout), ...(template && { [TEMPLATE]: template }) },
  };
}

function rows(options: Options): Table {
  const { messages, flow_logs } = known.rows[fileKindOf(options)];
  const format = formatOf(options);
  switch (format) {
    case "message":
      return { ...messages, columns: [...messages.columns, { name: "message", type: "string" }] };
    case "regex":
      throw needsFile(
        options,
        "has the format regex",
        `--message-regex ${shellQuoted(options.message_regex ?? "(?P<column>...)")}`,
      );
    case "vpc-flow-logs":
      if (options.with !== undefined && options.with.length > 0) {
        throw needsFile(options, "has columns of the origin", `--with ${options.with.join()}`);
      }
      return { ...flow_logs, columns: [...flow_logs.columns, ...flowLogColumns(options)] };
    default:
      return logRows(options, format);
  }
}

/** What is known of one of AWS's own logs. */
interface KnownLog {
  readonly name: string;
  readonly comment: string;
  /** Each as `name type`, with its type in Parquet, and `json` for text that is JSON. */
  readonly columns: readonly string[];
  /** AWS's own layout of keys. Null if only the names of objects have a day: the output has a folder for it then. */
  readonly layout: string | null;
}

function knownLog(format: Format): KnownLog | undefined {
  const logs: Readonly<Record<string, KnownLog>> = known.formats;
  return Object.hasOwn(logs, format) ? logs[format] : undefined;
}

/** AWS's own layout of the keys of a log, or Firehose's. Undefined if keys have no folder for each day. */
export function usualLayout(format: Format): string | undefined {
  const log = knownLog(format);
  return log === undefined ? FIREHOSE : (log.layout ?? undefined);
}

/** Whether the output has a folder for each day, because keys have none. */
function isByDay(format: Format): boolean {
  return usualLayout(format) === undefined;
}

/** The table of one of AWS's own logs. In CSV, every column is text. */
function logRows(options: Options, format: Format): Table {
  const log = knownLog(format);
  const flags = `--format ${format}`;
  if (log === undefined) throw needsFile(options, `has the format ${format}`, flags);
  if (options.with !== undefined && options.with.length > 0) {
    throw needsFile(options, "has columns of the origin", `${flags} --with ${options.with.join()}`);
  }
  const kind = fileKindOf(options);
  const { name, comment } = log;
  const inFile = ({ name, type }: Column) => ({ name, type: kind === "csv" || type === "json" ? "string" : type });
  const table = { ...known.rows[kind].messages, name, comment, columns: columnsOfLog(log).map(inFile) };
  return isByDay(format) ? byDay(table, kind) : table;
}

/** The same table over a folder for each day. */
function byDay(table: Table, kind: FileKind): Table {
  const { partitions, parameters } = known.rejected_by_day;
  const own = Object.entries(table.parameters).filter(([name]) => !name.startsWith(`projection.${TIME}.`));
  const template = parameters[TEMPLATE].replace("rejected/", `${kind}/`);
  return { ...table, partitions, parameters: { ...Object.fromEntries(own), ...parameters, [TEMPLATE]: template } };
}

function columnsOfLog({ columns }: KnownLog): Column[] {
  return columns.map((column) => {
    const [name, type] = column.split(" ") as [string, string];
    return { name, type };
  });
}

/** The type of a column's values, whatever the type is by which a table has them. Undefined if only the user knows it. */
export function valueType(options: Options, column: string): string | undefined {
  const log = knownLog(formatOf(options));
  if (log) return columnsOfLog(log).find(({ name }) => name === column)?.type;
  const types: Readonly<Record<string, string>> = { timestamp: "timestamp", ...known.fields };
  return types[column.replaceAll("_", "-")];
}

function needsFile({ to }: Options, problem: string, flags: string): ConfigError {
  return new ConfigError(
    "options",
    `${problem}, so the tables must come from a file that rehose table --json has written: ` +
      `rehose table --json ${to === undefined ? "" : `--to ${to} `}${flags} > tables.json`,
    "tables.json",
    "tables",
  );
}

/** A field's column has its name, with underscores for hyphens. */
function flowLogColumns(options: Options): Column[] {
  const fields = options.fields ?? known.default_fields;
  const isText = (field: unknown): field is string => typeof field === "string";
  if (isText(fields) || !fields.every(isText)) {
    throw needsFile(options, "has fields in another form than one list of names", "--fields ...");
  }
  const types: Readonly<Record<string, string>> = known.fields;
  const example = '\'{"fields":["srcaddr","dstaddr"]}\'';
  return fields.map((field, index) => {
    const type = Object.hasOwn(types, field) ? types[field] : undefined;
    if (type === undefined) {
      const problem = `has the field ${quote(field)}, which is not one of ${Object.keys(types).join(", ")}`;
      throw new ConfigError("options", problem, example);
    }
    if (fields.indexOf(field) < index) throw new ConfigError("options", `has the field ${quote(field)} twice`, example);
    return { name: field.replaceAll("-", "_"), type };
  });
}

/**
 * Reads a file of `rehose table --json`.
 *
 * @throws ConfigError if it is none, or was written for other options.
 */
export function readTables(options: Options, path: string): TablesFile {
  const wrong = (problem: string) => new ConfigError("tables", `is ${quote(path)}, ${problem}`, "tables.json");
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw wrong(`which cannot be read (${(error as Error).message}): write it with rehose table --json`);
  }
  if (!isTablesFile(parsed)) throw wrong("which is not the output of rehose table --json");
  if (shape(parsed.options) !== shape(options)) {
    throw wrong(`which was written for other options: ${shape(parsed.options)}, not ${shape(options)}`);
  }
  // The name of a created bucket is known only when the stack is deployed.
  if (!parsed.tables.every(({ location }) => location.startsWith("{output}"))) {
    throw wrong("whose tables name a location: write it with rehose table --json and without --location");
  }
  return parsed;
}

/** The options that decide about the tables. */
function shape(options: Options): string {
  const format = formatOf(options);
  // Values that are the default are left out, so that both forms are equal.
  const common = {
    to: fileKindOf(options) === "csv" ? undefined : options.to,
    with: options.with?.length ? options.with : undefined,
  };
  if (format === "message") return quote({ format, ...common });
  if (format === "regex") return quote({ format, message_regex: options.message_regex, ...common });
  return quote({ format, fields: options.fields ?? known.default_fields, ...common });
}

function isTablesFile(value: unknown): value is TablesFile {
  if (!isObject(value)) return false;
  const { options, tables, merging } = value;
  return (
    isObject(options) &&
    Array.isArray(tables) &&
    tables.length === 3 &&
    tables.every(isTable) &&
    (merging === undefined || (isObject(merging) && Object.values(merging).every(isMerging)))
  );
}

function isMerging(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 2 && value.every(isTable));
}

function isTable(value: unknown): value is Table {
  if (!isObject(value)) return false;
  const { name, comment, columns, partitions, serde, serde_parameters, location, parameters } = value;
  const { input_format, output_format } = value;
  return (
    [name, comment, serde, input_format, output_format, location].every((text) => typeof text === "string") &&
    [columns, partitions].every((list) => Array.isArray(list) && list.length > 0 && list.every(isColumn)) &&
    [serde_parameters, parameters].every(hasOnlyStrings)
  );
}

function isColumn(value: unknown): boolean {
  return isObject(value) && typeof value.name === "string" && typeof value.type === "string";
}

function hasOnlyStrings(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((one) => typeof one === "string");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
