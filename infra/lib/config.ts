import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import known from "./tables.json";

/** The folder of the functions' binaries, as `scripts/build` leaves them. */
const BINARIES = join(__dirname, "..", "..", "target", "lambda");

/** The functions, by the name of their binary. */
export const BINARY = { start: "rehose-start", process: "rehose-process", check: "rehose-check" } as const;

/** What a deployment is asked to be: the context of the CDK app, validated. */
export interface Config {
  /** The stack's name, and the state machine's. Default: `rehose`. */
  readonly stackName: string;
  /** The bucket with the stash; it exists, and is only read. */
  readonly sourceBucket: string;
  /** What of it may be read: beginnings of keys, none of which begins with another. From `sourcePrefix`. Default: all. */
  readonly sourcePrefixes: readonly string[];
  /** The ARN of the KMS key that the source is encrypted with. Default: none, so SSE-S3 or nothing. */
  readonly sourceKey?: string;
  /** An existing bucket to write to. Default: one is created. */
  readonly outputBucket?: string;
  /** Where in it: empty, or with a slash at its end. Default: its root. */
  readonly outputPrefix: string;
  /** The ARN of the KMS key that an existing output is encrypted with, or a created one will be. Default: SSE-S3. */
  readonly outputKey?: string;
  /** The shape of input and output: `dialect`, `event_regex`, `format`, `fields`, `message_regex`. Default: VPC flow logs. */
  readonly options: Options;
  /** Patterns of keys to leave out. Default: none. */
  readonly exclude: readonly string[];
  /** libdeflate's compression level, 1 to 12. Default: none, for an encoder made for rows. */
  readonly level?: number;
  /** The memory of `process`, in MB, 128 to 10240. Default: 1769, at which Lambda gives one whole core. */
  readonly memory: number;
  /** The most instances of `process` on a historic job, 2 to 1000. Default: 100. */
  readonly concurrency: number;
  /** The most instances of `process` on new objects, 2 to 1000. Default: 10. */
  readonly realtimeConcurrency: number;
  /** How long a call of a function may take, in seconds, 30 to 900. A message of its queues is given to another after six times that. Default: 900. */
  readonly timeout: number;
  /** How a job is planned and waited for. Default: what the functions have as theirs. */
  readonly pace: Pace;
  /** How long logs are kept, in days, as CloudWatch Logs allows it. Default: 30. */
  readonly retention: RetentionDays;
  /** Calls of start and check before a job goes on in a new execution, 1 to 500. Default: 500. */
  readonly restartAfter: number;
  /** The hours that an execution may take, 1 to 8760, the most that Step Functions knows. Default: 336. */
  readonly jobTimeoutHours: number;
  /** How new objects are told of; undefined where `realtime` is `false`, the default. From `realtimeEvents`, default `s3`. */
  readonly realtime?: RealtimeEvents;
  /**
   * Where the objects of a day lie under a source prefix, with `{yyyy}`, `{MM}` and `{dd}` for its date in UTC: each night
   * a job looks there for what events missed. Undefined where `reconcile` or `realtime` is `false`.
   * Default: `{yyyy}/{MM}/{dd}/`, as Firehose has it.
   */
  readonly reconcile?: string;
  /** The e-mail address that alarms go to. Default: none, so alarms are only seen in CloudWatch. */
  readonly alarmAddress?: string;
  /** The rejected events, in percent of all, above which there is an alarm. Default: 1. */
  readonly rejectedRatio: number;
  /** Whether there are alarms on what metrics say together, which a local AWS may not know. Default: `true`. */
  readonly metricMath: boolean;
  /** What stands in the source's keys before `yyyy/MM/dd/HH`. Default: the first `sourcePrefix`. */
  readonly tablePrefix: string;
  /** The first hour that a query may find, as `yyyy/MM/dd/HH`. Default: `2015/06/01/00`, since when there are flow logs. */
  readonly tablesSince: string;
  /** The most that a query may scan, in GB, 1 to 1000000. Default: 100. */
  readonly scanLimitGB: number;
  /** Whether the queries that people ask first are saved in Athena. Default: they are. */
  readonly namedQueries: boolean;
  /** The folder with `<binary>/bootstrap.zip`. Default: `target/lambda`. */
  readonly binaries: string;
  /** What the binaries are built for. Default: `arm64`. */
  readonly architecture: "arm64" | "x86_64";
}

