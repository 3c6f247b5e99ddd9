import { Arn, ArnFormat, Aws, Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import * as kms from "aws-cdk-lib/aws-kms";
import * as s3 from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import type { Config } from "./config";
import type { Permission } from "./permissions";

export type StorageProps = Pick<
  Config,
  "sourceBucket" | "sourcePrefixes" | "sourceKey" | "outputBucket" | "outputPrefix" | "outputKey"
>;

/** The stash, which is only read, and the output. */
export class Storage extends Construct {
  readonly source: s3.IBucket;
  readonly sourcePrefixes: readonly string[];
  readonly output: s3.IBucket;
  readonly outputPrefix: string;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: StorageProps,
  ) {
    super(scope, id);
    this.sourcePrefixes = props.sourcePrefixes;
    this.outputPrefix = props.outputPrefix;
    this.source = s3.Bucket.fromBucketName(this, "Source", props.sourceBucket);
    this.output =
      props.outputBucket === undefined ? this.create() : s3.Bucket.fromBucketName(this, "Output", props.outputBucket);
  }

  /** Where the stash is, as the functions read it. */
  get sourceLocations(): readonly string[] {
    return this.sourcePrefixes.map((prefix) => `s3://${this.source.bucketName}/${prefix}`);
  }

  /** Where the output is, as the functions read it. */
  get outputLocation(): string {
    return `s3://${this.output.bucketName}/${this.outputPrefix}`;
  }

  /** ARNs of the source's objects. */
  sourceObjects(): string[] {
    return this.sourcePrefixes.map((prefix) => this.source.arnForObjects(`${prefix}*`));
  }

  /** The ARN of objects of the output, by their key under its prefix. */
  outputObjects(key: string): string {
    return this.output.arnForObjects(this.outputPrefix + key);
  }

  /** The ARN of the KMS key that the output is encrypted with, if there is one. */
  get outputKey(): string | undefined {
    return this.props.outputKey;
  }

  /** What a role needs to read objects of the source that are encrypted. */
  decryptsSource(): Permission[] {
    return this.throughS3(this.props.sourceKey, "kms:Decrypt");
  }

  /**
   * What a role needs to read and write an output that is encrypted. A multipart upload reads its parts back:
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html#mpuAndPermissions
   */
  encryptsOutput(): Permission[] {
    return this.throughS3(this.props.outputKey, "kms:GenerateDataKey", "kms:Decrypt");
  }

  /** The use of a key by S3 alone, which is where the key is: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html */
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

  private create(): s3.IBucket {
    const { outputKey } = this.props;
    const bucket = new s3.Bucket(this, "Output", {
      ...(outputKey === undefined
        ? { encryption: s3.BucketEncryption.S3_MANAGED }
        : // With a bucket key, S3 does not ask KMS once for each object.
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
      // A function that is killed cannot abort its uploads, and their parts are paid for but not seen.
      lifecycleRules: [
        { id: "AbortIncompleteUploads", abortIncompleteMultipartUploadAfter: Duration.days(2) },
        { id: "ExpireQueryResults", prefix: `${this.outputPrefix}athena/`, expiration: Duration.days(30) },
      ],
    });
    Validations.of(bucket).acknowledge({
      id: "AwsSolutions-S1",
      reason:
        "Access logs need one more bucket, and who wants them mostly has the account's CloudTrail record data events; all that is in this one can be made again from the stash.",
    });
    return bucket;
  }
}
