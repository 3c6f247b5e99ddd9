import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { BOOLEAN, ConfigError, ContextReader, quote, type StringRule } from "./context";
import { columnsOf, dayOf, expressionIn, type Layout, parseLayout, taken } from "./layout";
import { type Merge, readMerge } from "./merge";
import { type MergedTables, mergedTables } from "./mergedTables";
import { FILE_KINDS, fileKindOf, type Options, parseExclude, parseOptions } from "./options";
import { visibilityTimeout } from "./queues";
import { isByTime, type Table, tablesFor } from "./tables";
import known from "./tables.json";

/** The folder in which `scripts/build` puts the functions' archives. */
const BINARIES = join(__dirname, "..", "..", "target", "lambda");

/** The binary of each function. */
export const BINARY = { start: "rehose-start", process: "rehose-process", check: "rehose-check" } as const;

/** The configuration of a deployment: the context of the CDK app, validated. */
export interface Config {
  /** The name of the stack and of the state machine. Default: `rehose`. */
  readonly stackName: string;
  /** The bucket with the stash. It exists, and the stack only reads it. */
  readonly sourceBucket: string;
  /**
   * The prefixes of keys that may be read. No prefix begins with another one. The context value is `sourcePrefix`.
   * Default: every key.
   */
  readonly sourcePrefixes: readonly string[];
  /** The ARN of the KMS key that encrypts the source. Default: no KMS key. */
  readonly sourceKey?: string;
  /** An existing bucket for the output. Default: the stack creates one. */
  readonly outputBucket?: string;
  /** The prefix of the output: empty, or with a trailing slash. Default: empty. */
  readonly outputPrefix: string;
  /** The ARN of the KMS key that encrypts the output, in an existing or a created bucket. Default: SSE-S3. */
  readonly outputKey?: string;
  /** The shape of input and output, with the context value `to`. Default: VPC flow logs, as CSV. */
  readonly options: Options;
  /** Patterns of keys to leave out. Default: none. */
  readonly exclude: readonly string[];
  /** Records that Firehose could not deliver: left out, read too, or read alone. Default: skip. */
  readonly errors: string;
  /** The percentage of events that may fit no row, 0 to 100. With more, a job ends as rejected. Default: 10. */
  readonly maxRejected: number;
  /** The compression level of libdeflate, 1 to 12. Default: the encoder for rows instead of libdeflate. */
  readonly level?: number;
  /** The memory of `process` in MB, 128 to 10240. Default: 1769, which gives one whole core. */
  readonly memory: number;
  /** The maximum concurrency of `process` on historic jobs, 2 to 1000. Default: 100. */
  readonly concurrency: number;
  /** The maximum concurrency of `process` on new objects, 2 to 1000. Default: 10. */
  readonly realtimeConcurrency: number;
  /** Events of new objects that `process` receives together, 1 to 10000. Default: 10. */
  readonly realtimeBatch: number;
  /** Seconds that Lambda waits for a full batch, 0 to 300. Default: 5. */
  readonly realtimeWindow: number;
  /** The timeout of a function in seconds, 10 to 900. The queues' visibility timeout is six times this. Default: 900. */
  readonly timeout: number;
  /** How a job is planned, and how long `check` waits. Default: the functions' own defaults. */
  readonly pace: Pace;
  /** Days that logs are kept, one of the values that CloudWatch Logs allows. Default: 30. */
  readonly retention: RetentionDays;
  /** Calls of start and check before a new execution continues the job, 1 to 500. Default: 500. */
  readonly restartAfter: number;
  /** The timeout of an execution in hours, 1 to 8760, the maximum of Step Functions. Default: 336. */
  readonly jobTimeoutHours: number;
  /**
   * The source of events of new objects, from the context value `realtimeEvents` (default `s3`). Undefined if the context
   * value `realtime` is `false`, the default.
   */
  readonly realtime?: RealtimeEvents;
  /**
   * The path of a day's objects under a source prefix, with `{yyyy}`, `{MM}` and `{dd}` for the date in UTC. Each night, a
   * job looks there for objects without an output. Undefined if `reconcile` or `realtime` is `false`.
   * Default: the beginning of `layout`, which is `{yyyy}/{MM}/{dd}/` for the default.
   */
  readonly reconcile?: string;
  /** How objects are merged. Undefined if the context value `merge` is `false`, the default. */
  readonly merge?: Merge;
  /** The e-mail address that alarms are sent to. Default: none; alarms are visible in CloudWatch only. */
  readonly alarmAddress?: string;
  /** The percentage of rejected events above which there is an alarm. Default: 1. */
  readonly rejectedRatio: number;
  /** Whether to create alarms that use metric math, which a local AWS may not support. Default: `true`. */
  readonly metricMath: boolean;
  /** The tables over the output. From a file that the context value `tables` names, or built in. */
  readonly tables: readonly Table[];
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
  /** The most that a query may scan in GB, 1 to 1000000. Default: 100. */
  readonly scanLimitGB: number;
  /** Whether to save the most common queries in Athena. Default: `true`. */
  readonly namedQueries: boolean;
  /** The folder with `<binary>/bootstrap.zip`. Default: `target/lambda`. */
  readonly binaries: string;
  /** The architecture of the binaries. Default: `arm64`. */
  readonly architecture: "arm64" | "x86_64";
}

