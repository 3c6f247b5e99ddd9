import { ConfigError, quote } from "./context";

/** The shape of input and output, with the names that the functions use. */
export interface Options {
  readonly dialect?: string;
  readonly event_regex?: string;
  readonly format?: string;
  readonly fields?: readonly string[];
  readonly message_regex?: string;
}

export type Format = "vpc-flow-logs" | "regex" | "message";

/** The format that the functions choose for these options. */
export function formatOf({ format, message_regex }: Options): Format {
  return (format as Format | undefined) ?? (message_regex === undefined ? "vpc-flow-logs" : "regex");
}

const FORMATS: readonly unknown[] = ["vpc-flow-logs", "regex", "message"] satisfies Format[];

/** For each option: whether a value is valid, and the requirement that an error message states. */
const VALID: Record<keyof Options, readonly [(value: unknown) => boolean, string]> = {
  dialect: [(value) => value === "cloudwatch" || value === "regex", "cloudwatch or regex"],
  event_regex: [isText, "a regex"],
  format: [(value) => FORMATS.includes(value), "vpc-flow-logs, regex or message"],
  fields: [(value) => isTextList(value) && value.length > 0, "a list of fields"],
  message_regex: [isText, "a regex"],
};

/**
 * Validates the context value `options`. The functions validate the contents again, regexes included.
 *
 * @throws ConfigError if an option is unknown or has a value of the wrong type.
 */
export function parseOptions(value: unknown): Options {
  const example = '\'{"format":"message"}\'';
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ConfigError("options", `is ${quote(value)} and must be an object`, example);
  }
  for (const [name, one] of Object.entries(value)) {
    if (!Object.hasOwn(VALID, name)) {
      const problem = `has ${quote(name)}, which is not one of ${Object.keys(VALID).join(", ")}`;
      throw new ConfigError("options", problem, example);
    }
    const [isValid, must] = VALID[name as keyof Options];
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

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}
