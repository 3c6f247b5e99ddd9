// The logs of a stack: those that the context value `logs` lists, or the one that the other values describe.
import { ConfigError, type ContextReader, quote } from "./context";
import { type Log, readLog, refuseExpressions } from "./log";
import { RECEIPTS, type Table } from "./tables";
import known from "./tables.json";

const EXAMPLE = '\'[{"prefix":"vpc/"},{"prefix":"elb/","format":"alb","outputPrefix":"alb/"}]\'';

/** A log in the list, unread. */
type Entry = Readonly<Record<string, unknown>>;

/**
 * Reads the logs. What the list does not say of a log is as the stack's own value says.
 *
 * @param outputPrefix the prefix of the stack's output
 * @throws ConfigError if a value is wrong, an object could belong to two logs, or an output to two shapes.
 */
export function readLogs(read: ContextReader, outputPrefix: string): { logs: readonly Log[]; isList: boolean } {
  const value = read.json("logs", EXAMPLE, undefined);
  if (value === undefined) return { logs: [readLog(read)], isList: false };
  if (!Array.isArray(value) || value.length === 0 || !value.every(isEntry)) {
    throw new ConfigError("logs", `is ${quote(value)} and must be a list with an object for each log`, EXAMPLE);
  }
  const logs = value.map((entry, at) => named(readEntry(read, entry, at), outputPrefix));
  refuseShared(logs);
  refusePlaces(logs, outputPrefix);
  refuseNames(logs);
  return { logs, isList: true };
}

function readEntry(read: ContextReader, entry: Entry, at: number): Log {
  try {
    const within = read.within((stack) => contextOf(stack, entry));
    refuseExpressions(within);
    const log = readLog(within);
    refuseUnknown(entry, within.names());
    return log;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw error.within(`logs[${at}]`, "sourcePrefix" in entry ? {} : { sourcePrefix: "prefix" });
  }
}

/** The context of a log: its own values, and for all others the stack's. */
function contextOf(stack: Entry, entry: Entry): Entry {
  const { prefix, format, ...own }: Record<string, unknown> = entry;
  const fallback: Record<string, unknown> = { ...stack };
  // These belong together. The stack's own tables are not those of another format, nor its keys those of another prefix.
  if (prefix !== undefined) delete fallback.tablePrefix;
  if (format !== undefined || own.options !== undefined) {
    delete fallback.options;
    delete fallback.tables;
  }
  if (format !== undefined) {
    const options = own.options ?? {};
    if (!isEntry(options) || options.format !== undefined) {
      throw new ConfigError(
        "format",
        `is ${quote(format)}, and options are ${quote(options)}: give one of both`,
        "alb",
      );
    }
    own.options = { ...options, format };
  }
  return { ...fallback, ...own, ...(prefix !== undefined && { sourcePrefix: prefix }) };
}

/** A misspelt name would otherwise leave its default in place unnoticed. */
function refuseUnknown(entry: Entry, read: readonly string[]): void {
  const names = ["prefix", "format", ...read.filter((name) => name !== "sourcePrefix")];
  const other = Object.keys(entry).find((name) => !names.includes(name));
  if (other === undefined) return;
  throw new ConfigError(other, `is no value of a log; those are ${names.join(", ")}`, "AWSLogs/", "prefix");
}

/**
 * A log with names for its tables. Where the rows are in the stack's own output, the names are those that the tables of
 * the only log would have. Beside the rows of another log, each has the name of that log's table before its own.
 */
function named(log: Log, outputPrefix: string): Log {
  if (log.outputPrefix === outputPrefix) return log;
  const { tables, merged } = log;
  const of = (name: string) => `${tables.rows.name}_${name}`;
  const renamed = (table: Table): Table => ({ ...table, name: of(table.name) });
  return {
    ...log,
    tables: { ...tables, rejected: renamed(tables.rejected) },
    merged: merged && {
      tables: merged.tables.map(renamed),
      view: merged.view && {
        ...merged.view,
        query: merged.view.query
          .replace(/FROM merged$/m, `FROM ${of("merged")} AS merged`)
          .replaceAll(/FROM generations(?=\n|\))/g, `FROM ${of("generations")}`),
      },
    },
  };
}

/** An object is read as one log. S3 also refuses two notifications for it. */
function refuseShared(logs: readonly Log[]): void {
  for (const log of logs) {
    const others = logs.filter((other) => other !== log).flatMap(({ sourcePrefixes }) => sourcePrefixes);
    for (const prefix of log.sourcePrefixes) {
      const outer = others.find((other) => prefix.startsWith(other));
      if (outer === undefined) continue;
      const problem = `have the prefix ${quote(prefix)} in one log, which ${quote(outer)} of another already covers`;
      throw new ConfigError("logs", `${problem}: an object belongs to one log`, EXAMPLE);
    }
  }
}

/** The rows of a log must be below the stack's output, beside all other files there. */
function refusePlaces(logs: readonly Log[], outputPrefix: string): void {
  const refuse = (problem: string) => {
    throw new ConfigError("logs", problem, EXAMPLE);
  };
  for (const log of logs) {
    const place = log.outputPrefix;
    const others = logs.filter((other) => other !== log).map(({ outputPrefix }) => outputPrefix);
    if (!place.startsWith(outputPrefix))
      refuse(`have the outputPrefix ${quote(place)}, which must begin with the stack's, ${quote(outputPrefix)}`);
    if (others.includes(place)) refuse(`have the outputPrefix ${quote(place)} twice: an output has rows of one shape`);
    for (const outer of [...others, outputPrefix]) {
      const within = place.startsWith(outer) ? place.slice(outer.length) : "";
      const taken = known.written.find((own) => within.startsWith(own));
      if (taken !== undefined)
        refuse(`have the outputPrefix ${quote(place)}, but rehose writes other files to ${quote(outer + taken)}`);
    }
  }
}

/** The tables of all logs are in one database. */
function refuseNames(logs: readonly Log[]): void {
  const names = logs.flatMap(({ tables: { rows, rejected }, merged }) => [
    ...[rows, rejected, ...(merged?.tables ?? [])].map(({ name }) => name),
    ...(merged?.view ? [merged.view.name] : []),
  ]);
  const twice = [RECEIPTS.name, ...names].find((name, at, all) => all.indexOf(name) < at);
  if (twice === undefined) return;
  const problem = `have the table ${quote(twice)} twice: give one of the logs another name for its table, as tableName`;
  throw new ConfigError("logs", problem, '\'[{"prefix":"elb/","format":"alb","tableName":"shop_alb_logs"}]\'');
}

function isEntry(value: unknown): value is Entry {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
