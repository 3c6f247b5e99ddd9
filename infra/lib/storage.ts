import { Annotations, Arn, ArnFormat, Aws, Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import * as kms from "aws-cdk-lib/aws-kms";
import * as s3 from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import type { Config } from "./config";
import type { Log } from "./log";
import type { Permission } from "./permissions";
import { RETENTION } from "./queues";

export type StorageProps = Pick<
  Config,
  "sourceBucket" | "sourceKey" | "outputBucket" | "outputPrefix" | "outputKey" | "jobTimeoutHours" | "logs"
>;

/** The source bucket, which is only read, and the output. */
export class Storage extends Construct {
  readonly source: s3.IBucket;
  readonly output: s3.IBucket;
  /** That of the ledger. The rows of each log have their own. */
  readonly outputPrefix: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: StorageProps,
  ) {
    super(scope, id);
    this.outputPrefix = props.outputPrefix;
    this.source = s3.Bucket.fromBucketName(this, "Source", props.sourceBucket);
    this.output = props.outputBucket === undefined ? this.create() : this.existing(props.outputBucket);
  }

  /** Where the objects of logs are, as `s3://bucket/prefix` for each prefix. */
  sourceLocations(logs: readonly Log[]): string[] {
    return sourcePrefixes(logs).map((prefix) => `s3://${this.source.bucketName}/${prefix}`);
  }

  /** The output, as `s3://bucket/prefix`. */
  get outputLocation(): string {
    return `s3://${this.output.bucketName}/${this.outputPrefix}`;
  }

  /** Where the rows of a log are, as `s3://bucket/prefix`. */
  locationOf({ outputPrefix }: Log): string {
    return `s3://${this.output.bucketName}/${outputPrefix}`;
  }

  /** The ARNs of the objects of logs. */
  sourceObjects(logs: readonly Log[]): string[] {
    return sourcePrefixes(logs).map((prefix) => this.source.arnForObjects(`${prefix}*`));
  }

  /** The permission to list the objects of logs. */
  listsSource(logs: readonly Log[]): Permission {
    const prefixes = sourcePrefixes(logs);
    return {
      actions: ["s3:ListBucket"],
      resources: [this.source.bucketArn],
      // A listing of the whole bucket has no prefix, and no pattern would match that.
      conditions: prefixes.includes("")
        ? undefined
        : { StringLike: { "s3:prefix": prefixes.map((prefix) => `${prefix}*`) } },
    };
  }

  /** The ARN of objects of the output, for a key below the output's prefix. */
  outputObjects(key: string): string {
    return this.output.arnForObjects(this.outputPrefix + key);
  }

  /** The ARNs of objects of the output, for keys below the prefixes of logs. */
  objectsOf(logs: readonly Log[], keys: (log: Log) => readonly string[]): string[] {
    return logs.flatMap((log) => keys(log).map((key) => this.output.arnForObjects(log.outputPrefix + key)));
  }

  /** The ARN of the output's KMS key. Undefined for SSE-S3. */
  get outputKey(): string | undefined {
    return this.props.outputKey;
  }

  /** The permissions to read encrypted objects of the source. */
  decryptsSource(): Permission[] {
    return this.throughS3(this.props.sourceKey, "kms:Decrypt");
  }

  /**
   * The permissions to read and write an encrypted output. A multipart upload also needs `kms:Decrypt`:
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
   */
  encryptsOutput(): Permission[] {
    return this.throughS3(this.props.outputKey, "kms:GenerateDataKey", "kms:Decrypt");
  }

  /** Permits the use of a key through S3 only, in the key's region: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html */
  private throughS3(key: string | undefined, ...actions: string[]): Permission[] {
    if (key === undefined) return [];
    const { region } = Arn.split(key, ArnFormat.SLASH_RESOURCE_NAME);
    return [
      {
        actions,
        resources: [key],
        conditions: { StringEquals: { "kms:ViaService": `s3.${region}.${Aws.URL_SUFFIX}` } },
      },
    ];
  }

  private existing(name: string): s3.IBucket {
    Annotations.of(this).addWarningV2(
      "rehose:incompleteUploads",
      `${name} is not this stack's, so its lifecycle rules are not known here. It needs one that aborts incomplete multipart uploads, or the parts that a killed function leaves behind are charged for ever. rehose start looks for the rule.`,
    );
    for (const { outputPrefix } of this.props.logs.filter(({ merge }) => merge !== undefined)) {
      Annotations.of(this).addWarningV2(
        "rehose:unpublished",
        `${name} is not this stack's. It needs a lifecycle rule that expires ${outputPrefix}unpublished/ after ${this.unpublishedDays} days, or every merged file is stored twice for ever.`,
      );
    }
    return s3.Bucket.fromBucketName(this, "Output", name);
  }

  /**
   * Days until a merged file that is copied to its place, or never will be, is removed: longer than a job can need it. An
   * execution ends after `jobTimeoutHours`, and the last message that it sent after the 14 days of its queue.
   */
  private get unpublishedDays(): number {
    return Math.ceil(this.props.jobTimeoutHours / 24) + RETENTION.toDays();
  }

  private create(): s3.IBucket {
    const { outputKey, logs } = this.props;
    const prefixes = [...new Set([this.outputPrefix, ...logs.map(({ outputPrefix }) => outputPrefix)])];
    const bucket = new s3.Bucket(this, "Output", {
      ...(outputKey === undefined
        ? { encryption: s3.BucketEncryption.S3_MANAGED }
        : // With a bucket key, S3 sends fewer requests to KMS.
          {
            encryption: s3.BucketEncryption.KMS,
            encryptionKey: kms.Key.fromKeyArn(this, "OutputKey", outputKey),
            bucketKeyEnabled: true,
          }),
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: RemovalPolicy.RETAIN,
      // A killed function cannot abort its uploads, and invisible parts cost storage.
      lifecycleRules: [
        { id: "AbortIncompleteUploads", abortIncompleteMultipartUploadAfter: Duration.days(2) },
        ...prefixes.map((prefix) => ({
          id: prefix === this.outputPrefix ? "ExpireUnpublished" : `ExpireUnpublished ${prefix}`,
          prefix: `${prefix}unpublished/`,
          expiration: Duration.days(this.unpublishedDays),
        })),
        { id: "ExpireQueryResults", prefix: `${this.outputPrefix}athena/`, expiration: Duration.days(30) },
      ],
    });
    Validations.of(bucket).acknowledge({
      id: "AwsSolutions-S1",
      reason:
        "Access logs would need one more bucket, and CloudTrail data events serve the same purpose. The output can be made again from the source.",
    });
    return bucket;
  }
}

function sourcePrefixes(logs: readonly Log[]): string[] {
  return logs.flatMap(({ sourcePrefixes }) => sourcePrefixes);
}
