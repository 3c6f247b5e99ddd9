import { CfnOutput, Stack, Tags } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { Api } from "./api";
import type { Config } from "./config";
import { Functions } from "./functions";
import { Merging } from "./mergeSchedules";
import { Observability } from "./observability";
import { Orchestration } from "./orchestration";
import { Query } from "./query";
import { Queues } from "./queues";
import { Realtime } from "./realtime";
import { Storage } from "./storage";

/** All of rehose in one account and region. */
export class RehoseStack extends Stack {
  constructor(scope: Construct, config: Config) {
    super(scope, config.stackName, {
      description: "rehose: converts logs that Firehose delivered to S3 into tables for Athena",
    });
    const storage = new Storage(this, "Storage", config);
    const queues = new Queues(this, "Queues", config);
    const functions = new Functions(this, "Functions", { ...config, storage, queues });
    const { start, check } = functions;
    const { machine } = new Orchestration(this, "Orchestration", { ...config, start, check });
    const { realtime: events, merge, logs } = config;
    const live = logs.filter(({ realtime }) => realtime);
    const realtime =
      events && new Realtime(this, "Realtime", { storage, logs: live, queue: queues.realtime, machine, events });
    const merging = merge && new Merging(this, "Merging", { storage, logs, machine });
    const api = config.api && new Api(this, "Http", { ...config, storage, queues, machine, settings: config.api });
    const schedules = { reconcile: realtime?.schedules, merge: merging?.schedules };
    const observability = { ...config, functions, queues, machine, schedules, api };
    const { dashboard, topic } = new Observability(this, "Observability", observability);
    const query = new Query(this, "Query", { ...config, storage });

    // The command finds the output by it.
    Tags.of(machine).add("rehose:output", storage.outputLocation);

    const output = (id: string, description: string, value: string) => new CfnOutput(this, id, { description, value });
    output("StateMachineArn", "State machine that runs jobs", machine.stateMachineArn);
    output("SourceLocations", "Locations that the functions read", storage.sourceLocations(logs).join());
    output("OutputLocation", "Location of rows, rejected events and ledgers", storage.outputLocation);
    output("Database", "Database with the tables over the output", query.database);
    output("WorkGroup", "Athena workgroup for queries of the tables", query.workGroup);
    output("HistoricQueueUrl", "Queue of tasks", queues.historic.queueUrl);
    output("HistoricDeadLetterQueueUrl", "Dead-letter queue of tasks", queues.historicDead.queueUrl);
    output("RealtimeQueueUrl", "Queue of events of new objects", queues.realtime.queueUrl);
    output("RealtimeDeadLetterQueueUrl", "Dead-letter queue of events", queues.realtimeDead.queueUrl);
    if (queues.merge && queues.mergeDead) {
      output("MergeQueueUrl", "Queue of tasks that merge", queues.merge.queueUrl);
      output("MergeDeadLetterQueueUrl", "Dead-letter queue of tasks that merge", queues.mergeDead.queueUrl);
    }
    if (api) output("ApiUrl", "The HTTP API. IAM decides who may call it", api.url);
    output("DashboardName", "CloudWatch dashboard", dashboard.dashboardName);
    if (topic !== undefined) output("AlarmTopicArn", "Topic that alarms publish to", topic.topicArn);
  }
}
