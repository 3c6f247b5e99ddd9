// The saved queries: for each log those that its format has, and one of the jobs of all logs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { columnsOf, type Layout, names, TIME, valueOf } from "./layout";
import type { Log } from "./log";
import { type Format, formatOf, type Options } from "./options";
import { isByTime, type Table, valueType } from "./tables";

/** A query in a file of `queries/`. */
interface QueryFile {
  /** The formats whose rows it reads. */
  readonly of: readonly Format[];
  /** The columns that it reads, in their order. */
  readonly needs: readonly string[];
}

const FLOW_LOGS: readonly Format[] = ["vpc-flow-logs", "tgw-flow-logs"];

/** The queries of rows, by the names of their files. */
export const QUERIES: Readonly<Record<string, QueryFile>> = {
  "top-talkers": { of: FLOW_LOGS, needs: ["srcaddr", "dstaddr", "packets", "bytes"] },
  "rejected-traffic-by-port": {
    of: FLOW_LOGS,
    needs: ["srcaddr", "dstport", "protocol", "packets", "action"],
  },
  "who-spoke-to-this-address": {
    of: FLOW_LOGS,
    needs: ["timestamp", "srcaddr", "dstaddr", "dstport", "protocol", "bytes", "action"],
  },
  "bytes-by-account-and-hour": { of: FLOW_LOGS, needs: ["timestamp", "account_id", "bytes"] },
  "alb-errors-by-target": {
    of: ["alb"],
    needs: ["time", "elb", "target_ip", "target_port", "elb_status_code", "target_status_code"],
  },
  "alb-slowest-urls": { of: ["alb"], needs: ["target_processing_time", "request_verb", "request_url"] },
  "alb-connection-tls-failures": {
    of: ["alb-connection"],
    needs: ["time", "client_ip", "listener_port", "tls_protocol", "leaf_client_cert_subject", "tls_verify_status"],
  },
  "nlb-tls-failures": {
    of: ["nlb"],
    needs: ["time", "elb", "listener_id", "client_ip", "incoming_tls_alert", "tls_protocol_version"],
  },
  "elb-latency-by-backend": {
    of: ["elb"],
    needs: ["elb_name", "backend_ip", "backend_port", "backend_processing_time"],
  },
  "s3-who-deleted-this-object": {
    of: ["s3-access"],
    needs: [
      ...["bucket_name", "requestdatetime", "remoteip", "requester", "requestid", "operation", "key", "httpstatus"],
      ...["versionid", "useragent"],
    ],
  },
  "s3-access-denied-by-requester": {
    of: ["s3-access"],
    needs: ["bucket_name", "requestdatetime", "remoteip", "requester", "operation", "httpstatus", "errorcode"],
  },
  "cloudfront-slowest-urls": { of: ["cloudfront"], needs: ["cs_uri_stem", "x_host_header", "time_taken"] },
  "cloudtrail-who-deleted-this-object": {
    of: ["cloudtrail"],
    needs: [
      ...["useridentity", "eventtime", "eventsource", "eventname", "sourceipaddress", "useragent", "errorcode"],
      ...["requestparameters", "eventid"],
    ],
  },
  "cloudtrail-sign-ins-without-mfa": {
    of: ["cloudtrail"],
    needs: ["useridentity", "eventtime", "eventname", "sourceipaddress", "responseelements", "additionaleventdata"],
  },
  "cloudtrail-access-denied-by-principal": {
    of: ["cloudtrail"],
    needs: ["useridentity", "eventtime", "eventsource", "eventname", "errorcode"],
  },
  "waf-top-blocked-rules": { of: ["waf"], needs: ["time", "webaclid", "terminatingruleid", "action", "clientip"] },
  "resolver-blocked-domains": {
    of: ["resolver"],
    needs: ["query_timestamp", "query_name", "srcaddr", "firewall_rule_action", "firewall_domain_list_id"],
  },
  "network-firewall-top-alerts": {
    of: ["network-firewall"],
    needs: [
      ...["firewall_name", "event_timestamp", "event_type", "event_src_ip", "event_alert_action"],
      ...["event_alert_signature_id", "event_alert_signature", "event_alert_severity"],
    ],
  },
};

