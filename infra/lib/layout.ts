// The layout of the source's keys, as `crates/catalog` defines it: layouts.json in the tests has what both must make of
// it, and the errors that both must have.
import { ConfigError, quote } from "./context";
import known from "./tables.json";

/** The parts of the time from the coarsest to the finest, as Firehose and Athena spell them, and Athena's units. */
const UNITS = { yyyy: "YEARS", MM: "MONTHS", dd: "DAYS", HH: "HOURS" } as const;

export type Unit = keyof typeof UNITS;

/** The number of digits of each. */
export const UNIT_LENGTHS: Readonly<Record<Unit, number>> = { yyyy: 4, MM: 2, dd: 2, HH: 2 };

/** The layout that Firehose has unless it is told another. */
export const FIREHOSE = "{yyyy}/{MM}/{dd}/{HH}";

/** The column with the time, whatever the layout is. */
export const TIME = "datehour";

/** The columns of the rejected events, whose table has a layout whatever the rows are. */
const TAKEN = [TIME, ...known.rejected.columns.map(({ name }) => name)];

/** The years whose offsets count: tables are queried now and later, not in the past of a zone. */
const [FIRST_YEAR, LAST_YEAR] = [2025, 2037];

/** Text, a part of the time, or the name of another column. A name without values needs one in every query. */
type Part = { readonly text: string } | { readonly unit: Unit } | { readonly name: string; readonly values: string[] };

/** The part of the source's keys between the prefix and an object's name, in parts. */
export interface Layout {
  readonly before: readonly Part[];
  /** Begins with the folder that has the year, so that a value can be copied from a key. */
  readonly time: readonly Part[];
  readonly after: readonly Part[];
  /** The end of the range of times, as Athena takes it: `NOW`, or later for the clocks east of UTC. */
  readonly end: string;
}

/**
 * Parses the context values `layout`, `partitions` and `timeZone`.
 *
 * @throws ConfigError with the reason why Athena cannot follow the layout.
 */
export function parseLayout(text: string, partitions: unknown, timeZone: string): Layout {
  const wrong = (problem: string) => new ConfigError("layout", `is ${quote(text)} and ${problem}`, EXAMPLE);
  const layout = { ...parts(text, wrong), end: end(timeZone) };
  for (const [name, values] of Object.entries(parsePartitions(partitions))) {
    const column = names(layout).find((one) => one.name === name);
    if (column === undefined) throw wrong(`has no {${name}} whose values could be named`);
    for (const value of values) {
      if (!VALUE.test(value)) {
        const must = "a value is part of a key, without white space, commas or quotes";
        throw wrong(`cannot have ${quote(value)} as {${name}}: ${must}`);
      }
      if (column.values.includes(value)) throw wrong(`cannot have ${quote(value)} as {${name}} twice`);
      column.values.push(value);
    }
  }
  return layout;
}

/** The columns beside the time, in the order of the key. */
export function names({ before, after }: Layout): { name: string; values: string[] }[] {
  return [...before, ...after].filter((part) => "name" in part);
}

/** The partition columns, in the order of the key. */
export function columnsOf(layout: Layout): string[] {
  const named = (parts: readonly Part[]) => parts.flatMap((part) => ("name" in part ? [part.name] : []));
  return [...named(layout.before), TIME, ...named(layout.after)];
}

/** The value of the column with the time for an hour, given as `yyyy/MM/dd/HH`. */
export function valueOf({ time }: Layout, hour: string): string {
  const values = hour.split("/");
  const units = Object.keys(UNITS);
  return time
    .map((part) => ("unit" in part ? values[units.indexOf(part.unit)] : "text" in part ? part.text : ""))
    .join("");
}

/** The parameters of a table that project its partitions, with `{since}` for the first value of the time. */
export function projection(layout: Layout): Record<string, string> {
  const columns = names(layout).map(({ name, values }) =>
    values.length === 0
      ? { [`projection.${name}.type`]: "injected" }
      : { [`projection.${name}.type`]: "enum", [`projection.${name}.values`]: values.join(",") },
  );
  const interval = layout.time.reduce<string>((found, part) => ("unit" in part ? UNITS[part.unit] : found), UNITS.yyyy);
  return Object.assign({}, ...columns, {
    [`projection.${TIME}.type`]: "date",
    [`projection.${TIME}.format`]: layout.time.map(inPattern).join(""),
    [`projection.${TIME}.range`]: `{since},${layout.end}`,
    [`projection.${TIME}.interval`]: "1",
    [`projection.${TIME}.interval.unit`]: interval,
  });
}