/** How `start` plans and how `check` waits. The functions have a default for each. */
export interface Pace {
  /** Keys in a page of the listing, 1 to 1000. Default: 1000. */
  readonly page?: number;
  /** Pages that one call of `start` lists, 1 to 1000000. Default: as many as its time allows. */
  readonly pages?: number;
  /**
   * Seconds with an empty queue after which `check` looks for missing tasks. The queue's counters lag by a minute or
   * more. Default: 300.
   */
  readonly quietSeconds?: number;
  /**
   * Seconds without a receipt after which `check` looks for missing tasks, whatever the queue's counters are: at least
   * the visibility timeout, six times `timeout`, so that each message has a second delivery first. Default: 7200.
   */
  readonly stalledSeconds?: number;
  /** How often missing tasks are sent again, 0 to 100. Default: 2. */
  readonly rounds?: number;
  /** The longest wait between two calls of `check`, in seconds. Default: 300. */
  readonly waitSeconds?: number;
}

/** The source of events of new objects: notifications of the bucket, or EventBridge. */
export type RealtimeEvents = "s3" | "eventbridge";

/**
 * Reads the context. `-c name=value` gives strings; cdk.json may also have numbers, lists and objects.
 *
 * @throws ConfigError with the name, the value and an example.
 */
export function readConfig(context: Record<string, unknown>): Config {
  const read = new ContextReader(context);
  const realtime = read.choice("realtime", BOOLEAN, "false");
  const events = read.choice<RealtimeEvents>("realtimeEvents", { s3: "s3", eventbridge: "eventbridge" }, "s3");
  refuseExpressions(context);
  const layout = read.text("layout", ANY, "{yyyy}/{MM}/{dd}/{HH}", "{yyyy}/{MM}/{dd}/{HH}");
  const reconcile = read.text("reconcile", DAY, "{yyyy}/{MM}/{dd}/", dayOf(layout) ?? "");
  const timeZone = read.text("timeZone", ANY, "Asia/Tokyo", "UTC");
  const parsed = parseLayout(layout, read.json("partitions", '\'{"account":["111122223333"]}\'', {}), timeZone);
  const sourcePrefixes = read.texts("sourcePrefix", PREFIX, "AWSLogs/", "");
  const to = read.choice("to", FILE_KINDS, "csv");
  const options: Options = {
    ...parseOptions(read.json("options", '\'{"format":"message"}\'', {})),
    ...(to === "csv" ? {} : { to }),
  };
  const tablesFile = read.text("tables", ANY, "tables.json", "") || undefined;
  const tables = tablesFor(options, tablesFile);
  const merge = readMerge(read, layout, parsed, timeZone);
  const config: Config = {
    stackName: read.text("stackName", STACK, "rehose", "rehose"),
    sourceBucket: read.text("sourceBucket", SOURCE_BUCKET, "my-flow-logs"),
    sourcePrefixes,
    sourceKey: read.text("sourceKey", KEY, EXAMPLE_KEY, "") || undefined,
    outputBucket: read.text("outputBucket", BUCKET, "my-tables", "") || undefined,
    outputPrefix: withSlash(read.text("outputPrefix", OUTPUT_PREFIX, "rehose/", "")),
    outputKey: read.text("outputKey", KEY, EXAMPLE_KEY, "") || undefined,
    options,
    exclude: parseExclude(read.json("exclude", "'[\"tmp/*\"]'", [])),
    errors: read.choice("errors", { skip: "skip", too: "too", only: "only" }, "skip"),
    maxRejected: read.number("maxRejected", 0, 100, 10),
    level: read.optional("level", 1, 12, 9),
    memory: read.number("memory", 128, 10_240, 1_769),
    concurrency: read.number("concurrency", 2, 1_000, 100),
    realtimeConcurrency: read.number("realtimeConcurrency", 2, 1_000, 10),
    realtimeBatch: read.number("realtimeBatch", 1, 10_000, 10),
    realtimeWindow: read.number("realtimeWindow", 0, 300, 5),
    timeout: read.number("timeout", 10, 900, 900),
    pace: {
      page: read.optional("page", 1, 1_000, 1_000),
      pages: read.optional("pages", 1, 1_000_000, 10),
      quietSeconds: read.optional("quietSeconds", 0, YEAR, 300),
      stalledSeconds: read.optional("stalledSeconds", 0, YEAR, 7_200),
      rounds: read.optional("rounds", 0, 100, 2),
      waitSeconds: read.optional("waitSeconds", 0, YEAR, 300),
    },
    retention: read.choice("retention", RETENTIONS, "30"),
    restartAfter: read.number("restartAfter", 1, 500, 500),
    jobTimeoutHours: read.number("jobTimeoutHours", 1, 8_760, 336),
    realtime: realtime ? events : undefined,
    reconcile: realtime && reconcile !== "false" ? reconcile : undefined,
    merge,
    alarmAddress: read.text("alarmAddress", ADDRESS, "team@example.com", "") || undefined,
    rejectedRatio: read.number("rejectedRatio", 0, 100, 1, false),
    metricMath: read.choice("metricMath", BOOLEAN, "true"),
    tables,
    merged: merge && mergedTables(options, merge, parsed, tables[0]!, tablesFile),
    tablePrefix: read.text("tablePrefix", PREFIX, "AWSLogs/", sourcePrefixes[0]),
    layout: parsed,
    tablesSince: read.text("tablesSince", HOUR, "2020/01/01/00", known.since),
    scanLimitGB: read.number("scanLimitGB", 1, 1_000_000, 100),
    namedQueries: read.choice("namedQueries", BOOLEAN, "true"),
    binaries: resolve(read.text("binaries", ANY, "../target/lambda", BINARIES)),
    architecture: read.choice("architecture", { arm64: "arm64", x86_64: "x86_64" }, "arm64"),
  };
  read.refuseUnknown();
  refuseColumns(config, layout);
  if (!context.tablePrefix) refuseRepeatedPrefix(config, layout);
  refuseUnknownDay(config, layout);
  refuseNested(config.sourcePrefixes);
  for (const prefix of config.sourcePrefixes) refuseOverlap(config, prefix);
  refuseCsvOnly(config);
  refuseImpatience(config);
  refuseSlowBatches(config);
  refuseMissingBinaries(config);
  return config;
}

