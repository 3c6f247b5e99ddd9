import { join } from "node:path";
import { Duration, RemovalPolicy, Size } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import * as lambda from "aws-cdk-lib/aws-lambda";
import * as logs from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import type environment from "../../functions/environment.json";
import { BINARY, type Config } from "./config";
import { type Permission, statement } from "./permissions";

/** Environment variables of a function. */
export type Variables = Partial<Record<keyof typeof environment, string>>;

export interface FunctionProps extends Pick<Config, "binaries" | "architecture" | "timeout" | "retention"> {
  readonly binary: keyof typeof BINARY;
  readonly memory: number;
  /** Ephemeral storage in MB. Default: 512. */
  readonly storage?: number;
  /** Reserved concurrency. Default: none. */
  readonly concurrency?: number;
  readonly environment: Variables;
  readonly permissions: readonly Permission[];
}

/** A function with a log group and a role of its own, which has these permissions. */
export function createFunction(scope: Construct, id: string, props: FunctionProps): lambda.Function {
  const { binary, binaries, architecture, memory, storage, timeout, retention, environment } = props;
  const logGroup = new logs.LogGroup(scope, `${id}Logs`, { retention, removalPolicy: RemovalPolicy.DESTROY });
  // The default role has a managed policy that may write to every log group.
  const role = new iam.Role(scope, `${id}Role`, { assumedBy: new iam.ServicePrincipal("lambda.amazonaws.com") });
  logGroup.grantWrite(role);
  for (const permission of props.permissions) role.addToPolicy(statement(role, permission));
  return new lambda.Function(scope, id, {
    description: `rehose: ${id.toLowerCase()}`,
    runtime: lambda.Runtime.PROVIDED_AL2023,
    architecture: architecture === "arm64" ? lambda.Architecture.ARM_64 : lambda.Architecture.X86_64,
    handler: "bootstrap",
    code: lambda.Code.fromAsset(join(binaries, BINARY[binary], "bootstrap.zip")),
    memorySize: memory,
    ephemeralStorageSize: storage === undefined ? undefined : Size.mebibytes(storage),
    timeout: Duration.seconds(timeout),
    reservedConcurrentExecutions: props.concurrency,
    environment,
    logGroup,
    role,
  });
}
