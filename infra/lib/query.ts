import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Stack } from "aws-cdk-lib";
import * as athena from "aws-cdk-lib/aws-athena";
import * as glue from "aws-cdk-lib/aws-glue";
import { Construct } from "constructs";
import type { Config } from "./config";
import { type Layout, names, TIME, valueOf } from "./layout";
import type { View } from "./mergedTables";
import type { Storage } from "./storage";
import { fill, type Table } from "./tables";

const GB = 1_000_000_000;

/** The saved queries: the name of each file, and the columns that it needs. */
export const QUERIES: Readonly<Record<string, readonly string[]>> = {
  "top-talkers": ["srcaddr", "dstaddr", "bytes", "packets"],
  "rejected-traffic-by-port": ["srcaddr", "dstport", "protocol", "packets", "action"],
  "who-spoke-to-this-address": ["srcaddr", "dstaddr", "dstport", "protocol", "action", "bytes"],
  "bytes-by-account-and-hour": ["account_id", "bytes"],
  "what-failed-in-job": ["objects"],
};

export interface QueryProps extends Pick<
  Config,
  "stackName" | "tables" | "merged" | "tablePrefix" | "layout" | "tablesSince" | "scanLimitGB" | "namedQueries"
> {
  readonly storage: Storage;
}

/** The tables over the output, and a workgroup that limits the cost of a query. */
export class Query extends Construct {
  readonly database: string;
  readonly workGroup: string;

  constructor(scope: Construct, id: string, props: QueryProps) {
    super(scope, id);
    const { stackName: name, storage } = props;
    const { layout, tablePrefix: prefix, tablesSince: since } = props;
    const placeholders = { output: storage.outputLocation, prefix, layout, since };
    const { tables, merged } = props;
    const made = [...tables, ...(merged?.tables ?? [])].map((table) => fill(table, placeholders));

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
    for (const table of made) {
      new glue.CfnTable(this, `Table-${table.name}`, {
        catalogId,
        databaseName: database.ref,
        tableInput: tableInput(table),
      });
    }

    if (merged?.view) {
      new glue.CfnTable(this, `View-${merged.view.name}`, {
        catalogId,
        databaseName: database.ref,
        tableInput: viewInput(merged.view, databaseName),
      });
    }

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
    const columns = new Set(made.flatMap((table) => table.columns.map((column) => column.name)));
    for (const [query, needs] of Object.entries(QUERIES)) {
      if (!needs.every((column) => columns.has(column))) continue;
      const queryString = withLayout(readFileSync(join(__dirname, "queries", `${query}.sql`), "utf8"), layout);
      const named = new athena.CfnNamedQuery(this, `Query-${query}`, {
        name: query,
        description: queryString.match(/^-- (.*)/)?.[1],
        database: database.ref,
        workGroup: name,
        queryString,
      });
      named.addResourceDependency(workGroup);
    }
  }
}

/** The example of an hour in the saved queries. */
const EXAMPLE = "2020/02/01/00";

/** A saved query for keys of this layout: it asks for the columns without which Athena refuses a query. */
function withLayout(query: string, layout: Layout): string {
  const needed = names(layout).flatMap(({ name, values }) => (values.length === 0 ? [name] : []));
  const hours = `${TIME} BETWEEN ? AND ?`;
  return query
    .replaceAll(`'${EXAMPLE}'`, `'${valueOf(layout, EXAMPLE)}'${needed.map((name) => `; ${name}`).join("")}`)
    .replaceAll(hours, [hours, ...needed.map((name) => `"${name}" = ?`)].join("\n  AND "));
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