/** How `start` plans and how `check` waits. What is not given is left to the functions. */
export interface Pace {
  /** Keys of a page of the listing, 1 to 1000. Default: 1000. */
  readonly page?: number;
  /** Pages of one call of `start`, 1 to 1000000. Default: as many as its time allows. */
  readonly pages?: number;
  /** After how many seconds of an empty queue `check` asks what is missing. Its counters lag by a minute or more. Default: 300. */
  readonly quietSeconds?: number;
  /** After how many seconds without a receipt it asks, whatever the queue says; more than six times `timeout` leaves each message its second try. Default: 7200. */
  readonly stalledSeconds?: number;
  /** How often what is missing is sent again, 0 to 100. Default: 2. */
  readonly rounds?: number;
  /** The longest wait between two calls of `check`, in seconds. Default: 300. */
  readonly waitSeconds?: number;
}

/** Who tells of new objects: notifications of the bucket, or EventBridge where others own these. */
export type RealtimeEvents = "s3" | "eventbridge";

/** The shape of input and output, with the names that the functions know. */
export interface Options {
  readonly dialect?: string;
  readonly event_regex?: string;
  readonly format?: string;
  readonly fields?: readonly string[];
  readonly message_regex?: string;
}

/** A value of the context that is missing or wrong. */
export class ConfigError extends Error {
  constructor(name: string, problem: string, example: string, inExample = name) {
    super(`${name} ${problem}; for example -c ${inExample}=${example}`);
    this.name = "ConfigError";
  }
}

/**
 * Reads the context. `-c name=value` gives strings; cdk.json may also give numbers, lists and objects.
 *
 * @throws ConfigError with the name, the value and an example.
 */
export function readConfig(context: Record<string, unknown>): Config {
  const read = new Reader(context);
  const realtime = read.choice("realtime", SWITCH, "false");
  const events = read.choice<RealtimeEvents>("realtimeEvents", { s3: "s3", eventbridge: "eventbridge" }, "s3");
  const layout = read.text("reconcile", LAYOUT, "{yyyy}/{MM}/{dd}/", "{yyyy}/{MM}/{dd}/");
  const sourcePrefixes = read.texts("sourcePrefix", PREFIX, "AWSLogs/", "");
  const config: Config = {
    stackName: read.text("stackName", STACK, "rehose", "rehose"),
    sourceBucket: read.text("sourceBucket", SOURCE_BUCKET, "my-flow-logs"),
    sourcePrefixes,
    sourceKey: read.text("sourceKey", KEY, EXAMPLE_KEY, "") || undefined,
    outputBucket: read.text("outputBucket", BUCKET, "my-tables", "") || undefined,
    outputPrefix: folder(read.text("outputPrefix", PREFIX, "rehose/", "")),
    outputKey: read.text("outputKey", KEY, EXAMPLE_KEY, "") || undefined,
    options: options(read.json("options", '\'{"format":"message"}\'', {})),
    exclude: exclude(read.json("exclude", "'[\"tmp/*\"]'", [])),
    level: read.optional("level", 1, 12, 9),
    memory: read.number("memory", 128, 10_240, 1_769),
    concurrency: read.number("concurrency", 2, 1_000, 100),
    realtimeConcurrency: read.number("realtimeConcurrency", 2, 1_000, 10),
    timeout: read.number("timeout", 30, 900, 900),
    pace: {
      page: read.optional("page", 1, 1_000, 1_000),
      pages: read.optional("pages", 1, 1_000_000, 10),
      quietSeconds: read.optional("quietSeconds", 0, SECONDS, 300),
      stalledSeconds: read.optional("stalledSeconds", 0, SECONDS, 7_200),
      rounds: read.optional("rounds", 0, 100, 2),
      waitSeconds: read.optional("waitSeconds", 0, SECONDS, 300),
    },
    retention: read.choice("retention", RETENTIONS, "30"),
    restartAfter: read.number("restartAfter", 1, 500, 500),
    jobTimeoutHours: read.number("jobTimeoutHours", 1, 8_760, 336),
    realtime: realtime ? events : undefined,
    reconcile: realtime && layout !== "false" ? layout : undefined,
    alarmAddress: read.text("alarmAddress", ADDRESS, "team@example.com", "") || undefined,
    rejectedRatio: read.number("rejectedRatio", 0, 100, 1, false),
    metricMath: read.choice("metricMath", SWITCH, "true"),
    tablePrefix: read.text("tablePrefix", PREFIX, "AWSLogs/", sourcePrefixes[0]),
    tablesSince: read.text("tablesSince", HOUR, "2020/01/01/00", known.since),
    scanLimitGB: read.number("scanLimitGB", 1, 1_000_000, 100),
    namedQueries: read.choice("namedQueries", SWITCH, "true"),
    binaries: resolve(read.text("binaries", ANY, "../target/lambda", BINARIES)),
    architecture: read.choice("architecture", { arm64: "arm64", x86_64: "x86_64" }, "arm64"),
  };
  read.refuseOthers();
  refuseNested(config.sourcePrefixes);
  for (const prefix of config.sourcePrefixes) refuseOverlap(config, prefix);
  for (const binary of Object.values(BINARY)) {
    if (!existsSync(join(config.binaries, binary, "bootstrap.zip"))) {
      throw new ConfigError(
        "binaries",
        `is ${quote(config.binaries)}, where ${binary}/bootstrap.zip is missing: run scripts/build, or name the folder`,
        "../target/lambda",
      );
    }
  }
  return config;
}

