import { ConfigError, type ContextReader } from "./context";
import type { Log } from "./log";

/** How the HTTP API is reached: by the function's own URL, or through an HTTP API of API Gateway. Both ask IAM. */
export type Entrance = "url" | "http";

/** The function that answers over HTTP. */
export interface ApiSettings {
  /** From the context value `api`. */
  readonly entrance: Entrance;
  /** Its memory in MB, 128 to 10240. Default: 1024. */
  readonly memory: number;
  /** The most requests at once, 1 to 1000: its reserved concurrency. Default: 10. */
  readonly concurrency: number;
}

/**
 * Reads the context values of the HTTP API. Undefined if `api` is `none`, the default.
 *
 * @param outputPrefix the prefix of the stack's output
 * @throws ConfigError if a value is wrong, or the API could make no digests.
 */
export function readApi(read: ContextReader, logs: readonly Log[], outputPrefix: string): ApiSettings | undefined {
  const entrance = read.choice("api", { none: undefined, url: "url", http: "http" } as const, "none");
  const settings = {
    memory: read.number("apiMemory", 128, 10_240, 1_024),
    concurrency: read.number("apiConcurrency", 1, 1_000, 10),
  };
  if (entrance === undefined) return undefined;
  const merged = logs.filter(({ merge }) => merge !== undefined);
  if (merged.length === 0) {
    const problem = `is ${entrance}, and needs a log that is merged: the function of merges makes its digests`;
    throw new ConfigError("api", problem, "true", "merge");
  }
  const prefixes = merged.flatMap(({ sourcePrefixes }) => sourcePrefixes);
  if (prefixes.length > 1) {
    const problem = `is ${entrance} and makes digests of one prefix, but ${prefixes.join(", ")} are merged: merge one of them here, and the others in stacks of their own`;
    throw new ConfigError("api", problem, "none");
  }
  const [{ outputPrefix: place } = { outputPrefix }] = merged;
  if (place !== outputPrefix) {
    const problem = `is ${entrance} and shows what is merged under the stack's outputPrefix, but the log that is merged has ${place}: let that log be the one without an outputPrefix of its own`;
    throw new ConfigError("api", problem, "none");
  }
  return { entrance, ...settings };
}