/** The layout with `${column}` for each partition column. */
export function templateOf({ before, after }: Layout): string {
  const text = (part: Part) => ("name" in part ? `\${${part.name}}` : "text" in part ? part.text : "");
  return [...before.map(text), `\${${TIME}}`, ...after.map(text)].join("");
}

/**
 * What follows a prefix of keys in AWS's own layout, which begins with a folder as `AWSLogs`: after
 * `AWSLogs/111122223333/CloudTrail/`, that is `{region}/{yyyy}/{MM}/{dd}`. A prefix that ends before that folder is
 * followed by all of it. Undefined if the prefix goes on otherwise, or ends within a folder.
 */
export function layoutAfter(prefix: string, layout: string): string | undefined {
  const folders = layout.split("/");
  const given = prefix.split("/");
  const begin = given.indexOf(folders[0]!);
  if (prefix !== "" && !prefix.endsWith("/")) return undefined;
  if (begin < 0) return layout;
  // The last one is empty: the prefix ends with a slash.
  const within = given.slice(begin, -1);
  const fits = (folder: string, at: number) =>
    folders[at] === folder || /^{(?!yyyy|MM|dd|HH)\w+}$/.test(folders[at] ?? "");
  return within.every(fits) ? folders.slice(within.length).join("/") : undefined;
}

/** The path of a day's objects with `{yyyy}`, `{MM}` and `{dd}`, or undefined if they have no path in common. */
export function dayOf(layout: string): string | undefined {
  const [, day, next] = /^([^{}]*\{yyyy\}[^{}]*\{MM\}[^{}]*\{dd\}[^{}/]*)(.?)/.exec(layout) ?? [];
  return next === "{" ? day : day && `${day}/`;
}

/** The first expression of Firehose in a value, which it fills in: no key has it. */
export function expressionIn(value: string): string | undefined {
  return /!\{[^}]*\}?/.exec(value)?.[0];
}

const EXAMPLE = "'{yyyy}/{MM}/{dd}/{HH}'";

