import { Stack, Validations } from "aws-cdk-lib";
import * as iam from "aws-cdk-lib/aws-iam";
import type { IConstruct } from "constructs";

/** What a role may do. */
export interface Permission {
  readonly actions: string[];
  readonly resources: string[];
  /** Default: always. */
  readonly conditions?: Record<string, Record<string, string | string[]>>;
  /** Why resources that end in `*` are no narrower; without it cdk-nag finds them. Default: none does. */
  readonly wildcard?: string;
}

/** The statement of a permission, whose wildcards are acknowledged at `scope`, each for itself. */
export function statement(scope: IConstruct, { wildcard, ...permission }: Permission): iam.PolicyStatement {
  if (wildcard !== undefined) {
    for (const resource of permission.resources) acknowledgeWildcard(scope, resource, wildcard);
  }
  return new iam.PolicyStatement(permission);
}

/** Acknowledges, with its reason, that policies at `scope` have this very resource. */
export function acknowledgeWildcard(scope: IConstruct, resource: string, reason: string): void {
  const id = `AwsSolutions-IAM5[Resource::${flat(Stack.of(scope).resolve(resource))}]`;
  Validations.of(scope).acknowledge({ id, reason });
}

/** A resolved ARN as cdk-nag writes it in the ids of its findings: `<Logical.Arn>/csv/*`. */
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
      throw new Error(`an ARN with ${intrinsic}, which no finding is known to have; Fn::Join, Fn::GetAtt and Ref are`);
  }
}
