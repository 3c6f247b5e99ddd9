import { RemovalPolicy } from "aws-cdk-lib";
import { HttpApi, HttpStage, LogGroupLogDestination } from "aws-cdk-lib/aws-apigatewayv2";
import { HttpIamAuthorizer } from "aws-cdk-lib/aws-apigatewayv2-authorizers";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import type * as cloudwatch from "aws-cdk-lib/aws-cloudwatch";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import type * as sfn from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";
import type { ApiSettings } from "./apiSettings";
import type { Config } from "./config";
import { createFunction } from "./function";
import { logVariables } from "./logsVariable";
import { executionsOf, type Permission } from "./permissions";
import type { Queues } from "./queues";
import type { Storage } from "./storage";

/**
 * The function's timeout in seconds: more than the 25 that it takes for an answer, and no more than API Gateway waits
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html).
 */
const TIMEOUT = 30;

export interface ApiProps extends Pick<
  Config,
  "stackName" | "binaries" | "architecture" | "retention" | "logs" | "isList"
> {
  readonly storage: Storage;
  readonly queues: Queues;
  readonly machine: sfn.StateMachine;
  readonly settings: ApiSettings;
}

/** The HTTP API: a function, and the only way to it, where IAM decides who may call. */
export class Api extends Construct {
  readonly function: lambda.Function;
  /** Without a slash at its end. */
  readonly url: string;
  /** The answers with a status of 5xx. */
  readonly errors: cloudwatch.Metric;

  constructor(
    scope: Construct,
    id: string,
    private readonly props: ApiProps,
  ) {
    super(scope, id);
    const { binaries, architecture, retention, storage, queues, machine, settings } = props;
    const { shape, jobs } = logVariables(props, storage);
    this.function = createFunction(this, "Api", {
      binary: "api",
      binaries,
      architecture,
      retention,
      memory: settings.memory,
      concurrency: settings.concurrency,
      timeout: TIMEOUT,
      environment: {
        ...shape,
        ...jobs,
        REHOSE_OUTPUT: storage.outputLocation,
        ...(queues.merge && { REHOSE_MERGE_QUEUE_URL: queues.merge.queueUrl }),
        REHOSE_STATE_MACHINE: machine.stateMachineArn,
      },
      permissions: this.permissions(),
    });
    if (settings.entrance === "url") {
      const url = this.function.addFunctionUrl({ authType: lambda.FunctionUrlAuthType.AWS_IAM });
      this.url = url.url;
      this.errors = this.function.metric("Url5xxCount", { statistic: "Sum" });
    } else {
      const gateway = this.gateway();
      this.url = `${gateway.apiEndpoint}/`;
      this.errors = gateway.metricServerError({ statistic: "Sum" });
    }
  }

  /** It reads what it shows, and writes claims and proofs of failures. The state machine does everything else. */
  private permissions(): Permission[] {
    const { storage, machine, stackName } = this.props;
    const merged = this.props.logs.filter(({ merge }) => merge !== undefined);
    const seen = ["jobs/*", "digests/*", "generations/*"];
    return [
      {
        actions: ["s3:ListBucket"],
        resources: [storage.output.bucketArn],
        conditions: { StringLikeIfExists: { "s3:prefix": seen.map((key) => storage.outputPrefix + key) } },
      },
      {
        actions: ["s3:GetObject"],
        resources: seen.map((key) => storage.outputObjects(key)),
        wildcard: "Any job, digest and generation is shown.",
      },
      {
        actions: ["s3:PutObject"],
        resources: [storage.outputObjects("digests/*.json")],
        wildcard: "The claim of any digest, and the proof of one that failed: its id is that of the question.",
      },
      storage.listsSource(merged),
      { actions: ["states:StartExecution"], resources: [machine.stateMachineArn] },
      {
        actions: ["states:DescribeExecution", "states:RedriveExecution"],
        resources: [executionsOf(this, stackName)],
        wildcard: "Executions of this machine only: they have the names of jobs.",
      },
      ...storage.encryptsOutput(),
    ];
  }

  private gateway(): HttpApi {
    const { stackName, retention } = this.props;
    const api = new HttpApi(this, "Gateway", {
      apiName: `${stackName}-api`,
      description: "rehose: digests, jobs and merged hours",
      createDefaultStage: false,
      defaultIntegration: new HttpLambdaIntegration("Integration", this.function),
      defaultAuthorizer: new HttpIamAuthorizer(),
    });
    new HttpStage(this, "Stage", {
      httpApi: api,
      stageName: "$default",
      autoDeploy: true,
      accessLogSettings: {
        // The prefix is for the same reason as that of the state machine's log.
        destination: new LogGroupLogDestination(
          new logs.LogGroup(this, "AccessLogs", {
            logGroupName: `/aws/vendedlogs/apigateway/${stackName}`,
            retention,
            removalPolicy: RemovalPolicy.DESTROY,
          }),
        ),
      },
    });
    return api;
  }
}
