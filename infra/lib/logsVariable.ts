// The variables with the logs, as `functions/environment.json` describes them.
import type { Config } from "./config";
import { ConfigError } from "./context";
import type { Variables } from "./function";
import type { Log } from "./log";
import { DEFAULTS } from "./merge";
import type { Storage } from "./storage";

/** The most bytes of a function's environment: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_ENVIRONMENT = 4_096;

/** What the other variables of a function need at most, with the longest names of buckets and queues. */
const OTHER_VARIABLES = 1_024;

/** A log in the variable `REHOSE_LOGS`. Values that are the default are left out. */
interface Entry {
  readonly prefixes: readonly string[];
  readonly folder?: string;
  readonly options?: unknown;
  readonly exclude?: readonly string[];
  readonly errors?: string;
  readonly max_rejected?: number;
  readonly merge?: unknown;
}

/** The variables with the logs, or with the values of the only one: `shape`, and what only jobs need. */
export function logVariables(
  { logs, isList }: Pick<Config, "logs" | "isList">,
  storage: Storage,
): { shape: Variables; jobs: Variables } {
  const [only] = logs;
  if (isList || only === undefined) {
    const bucket = `s3://${storage.source.bucketName}/`;
    return { shape: { REHOSE_SOURCES: bucket, REHOSE_LOGS: logsVariable(logs, storage.outputPrefix) }, jobs: {} };
  }
  return {
    shape: {
      REHOSE_SOURCES: storage.sourceLocations(logs).join(),
      REHOSE_OPTIONS: JSON.stringify(only.options),
      REHOSE_EXCLUDE: JSON.stringify(only.exclude),
      REHOSE_ERRORS: only.errors,
    },
    jobs: {
      ...asVariables({ REHOSE_MAX_REJECTED: only.maxRejected }),
      ...(only.merge && { REHOSE_MERGE: JSON.stringify(only.merge.settings) }),
    },
  };
}

/** The variables that have a value, as strings. */
export function asVariables(variables: Partial<Record<keyof Variables, number>>): Variables {
  const given = Object.entries(variables).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, String(value)]));
}

/**
 * The value of `REHOSE_LOGS`. It names no bucket, so its length is known before the stack is deployed.
 *
 * @param outputPrefix the prefix of the stack's output, with which that of each log begins
 * @throws ConfigError if it is longer than Lambda takes.
 */
export function logsVariable(logs: readonly Log[], outputPrefix: string): string {
  const entries = logs.map((log): Entry => {
    const { sourcePrefixes, options, exclude, errors, maxRejected, merge } = log;
    const folder = log.outputPrefix.slice(outputPrefix.length);
    return {
      prefixes: sourcePrefixes,
      ...(folder !== "" && { folder }),
      ...(Object.keys(options).length > 0 && { options }),
      ...(exclude.length > 0 && { exclude }),
      ...(errors !== "skip" && { errors }),
      ...(maxRejected !== 10 && { max_rejected: maxRejected }),
      ...(merge && { merge: otherThan(DEFAULTS, merge.settings) }),
    };
  });
  const text = JSON.stringify(entries);
  const [length, most] = [Buffer.byteLength(text), MAX_ENVIRONMENT - OTHER_VARIABLES];
  if (length <= most) return text;
  const problem =
    `takes ${length} bytes for ${logs.length} logs, and a function's environment has room for ${most}: ` +
    "deploy some of the logs as another stack, with its own stackName and outputBucket";
  throw new ConfigError("logs", problem, "rehose-2", "stackName");
}

/** The members of an object whose values are not those of another one. */
function otherThan<T extends object>(defaults: T, values: T): Partial<T> {
  const others = Object.entries(values).filter(([name, value]) => value !== defaults[name as keyof T]);
  return Object.fromEntries(others) as Partial<T>;
}