/** What a text must look like, and how an error says so. */
type Shape = readonly [RegExp, string];
// 80 is the limit of a state machine's name.
const STACK: Shape = [
  /^[A-Za-z][A-Za-z0-9-]{0,79}$/,
  "must be letters, digits and hyphens, at most 80, a letter first",
];
const BUCKET: Shape = [/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "must be the name of a bucket, without s3://"];
// The rows of equal keys would overwrite one another, so an output is of one bucket.
const SOURCE_BUCKET: Shape = [
  BUCKET[0],
  `${BUCKET[1]}, and one alone: a stack, with a stackName of its own, is for one bucket`,
];
// A policy would read * ? $ as more than themselves, and a function a comma as the end of a source.
const PREFIX: Shape = [
  /^(?!\/)[^\s,*?$"\\]*$/,
  "must be a key's beginning: no slash first, and none of white space , * ? $ \" \\",
];
const KEY: Shape = [
  /^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/,
  "must be the ARN of a KMS key: its alias grants nothing",
];
const EXAMPLE_KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
// Brackets are what the state machine's dates are written with.
const LAYOUT: Shape = [
  /^(false|(?=.*\{yyyy\})(?=.*\{MM\})(?=.*\{dd\})(?!\/)(\{(yyyy|MM|dd)\}|[^\s,*?$"\\[\]{}])+)$/,
  "must be false, or where a day's objects lie under the source's prefix, with {yyyy}, {MM} and {dd}",
];
const ADDRESS: Shape = [/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "must be an e-mail address"];
const HOUR: Shape = [
  /^\d{4}\/(0[1-9]|1[0-2])\/(0[1-9]|[12]\d|3[01])\/([01]\d|2[0-3])$/,
  "must be an hour as yyyy/MM/dd/HH",
];
const ANY: Shape = [/./s, "must not be empty"];

/** A year, the longest that an execution may take. */
const SECONDS = 31_536_000;

const RETENTIONS: Record<string, RetentionDays> = Object.fromEntries(
  Object.values(RetentionDays)
    .filter((days): days is RetentionDays => typeof days === "number" && days !== RetentionDays.INFINITE)
    .map((days) => [String(days), days]),
);

const SWITCH = { true: true, false: false };

class Reader {
  private readonly known = new Set<string>();

  constructor(private readonly context: Record<string, unknown>) {}

  text(name: string, [shape, must]: Shape, example: string, otherwise?: string): string {
    const value = this.value(name);
    if (value === undefined) {
      if (otherwise === undefined) throw new ConfigError(name, "is missing", example);
      return otherwise;
    }
    if (typeof value !== "string" || !shape.test(value))
      throw new ConfigError(name, `is ${quote(value)} and ${must}`, example);
    return value;
  }

  /** One text, or several: a list in cdk.json, and JSON or with commas between on the command line. */
  texts(name: string, [shape, must]: Shape, example: string, otherwise: string): readonly string[] {
    const value = this.value(name) ?? otherwise;
    const several =
      typeof value !== "string"
        ? value
        : value.startsWith("[")
          ? this.json(name, `'["${example}"]'`, [])
          : value.split(",");
    if (!Array.isArray(several) || several.length === 0)
      throw new ConfigError(name, `is ${quote(value)} and must be a text or a list of texts`, example);
    const wrong = several.find((one) => typeof one !== "string" || !shape.test(one));
    if (wrong !== undefined) throw new ConfigError(name, `is ${quote(wrong)} and ${must}`, example);
    return several;
  }

  number(name: string, least: number, most: number, otherwise: number, whole = true): number {
    return this.optional(name, least, most, otherwise, whole) ?? otherwise;
  }

  optional(name: string, least: number, most: number, example: number, whole = true): number | undefined {
    const value = this.value(name);
    if (value === undefined) return undefined;
    const number = typeof value === "string" && /^\d+(\.\d+)?$/.test(value) ? Number(value) : value;
    if (typeof number === "number" && (Number.isInteger(number) || !whole) && number >= least && number <= most)
      return number;
    throw new ConfigError(
      name,
      `is ${quote(value)} and must be a ${whole ? "whole " : ""}number from ${least} to ${most}`,
      String(example),
    );
  }

  choice<T>(name: string, choices: Record<string, T>, otherwise: string): T {
    const value = this.value(name) ?? otherwise;
    const found = Object.entries(choices).find(([choice]) => choice === String(value));
    if (found) return found[1];
    throw new ConfigError(name, `is ${quote(value)} and must be one of ${Object.keys(choices).join(", ")}`, otherwise);
  }

  json(name: string, example: string, otherwise: unknown): unknown {
    const value = this.value(name) ?? otherwise;
    if (typeof value !== "string") return value;
    try {
      return JSON.parse(value);
    } catch (error) {
      throw new ConfigError(name, `is ${quote(value)} and must be JSON (${(error as Error).message})`, example);
    }
  }

  /** A mistyped name would silently leave its default in place. CDK's own names have : @ or - in them. */
  refuseOthers(): void {
    const other = Object.keys(this.context).find((name) => /^[A-Za-z]+$/.test(name) && !this.known.has(name));
    if (other === undefined) return;
    throw new ConfigError(other, `is not known; ${[...this.known].join(", ")} are`, "my-flow-logs", "sourceBucket");
  }

  private value(name: string): unknown {
    this.known.add(name);
    const value = this.context[name];
    // cdk.json has true and false of its own.
    if (typeof value === "boolean") return String(value);
    return value === "" || value === null ? undefined : value;
  }
}

function folder(prefix: string): string {
  return prefix === "" ? "" : `${prefix.replace(/\/+$/, "")}/`;
}

const OPTIONS: Record<keyof Options, readonly [(value: unknown) => boolean, string]> = {
  dialect: [(value) => value === "cloudwatch" || value === "regex", "cloudwatch or regex"],
  event_regex: [isText, "a regex"],
  format: [
    (value) => value === "vpc-flow-logs" || value === "regex" || value === "message",
    "vpc-flow-logs, regex or message",
  ],
  fields: [(value) => isList(value) && value.length > 0, "a list of fields"],
  message_regex: [isText, "a regex"],
};

function options(value: unknown): Options {
  const example = '\'{"format":"message"}\'';
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new ConfigError("options", `is ${quote(value)} and must be an object`, example);
  }
  for (const [name, one] of Object.entries(value)) {
    if (!Object.hasOwn(OPTIONS, name))
      throw new ConfigError(
        "options",
        `has ${quote(name)}, which is none of ${Object.keys(OPTIONS).join(", ")}`,
        example,
      );
    const [fits, must] = OPTIONS[name as keyof Options];
    if (!fits(one)) throw new ConfigError("options", `has ${quote(one)} as ${name}, which must be ${must}`, example);
  }
  return value;
}

function exclude(value: unknown): readonly string[] {
  if (isList(value)) return value;
  throw new ConfigError("exclude", `is ${quote(value)} and must be a list of patterns`, "'[\"tmp/*\"]'");
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function isList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}

/** S3 refuses two notifications of one object, and a job would list it twice. */
function refuseNested(prefixes: readonly string[]): void {
  for (const [at, prefix] of prefixes.entries()) {
    const outer = prefixes.find((other, index) => index !== at && prefix.startsWith(other));
    if (outer !== undefined)
      throw new ConfigError(
        "sourcePrefix",
        `has ${quote(prefix)}, which ${quote(outer)} holds already`,
        "AWSLogs/,stash/",
      );
  }
}

/** What is written must not become what is read: it would be rewritten for ever. */
function refuseOverlap({ sourceBucket, outputBucket, outputPrefix }: Config, sourcePrefix: string): void {
  if (outputBucket !== sourceBucket) return;
  const [source, output] = [`s3://${sourceBucket}/${sourcePrefix}`, `s3://${outputBucket}/${outputPrefix}`];
  if (output.startsWith(source)) {
    const problem = `makes the output ${output}, which is under the source ${source}`;
    if (sourcePrefix === "") throw new ConfigError("outputBucket", problem, "my-tables");
    throw new ConfigError("outputPrefix", problem, "rehose/");
  }
  const written = known.written.map((own) => output + own);
  const shared = written.find((own) => own.startsWith(source) || source.startsWith(own));
  if (shared)
    throw new ConfigError("sourcePrefix", `makes the source ${source}, where ${shared} is written`, "AWSLogs/");
}

function quote(value: unknown): string {
  return JSON.stringify(value);
}
