import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ArnFormat, Aws, Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import * as sfn from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";
import type { Config } from "./config";
import { acknowledgeWildcard, statement } from "./permissions";

const DEFINITION = join(__dirname, "..", "..", "statemachine.asl.json");

export interface OrchestrationProps extends Pick<
  Config,
  "stackName" | "restartAfter" | "jobTimeoutHours" | "retention"
> {
  readonly start: lambda.IFunction;
  readonly check: lambda.IFunction;
}

/** The state machine, from `statemachine.asl.json` as it stands, with a timeout. */
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
        // Of this prefix, because others make the account's one policy for log delivery longer with every group.
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
      "CDK grants it for tracing and for log delivery: neither X-Ray nor the actions that set up log delivery know resources.",
    );
    // Step Functions refuses a definition whose role may not yet do what its .sync states need.
    this.machine.node.addDependency(restart);
  }

  /** What `states:startExecution.sync:2` needs: https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html */
  private restart(role: iam.Role, name: string): iam.Policy {
    const stack = Stack.of(this);
    const arn = (service: string, resource: string, resourceName: string, arnFormat: ArnFormat) =>
      stack.formatArn({ service, resource, resourceName, arnFormat });
    const executions = arn("states", "execution", `${name}:*`, ArnFormat.COLON_RESOURCE_NAME);
    const policy = new iam.Policy(this, "Restart", { roles: [role] });
    policy.addStatements(
      statement(policy, {
        actions: ["states:StartExecution"],
        resources: [arn("states", "stateMachine", name, ArnFormat.COLON_RESOURCE_NAME)],
      }),
      statement(policy, {
        actions: ["states:DescribeExecution", "states:StopExecution"],
        resources: [executions],
        wildcard: "Executions of this machine alone, whose names are known only when they start.",
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

/** A placeholder could only be text, and `TimeoutSeconds` is a number: https://states-language.net/#toplevelfields */
function definition(timeout: Duration): string {
  return JSON.stringify(
    { ...JSON.parse(readFileSync(DEFINITION, "utf8")), TimeoutSeconds: timeout.toSeconds() },
    null,
    2,
  );
}
