// From the only log of a stack to a list: what is deployed stays.
import assert from "node:assert/strict";
import { test } from "node:test";
import { template } from "./synth";

const before = { realtime: true, merge: true, alarmAddress: "team@example.com", sourcePrefix: ["AWSLogs/", "vpc/"] };
const prefix = "elb/AWSLogs/1/elasticloadbalancing/eu-central-1/";
const added = { prefix, format: "alb", outputPrefix: "alb/" };
const after = { ...before, logs: [{}, added] };

const resources = (more: Record<string, unknown>): Record<string, any> => template(more).toJSON().Resources;
const [single, list] = [resources(before), resources(after)];

/** The values that differ, as paths below a resource's properties. */
function differences(one: any, other: any, path: string[] = []): string[] {
  if (JSON.stringify(one) === JSON.stringify(other)) return [];
  const isTree = (value: any) => typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isTree(one) || !isTree(other)) return [path.join(".")];
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return names.flatMap((name) => differences(one[name], other[name], [...path, name]));
}

test("every resource of a stack with one log is in that with a list, as the same kind", () => {
  for (const [id, { Type }] of Object.entries(single)) assert.equal(list[id]?.Type, Type, id);
});

// All of these are updated in place: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference
const changed: Record<string, string[]> = {
  "AWS::Lambda::Function": ["Environment.Variables"],
  "AWS::IAM::Policy": ["PolicyDocument.Statement"],
  "AWS::S3::Bucket": ["LifecycleConfiguration.Rules"],
  "Custom::S3BucketNotifications": ["NotificationConfiguration.QueueConfigurations"],
};

test("nothing else of it changes than what the functions and roles know of logs: no queue, bucket or table is replaced", () => {
  const types = new Set<string>();
  for (const [id, { Type, Properties }] of Object.entries(single)) {
    for (const path of differences(Properties, list[id].Properties)) {
      const known = changed[Type]?.some((one) => path.startsWith(one));
      assert.ok(known, `${Type} ${id}: ${path}`);
      types.add(Type);
    }
    assert.equal(list[id].DeletionPolicy, single[id].DeletionPolicy, id);
  }
  assert.deepEqual([...types].sort(), Object.keys(changed).sort());
});

test("only the new log's tables, queries, schedules and notification are new", () => {
  const types = Object.entries(list)
    .filter(([id]) => !(id in single))
    .map(([, { Type, Properties }]) => [
      Type,
      Properties.TableInput?.Name ?? Properties.Name ?? Properties.Description,
    ]);
  assert.deepEqual(
    types.filter(([type]) => type !== "AWS::Athena::NamedQuery"),
    [
      ["AWS::Scheduler::Schedule", `rehose: yesterday's objects without an output under s3://stash/${prefix}`],
      ["AWS::Scheduler::Schedule", `rehose: merges hours that have closed under s3://stash/${prefix}`],
      ["AWS::Scheduler::Schedule", `rehose: merges late objects under s3://stash/${prefix}`],
      ["AWS::Glue::Table", "alb_logs"],
      ["AWS::Glue::Table", "alb_logs_rejected"],
      ["AWS::Glue::Table", "alb_logs_merged"],
      ["AWS::Glue::Table", "alb_logs_generations"],
    ],
  );
  for (const [id, { Properties }] of Object.entries(single).filter(
    ([, { Type }]) => Type === "Custom::S3BucketNotifications",
  )) {
    const old = Properties.NotificationConfiguration.QueueConfigurations;
    assert.deepEqual(list[id].Properties.NotificationConfiguration.QueueConfigurations.slice(0, old.length), old);
  }
});

test("a role keeps every permission that it had", () => {
  const permissions = (all: Record<string, any>, id: string) =>
    all[id].Properties.PolicyDocument.Statement.flatMap(({ Action, Resource, Condition }: any) =>
      [Action].flat().flatMap((action: string) =>
        [Resource].flat().map((resource: unknown) => {
          const conditions = JSON.stringify(Condition ?? {});
          // The condition of a listing has the prefixes of the new log too.
          return JSON.stringify([action, resource, conditions.includes("s3:prefix") ? "" : conditions]);
        }),
      ),
    );
  for (const id of Object.keys(single).filter((id) => single[id].Type === "AWS::IAM::Policy")) {
    const now = new Set(permissions(list, id));
    for (const permission of permissions(single, id)) assert.ok(now.has(permission), `${id}: ${permission}`);
  }
});
