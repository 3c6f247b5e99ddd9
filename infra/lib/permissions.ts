import { ArnFormat, Stack, Validations } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type { IConstruct } from "constructs";

/** One permission of a role. */
export interface Permission {
  readonly actions: string[];
  readonly resources: string[];
  /** Default: no conditions. */
  readonly conditions?: Record<string, Record<string, string | string[]>>;
  /** The reason for resources with a `*`. Without a reason, cdk-nag reports them. Default: no resource has one. */
  readonly wildcard?: string;
}

/** The policy statement of a permission. Acknowledges each of its wildcards at `scope`. */
export function statement(scope: IConstruct, { wildcard, ...permission }: Permission): iam.PolicyStatement {
  if (wildcard !== undefined) {
    for (const resource of permission.resources) acknowledgeWildcard(scope, resource, wildcard);
  }
  return new iam.PolicyStatement(permission);
}

/** Acknowledges cdk-nag's finding that policies at `scope` contain this wildcard resource. */
export function acknowledgeWildcard(scope: IConstruct, resource: string, reason: string): void {
  const id = `AwsSolutions-IAM5[Resource::${flat(Stack.of(scope).resolve(resource))}]`;
  Validations.of(scope).acknowledge({ id, reason });
}

/** The ARN of all executions of a state machine. */
export function executionsOf(scope: IConstruct, machine: string): string {
  return Stack.of(scope).formatArn({
    service: "states",
    resource: "execution",
    resourceName: `${machine}:*`,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
}

/** A resolved ARN in the form of cdk-nag's finding ids: `<Logical.Arn>/csv/*`. */
function flat(resolved: unknown): string {
  if (typeof resolved === "string") return resolved;
  const [[intrinsic, value] = []] = Object.entries(resolved as Record<string, unknown>);
  switch (intrinsic) {
    case "Fn::Join":
      return (value as [string, unknown[]])[1].map(flat).join("");
    case "Fn::GetAtt":
      return `<${(value as string[]).join(".")}>`;
    case "Ref":
      return `<${value}>`;
    default:
      throw new Error(
        `cannot write an ARN with ${intrinsic} as cdk-nag does; only Fn::Join, Fn::GetAtt and Ref are supported`,
      );
  }
}
