import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { RetentionDays } from "aws-cdk-lib/aws-logs";
import { type ApiSettings, readApi } from "./apiSettings";
import { BOOLEAN, ConfigError, ContextReader, quote } from "./context";
import { refuseExpressions, type Log, withSlash } from "./log";
import { readLogs } from "./logs";
import { type MergeFunction, readMergeFunction } from "./merge";
import { fileKindOf } from "./options";
import { visibilityTimeout } from "./queues";
import { ADDRESS, ANY, BUCKET, KEY, OUTPUT_PREFIX, SOURCE_BUCKET, STACK } from "./rules";
import known from "./tables.json";

/** The folder in which `scripts/build` puts the functions' archives. */
const BINARIES = join(__dirname, "..", "..", "target", "lambda");

/** The binary of each function. */
export const BINARY = {
  start: "rehose-start",
  process: "rehose-process",
  check: "rehose-check",
  api: "rehose-api",
} as const;

/** The configuration of a deployment: the context of the CDK app, validated. */
export interface Config {
  /** The name of the stack and of the state machine. Default: `rehose`. */
  readonly stackName: string;
  /** The bucket with the stash. It exists, and the stack only reads it. */
  readonly sourceBucket: string;
  /** The ARN of the KMS key that encrypts the source. Default: no KMS key. */
  readonly sourceKey?: string;
  /** An existing bucket for the output. Default: the stack creates one. */
  readonly outputBucket?: string;
  /** The prefix of the output, which has the ledger: empty, or with a trailing slash. Default: empty. */
  readonly outputPrefix: string;
  /** The ARN of the KMS key that encrypts the output, in an existing or a created bucket. Default: SSE-S3. */
  readonly outputKey?: string;
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
   * The source of events of new objects, from the context value `realtimeEvents` (default `s3`). Undefined if no log has
   * `realtime`.
   */
  readonly realtime?: RealtimeEvents;
  /** The function that merges. Undefined if no log is merged. */
  readonly merge?: MergeFunction;
  /** The HTTP API. Undefined if the context value `api` is `none`, the default. */
  readonly api?: ApiSettings;
  /** The e-mail address that alarms are sent to. Default: none; alarms are visible in CloudWatch only. */
  readonly alarmAddress?: string;
  /** The percentage of rejected events above which there is an alarm. Default: 1. */
  readonly rejectedRatio: number;
  /** Whether to create alarms that use metric math, which a local AWS may not support. Default: `true`. */
  readonly metricMath: boolean;
  /** The most that a query may scan in GB, 1 to 1000000. Default: 100. */
  readonly scanLimitGB: number;
  /** Whether to save the most common queries in Athena. Default: `true`. */
  readonly namedQueries: boolean;
  /** The folder with `<binary>/bootstrap.zip`. Default: `target/lambda`. */
  readonly binaries: string;
  /** The logs. */
  readonly logs: readonly Log[];
  /** Whether the context value `logs` lists them. If not, there is one. */
  readonly isList: boolean;
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
  const events = read.choice<RealtimeEvents>("realtimeEvents", { s3: "s3", eventbridge: "eventbridge" }, "s3");
  refuseExpressions(read);
  const outputPrefix = withSlash(read.text("outputPrefix", OUTPUT_PREFIX, "rehose/", ""));
  const { logs, isList } = readLogs(read, outputPrefix);
  const config: Config = {
    stackName: read.text("stackName", STACK, "rehose", "rehose"),
    sourceBucket: read.text("sourceBucket", SOURCE_BUCKET, "my-flow-logs"),
    sourceKey: read.text("sourceKey", KEY, EXAMPLE_KEY, "") || undefined,
    outputBucket: read.text("outputBucket", BUCKET, "my-tables", "") || undefined,
    outputPrefix,
    outputKey: read.text("outputKey", KEY, EXAMPLE_KEY, "") || undefined,
    logs,
    isList,
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
    realtime: logs.some(({ realtime }) => realtime) ? events : undefined,
    merge: readMergeFunction(read, logs),
    api: readApi(read, logs, outputPrefix),
    alarmAddress: read.text("alarmAddress", ADDRESS, "team@example.com", "") || undefined,
    rejectedRatio: read.number("rejectedRatio", 0, 100, 1, false),
    metricMath: read.choice("metricMath", BOOLEAN, "true"),
    scanLimitGB: read.number("scanLimitGB", 1, 1_000_000, 100),
    namedQueries: read.choice("namedQueries", BOOLEAN, "true"),
    binaries: resolve(read.text("binaries", ANY, "../target/lambda", BINARIES)),
    architecture: read.choice("architecture", { arm64: "arm64", x86_64: "x86_64" }, "arm64"),
  };
  read.refuseUnknown();
  const places = new Set([outputPrefix, ...logs.map((log) => log.outputPrefix)]);
  for (const place of places)
    for (const prefix of logs.flatMap(({ sourcePrefixes }) => sourcePrefixes)) refuseOverlap(config, place, prefix);
  refuseLevel(config);
  refuseImpatience(config);
  refuseSlowBatches(config);
  refuseMissingBinaries(config);
  return config;
}

const EXAMPLE_KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/** In seconds. No execution runs longer. */
const YEAR = 31_536_000;

const RETENTIONS: Record<string, RetentionDays> = Object.fromEntries(
  Object.values(RetentionDays)
    .filter((days): days is RetentionDays => typeof days === "number" && days !== RetentionDays.INFINITE)
    .map((days) => [String(days), days]),
);

/** An output under the source would be read as a source, and converted again for ever. */
function refuseOverlap({ sourceBucket, outputBucket }: Config, outputPrefix: string, sourcePrefix: string): void {
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

/** It has no effect on Parquet. */
function refuseLevel({ level, logs }: Config): void {
  if (level === undefined || logs.some(({ options }) => fileKindOf(options) === "csv")) return;
  const problem = `is ${level}, but Parquet has no level: leave it out, or write CSV`;
  throw new ConfigError("level", problem, "csv", "to");
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
