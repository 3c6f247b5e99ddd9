import { BOOLEAN, ConfigError, type ContextReader, quote, type StringRule } from "./context";
import type { Layout } from "./layout";
import type { Log } from "./log";

/** How a log is merged. The functions validate it again. */
export interface Merge {
  /** The fields of `merge` in a job that are not the default. */
  readonly settings: {
    /** The time in keys, as a text. */
    readonly layout: string;
    /** From the context value `mergePer`. Default: hour. */
    readonly per: "hour" | "day";
    /** Seconds. The context value `mergeLateness` has minutes. Default: 15 minutes. */
    readonly lateness: number;
    /** Seconds, or null if no rows are merged. From the context value `mergeGap`. Default: 60. */
    readonly gap: number | null;
    /** The context value `mergeTargetMB` has MB. Default: 256 MB. */
    readonly target_bytes: number;
  };
  /** The days before today in which late objects are looked for each night, 1 to 366. Default: 3. */
  readonly days: number;
}

/** What a job has where its settings say nothing. */
export const DEFAULTS: Merge["settings"] = {
  layout: "{yyyy}/{MM}/{dd}/{HH}",
  per: "hour",
  lateness: 900,
  gap: 60,
  target_bytes: 268_435_456,
};

/** The function that merges, for all logs. */
export interface MergeFunction {
  /** Its memory in MB, 512 to 10240: a merge takes 256. Default: 1769, which gives one whole core. */
  readonly memory: number;
  /**
   * Its ephemeral storage in MB, 512 to 10240, where it sorts what its memory does not hold: up to 2.2 bytes for each
   * stored byte of records none of which continues another. Default: 4096.
   */
  readonly storage: number;
  /** Its maximum concurrency, 2 to 1000. Default: 20. */
  readonly concurrency: number;
}

const MB = 1_048_576;

const GAP: StringRule = [/^(none|\d{1,9})$/, "must be a number of seconds, or none"];

/**
 * Reads the context values of merging. Undefined if `merge` is `false`, the default.
 *
 * @param layout the context value `layout`
 * @throws ConfigError if a value is wrong, or the hours in keys are not those of UTC.
 */
export function readMerge(read: ContextReader, layout: string, { end }: Layout, timeZone: string): Merge | undefined {
  const merges = read.choice("merge", BOOLEAN, "false");
  const gap = read.text("mergeGap", GAP, "60", "60");
  const merge: Merge = {
    settings: {
      layout,
      per: read.choice("mergePer", { hour: "hour", day: "day" } as const, "hour"),
      lateness: 60 * read.number("mergeLateness", 0, 100_000, 15),
      gap: gap === "none" ? null : Number(gap),
      target_bytes: MB * read.number("mergeTargetMB", 1, 2_048, 256),
    },
    days: read.number("mergeDays", 1, 366, 3),
  };
  if (!merges) return undefined;
  if (end !== "NOW" || timeZone !== "UTC") {
    const problem = `is ${quote(timeZone)}, but an hour is merged when it has closed by the clock of UTC`;
    throw new ConfigError("merge", `needs hours in UTC, and timeZone ${problem}`, "false");
  }
  return merge;
}

/**
 * Reads the context values of the function that merges. Undefined if no log is merged.
 *
 * @throws ConfigError if a value is wrong, or the function could not sort what it merges at once.
 */
export function readMergeFunction(read: ContextReader, logs: readonly Log[]): MergeFunction | undefined {
  const merge: MergeFunction = {
    memory: read.number("mergeMemory", 512, 10_240, 1_769),
    storage: read.number("mergeStorage", 512, 10_240, 4_096),
    concurrency: read.number("mergeConcurrency", 2, 1_000, 20),
  };
  const targets = logs.flatMap(({ merge }) => merge?.settings.target_bytes ?? []);
  if (targets.length === 0) return undefined;
  const needed = (4 * Math.max(...targets)) / MB;
  if (merge.storage < needed) {
    const problem = `is ${merge.storage}, less than four times mergeTargetMB: sorting takes up to half of that`;
    throw new ConfigError("mergeStorage", problem, String(needed));
  }
  return merge;
}

/** How many hours before its time a schedule looks for hours that have closed. */
export function recentHours({ settings: { per, lateness } }: Merge): number {
  // After it has closed, an hour is looked at for longer than its alarm takes to be raised.
  const closed = 6;
  return (per === "day" ? 24 : 1) + Math.ceil(lateness / 3_600) + closed;
}
