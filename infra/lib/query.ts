import { Stack } from "aws-cdk-lib";
import * as athena from "aws-cdk-lib/aws-athena";
import * as glue from "aws-cdk-lib/aws-glue";
import { Construct } from "constructs";
import type { Config } from "./config";
import type { Log } from "./log";
import type { View } from "./mergedTables";
import { queriesOf, queryOfJobs } from "./savedQueries";
import type { Storage } from "./storage";
import { fill, type Placeholders, RECEIPTS, type Table } from "./tables";

const GB = 1_000_000_000;

export interface QueryProps extends Pick<Config, "stackName" | "logs" | "scanLimitGB" | "namedQueries"> {
  readonly storage: Storage;
}

/** The tables over the output, and a workgroup that limits the cost of a query. */
export class Query extends Construct {
  readonly database: string;
  readonly workGroup: string;

  constructor(scope: Construct, id: string, props: QueryProps) {
    super(scope, id);
    const { stackName: name, storage, logs } = props;
    const catalogId = Stack.of(this).account;
    const databaseName = name.toLowerCase().replaceAll("-", "_");
    const database = new glue.CfnDatabase(this, "Database", {
      catalogId,
      databaseInput: {
        name: databaseName,
        description: "The output of rehose: rows, rejected events and receipts",
      },
    });
    this.database = database.ref;
    const add = (id: string, tableInput: glue.CfnTable.TableInputProperty) =>
      new glue.CfnTable(this, id, { catalogId, databaseName: database.ref, tableInput });
    for (const log of logs) {
      const placeholders = placeholdersOf(log, storage);
      const { tables, merged } = log;
      for (const table of [tables.rows, tables.rejected, ...(merged?.tables ?? [])])
        add(`Table-${table.name}`, tableInput(fill(table, placeholders)));
      if (merged?.view) add(`View-${merged.view.name}`, viewInput(merged.view, databaseName));
    }
    // The jobs of all logs have one ledger.
    const receipts = fill(RECEIPTS, { ...placeholdersOf(logs[0]!, storage), output: storage.outputLocation });
    add(`Table-${receipts.name}`, tableInput(receipts));

    const workGroup = new athena.CfnWorkGroup(this, "WorkGroup", {
      name,
      description: "Queries of the output of rehose",
      // CloudFormation cannot delete a workgroup with query history without this.
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        bytesScannedCutoffPerQuery: props.scanLimitGB * GB,
        enforceWorkGroupConfiguration: true,
        engineVersion: { selectedEngineVersion: "Athena engine version 3" },
        publishCloudWatchMetricsEnabled: true,
        resultConfiguration: {
          outputLocation: `${storage.outputLocation}athena/`,
          // The same encryption as for the rows: an existing bucket may refuse anything else.
          encryptionConfiguration:
            storage.outputKey === undefined
              ? { encryptionOption: "SSE_S3" }
              : { encryptionOption: "SSE_KMS", kmsKey: storage.outputKey },
        },
      },
    });
    this.workGroup = workGroup.ref;
    if (!props.namedQueries) return;
    for (const query of [...logs.flatMap(queriesOf), queryOfJobs()]) {
      const named = new athena.CfnNamedQuery(this, `Query-${query.name}`, {
        name: query.name,
        description: query.description,
        database: database.ref,
        workGroup: name,
        queryString: query.text,
      });
      named.addResourceDependency(workGroup);
    }
  }
}

function placeholdersOf(log: Log, storage: Storage): Placeholders {
  const { tablePrefix: prefix, layout, tablesSince: since } = log;
  return { output: storage.locationOf(log), prefix, layout, since };
}

/** Trino's names of Hive's types. */
const TYPES: Readonly<Record<string, string>> = { string: "varchar", int: "integer" };

/**
 * The view that the statement of `rehose table all` creates, in the form in which Athena keeps one in the catalog: that
 * of Trino's Hive connector (https://trino.io/docs/current/connector/hive.html#hive-views).
 */
function viewInput(view: View, schema: string): glue.CfnTable.TableInputProperty {
  const columns = view.columns.map(({ name, type }) => ({ name, type: TYPES[type] ?? type }));
  const definition = JSON.stringify({ originalSql: view.query, catalog: "awsdatacatalog", schema, columns });
  return {
    name: view.name,
    description: "All rows: of each time the merged ones if it is merged, and else the rewritten ones",
    tableType: "VIRTUAL_VIEW",
    parameters: { presto_view: "true", comment: "Presto View" },
    viewOriginalText: `/* Presto View: ${Buffer.from(definition).toString("base64")} */`,
    viewExpandedText: "/* Presto View */",
    storageDescriptor: {
      columns: view.columns.map(({ name, type }) => ({ name, type })),
      location: "",
      serdeInfo: {},
    },
  };
}

/** The table that the statement of `rehose table` creates. */
function tableInput(table: Table): glue.CfnTable.TableInputProperty {
  const columns = (from: Table["columns"]) => from.map(({ name, type }) => ({ name, type }));
  return {
    name: table.name,
    description: table.comment,
    tableType: "EXTERNAL_TABLE",
    partitionKeys: columns(table.partitions),
    parameters: table.parameters,
    storageDescriptor: {
      columns: columns(table.columns),
      location: table.location,
      inputFormat: table.input_format,
      outputFormat: table.output_format,
      serdeInfo: { serializationLibrary: table.serde, parameters: table.serde_parameters },
    },
  };
}