// Athena reads $, quotes and commas in a table's parameters; policies read * and ?; the nightly schedule reads [ and ].
const REFUSED = /[\s\p{Cc},*?$"'\\[\]]/u;
const VALUE = /^[^\s\p{Cc},*?$"'\\[\]{}]+$/u;

// Names that a user may write for a part of the time. They would become columns that no query expects.
const TIME_WORD = /^(year|month|day|hour|([yudhkmsn])\2*)$/;

function parts(text: string, wrong: (problem: string) => ConfigError): Omit<Layout, "end"> {
  const expression = expressionIn(text);
  if (expression !== undefined) {
    const write = "write {yyyy}, {MM}, {dd}, {HH} and names such as {account} instead";
    throw wrong(`has ${quote(expression)}, an expression that Firehose fills in: ${write}`);
  }
  if (/^\/|\/\/|\/$/.test(text))
    throw wrong("has a slash at the beginning, at the end or after another slash: leave it out");
  const seen = new Set<string>();
  const due = Object.keys(UNITS);
  let before: Part[] = [];
  const time: Part[] = [];
  // Text and names since the last part of the time.
  let parts: Part[] = [];
  for (const [token, placeholder] of text.matchAll(/\{([^{}]*)\}|[^{}]+|[{}]/g)) {
    if (placeholder === undefined) {
      if (token === "{" || token === "}")
        throw wrong("has a brace without its partner: a placeholder is a name in braces, as {yyyy}");
      const refused = REFUSED.exec(token);
      if (refused) throw wrong(`has ${quote(refused[0])}, which cannot be in the location of a table`);
      parts.push({ text: token });
      continue;
    }
    if (seen.has(placeholder)) throw wrong(`has ${token} twice: keep one, as Athena has one column for it`);
    seen.add(placeholder);
    if (!Object.hasOwn(UNITS, placeholder)) {
      if (!/^[a-z][a-z0-9_]*$/.test(placeholder) || TIME_WORD.test(placeholder)) {
        const known = "the time is {yyyy}, {MM}, {dd} and {HH}";
        const must = "any other name has only lower-case letters, digits and underscores";
        throw wrong(`has ${token}, which is no placeholder: ${known}, and ${must}`);
      }
      if (TAKEN.includes(placeholder)) throw wrong(taken(placeholder));
      parts.push({ name: placeholder, values: [] });
      continue;
    }
    const coarse = due.shift();
    if (coarse !== placeholder)
      throw wrong(`has ${token} without {${coarse}} before it: write the time from the year on`);
    const within = parts.find((part) => "name" in part);
    if (placeholder === "yyyy") [before, parts] = split(parts);
    else if (within) throw wrong(`has {${within.name}} within the time: Athena needs one column for the whole time`);
    time.push(...parts, { unit: placeholder as Unit });
    parts = [];
  }
  if (time.length === 0) throw wrong("has no {yyyy}: Athena finds the objects of a time by it");
  return { before, time, after: parts };
}

/** The problem of a layout with the name of a column. */
export function taken(name: string): string {
  return `has {${name}}, but the tables have a column of that name: choose another name`;
}

/** Takes the beginning of the folder with the year to the time. */
function split(before: Part[]): [Part[], Part[]] {
  const last = before.at(-1);
  // A folder that begins with a name is left as it is.
  if (last === undefined || !("text" in last) || (before.length > 1 && !last.text.includes("/"))) return [before, []];
  const slash = last.text.lastIndexOf("/") + 1;
  const text = (text: string): Part[] => (text === "" ? [] : [{ text }]);
  return [[...before.slice(0, -1), ...text(last.text.slice(0, slash))], text(last.text.slice(slash))];
}

/** In a pattern of Java's DateTimeFormatter, letters are fields: text with others than these characters is quoted. */
function inPattern(part: Part): string {
  if ("unit" in part) return part.unit;
  if ("name" in part) return "";
  return /^[-/_.:=]*$/.test(part.text) ? part.text : `'${part.text}'`;
}

function parsePartitions(value: unknown): Record<string, string[]> {
  const isList = (one: unknown) =>
    Array.isArray(one) && one.length > 0 && one.every((text) => typeof text === "string");
  if (typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(isList))
    return value as Record<string, string[]>;
  const problem = `is ${quote(value)} and must have a list of texts for each name`;
  throw new ConfigError("partitions", problem, '\'{"account":["111122223333"]}\'');
}

/** `NOW` is in UTC. East of it, keys have later hours, so the range ends later. */
function end(timeZone: string): string {
  const hours = Math.max(0, Math.ceil(greatestOffset(timeZone) / 60));
  return hours === 0 ? "NOW" : `NOW+${hours}HOURS`;
}

/** The most minutes that the zone's clock is ahead of UTC. Summer time is longer than a month. */
function greatestOffset(timeZone: string): number {
  const fixed = minutes(timeZone);
  if (fixed !== undefined) return fixed;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" });
    // Later versions of Node.js take other offsets too.
    if (/^[+-]/.test(timeZone)) throw new RangeError(timeZone);
  } catch {
    const must = "is no time zone: name one, as Asia/Tokyo, or its offset from UTC, as +09:00";
    throw new ConfigError("timeZone", `is ${quote(timeZone)} and ${must}`, "Asia/Tokyo");
  }
  const months = Array.from({ length: (LAST_YEAR - FIRST_YEAR + 1) * 12 }, (_, at) => Date.UTC(FIRST_YEAR, at));
  const offsets = months.map((month) => {
    const name = format.formatToParts(month).find(({ type }) => type === "timeZoneName");
    return minutes(name?.value.replace("GMT", "") ?? "") ?? 0;
  });
  return Math.max(...offsets);
}

/** Parses `+09:00` or `+09`. No clock is further from UTC than that of Kiritimati, by 14 hours. */
function minutes(offset: string): number | undefined {
  const [, sign, hours, rest] = /^([+-])(0\d|1[0-4])(?::([0-5]\d))?$/.exec(offset) ?? [];
  if (hours === undefined) return undefined;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(rest ?? 0));
}
