import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ArnFormat, Aws, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import * as sfn from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";
import type { Config } from "./config";
import { acknowledgeWildcard, executionsOf, statement } from "./permissions";

const DEFINITION = join(__dirname, "..", "..", "statemachine.asl.json");

export interface OrchestrationProps extends Pick<
  Config,
  "stackName" | "restartAfter" | "jobTimeoutHours" | "retention"
> {
  readonly start: lambda.IFunction;
  readonly check: lambda.IFunction;
}

/** The state machine: `statemachine.asl.json` unchanged, with a timeout for the execution. */
export class Orchestration extends Construct {
  readonly machine: sfn.StateMachine;

  constructor(scope: Construct, id: string, props: OrchestrationProps) {
    super(scope, id);
    const { start, check } = props;
    const role = new iam.Role(this, "Role", { assumedBy: new iam.ServicePrincipal("states.amazonaws.com") });
    const invoke = { actions: ["lambda:InvokeFunction"], resources: [start.functionArn, check.functionArn] };
    role.addToPolicy(statement(role, invoke));
    const restart = this.restart(role, props.stackName);

    this.machine = new sfn.StateMachine(this, "Machine", {
      stateMachineName: props.stackName,
      definitionBody: sfn.DefinitionBody.fromString(definition(Duration.hours(props.jobTimeoutHours))),
      definitionSubstitutions: {
        Partition: Aws.PARTITION,
        StartFunctionArn: start.functionArn,
        CheckFunctionArn: check.functionArn,
        RestartAfter: String(props.restartAfter),
      },
      role,
      tracingEnabled: true,
      logs: {
        // With this prefix, log delivery needs no entry in the account's resource policy, whose length is limited:
        // https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
        destination: new logs.LogGroup(this, "Logs", {
          logGroupName: `/aws/vendedlogs/states/${props.stackName}`,
          retention: props.retention,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: sfn.LogLevel.ALL,
        includeExecutionData: true,
      },
    });
    acknowledgeWildcard(
      role,
      "*",
      "CDK grants it for tracing and log delivery. Neither X-Ray nor the log delivery actions support resources.",
    );
    // Step Functions refuses a definition with .sync states if its role lacks their permissions.
    this.machine.node.addDependency(restart);
  }

  /** The permissions for `states:startExecution.sync:2`: https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html */
  private restart(role: iam.Role, name: string): iam.Policy {
    const stack = Stack.of(this);
    const arn = (service: string, resource: string, resourceName: string, arnFormat: ArnFormat) =>
      stack.formatArn({ service, resource, resourceName, arnFormat });
    const policy = new iam.Policy(this, "Restart", { roles: [role] });
    policy.addStatements(
      statement(policy, {
        actions: ["states:StartExecution"],
        resources: [arn("states", "stateMachine", name, ArnFormat.COLON_RESOURCE_NAME)],
      }),
      statement(policy, {
        actions: ["states:DescribeExecution", "states:StopExecution"],
        resources: [executionsOf(this, name)],
        wildcard: "Executions of this machine only; their names are known only when they start.",
      }),
      statement(policy, {
        actions: ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
        resources: [
          arn("events", "rule", "StepFunctionsGetEventsForStepFunctionsExecutionRule", ArnFormat.SLASH_RESOURCE_NAME),
        ],
      }),
    );
    return policy;
  }
}

/** The definition with `TimeoutSeconds`, a number and therefore not a placeholder: https://states-language.net/#toplevelfields */
function definition(timeout: Duration): string {
  return JSON.stringify(
    { ...JSON.parse(readFileSync(DEFINITION, "utf8")), TimeoutSeconds: timeout.toSeconds() },
    null,
    2,
  );
}
