import assert from "node:assert/strict";
import { test } from "node:test";
import { Match } from "aws-cdk-lib/assertions";
import { readConfig } from "../lib/config";
import { configurations } from "./configurations";
import { context, template } from "./synth";

const url = template(configurations["the HTTP API by its own URL"]);
const http = template(configurations["the HTTP API through API Gateway"]);

test("without api, nothing can be called over HTTP", () => {
  for (const none of [template(), template({ merge: true }), template({ api: "none" })]) {
    none.resourceCountIs("AWS::Lambda::Url", 0);
    none.resourceCountIs("AWS::ApiGatewayV2::Api", 0);
    none.resourceCountIs("AWS::Lambda::Permission", 0);
  }
});

test("with url, IAM decides who may call the function's own URL, and nobody is let in otherwise", () => {
  url.resourceCountIs("AWS::ApiGatewayV2::Api", 0);
  url.resourceCountIs("AWS::Lambda::Url", 1);
  url.hasResourceProperties("AWS::Lambda::Url", {
    AuthType: "AWS_IAM",
    Cors: Match.absent(),
    InvokeMode: Match.absent(),
    TargetFunctionArn: { "Fn::GetAtt": [Match.stringLikeRegexp("^HttpApi"), "Arn"] },
  });
  url.resourceCountIs("AWS::Lambda::Permission", 0);
  url.hasOutput("ApiUrl", { Value: { "Fn::GetAtt": [Match.anyValue(), "FunctionUrl"] } });
});

test("with http, IAM decides about every route, and only this API may call the function", () => {
  http.resourceCountIs("AWS::Lambda::Url", 0);
  const routes = Object.values(http.findResources("AWS::ApiGatewayV2::Route"));
  assert.deepEqual(
    routes.map(({ Properties }) => [Properties.RouteKey, Properties.AuthorizationType]),
    [["$default", "AWS_IAM"]],
  );
  http.hasResourceProperties("AWS::ApiGatewayV2::Integration", { PayloadFormatVersion: "2.0" });
  http.hasResourceProperties("AWS::ApiGatewayV2::Stage", {
    StageName: "$default",
    AutoDeploy: true,
    AccessLogSettings: { DestinationArn: Match.anyValue() },
  });
  const permissions = Object.values(http.findResources("AWS::Lambda::Permission"));
  assert.equal(permissions.length, 1);
  const [{ Properties }] = permissions as any;
  assert.equal(Properties.Principal, "apigateway.amazonaws.com");
  assert.match(JSON.stringify(Properties.SourceArn), /HttpGateway[0-9A-F]{8}.*\/\*\/\*/);
});

test("the function ends before API Gateway gives up, and has its own values", () => {
  const made = template({ merge: true, api: "http", apiMemory: 2048, apiConcurrency: 3, timeout: 900 });
  const [{ Properties }] = Object.values(
    made.findResources("AWS::Lambda::Function", { Properties: { Description: "rehose: api" } }),
  ) as any;
  assert.deepEqual([Properties.Timeout, Properties.MemorySize, Properties.ReservedConcurrentExecutions], [30, 2048, 3]);
});

test("an answer of 5xx raises an alarm, wherever it is counted", () => {
  for (const [made, MetricName, Namespace] of [
    [url, "Url5xxCount", "AWS/Lambda"],
    [http, "5xx", "AWS/ApiGateway"],
  ] as const) {
    const alarm = { MetricName, Namespace, Statistic: "Sum", Threshold: 0, EvaluationPeriods: 1 };
    made.hasResourceProperties("AWS::CloudWatch::Alarm", alarm);
  }
});

/** Another log than the default one. */
const elb = { prefix: "elb/", format: "alb", outputPrefix: "elb/", layout: "{yyyy}/{MM}/{dd}" };

test("several logs may be deployed with it, if one with one prefix is merged into the stack's own output", () => {
  const { api } = readConfig(context({ api: "url", logs: [{ merge: true }, elb] }));
  assert.deepEqual(api, { entrance: "url", memory: 1024, concurrency: 10 });
});

test("what the API could not answer for is refused", () => {
  const merged = { merge: true, api: "url" };
  for (const [more, words] of [
    [{ api: "public" }, /api is "public" and must be one of none, url, http/],
    [{ api: "url" }, /api is url, and needs a log that is merged: .* for example -c merge=true/],
    [{ ...merged, sourcePrefix: "a/,b/" }, /digests of one prefix, but a\/, b\/ are merged/],
    [{ ...merged, logs: [{}, elb] }, /but AWSLogs\/, elb\/ are merged/],
    [
      { ...merged, logs: [{ merge: false }, elb] },
      /under the stack's outputPrefix, but the log that is merged has elb\//,
    ],
    [{ ...merged, apiConcurrency: 0 }, /apiConcurrency is 0 and must be a whole number from 1 to 1000/],
    [{ ...merged, apiMemory: 64 }, /apiMemory is 64 and must be a whole number from 128 to 10240/],
  ] as const)
    assert.throws(() => readConfig(context(more)), { name: "ConfigError", message: words });
});
