import { ConfigError, quote } from "./context";

/** The shape of input and output, with the names that the functions use. */
export interface Options {
  /** From the context value `to`. Undefined is `csv`: an output that was bound without it stays valid. */
  readonly to?: FileKind;
  readonly dialect?: string;
  readonly event_regex?: string;
  readonly time_regex?: string;
  readonly time_format?: string;
  readonly format?: string;
  readonly fields?: string | readonly string[] | readonly (readonly string[])[];
  readonly account_id?: string;
  readonly interface_id?: string;
  readonly action?: string;
  readonly message_regex?: string;
  readonly line_breaks?: string;
  readonly with?: readonly string[];
  readonly log_group?: readonly string[];
  readonly owner?: string;
}

const DIALECTS = ["cloudwatch", "lines", "export", "json", "records", "firehose-errors", "regex"];
const FORMATS = [
  "vpc-flow-logs",
  "tgw-flow-logs",
  "alb",
  "alb-connection",
  "nlb",
  "elb",
  "s3-access",
  "cloudfront",
  "cloudtrail",
  "waf",
  "resolver",
  "network-firewall",
  "skydive",
  "regex",
  "message",
] as const;
const ACTIONS = ["ACCEPT", "REJECT"];
const LINE_BREAKS = ["escape", "keep"];
const ORIGIN = ["owner", "log-group", "log-stream", "id", "extracted-fields", "source"];

/** The kinds of files of rows. The rows of each are in a folder with its name. */
export const FILE_KINDS = { csv: "csv", parquet: "parquet" } as const;

export type FileKind = keyof typeof FILE_KINDS;

/** The kind of files that the functions write with these options. */
export function fileKindOf({ to }: Options): FileKind {
  return to ?? "csv";
}

export type Format = (typeof FORMATS)[number];

/** The format that the functions choose for these options. */
export function formatOf({ format, message_regex }: Options): Format {
  return (format as Format | undefined) ?? (message_regex === undefined ? "vpc-flow-logs" : "regex");
}

/** For each option: whether a value is valid, and the requirement that an error message states. */
const VALID: Record<Exclude<keyof Options, "to">, readonly [(value: unknown) => boolean, string]> = {
  dialect: [isOneOf(DIALECTS), listed(DIALECTS)],
  event_regex: [isText, "a regex"],
  time_regex: [isText, "a regex"],
  time_format: [isText, "ms, s, us, ns, iso or a pattern"],
  format: [isOneOf(FORMATS), listed(FORMATS)],
  fields: [isFields, "a list of fields, or a list of such lists"],
  account_id: [isText, "an account"],
  interface_id: [isText, "a name"],
  action: [isOneOf(ACTIONS), listed(ACTIONS)],
  message_regex: [isText, "a regex"],
  line_breaks: [isOneOf(LINE_BREAKS), listed(LINE_BREAKS)],
  with: [(value) => isTextList(value) && value.every(isOneOf(ORIGIN)), `a list of ${listed(ORIGIN)}`],
  log_group: [isTextList, "a list of patterns"],
  owner: [isText, "an account"],
};

/**
 * Validates the context value `options`. The functions validate the contents again, regexes included.
 *
 * @throws ConfigError if an option is unknown or has a value of the wrong type.
 */
export function parseOptions(value: unknown): Omit<Options, "to"> {
  const example = '\'{"format":"message"}\'';
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ConfigError("options", `is ${quote(value)} and must be an object`, example);
  }
  for (const [name, one] of Object.entries(value)) {
    if (name === "to") throw new ConfigError("options", `has "to", which is a value of its own`, "parquet", "to");
    if (!Object.hasOwn(VALID, name)) {
      const problem = `has ${quote(name)}, which is not one of ${Object.keys(VALID).join(", ")}`;
      throw new ConfigError("options", problem, example);
    }
    const [isValid, must] = VALID[name as keyof typeof VALID];
    if (!isValid(one)) throw new ConfigError("options", `has ${quote(one)} as ${name}, which must be ${must}`, example);
  }
  return value;
}

/**
 * Validates the context value `exclude`.
 *
 * @throws ConfigError if it is not a list of strings.
 */
export function parseExclude(value: unknown): readonly string[] {
  if (isTextList(value)) return value;
  throw new ConfigError("exclude", `is ${quote(value)} and must be a list of patterns`, "'[\"tmp/*\"]'");
}

function isOneOf(values: readonly unknown[]): (value: unknown) => boolean {
  return (value) => values.includes(value);
}

function listed(values: readonly string[]): string {
  return `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}

function isFields(value: unknown): boolean {
  const isList = (list: unknown) => isTextList(list) && list.length > 0;
  return isText(value) || isList(value) || (Array.isArray(value) && value.length > 0 && value.every(isList));
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}
