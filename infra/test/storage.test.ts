import assert from "node:assert/strict";
import { test } from "node:test";
import { Annotations, Match } from "aws-cdk-lib/assertions";
import { stack, template } from "./synth";

test("a created output is encrypted and private, is retained, and aborts incomplete uploads", () => {
  template().hasResource("AWS::S3::Bucket", {
    DeletionPolicy: "Retain",
    UpdateReplacePolicy: "Retain",
    Properties: {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
      },
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
      OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
      LifecycleConfiguration: {
        Rules: Match.arrayWith([
          {
            Id: "AbortIncompleteUploads",
            Status: "Enabled",
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
          },
        ]),
      },
    },
  });
});

test("a created output requires TLS 1.2 or later", () => {
  for (const Condition of [
    { Bool: { "aws:SecureTransport": "false" } },
    { NumericLessThan: { "s3:TlsVersion": 1.2 } },
  ]) {
    template().hasResourceProperties("AWS::S3::BucketPolicy", {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: "Deny", Action: "s3:*", Principal: { AWS: "*" }, Condition }),
        ]),
      },
    });
  }
});

test("existing buckets are not changed", () => {
  const existing = template({ outputBucket: "tables" });
  for (const type of ["AWS::S3::Bucket", "AWS::S3::BucketPolicy"]) existing.resourceCountIs(type, 0);
  template().resourceCountIs("AWS::S3::Bucket", 1);
});

test("an existing output bucket is warned about, because its lifecycle rules are not known", () => {
  const warnings = (more: Record<string, unknown>) =>
    Annotations.fromStack(stack(more)).findWarning("*", Match.stringLikeRegexp("incomplete multipart uploads"));
  assert.equal(warnings({ outputBucket: "tables" }).length, 1);
  assert.equal(warnings({}).length, 0);
});

test("the functions get the locations of source and output", () => {
  const functions = template({ outputBucket: "tables", outputPrefix: "out" }).findResources("AWS::Lambda::Function");
  const variables = Object.values(functions).map(({ Properties }) => Properties.Environment.Variables);
  assert.deepEqual(
    variables.map(({ REHOSE_OUTPUT }) => REHOSE_OUTPUT),
    Array(3).fill("s3://tables/out/"),
  );
  assert.deepEqual(
    variables.flatMap(({ REHOSE_SOURCES }) => REHOSE_SOURCES ?? []),
    Array(2).fill("s3://stash/AWSLogs/"),
  );
});

test("a created output uses the configured KMS key with a bucket key", () => {
  const outputKey = "arn:aws:kms:eu-central-1:123456789012:key/22222222-2222-2222-2222-222222222222";
  template({ outputKey }).hasResourceProperties("AWS::S3::Bucket", {
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [
        {
          BucketKeyEnabled: true,
          ServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: outputKey },
        },
      ],
    },
  });
});

test("the functions get every prefix of the source", () => {
  const functions = template({ sourcePrefix: "a/,b/" }).findResources("AWS::Lambda::Function");
  const sources = Object.values(functions).flatMap(
    ({ Properties }) => Properties.Environment.Variables.REHOSE_SOURCES ?? [],
  );
  assert.deepEqual(sources, Array(2).fill("s3://stash/a/,s3://stash/b/"));
});
