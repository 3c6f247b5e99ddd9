// The configurations that cdk-nag, cfn-lint and the snapshots check as a whole.
export const configurations: Record<string, Record<string, unknown>> = {
  default: {},
  everything: {
    sourcePrefix: ["AWSLogs/", "stash/year=2020/"],
    sourceKey: "arn:aws:kms:eu-central-1:123456789012:key/11111111-1111-1111-1111-111111111111",
    outputKey: "arn:aws:kms:eu-central-1:123456789012:key/22222222-2222-2222-2222-222222222222",
    realtime: true,
    merge: true,
    alarmAddress: "team@example.com",
  },
  "events through EventBridge": { realtime: true, realtimeEvents: "eventbridge", sourcePrefix: "AWSLogs/,stash/" },
  "an existing output": {
    outputBucket: "tables",
    outputPrefix: "rehose",
    outputKey: "arn:aws:kms:eu-central-1:123456789012:key/22222222-2222-2222-2222-222222222222",
  },
  Parquet: { to: "parquet" },
  "merging alone": { merge: true, mergePer: "day", outputBucket: "tables" },
  "the HTTP API by its own URL": { merge: true, api: "url", metricMath: false },
  "the HTTP API through API Gateway": {
    merge: true,
    api: "http",
    sourcePrefix: "AWSLogs/",
    outputBucket: "tables",
    outputPrefix: "out/",
    outputKey: "arn:aws:kms:eu-central-1:123456789012:key/22222222-2222-2222-2222-222222222222",
    alarmAddress: "team@example.com",
  },
  "several logs": {
    realtime: true,
    merge: true,
    logs: [
      {},
      {
        prefix: ["elb/1/", "elb/2/"],
        format: "alb",
        outputPrefix: "alb/",
        to: "parquet",
        layout: "{region}/{yyyy}/{MM}/{dd}",
        reconcile: false,
        mergePer: "day",
      },
      { prefix: "trail/", format: "cloudtrail", outputPrefix: "trail", realtime: false, merge: false },
    ],
  },
  "all of a bucket": { sourcePrefix: "", realtime: true, reconcile: false },
};
