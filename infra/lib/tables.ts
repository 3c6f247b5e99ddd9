import { ConfigError, type Options } from "./config";
import known from "./tables.json";

/** A table that Athena can read. */
export interface Table {
  readonly name: string;
  readonly comment: string;
  /** In the order in which the files have them. */
  readonly columns: readonly Column[];
  /** The column that stands for a folder of files. */
  readonly partition: Column;
  /** The class that reads the files. */
  readonly serde: string;
  readonly serde_parameters: Readonly<Record<string, string>>;
  readonly location: string;
  readonly parameters: Readonly<Record<string, string>>;
}

export interface Column {
  readonly name: string;
  /** As Hive writes it. */
  readonly type: string;
}

/** What the tables are made over. */
export interface Place {
  /** `s3://bucket/` and the prefix of the output. */
  readonly output: string;
  /** What stands in the source's keys before `yyyy/MM/dd/HH`. */
  readonly prefix: string;
  /** The first such hour. */
  readonly since: string;
}

/**
 * The tables over an output, as `rehose table` has them: all but the columns comes from there, in tables.json.
 *
 * @throws ConfigError if the options have no such columns.
 */
export function tables(options: Options, place: Place): Table[] {
  return [rows(options), known.rejected, known.receipts].map((table) => JSON.parse(fill(JSON.stringify(table), place)));
}

function fill(text: string, place: Place): string {
  const value = (name: string) => JSON.stringify(place[name as keyof Place]).slice(1, -1);
  return text.replace(/\{(output|prefix|since)\}/g, (_, name) => value(name));
}

function rows({ format, fields = known.default_fields, message_regex }: Options): Table {
  const types: Record<string, string> = known.fields;
  switch (format ?? (message_regex === undefined ? "vpc-flow-logs" : "regex")) {
    case "message":
      return withColumns(known.messages, ["message"], () => "string");
    case "regex":
      return withColumns(known.messages, groups(message_regex ?? ""), () => "string");
    default:
      return withColumns(known.flow_logs, fields, (field) => {
        const type = Object.hasOwn(types, field) ? types[field] : undefined;
        if (type === undefined)
          throw new ConfigError(
            "options",
            `has the field ${JSON.stringify(field)}, which is none of ${Object.keys(types).join(", ")}`,
            EXAMPLE,
          );
        return type;
      });
  }
}

const EXAMPLE = '\'{"fields":["srcaddr","dstaddr"]}\'';

function withColumns(table: Table, names: readonly string[], type: (name: string) => string): Table {
  const columns = [...table.columns];
  const taken = new Set([table.partition.name, ...columns.map(({ name }) => name)]);
  for (const name of names) {
    const plain = name.toLowerCase().replace(/[^a-z0-9_]/gu, "_");
    let own = plain;
    for (let number = 2; taken.has(own); number++) own = `${plain}_${number}`;
    taken.add(own);
    columns.push({ name: own, type: type(name) });
  }
  return { ...table, columns };
}

/** The names of a regex's groups, in their order: neither escaped brackets nor those of a class open one. */
function groups(regex: string): string[] {
  const names: string[] = [];
  let depth = 0;
  for (const [token, name] of regex.matchAll(/\\.|\[\^?\]?|\]|\(\?P?<([^>]+)>/gsu)) {
    if (token.startsWith("[")) depth++;
    else if (token === "]") depth = Math.max(0, depth - 1);
    else if (name !== undefined && depth === 0) names.push(name);
  }
  if (names.length > 0) return names;
  throw new ConfigError(
    "options",
    "has no message_regex with a named group (?P<column>...), which the format regex needs",
    `'{"message_regex":"^(?P<level>[A-Z]+) "}'`,
  );
}