/** The query of the receipts, which the logs share. */
export const OF_JOBS = "what-failed-in-job";

export interface SavedQuery {
  readonly name: string;
  readonly description?: string;
  readonly text: string;
}

/** The saved query of jobs. */
export function queryOfJobs(): SavedQuery {
  const text = read(OF_JOBS);
  return { name: OF_JOBS, description: description(text), text };
}

/** The saved queries of a log whose columns its table has. */
export function queriesOf({ options, tables: { rows }, layout }: Log): SavedQuery[] {
  const format = formatOf(options);
  const columns = new Set(rows.columns.map(({ name }) => name));
  return Object.entries(QUERIES).flatMap(([file, { of, needs }]) => {
    if (!of.includes(format) || !needs.every((name) => columns.has(name))) return [];
    const text = read(file);
    const [table] = /(?<=FROM )\w+/.exec(text)!;
    const isText = rows.columns.every(({ type }) => type === "string");
    const body = text.replaceAll(`FROM ${table}`, `FROM ${isText ? "typed" : rows.name}`);
    const whole = isText ? body.replace(/^(?=SELECT)/m, () => typed(rows, needs, options, layout)) : body;
    // A log whose table has a name of its own may be the second one of its format.
    const name = rows.name === table ? file : `${file} (${rows.name})`;
    return [{ name, description: description(text), text: withLayout(whole, layout) }];
  });
}

/** The beginning of a query over a table whose columns are text: those that it needs with their types, and the partitions. */
function typed(rows: Table, needs: readonly string[], options: Options, layout: Layout): string {
  const places = isByTime(rows) ? columnsOf(layout) : rows.partitions.map(({ name }) => name);
  const casts = needs.map((name) => cast(name, valueType(options, name)));
  const columns = [...casts, ...places.map((name) => `"${name}"`)];
  return `WITH typed AS (\n  SELECT ${columns.join(",\n    ")}\n  FROM ${rows.name}\n)\n`;
}

/** A column of text in CSV with the type of its values. CSV has an empty text for no value. */
function cast(name: string, type?: string): string {
  const column = `"${name}"`;
  switch (type) {
    case undefined:
    case "string":
      return `NULLIF(${column}, '') AS ${column}`;
    case "json":
      return `NULLIF(${unescaped(column)}, '') AS ${column}`;
    case "timestamp":
      return `CAST(from_iso8601_timestamp(NULLIF(${column}, '')) AS timestamp) AS ${column}`;
    default:
      return `TRY_CAST(${column} AS ${type === "int" ? "integer" : type}) AS ${column}`;
  }
}

/** JSON as it was before CSV escaped backslashes and line breaks. Those are white space between values. */
function unescaped(column: string): string {
  const marked = `replace(${column}, '\\\\', chr(57344))`;
  const spaced = `replace(replace(${marked}, '\\n', ' '), '\\r', ' ')`;
  return `replace(${spaced}, chr(57344), '\\')`;
}

/** The example of an hour in the files. */
const EXAMPLE = "2020/02/01/00";

/** A query for keys of this layout: it asks for the columns without which Athena refuses a query. */
function withLayout(query: string, layout: Layout): string {
  const hasHours = layout.time.some((part) => "unit" in part && part.unit === "HH");
  const needed = names(layout).flatMap(({ name, values }) => (values.length === 0 ? [name] : []));
  const hours = `${TIME} BETWEEN ? AND ?`;
  return query
    .replaceAll("the first and the last hour", `the first and the last ${hasHours ? "hour" : "day"}`)
    .replaceAll(`'${EXAMPLE}'`, `'${valueOf(layout, EXAMPLE)}'${needed.map((name) => `; ${name}`).join("")}`)
    .replaceAll(hours, [hours, ...needed.map((name) => `"${name}" = ?`)].join("\n  AND "));
}

function read(name: string): string {
  return readFileSync(join(__dirname, "queries", `${name}.sql`), "utf8");
}

/** The first line of a query. */
function description(text: string): string | undefined {
  return /^-- (.*)/.exec(text)?.[1];
}
