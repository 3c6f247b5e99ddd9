// Reads values from the context of the CDK app and reports wrong ones.

/** A value of the context that is missing or wrong. */
export class ConfigError extends Error {
  /**
   * @param name the value's name
   * @param problem what is wrong, as a predicate: `is 0 and must be ...`
   * @param example a correct value
   * @param exampleName the name that the example sets, if it is not `name`
   */
  constructor(
    private readonly of: string,
    private readonly problem: string,
    private readonly example: string,
    private readonly exampleName = of,
  ) {
    super(`${of} ${problem}; for example -c ${exampleName}=${example}`);
    this.name = "ConfigError";
  }

  /**
   * The same error about a value in an object of the context, where the example is a member of that.
   *
   * @param place the object
   * @param names the names that values have in the object, if they are others
   */
  within(place: string, names: Readonly<Record<string, string>>): ConfigError {
    const name = (of: string) => names[of] ?? of;
    const text = this.example.replace(/^'(.*)'$/s, "$1");
    const example = isJson(text) ? text : quote(text);
    const error = new ConfigError(this.of, this.problem, this.example, this.exampleName);
    error.message = `${place}: ${name(this.of)} ${this.problem}; for example ${quote(name(this.exampleName))}: ${example}`;
    return error;
  }
}

/** The pattern of a string, and the requirement that an error message states. */
export type StringRule = readonly [RegExp, string];

export const BOOLEAN = { true: true, false: false };

/** Reads typed values from the context. Every method throws a ConfigError for a wrong value. */
export class ContextReader {
  private readonly known = new Set<string>();

  constructor(
    private readonly context: Readonly<Record<string, unknown>>,
    private readonly outer?: ContextReader,
  ) {}

  /** A reader of another context, made of this one. What it reads counts as known here too. */
  within(make: (context: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>): ContextReader {
    return new ContextReader(make(this.context), this);
  }

  /** The names that have been read. */
  names(): readonly string[] {
    return [...this.known];
  }

  /** A value as it was given, unread. */
  given(name: string): unknown {
    return this.context[name];
  }

  /** A string. Without `fallback`, it is required. */
  text(name: string, [pattern, must]: StringRule, example: string, fallback?: string): string {
    const value = this.value(name);
    if (value === undefined) {
      if (fallback === undefined) throw new ConfigError(name, "is missing", example);
      return fallback;
    }
    if (typeof value !== "string" || !pattern.test(value))
      throw new ConfigError(name, `is ${quote(value)} and ${must}`, example);
    return value;
  }

  /** One or several strings: a list in cdk.json; a JSON list or a comma-separated list on the command line. */
  texts(name: string, [pattern, must]: StringRule, example: string, fallback: string): readonly string[] {
    const value = this.value(name) ?? fallback;
    let list: unknown = value;
    if (typeof value === "string")
      list = value.startsWith("[") ? this.json(name, `'["${example}"]'`, []) : value.split(",");
    if (!Array.isArray(list) || list.length === 0)
      throw new ConfigError(name, `is ${quote(value)} and must be a string or a list of strings`, example);
    const wrong = list.find((one) => typeof one !== "string" || !pattern.test(one));
    if (wrong !== undefined) throw new ConfigError(name, `is ${quote(wrong)} and ${must}`, example);
    return list;
  }

  number(name: string, least: number, most: number, fallback: number, whole = true): number {
    return this.optional(name, least, most, fallback, whole) ?? fallback;
  }

  optional(name: string, least: number, most: number, example: number, whole = true): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    const number = typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
    if (typeof number === "number" && (Number.isInteger(number) || !whole) && number >= least && number <= most)
      return number;
    const kind = whole ? "whole number" : "number";
    throw new ConfigError(name, `is ${quote(value)} and must be a ${kind} from ${least} to ${most}`, String(example));
  }

  choice<T>(name: string, choices: Record<string, T>, fallback: string): T {
    const value = this.value(name) ?? fallback;
    const found = Object.entries(choices).find(([choice]) => choice === String(value));
    if (found) return found[1];
    throw new ConfigError(name, `is ${quote(value)} and must be one of ${Object.keys(choices).join(", ")}`, fallback);
  }

  /** A value as cdk.json has it, or JSON on the command line. */
  json(name: string, example: string, fallback: unknown): unknown {
    const value = this.value(name) ?? fallback;
    if (typeof value !== "string") return value;
    try {
      return JSON.parse(value);
    } catch (error) {
      throw new ConfigError(name, `is ${quote(value)} and must be JSON (${(error as Error).message})`, example);
    }
  }

  /**
   * Refuses names that nobody has read: a misspelt name would otherwise leave its default in place unnoticed. The names
   * of CDK's own context contain `:`, `@` or `-`.
   */
  refuseUnknown(): void {
    const other = Object.keys(this.context).find((name) => /^[A-Za-z]+$/.test(name) && !this.known.has(name));
    if (other === undefined) return;
    const problem = `is unknown; the known values are ${[...this.known].join(", ")}`;
    throw new ConfigError(other, problem, "my-flow-logs", "sourceBucket");
  }

  private know(name: string): void {
    this.known.add(name);
    this.outer?.know(name);
  }

  private value(name: string): unknown {
    this.know(name);
    const value = this.context[name];
    // cdk.json may have JSON's true and false.
    if (typeof value === "boolean") return String(value);
    return value === "" || value === null ? undefined : value;
  }
}

export function quote(value: unknown): string {
  return JSON.stringify(value);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
