import { ArnFormat, Aws, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import * as iam from "aws-cdk-lib/aws-iam";
import * as kms from "aws-cdk-lib/aws-kms";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import type * as scheduler from "aws-cdk-lib/aws-scheduler";
import * as sns from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import type * as sfn from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";
import metrics from "../../functions/metrics.json";
import type { Api } from "./api";
import type { Config } from "./config";
import type { Functions } from "./functions";
import type { Queues } from "./queues";

/** The metrics that each function emits. */
type Metrics = typeof metrics.metrics;

const MINUTE = Duration.minutes(1);
const FIVE_MINUTES = Duration.minutes(5);

/** The time between two schedules of merges. */
const TEN_MINUTES = Duration.minutes(10);

export interface ObservabilityProps extends Pick<Config, "timeout" | "rejectedRatio" | "metricMath" | "alarmAddress"> {
  readonly functions: Functions;
  readonly queues: Queues;
  readonly machine: sfn.StateMachine;
  /** Default: there is none. */
  readonly api?: Api;
  /** The groups of schedules. Default: no schedules. */
  readonly schedules: { readonly reconcile?: scheduler.ScheduleGroup; readonly merge?: scheduler.ScheduleGroup };
}

/** The dashboard and the alarms. */
export class Observability extends Construct {
  readonly dashboard: cloudwatch.Dashboard;
  /** The topic that alarms publish to. Undefined without an address. */
  readonly topic?: sns.Topic;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ObservabilityProps,
  ) {
    super(scope, id);
    this.topic = props.alarmAddress === undefined ? undefined : this.createTopic(props.alarmAddress);
    const alarms = this.alarms();
    this.dashboard = new cloudwatch.Dashboard(this, "Dashboard", {
      widgets: [
        [new cloudwatch.AlarmStatusWidget({ title: "Alarms", alarms, width: 24, height: 3 })],
        ...this.graphs(),
      ],
    });
  }

  private alarms(): cloudwatch.Alarm[] {
    const { queues, machine, api, schedules, metricMath } = this.props;
    const alarms = [
      this.alarm(
        "HistoricDead",
        "A task of a job failed five times: its message is in the dead-letter queue",
        anyOf(dead(queues.historicDead)),
      ),
      this.alarm(
        "RealtimeDead",
        "An event of a new object failed five times: its message is in the dead-letter queue",
        anyOf(dead(queues.realtimeDead)),
      ),
      // No alarm for aborted executions: only a person aborts one.
      this.alarm(
        "JobFailed",
        "A job failed or ended incomplete: see the cause of its execution",
        anyOf(machine.metricFailed()),
      ),
      this.alarm("JobTimedOut", "A job took longer than jobTimeoutHours", anyOf(machine.metricTimedOut())),
    ];
    if (queues.mergeDead !== undefined) alarms.push(...this.mergeAlarms(queues.mergeDead));
    if (schedules.merge !== undefined) {
      alarms.push(
        this.alarm("MergeNotStarted", "A merge could not be started", anyOf(schedules.merge.metricDropped())),
      );
    }
    if (schedules.reconcile !== undefined) {
      alarms.push(
        this.alarm(
          "NotReconciled",
          "The nightly job for objects without an event could not be started",
          anyOf(schedules.reconcile.metricDropped()),
        ),
      );
    }
    if (api !== undefined) {
      alarms.push(this.alarm("ApiErrors", "The HTTP API could not answer a request: see its log", anyOf(api.errors)));
    }
    return metricMath ? [...alarms, ...this.mathAlarms()] : alarms;
  }

  private mergeAlarms(deadLetters: sqs.Queue): cloudwatch.Alarm[] {
    // CloudFormation takes a metric with a label for metric math.
    const plain = { label: undefined };
    return [
      this.alarm(
        "MergeDead",
        "A task of a merge failed five times: its message is in the dead-letter queue",
        anyOf(dead(deadLetters)),
      ),
      this.alarm(
        "MergeOverdue",
        "An hour is not merged more than an hour after it closed: see the executions of the state machine",
        {
          // A job counts what it finds when it begins. The first one after a pause finds what it is about to merge.
          metric: this.of("start", "Overdue", { ...plain, statistic: "Maximum", period: TEN_MINUTES }),
          threshold: 0,
          evaluationPeriods: 3,
        },
      ),
      this.alarm(
        "SumsDiffer",
        "A merged file has other sums than its objects, so its hour is not published: see the cause of the execution",
        anyOf(this.of("check", "SumsDiffer", plain)),
      ),
      this.alarm(
        "MergeIncomplete",
        "A generation was merged without objects that failed or were lost: the report of its job lists them",
        anyOf(this.of("check", "Incomplete", plain)),
      ),
    ];
  }

  private mathAlarms(): cloudwatch.Alarm[] {
    const { functions, timeout } = this.props;
    return [
      ...this.queues().map((queue) =>
        this.alarm(
          `${name(queue)}Stalled`,
          `Messages wait in the ${name(queue).toLowerCase()} queue, and none is completed: see the log of its function`,
          {
            metric: new cloudwatch.MathExpression({
              label: "Waiting, and none completed",
              // A message is deleted only after all its outputs and its receipt are written.
              expression: "IF(FILL(visible, 0) + FILL(inFlight, 0) > 0 AND FILL(done, 0) == 0, 1, 0)",
              usingMetrics: {
                visible: queue.metricApproximateNumberOfMessagesVisible(),
                inFlight: queue.metricApproximateNumberOfMessagesNotVisible(),
                done: queue.metricNumberOfMessagesDeleted(),
              },
              period: FIVE_MINUTES,
            }),
            threshold: 0,
            evaluationPeriods: Math.max(3, Math.ceil((2 * timeout) / FIVE_MINUTES.toSeconds())),
          },
        ),
      ),
      this.rejected("Rejected", functions.process),
      ...(functions.merge ? [this.rejected("MergeRejected", functions.merge)] : []),
    ];
  }

  /** An alarm for the events that a function rejects. */
  private rejected(id: string, one: lambda.Function): cloudwatch.Alarm {
    const { rejectedRatio } = this.props;
    const hour = { period: Duration.hours(1) };
    const ofIt = { ...hour, dimensionsMap: { [metrics.dimension]: one.functionName } };
    return this.alarm(
      id,
      `More than ${rejectedRatio} % of the events of an hour were rejected: see the reasons in rejected/ of the output`,
      {
        metric: new cloudwatch.MathExpression({
          label: "Rejected (%)",
          expression: "100 * rejected / events",
          usingMetrics: {
            rejected: this.of("process", "Rejected", ofIt),
            events: this.of("process", "Events", ofIt),
          },
          ...hour,
        }),
        threshold: rejectedRatio,
        evaluationPeriods: 1,
      },
    );
  }

  /** An alarm for values above the threshold. Missing data means that nothing ran, which is not a problem. */
  private alarm(id: string, alarmDescription: string, props: cloudwatch.AlarmProps): cloudwatch.Alarm {
    const alarm = new cloudwatch.Alarm(this, id, {
      alarmDescription,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
      ...props,
    });
    if (this.topic !== undefined) alarm.addAlarmAction(new SnsAction(this.topic));
    return alarm;
  }

  /**
   * A topic that alarms may publish to. Its policy must allow CloudWatch explicitly, because a policy that only enforces
   * TLS replaces the default policy. The policy of its key must allow CloudWatch as well:
   * https://repost.aws/knowledge-center/cloudwatch-receive-sns-for-alarm-trigger
   */
  private createTopic(address: string): sns.Topic {
    const alarms = Stack.of(this).formatArn({
      service: "cloudwatch",
      resource: "alarm",
      resourceName: "*",
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    const cloudWatch = new iam.ServicePrincipal("cloudwatch.amazonaws.com", {
      conditions: { ArnLike: { "aws:SourceArn": alarms }, StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID } },
    });
    const masterKey = new kms.Key(this, "TopicKey", {
      description: "rehose: messages of the alarm topic",
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    masterKey.grant(cloudWatch, "kms:Decrypt", "kms:GenerateDataKey*");
    const topic = new sns.Topic(this, "Topic", {
      displayName: `rehose: ${Stack.of(this).stackName}`,
      masterKey,
      enforceSSL: true,
    });
    topic.addToResourcePolicy(
      new iam.PolicyStatement({ principals: [cloudWatch], actions: ["sns:Publish"], resources: [topic.topicArn] }),
    );
    topic.addSubscription(new EmailSubscription(address));
    return topic;
  }

  private graphs(): cloudwatch.IWidget[][] {
    const { functions, queues, machine, api } = this.props;
    const { start, process, check, merge } = functions;
    const all = [start, process, check, ...(merge ? [merge] : []), ...(api ? [api.function] : [])];
    const queuesOfTasks = this.queues();
    const minute = { period: MINUTE };
    return [
      [
        graph("Objects a minute", [this.of("process", "Objects", minute)]),
        graph("Rows a minute", [this.of("process", "Written", minute), this.of("process", "Rejected", minute)]),
        graph("Bytes a minute", [this.of("process", "BytesIn", minute), this.of("process", "BytesOut", minute)]),
      ],
      [
        graph(
          "Messages",
          queuesOfTasks.flatMap((queue) => [
            queue.metricApproximateNumberOfMessagesVisible({ ...minute, label: `${name(queue)}: waiting` }),
            queue.metricApproximateNumberOfMessagesNotVisible({ ...minute, label: `${name(queue)}: in flight` }),
          ]),
        ),
        graph(
          "Age of the oldest message (s)",
          queuesOfTasks.map((queue) => queue.metricApproximateAgeOfOldestMessage({ ...minute, label: name(queue) })),
        ),
        graph("Failures", [
          this.of("process", "Failures", { label: "Objects that failed" }),
          this.of("process", "Returned", { label: "Messages returned to the queue" }),
          ...all.map((one) => one.metricErrors({ label: `${one.node.id}: errors` })),
          process.metricThrottles({ label: "Process: throttled" }),
          dead(queues.historicDead).with({ label: "Historic: dead letters" }),
          dead(queues.realtimeDead).with({ label: "Realtime: dead letters" }),
          ...(queues.mergeDead ? [dead(queues.mergeDead).with({ label: "Merge: dead letters" })] : []),
        ]),
      ],
      [
        graph(
          "Duration of process (ms)",
          ["p50", "p99", "Maximum"].map((statistic) =>
            process.metricDuration({ ...minute, statistic, label: statistic }),
          ),
        ),
        graph("Jobs", [
          machine.metricStarted(),
          machine.metricSucceeded(),
          machine.metricFailed(),
          machine.metricTimedOut(),
          machine.metricAborted(),
        ]),
        graph("Duration of jobs (ms)", [machine.metricTime({ statistic: "Maximum" })]),
      ],
      [
        graph("Cost: GB-seconds", all.map(gigabyteSeconds)),
        graph(
          "Cost: invocations",
          all.map((one) => one.metricInvocations({ label: one.node.id })),
        ),
        // S3 publishes request metrics only where they are enabled. Requests follow from objects: a GET and a PUT for each,
        // more for large ones, and a few for each task.
        graph(
          "Cost: requests to SQS",
          queuesOfTasks.flatMap((queue) => [
            queue.metricNumberOfMessagesSent({ label: `${name(queue)}: sent` }),
            queue.metricNumberOfMessagesReceived({ label: `${name(queue)}: received` }),
            queue.metricNumberOfEmptyReceives({ label: `${name(queue)}: received nothing` }),
            queue.metricNumberOfMessagesDeleted({ label: `${name(queue)}: deleted` }),
          ]),
        ),
      ],
    ];
  }

  /** The queues that feed functions. */
  private queues(): sqs.Queue[] {
    const { historic, realtime, merge } = this.props.queues;
    return [historic, realtime, ...(merge ? [merge] : [])];
  }

  /** A metric that a function emits. Its dimension is the name of the function, which distinguishes stacks. */
  private of<Of extends keyof Metrics>(
    one: Of,
    metricName: keyof Metrics[Of] & string,
    options: cloudwatch.MetricOptions = {},
  ): cloudwatch.Metric {
    return new cloudwatch.Metric({
      namespace: metrics.namespace,
      metricName,
      dimensionsMap: { [metrics.dimension]: this.props.functions[one].functionName },
      statistic: "Sum",
      label: metricName,
      ...options,
    });
  }
}

function graph(title: string, left: cloudwatch.IMetric[]): cloudwatch.GraphWidget {
  return new cloudwatch.GraphWidget({ title, left, width: 8, leftYAxis: { min: 0, showUnits: false } });
}

function name(queue: sqs.Queue): string {
  return queue.node.id;
}

function dead(queue: sqs.Queue): cloudwatch.Metric {
  return queue.metricApproximateNumberOfMessagesVisible();
}

/** The properties of an alarm for any value above zero. */
function anyOf(metric: cloudwatch.Metric): cloudwatch.AlarmProps {
  return { metric: metric.with({ period: FIVE_MINUTES }), threshold: 0, evaluationPeriods: 1 };
}

/** The GB-seconds that Lambda bills for a function: the sum of its durations times its memory. */
function gigabyteSeconds(one: lambda.Function): cloudwatch.MathExpression {
  const { memorySize } = one.node.defaultChild as lambda.CfnFunction;
  return new cloudwatch.MathExpression({
    label: one.node.id,
    expression: `duration${one.node.id} / 1000 * ${memorySize} / 1024`,
    usingMetrics: { [`duration${one.node.id}`]: one.metricDuration({ statistic: "Sum" }) },
  });
}
