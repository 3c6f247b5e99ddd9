import { RemovalPolicy, TimeZone } from "aws-cdk-lib";
import * as scheduler from "aws-cdk-lib/aws-scheduler";
import { StepFunctionsStartExecution } from "aws-cdk-lib/aws-scheduler-targets";
import type * as sfn from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";
import type { Log } from "./log";
import { recentHours } from "./merge";
import type { Storage } from "./storage";

/** The hour of the nightly job in UTC. Looking back whole days from there begins with a day. */
const NIGHT = 4;

export interface MergingProps {
  readonly storage: Storage;
  readonly logs: readonly Log[];
  readonly machine: sfn.StateMachine;
}

/**
 * Starts merges: every 10 minutes over the hours that may just have closed, and each night over some days, for objects
 * that came late. A schedule knows its time, from which the state machine computes the first hour. What has closed by
 * then and is not merged yet is merged; a job without anything new ends at once.
 */
export class Merging extends Construct {
  readonly schedules: scheduler.ScheduleGroup;

  constructor(scope: Construct, id: string, { storage, logs, machine }: MergingProps) {
    super(scope, id);
    // A separate group, because the schedules' role trusts every schedule of their group.
    this.schedules = new scheduler.ScheduleGroup(this, "Schedules", { removalPolicy: RemovalPolicy.DESTROY });
    const { cron } = scheduler.ScheduleExpression;
    const timeZone = TimeZone.ETC_UTC;
    const merged = logs.flatMap((log) => {
      const { merge } = log;
      return merge ? storage.sourceLocations([log]).map((prefix) => ({ prefix, merge })) : [];
    });
    for (const { prefix, merge } of merged) {
      for (const [name, description, schedule, hours] of [
        ["Recent", "hours that have closed", cron({ minute: "0/10", timeZone }), recentHours(merge)],
        ["Late", "late objects", cron({ hour: `${NIGHT}`, minute: "5", timeZone }), NIGHT + 24 * merge.days],
      ] as const) {
        new scheduler.Schedule(this, `${name} ${prefix}`, {
          scheduleGroup: this.schedules,
          description: `rehose: merges ${description} under ${prefix}`,
          schedule,
          target: new StepFunctionsStartExecution(machine, {
            input: scheduler.ScheduleTargetInput.fromObject({
              scheduled: scheduler.ContextAttribute.scheduledTime,
              prefix,
              hours,
            }),
          }),
        });
      }
    }
  }
}
