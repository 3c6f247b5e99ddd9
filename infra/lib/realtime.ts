import { Aws, RemovalPolicy, TimeZone, Validations } from "aws-cdk-lib";
import * as events from "aws-cdk-lib/aws-events";
import * as targets from "aws-cdk-lib/aws-events-targets";
import * as iam from "aws-cdk-lib/aws-iam";
import * as s3 from "aws-cdk-lib/aws-s3";
import * as scheduler from "aws-cdk-lib/aws-scheduler";
import { StepFunctionsStartExecution } from "aws-cdk-lib/aws-scheduler-targets";
import type * as sqs from "aws-cdk-lib/aws-sqs";
import type * as sfn from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";
import type { RealtimeEvents } from "./config";
import type { Log } from "./log";
import type { Storage } from "./storage";

export interface RealtimeProps {
  readonly storage: Storage;
  /** The logs whose new objects are converted. */
  readonly logs: readonly Log[];
  /** The queue for events of new objects. */
  readonly queue: sqs.Queue;
  /** The state machine of the nightly job. */
  readonly machine: sfn.StateMachine;
  readonly events: RealtimeEvents;
}

/** Events of new objects for `process`, and a nightly job for objects without an event. */
export class Realtime extends Construct {
  /** The group of the nightly schedules. Undefined if no log has `reconcile`. */
  readonly schedules?: scheduler.ScheduleGroup;

  constructor(scope: Construct, id: string, props: RealtimeProps) {
    super(scope, id);
    if (props.events === "s3") this.notify(props);
    else this.subscribe(props);
    if (props.logs.some(({ reconcile }) => reconcile !== undefined)) this.schedules = this.reconcile(props);
  }

  /**
   * Notifications of the bucket itself. A bucket has one notification configuration. CDK's custom resource reads it and
   * adds these notifications; it keeps all others, and removes only its own with the stack.
   *
   * Use EventBridge instead in two cases. S3 refuses a second notification for the same prefix. A tool that writes the
   * configuration without reading it, such as Terraform's `aws_s3_bucket_notification`, removes these notifications.
   */
  private notify({ storage, logs, queue }: RealtimeProps): void {
    const role = new iam.Role(this, "NotifierRole", { assumedBy: new iam.ServicePrincipal("lambda.amazonaws.com") });
    const bucketName = storage.source.bucketName;
    const source = s3.Bucket.fromBucketAttributes(this, "Source", { bucketName, notificationsHandlerRole: role });
    const destination = { bind: () => this.bind(source, queue) };
    for (const prefix of logs.flatMap(({ sourcePrefixes }) => sourcePrefixes)) {
      source.addObjectCreatedNotification(destination, ...(prefix === "" ? [] : [{ prefix: inFilter(prefix) }]));
    }
    Validations.of(role).acknowledge({
      id: "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]",
      reason: "CDK attaches it, so that its own function can write logs. That function runs only during a deployment.",
    });
  }

  private bind(source: s3.IBucket, queue: sqs.Queue): s3.BucketNotificationDestinationConfig {
    const { policyDependable } = queue.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal("s3.amazonaws.com")],
        actions: ["sqs:SendMessage"],
        resources: [queue.queueArn],
        // Without the account, a new owner of a deleted bucket's name could send: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
        conditions: {
          ArnEquals: { "aws:SourceArn": source.bucketArn },
          StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID },
        },
      }),
    );
    return {
      type: s3.BucketNotificationDestinationType.QUEUE,
      arn: queue.queueArn,
      dependencies: policyDependable ? [policyDependable] : [],
    };
  }

  /**
   * A rule for the events that the bucket sends to EventBridge. The owner of the bucket must enable them:
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html
   */
  private subscribe({ storage, logs, queue }: RealtimeProps): void {
    const { source } = storage;
    const sourcePrefixes = logs.flatMap(({ sourcePrefixes }) => sourcePrefixes);
    new events.Rule(this, "Rule", {
      description: "rehose: new objects of the source",
      eventPattern: {
        account: [Aws.ACCOUNT_ID],
        source: ["aws.s3"],
        detailType: ["Object Created"],
        detail: {
          bucket: { name: [source.bucketName] },
          ...(sourcePrefixes.includes("") ? {} : { object: { key: sourcePrefixes.map((prefix) => ({ prefix })) } }),
        },
      },
      targets: [new targets.SqsQueue(queue)],
    });
  }

  /**
   * Starts a job each night for each prefix, over the objects of the day before that have no output.
   *
   * Firehose names an object by the hour in which its oldest record arrived. It buffers for at most 15 minutes, but retries
   * a failing delivery for up to a day (https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html). An object that
   * arrives after the nightly job still has its event.
   *
   * The job fails on a day without any object. Success would hide a stopped delivery stream or a wrong `reconcile` path.
   */
  private reconcile({ storage, logs, machine }: RealtimeProps): scheduler.ScheduleGroup {
    // A separate group, because the schedules' role trusts every schedule of their group.
    const scheduleGroup = new scheduler.ScheduleGroup(this, "Schedules", { removalPolicy: RemovalPolicy.DESTROY });
    for (const log of logs) {
      if (log.reconcile === undefined) continue;
      const day = picture(log.reconcile);
      for (const prefix of storage.sourceLocations([log])) {
        new scheduler.Schedule(this, `Reconcile ${prefix}`, {
          scheduleGroup,
          description: `rehose: yesterday's objects without an output under ${prefix}`,
          schedule: scheduler.ScheduleExpression.cron({ hour: "3", minute: "0", timeZone: TimeZone.ETC_UTC }),
          target: new StepFunctionsStartExecution(machine, {
            input: scheduler.ScheduleTargetInput.fromObject({
              scheduled: scheduler.ContextAttribute.scheduledTime,
              prefix,
              day,
            }),
          }),
        });
      }
    }
    return scheduleGroup;
  }
}

/**
 * A prefix in the form of an S3 notification filter: special characters are percent-encoded, slashes are not.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
 */
function inFilter(prefix: string): string {
  return prefix.split("/").map(encodeURIComponent).join("/");
}

/** A layout as a picture string of JSONata, for the state machine: https://docs.jsonata.org/date-time-processing */
function picture(layout: string): string {
  return layout.replaceAll("{yyyy}", "[Y0001]").replaceAll("{MM}", "[M01]").replaceAll("{dd}", "[D01]");
}
