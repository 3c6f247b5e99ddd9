// What values of the context may be.
import type { StringRule } from "./context";

// A state machine's name has at most 80 characters.
export const STACK: StringRule = [
  /^[A-Za-z][A-Za-z0-9-]{0,79}$/,
  "must have at most 80 letters, digits and hyphens, and begin with a letter",
];
export const BUCKET: StringRule = [/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, "must be the name of a bucket, without s3://"];
// An output holds the rows of one bucket: rows of the same key in two buckets would overwrite one another.
export const SOURCE_BUCKET: StringRule = [
  BUCKET[0],
  "must be the name of one bucket, without s3://: for another bucket, deploy another stack with its own stackName",
];
// In a policy, * ? and $ match other characters too; a comma separates the sources of a function.
export const PREFIX: StringRule = [
  /^(?!\/)[^\s,*?$"\\]*$/,
  'must be the beginning of a key: no leading slash, no white space, and none of , * ? $ " \\',
];
// The state machine has a tag with it: https://docs.aws.amazon.com/step-functions/latest/apireference/API_Tag.html
export const OUTPUT_PREFIX: StringRule = [
  /^(?!\/)[\p{L}\p{N}_.:/=+@-]*$/u,
  "must be the beginning of a key: no leading slash, and only letters, digits and _ . : / = + - @",
];
export const KEY: StringRule = [
  /^arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/,
  "must be the ARN of a KMS key, not of an alias: in a policy, an alias grants no use of its key",
];
// Square brackets have a meaning in the picture strings of JSONata, with which the state machine formats dates.
export const DAY: StringRule = [
  /^(false|(?=.*\{yyyy\})(?=.*\{MM\})(?=.*\{dd\})(?!\/)(\{(yyyy|MM|dd)\}|[^\s,*?$"\\[\]{}])+)$/,
  "must be false, or the path of a day's objects under the source prefix, with {yyyy}, {MM} and {dd}",
];
export const ADDRESS: StringRule = [/^[^\s@]+@[^\s@]+\.[^\s@]+$/, "must be an e-mail address"];
export const HOUR: StringRule = [
  /^\d{4}\/(0[1-9]|1[0-2])\/(0[1-9]|[12]\d|3[01])\/([01]\d|2[0-3])$/,
  "must be an hour as yyyy/MM/dd/HH",
];
export const ANY: StringRule = [/./s, "must not be empty"];
/** https://docs.aws.amazon.com/athena/latest/ug/tables-databases-columns-names.html */
export const TABLE: StringRule = [
  /^[a-z0-9_]{1,100}$/,
  "must have at most 100 lower-case letters, digits and underscores",
];