// A state machine's name has at most 80 characters.
const STACK: StringRule = [
  /^[A-Za-z][A-Za-z0-9-]{0,79}$/,
  "must have at most 80 letters, digits and hyphens, and begin with a letter",
];
const BUCKET: StringRule = [/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "must be the name of a bucket, without s3://"];
// An output holds the rows of one bucket: rows of the same key in two buckets would overwrite one another.
const SOURCE_BUCKET: StringRule = [
  BUCKET[0],
  "must be the name of one bucket, without s3://: for another bucket, deploy another stack with its own stackName",
];
// In a policy, * ? and $ match other characters too; a comma separates the sources of a function.
const PREFIX: StringRule = [
  /^(?!\/)[^\s,*?$"\\]*$/,
  'must be the beginning of a key: no leading slash, no white space, and none of , * ? $ " \\',
];
// The state machine has a tag with it: https://docs.aws.amazon.com/step-functions/latest/apireference/API_Tag.html
const OUTPUT_PREFIX: StringRule = [
  /^(?!\/)[\p{L}\p{N}_.:/=+@-]*$/u,
  "must be the beginning of a key: no leading slash, and only letters, digits and _ . : / = + - @",
];
const KEY: StringRule = [
  /^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/,
  "must be the ARN of a KMS key, not of an alias: in a policy, an alias grants no use of its key",
];
const EXAMPLE_KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";
// Square brackets have a meaning in the picture strings of JSONata, with which the state machine formats dates.
const DAY: StringRule = [
  /^(false|(?=.*\{yyyy\})(?=.*\{MM\})(?=.*\{dd\})(?!\/)(\{(yyyy|MM|dd)\}|[^\s,*?$"\\[\]{}])+)$/,
  "must be false, or the path of a day's objects under the source prefix, with {yyyy}, {MM} and {dd}",
];
const ADDRESS: StringRule = [/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "must be an e-mail address"];
const HOUR: StringRule = [
  /^\d{4}\/(0[1-9]|1[0-2])\/(0[1-9]|[12]\d|3[01])\/([01]\d|2[0-3])$/,
  "must be an hour as yyyy/MM/dd/HH",
];
const ANY: StringRule = [/./s, "must not be empty"];

/** In seconds. No execution runs longer. */
const YEAR = 31_536_000;

const RETENTIONS: Record<string, RetentionDays> = Object.fromEntries(
  Object.values(RetentionDays)
    .filter((days): days is RetentionDays => typeof days === "number" && days !== RetentionDays.INFINITE)
    .map((days) => [String(days), days]),
);

function withSlash(prefix: string): string {
  return prefix === "" ? "" : `${prefix.replace(/\/+$/, "")}/`;
}

/** A prefix that was copied from a delivery stream can have expressions, which Firehose fills in: no key has them. */
function refuseExpressions(context: Record<string, unknown>): void {
  const examples = {
    sourcePrefix: "AWSLogs/",
    outputPrefix: "rehose/",
    tablePrefix: "AWSLogs/",
    reconcile: "{yyyy}/{MM}/{dd}/",
  };
  for (const [name, example] of Object.entries(examples)) {
    const expression = [context[name]]
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
function refuseColumns({ layout, tables }: Config, text: string): void {
  const columns = new Set(tables.filter(isByTime).flatMap((table) => table.columns.map(({ name }) => name)));
  const name = columnsOf(layout).find((name) => columns.has(name));
  if (name !== undefined)
    throw new ConfigError("layout", `is ${quote(text)} and ${taken(name)}`, "'{yyyy}/{MM}/{dd}/{HH}'");
}

/** The layout begins after the prefix: with both, the tables would look under the prefix twice. */
function refuseRepeatedPrefix({ tablePrefix }: Config, layout: string): void {
  if (tablePrefix === "" || !layout.startsWith(tablePrefix)) return;
  const problem = `is ${quote(layout)} and follows the prefix ${quote(tablePrefix)}: leave that out, or set tablePrefix`;
  throw new ConfigError("layout", problem, `'${layout.slice(tablePrefix.length)}'`);
}

/** The nightly job lists one path. */
function refuseUnknownDay({ realtime, reconcile }: Config, layout: string): void {
  if (realtime === undefined || reconcile !== "") return;
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

/** An output under the source would be read as a source, and converted again for ever. */
function refuseOverlap({ sourceBucket, outputBucket, outputPrefix }: Config, sourcePrefix: string): void {
  if (outputBucket !== sourceBucket) return;
  const [source, output] = [`s3://${sourceBucket}/${sourcePrefix}`, `s3://${outputBucket}/${outputPrefix}`];
  if (output.startsWith(source)) {
    const problem = `sets the output to ${output}, which is under the source ${source}`;
    if (sourcePrefix === "") throw new ConfigError("outputBucket", problem, "my-tables");
    throw new ConfigError("outputPrefix", problem, "rehose/");
  }
  const written = known.written.map((own) => output + own);
  const shared = written.find((own) => own.startsWith(source) || source.startsWith(own));
  if (shared === undefined) return;
  throw new ConfigError("sourcePrefix", `sets the source to ${source}, but rehose writes to ${shared}`, "AWSLogs/");
}

/** These have no effect on Parquet, and the functions refuse the second. */
function refuseCsvOnly({ level, options }: Config): void {
  if (fileKindOf(options) === "csv") return;
  const refuse = (name: string, problem: string) => {
    throw new ConfigError(name, `${problem}: leave it out, or write CSV`, "csv", "to");
  };
  if (level !== undefined) refuse("level", `is ${level}, but Parquet has no level`);
  if (options.line_breaks !== undefined) refuse("options", "has line_breaks, but Parquet has line breaks as they are");
}

/** The queue hides a message for the visibility timeout after its function died. `check` must not resend it before. */
function refuseImpatience({ timeout, pace: { stalledSeconds } }: Config): void {
  const visibility = visibilityTimeout(timeout);
  if (stalledSeconds === undefined || stalledSeconds >= visibility) return;
  const problem = `is ${stalledSeconds}, less than the queue's visibility timeout of ${visibility}: six times timeout`;
  throw new ConfigError("stalledSeconds", problem, String(visibility));
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
function refuseSlowBatches({ realtimeBatch, realtimeWindow }: Config): void {
  if (realtimeBatch <= 10 || realtimeWindow > 0) return;
  const problem = `is 0, and Lambda waits at least a second for a realtimeBatch of ${realtimeBatch}`;
  throw new ConfigError("realtimeWindow", problem, "5");
}

function refuseMissingBinaries({ binaries }: Config): void {
  for (const binary of Object.values(BINARY)) {
    if (existsSync(join(binaries, binary, "bootstrap.zip"))) continue;
    const problem = `is ${quote(binaries)}, but ${binary}/bootstrap.zip is missing there: run scripts/build or name another folder`;
    throw new ConfigError("binaries", problem, "../target/lambda");
  }
}
