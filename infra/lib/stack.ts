import { CfnOutput, Stack } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { Config } from "./config";
import { Functions } from "./functions";
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
      description: "rehose: CloudWatch Logs that Firehose stashed, as files that Athena reads",
    });
    const storage = new Storage(this, "Storage", config);
    const queues = new Queues(this, "Queues", config);
    const functions = new Functions(this, "Functions", { ...config, storage, queues });
    const { start, check } = functions;
    const { machine } = new Orchestration(this, "Orchestration", { ...config, start, check });
    const { realtime: events, reconcile } = config;
    const realtime =
      events && new Realtime(this, "Realtime", { storage, queue: queues.realtime, machine, events, reconcile });
    const schedules = realtime?.schedules;
    const observability = { ...config, functions, queues, machine, schedules };
    const { dashboard, topic } = new Observability(this, "Observability", observability);
    const query = new Query(this, "Query", { ...config, storage });

    const output = (id: string, description: string, value: string) => new CfnOutput(this, id, { description, value });
    output("StateMachineArn", "Start a job with an execution of this", machine.stateMachineArn);
    output("SourceLocations", "What may be read", storage.sourceLocations.join());
    output("OutputLocation", "Rows, rejected events and the jobs' ledgers", storage.outputLocation);
    output("Database", "The tables over the output", query.database);
    output("WorkGroup", "Where Athena runs queries of them", query.workGroup);
    output("HistoricQueueUrl", "Tasks of jobs", queues.historic.queueUrl);
    output("HistoricDeadLetterQueueUrl", "Tasks that could not be handled", queues.historicDead.queueUrl);
    output("RealtimeQueueUrl", "Events of new objects", queues.realtime.queueUrl);
    output("RealtimeDeadLetterQueueUrl", "Events that could not be handled", queues.realtimeDead.queueUrl);
    output("DashboardName", "What runs, and what it costs", dashboard.dashboardName);
    if (topic !== undefined) output("AlarmTopicArn", "Where alarms go", topic.topicArn);
  }
}
