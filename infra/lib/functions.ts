import { Duration } from "aws-cdk-lib";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import { SqsEventSource, type SqsEventSourceProps } from "aws-cdk-lib/aws-lambda-event-sources";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import { Construct } from "constructs";
import type { BINARY, Config } from "./config";
import { createFunction, type Variables } from "./function";
import type { Log } from "./log";
import { asVariables, logVariables } from "./logsVariable";
import { fileKindOf } from "./options";
import type { Permission } from "./permissions";
import type { Queues } from "./queues";
import type { Storage } from "./storage";

/** The memory of `start` and `check` in MB. Both hold one page of keys or receipts at a time. */
const LEDGER = { memory: 512 };

export interface FunctionsProps extends Pick<
  Config,
  | "binaries"
  | "architecture"
  | "logs"
  | "isList"
  | "level"
  | "memory"
  | "concurrency"
  | "realtimeConcurrency"
  | "realtimeBatch"
  | "realtimeWindow"
  | "timeout"
  | "pace"
  | "retention"
  | "merge"
> {
  readonly storage: Storage;
  readonly queues: Queues;
}

/** The functions. Each has its own role with the permissions that its part of a job needs. */
export class Functions extends Construct {
  readonly start: lambda.Function;
  readonly process: lambda.Function;
  readonly check: lambda.Function;
  /** Processes the tasks of merges. Undefined if there are none. */
  readonly merge?: lambda.Function;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: FunctionsProps,
  ) {
    super(scope, id);
    const { storage, queues } = props;
    const output = { REHOSE_OUTPUT: storage.outputLocation };
    const queue = {
      REHOSE_QUEUE_URL: queues.historic.queueUrl,
      ...(queues.merge && { REHOSE_MERGE_QUEUE_URL: queues.merge.queueUrl }),
    };
    const tasks = [queues.historic, queues.merge].flatMap((queue) => queue?.queueArn ?? []);
    const { shape, jobs } = logVariables(props, storage);
    const { logs } = props;
    const merged = logs.filter(({ merge }) => merge !== undefined);
    const [generations, binding] = ["generations/*", "merge.json"];
    // Below the prefix of the output, as the ledger is, whichever log they are made of.
    const digests = "digests/*";
    const merging = ({ merge }: Log, ...keys: string[]) => (merge === undefined ? [] : keys);
    const rows = ({ options }: Log) => `${fileKindOf(options)}/*`;
    const { output: bucket } = storage;
    const { page, pages, quietSeconds, stalledSeconds, rounds, waitSeconds } = props.pace;
    const planning = asVariables({ REHOSE_PAGE: page, REHOSE_PAGES: pages });
    const waiting = asVariables({
      REHOSE_QUIET_SECONDS: quietSeconds,
      REHOSE_STALLED_SECONDS: stalledSeconds,
      REHOSE_ROUNDS: rounds,
      REHOSE_WAIT_SECONDS: waitSeconds,
      REHOSE_VISIBILITY_SECONDS: queues.visibility,
    });

    this.start = this.function("start", "Start", LEDGER, { ...output, ...queue, ...shape, ...jobs, ...planning }, [
      storage.listsSource(logs),
      ...this.seesMissingObjects(
        logs,
        (log) => [rows(log), "rehose.json", ...merging(log, generations, binding)],
        props.merge ? [digests] : [],
      ),
      {
        actions: ["s3:GetObject", "s3:PutObject"],
        resources: [storage.outputObjects("jobs/*")],
        wildcard: "The plan of any job: the names of jobs are known only when they start.",
      },
      { actions: ["s3:GetObject", "s3:PutObject"], resources: storage.objectsOf(logs, () => ["rehose.json"]) },
      {
        actions: ["s3:GetObject"],
        resources: storage.objectsOf(logs, (log) => [rows(log)]),
        wildcard: "The mode `missing` checks for each object of the source whether its rows exist.",
      },
      ...this.ifMerging(
        {
          actions: ["s3:GetObject", "s3:PutObject"],
          resources: storage.objectsOf(merged, () => [generations]),
          wildcard: "The generations of any hour, which the listing of the source shows.",
        },
        { actions: ["s3:GetObject", "s3:PutObject"], resources: storage.objectsOf(merged, () => [binding]) },
        {
          actions: ["s3:GetObject", "s3:PutObject"],
          resources: [storage.outputObjects(digests)],
          wildcard: "The claim of any digest: its id is that of the question.",
        },
      ),
      { actions: ["sqs:SendMessage"], resources: tasks },
      ...storage.encryptsOutput(),
    ]);

    const processEnvironment = { ...output, ...shape, ...asVariables({ REHOSE_LEVEL: props.level }) };
    const tasksOver = (logs: readonly Log[]): Permission[] => [
      {
        actions: ["s3:GetObject"],
        resources: storage.sourceObjects(logs),
        wildcard: "A task may contain any object of the source.",
      },
      ...storage.decryptsSource(),
      {
        actions: ["s3:GetObject", "s3:PutObject"],
        resources: [storage.outputObjects("jobs/*/receipts/*")],
        wildcard: "Receipts of any task of any job.",
      },
      {
        actions: ["s3:GetObject"],
        resources: ["job.json", "manifest/*", "report.json"].map((key) => storage.outputObjects(`jobs/*/${key}`)),
        wildcard: "A message may belong to any job, whose definition, plan and end are in the ledger.",
      },
      ...storage.encryptsOutput(),
    ];
    this.process = this.function("process", "Process", { memory: props.memory }, processEnvironment, [
      ...tasksOver(logs),
      ...this.seesMissingObjects(logs, () => ["rehose.json"]),
      {
        actions: ["s3:PutObject", "s3:AbortMultipartUpload"],
        resources: storage.objectsOf(logs, (log) => [rows(log), "rejected/*"]),
        wildcard: "The key of an output contains the key of its source.",
      },
      { actions: ["s3:GetObject", "s3:PutObject"], resources: storage.objectsOf(logs, () => ["rehose.json"]) },
    ]);
    // A task is already a batch, and an object that kills the function must not affect another message.
    this.feed(this.process, queues.historic, { batchSize: 1, maxConcurrency: props.concurrency });
    // `process` returns only the messages that failed. If an object kills it, the whole batch comes again, and gives the
    // same bytes. After `maxReceiveCount` such deliveries, the other messages are in the dead-letter queue as well.
    this.feed(this.process, queues.realtime, {
      batchSize: props.realtimeBatch,
      maxBatchingWindow: Duration.seconds(props.realtimeWindow),
      maxConcurrency: props.realtimeConcurrency,
    });

    if (props.merge && queues.merge) {
      this.merge = this.function("process", "Merge", props.merge, processEnvironment, [
        ...tasksOver(merged),
        ...this.seesMissingObjects(merged, () => [generations], [digests, "unpublished/*"]),
        {
          actions: ["s3:PutObject", "s3:AbortMultipartUpload"],
          resources: storage.objectsOf(merged, () => ["unpublished/*", "rejected/*"]),
          wildcard:
            "The names of merged files contain their job, and those of rejected events the key of their source.",
        },
        {
          actions: ["s3:GetObject"],
          resources: storage.objectsOf(merged, () => [generations]),
          wildcard: "A task belongs to any generation, which another job may have published meanwhile.",
        },
        {
          actions: ["s3:PutObject", "s3:AbortMultipartUpload"],
          resources: ["unpublished/*", "rejected/*"].map((key) => storage.outputObjects(key)),
          wildcard: "The parts and files of any digest, and rejected events of any object that it reads.",
        },
        {
          actions: ["s3:GetObject"],
          resources: ["unpublished/*", "jobs/*/decided/*"].map((key) => storage.outputObjects(key)),
          wildcard: "The parts of any digest, and which of them count.",
        },
      ]);
      this.feed(this.merge, queues.merge, { batchSize: 1, maxConcurrency: props.merge.concurrency });
    }

    const ledger = `${storage.outputPrefix}jobs/*`;
    const ofDigests = [digests, "unpublished/*"].map((key) => storage.outputPrefix + key);
    const seen = props.merge === undefined ? ledger : [ledger, ...ofDigests];
    this.check = this.function("check", "Check", LEDGER, { ...output, ...queue, ...waiting }, [
      {
        actions: ["s3:ListBucket"],
        resources: [bucket.bucketArn],
        conditions: { StringLikeIfExists: { "s3:prefix": seen } },
      },
      {
        actions: ["s3:GetObject", "s3:PutObject"],
        resources: [storage.outputObjects("jobs/*")],
        wildcard: "The ledger of any job: the names of jobs are known only when they start.",
      },
      ...this.ifMerging(
        {
          actions: ["s3:GetObject", "s3:PutObject"],
          resources: storage.objectsOf(merged, () => [generations, "merged/*"]),
          wildcard: "The generations of any hour, and their files.",
        },
        {
          actions: ["s3:GetObject"],
          resources: storage.objectsOf(merged, () => ["unpublished/*"]),
          wildcard: "The files of any job that merges, which are published by copying them.",
        },
        {
          actions: ["s3:GetObject", "s3:PutObject"],
          resources: [storage.outputObjects(digests)],
          wildcard: "The files and proof of any digest: its id is that of the question.",
        },
        {
          actions: ["s3:GetObject"],
          resources: [storage.outputObjects("unpublished/*")],
          wildcard: "The files of any digest, which are published by copying them.",
        },
      ),
      { actions: ["sqs:SendMessage", "sqs:GetQueueAttributes"], resources: tasks },
      ...storage.encryptsOutput(),
    ]);
  }

  private ifMerging(...permissions: Permission[]): Permission[] {
    return this.props.merge === undefined ? [] : permissions;
  }

  /**
   * Lets a function distinguish a missing object from a denied one: S3 answers 404 only to callers that may list the
   * bucket, and 403 to all others (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html). A request for an
   * object has no prefix, hence `IfExists`.
   *
   * @param keys what it looks for below the prefix of each log
   * @param others what it looks for below the prefix of the output, beside the ledger
   */
  private seesMissingObjects(
    logs: readonly Log[],
    keys: (log: Log) => readonly string[],
    others: readonly string[] = [],
  ): Permission[] {
    const { output, outputPrefix } = this.props.storage;
    const ofLogs = logs.flatMap((log) => keys(log).map((key) => log.outputPrefix + key));
    const prefixes = [...["jobs/*", ...others].map((key) => outputPrefix + key), ...ofLogs];
    return [
      {
        actions: ["s3:ListBucket"],
        resources: [output.bucketArn],
        conditions: { StringLikeIfExists: { "s3:prefix": prefixes } },
      },
    ];
  }

  private function(
    binary: keyof typeof BINARY,
    id: string,
    size: { readonly memory: number; readonly storage?: number },
    environment: Variables,
    permissions: Permission[],
  ): lambda.Function {
    const { binaries, architecture, timeout, retention } = this.props;
    const { memory, storage } = size;
    const own = { binary, memory, storage, environment, permissions };
    return createFunction(this, id, { binaries, architecture, timeout, retention, ...own });
  }

  /**
   * Feeds a function from a queue. The limit is the maximum concurrency of the event source, which leaves messages in the
   * queue. Reserved concurrency would throttle the function, and the retries would exhaust the redrive policy.
   */
  private feed(one: lambda.Function, queue: sqs.Queue, batches: SqsEventSourceProps): void {
    one.addEventSource(new SqsEventSource(queue, { ...batches, reportBatchItemFailures: true }));
  }
}
