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
import type { Config, RealtimeEvents } from "./config";
import type { Storage } from "./storage";

export interface RealtimeProps extends Pick<Config, "reconcile"> {
  readonly storage: Storage;
  /** The queue that events of new objects go to. */
  readonly queue: sqs.Queue;
  /** The state machine that looks for what events missed. */
  readonly machine: sfn.StateMachine;
  readonly events: RealtimeEvents;
}

/** New objects, on their way to `process` as they land, and a search each night for those that no event told of. */
export class Realtime extends Construct {
  /** The group of the schedules of the search; undefined without it. */
  readonly schedules?: scheduler.ScheduleGroup;

  constructor(scope: Construct, id: string, props: RealtimeProps) {
    super(scope, id);
    if (props.events === "s3") this.notify(props);
    else this.subscribe(props);
    if (props.reconcile !== undefined) this.schedules = this.reconcile(props, props.reconcile);
  }

  /**
   * Notifications of the bucket itself. It has one configuration for all of them, which CDK's custom resource reads, adds
   * these to and writes: it keeps what others have there, and takes away only its own when the stack goes. S3 refuses it
   * where others are notified of the same prefixes, and who writes the configuration without reading it (Terraform's
   * `aws_s3_bucket_notification`) takes these away: such buckets are for EventBridge.
   */
  private notify({ storage, queue }: RealtimeProps): void {
    const role = new iam.Role(this, "NotifierRole", { assumedBy: new iam.ServicePrincipal("lambda.amazonaws.com") });
    const bucketName = storage.source.bucketName;
    const source = s3.Bucket.fromBucketAttributes(this, "Source", { bucketName, notificationsHandlerRole: role });
    const destination = { bind: () => this.bind(source, queue) };
    for (const prefix of storage.sourcePrefixes) {
      source.addObjectCreatedNotification(destination, ...(prefix === "" ? [] : [{ prefix: inFilter(prefix) }]));
    }
    Validations.of(role).acknowledge({
      id: "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]",
      reason:
        "CDK attaches it, which lets its own function write its log; that function runs only when the stack is deployed.",
    });
  }

  private bind(source: s3.IBucket, queue: sqs.Queue): s3.BucketNotificationDestinationConfig {
    const { policyDependable } = queue.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal("s3.amazonaws.com")],
        actions: ["sqs:SendMessage"],
        resources: [queue.queueArn],
        // A bucket's name may be taken by another account once it is free: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
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
   * A rule on what the bucket tells EventBridge, which its owner must have turned on:
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-event-notifications-eventbridge.html
   */
  private subscribe({ storage, queue }: RealtimeProps): void {
    const { source, sourcePrefixes } = storage;
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
   * Each night, for each prefix, a job over what is missing of the day before. Firehose names an object by the hour in
   * which its oldest record arrived, and delivers it after at most 15 minutes of buffering, but tries for up to a day when
   * it cannot (https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html). What comes later than this job still has
   * its event. A day without any object fails the job: that is what a Firehose that stopped looks like, and a `reconcile`
   * that names the wrong place, and success would hide both.
   */
  private reconcile({ storage, machine }: RealtimeProps, layout: string): scheduler.ScheduleGroup {
    // Of its own, because the schedules' role trusts their group, and the account has but one default.
    const scheduleGroup = new scheduler.ScheduleGroup(this, "Schedules", { removalPolicy: RemovalPolicy.DESTROY });
    for (const prefix of storage.sourceLocations) {
      new scheduler.Schedule(this, `Reconcile ${prefix}`, {
        scheduleGroup,
        description: `rehose: what is missing of yesterday under ${prefix}`,
        schedule: scheduler.ScheduleExpression.cron({ hour: "3", minute: "0", timeZone: TimeZone.ETC_UTC }),
        target: new StepFunctionsStartExecution(machine, {
          input: scheduler.ScheduleTargetInput.fromObject({
            scheduled: scheduler.ContextAttribute.scheduledTime,
            prefix,
            day: picture(layout),
          }),
        }),
      });
    }
    return scheduleGroup;
  }
}

/**
 * A prefix as S3 wants it in a filter: special characters percent-encoded, slashes as they are.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
 */
function inFilter(prefix: string): string {
  return prefix.split("/").map(encodeURIComponent).join("/");
}

/** A layout as JSONata writes dates, for the state machine: https://docs.jsonata.org/date-time-processing */
function picture(layout: string): string {
  return layout.replaceAll("{yyyy}", "[Y0001]").replaceAll("{MM}", "[M01]").replaceAll("{dd}", "[D01]");
}
