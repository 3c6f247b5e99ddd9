import { Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import * as s3 from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";

export interface StorageProps {
  /** The bucket with the stash; it exists. */
  readonly sourceBucket: string;
  /** What of it may be read: a key's beginning, perhaps empty. */
  readonly sourcePrefix: string;
  /** An existing bucket to write to. Default: one is created, and kept when the stack is deleted. */
  readonly outputBucket?: string;
  /** Where in it: empty, or with a slash at its end. */
  readonly outputPrefix: string;
}

/** The stash, which is only read, and the output. */
export class Storage extends Construct {
  readonly source: s3.IBucket;
  readonly sourcePrefix: string;
  readonly output: s3.IBucket;
  readonly outputPrefix: string;

  constructor(scope: Construct, id: string, props: StorageProps) {
    super(scope, id);
    this.sourcePrefix = props.sourcePrefix;
    this.outputPrefix = props.outputPrefix;
    this.source = s3.Bucket.fromBucketName(this, "Source", props.sourceBucket);
    this.output = props.outputBucket === undefined ? this.create() : s3.Bucket.fromBucketName(this, "Output", props.outputBucket);
  }

  /** Where the stash is, as the functions read it. */
  get sourceLocation(): string {
    return `s3://${this.source.bucketName}/${this.sourcePrefix}`;
  }

  /** Where the output is, as the functions read it. */
  get outputLocation(): string {
    return `s3://${this.output.bucketName}/${this.outputPrefix}`;
  }

  /** ARNs of the source's objects. */
  sourceObjects(): string {
    return this.source.arnForObjects(`${this.sourcePrefix}*`);
  }

  /** The ARN of objects of the output, by their key under its prefix. */
  outputObjects(key: string): string {
    return this.output.arnForObjects(this.outputPrefix + key);
  }

  private create(): s3.IBucket {
    const bucket = new s3.Bucket(this, "Output", {
      encryption: s3.BucketEncryption.S3_MANAGED,
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
      reason: "Access logs need one more bucket, and who wants them mostly has the account's CloudTrail record data events; all that is in this one can be made again from the stash.",
    });
    return bucket;
  }
}
