import { Duration } from "aws-cdk-lib";
import * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { Config } from "./config";

/** How long a queue keeps a message: the longest that there is. */
export const RETENTION = Duration.days(14);

/**
 * How long a queue hides a message that was received, for a timeout of its function; both in seconds. AWS recommends six
 * times as long, which leaves time for retries while the function is throttled:
 * https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
 */
export function visibilityTimeout(timeout: number): number {
  return 6 * timeout;
}

type QueuesProps = Pick<Config, "timeout" | "realtimeWindow" | "merge">;

/** One queue for each kind of work, so that a backfill does not delay new objects, and merging delays neither. */
export class Queues extends Construct {
  /** Tasks of jobs. */
  readonly historic: sqs.Queue;
  readonly historicDead: sqs.Queue;
  /** Events of new objects. */
  readonly realtime: sqs.Queue;
  readonly realtimeDead: sqs.Queue;
  /** Tasks of jobs that merge. Undefined if none do. */
  readonly merge?: sqs.Queue;
  readonly mergeDead?: sqs.Queue;
  /** How long the queues of tasks hide a message that was received, in seconds. */
  readonly visibility: number;

  constructor(scope: Construct, id: string, { timeout, realtimeWindow, merge }: QueuesProps) {
    super(scope, id);
    this.visibility = visibilityTimeout(timeout);
    [this.historic, this.historicDead] = this.pair("Historic", this.visibility);
    if (merge) [this.merge, this.mergeDead] = this.pair("Merge", this.visibility);
    // Lambda receives a message before it waits for the rest of its batch. A message that became visible meanwhile would
    // come twice, and reach the dead-letter queue without a failure.
    [this.realtime, this.realtimeDead] = this.pair("Realtime", this.visibility + realtimeWindow);
  }

  private pair(id: string, visibility: number): [sqs.Queue, sqs.Queue] {
    const common = { encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: RETENTION };
    const dead = new sqs.Queue(this, `${id}Dead`, common);
    const queue = new sqs.Queue(this, id, {
      ...common,
      visibilityTimeout: Duration.seconds(visibility),
      deadLetterQueue: { queue: dead, maxReceiveCount: 5 },
    });
    return [queue, dead];
  }
}
